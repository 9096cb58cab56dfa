"""Regions of Label Studio as COCO has them: segmentation, box and area in pixels, or keypoints."""

import math
from typing import Any

from annotator.results import RESULT_TYPES
from releases.brush import box_around, coco_counts, mask_from_brush
from releases.records import ScanRecord

_ELLIPSE_CORNERS = 72


def shape_of(entry: dict[str, Any], scan: ScanRecord) -> dict[str, Any]:
    """Segmentation, box and area. Raises ValueError for numbers that are no such shape."""
    value = entry["value"]
    if entry["type"] == RESULT_TYPES["masks"]:
        return _mask_shape(value["rle"], scan)
    shape = {
        RESULT_TYPES["points"]: _point_shape,
        RESULT_TYPES["boxes"]: _box_shape,
        RESULT_TYPES["ellipses"]: _ellipse_shape,
        RESULT_TYPES["polygons"]: _outline_shape,
    }[entry["type"]]
    return shape(value, scan)


def _point_shape(value: dict[str, Any], scan: ScanRecord) -> dict[str, Any]:
    """One keypoint, labelled and visible (v = 2), with an empty box."""
    x, y = (_pixels(number) for number in _pixel(value["x"], value["y"], scan))
    return {
        "keypoints": [x, y, 2],
        "num_keypoints": 1,
        "bbox": [x, y, 0, 0],
        "area": 0,
        "segmentation": [],
    }


def _outline_shape(value: dict[str, Any], scan: ScanRecord) -> dict[str, Any]:
    return _polygon_shape([_pixel(x, y, scan) for x, y in value["points"]])


def _ellipse_shape(value: dict[str, Any], scan: ScanRecord) -> dict[str, Any]:
    """An ellipse of Label Studio, turned clockwise about its centre, as a polygon."""
    turn = math.radians(value.get("rotation", 0))
    x, y = _pixel(value["x"], value["y"], scan)
    across, down = _pixel(value["radiusX"], value["radiusY"], scan)
    corners = []
    for number in range(_ELLIPSE_CORNERS):
        at = 2 * math.pi * number / _ELLIPSE_CORNERS
        right, below = across * math.cos(at), down * math.sin(at)
        corners.append(
            (
                x + right * math.cos(turn) - below * math.sin(turn),
                y + right * math.sin(turn) + below * math.cos(turn),
            )
        )
    shape = _polygon_shape(corners)
    return {**shape, "area": _pixels(math.pi * across * down)}


def _pixel(x: float, y: float, scan: ScanRecord) -> tuple[float, float]:
    """From percent of the image to pixels."""
    return x * scan.columns / 100, y * scan.rows / 100


def _box_shape(value: dict[str, Any], scan: ScanRecord) -> dict[str, Any]:
    """A box of Label Studio: percent of the image, turned clockwise about its first corner."""
    turn = math.radians(value.get("rotation", 0))
    x, y = value["x"] * scan.columns / 100, value["y"] * scan.rows / 100
    width, height = value["width"] * scan.columns / 100, value["height"] * scan.rows / 100
    if turn == 0:
        box = [_pixels(number) for number in (x, y, width, height)]
        return {"bbox": box, "area": _pixels(width * height), "segmentation": []}
    across = (width * math.cos(turn), width * math.sin(turn))
    down = (-height * math.sin(turn), height * math.cos(turn))
    corners = [
        (x, y),
        (x + across[0], y + across[1]),
        (x + across[0] + down[0], y + across[1] + down[1]),
        (x + down[0], y + down[1]),
    ]
    return _polygon_shape(corners)


def _polygon_shape(corners: list[tuple[float, float]]) -> dict[str, Any]:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    following = corners[1:] + corners[:1]
    # The shoelace formula.
    twice = sum(x * y2 - x2 * y for (x, y), (x2, y2) in zip(corners, following, strict=True))
    return {
        "segmentation": [[_pixels(number) for corner in corners for number in corner]],
        "bbox": [
            _pixels(number) for number in (min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        ],
        "area": _pixels(abs(twice) / 2),
    }


def _mask_shape(rle: list[int], scan: ScanRecord) -> dict[str, Any]:
    mask = mask_from_brush(rle, rows=scan.rows, columns=scan.columns)
    return {
        "segmentation": {"size": [scan.rows, scan.columns], "counts": coco_counts(mask)},
        "bbox": box_around(mask),
        "area": int(mask.sum()),
    }


def _pixels(number: float) -> float:
    """To a thousandth of a pixel: percent times size leaves noise in the last digits."""
    return round(number, 3)
