"""Marks of Label Studio held against the question that asks for them. Coordinates are in percent.

Shapes as in https://labelstud.io/guide/export: a rectangle is turned clockwise about its first
corner, an ellipse about its centre; a polygon is closed.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext

from accounts.saying import said
from accounts.sentences import Sentence
from annotator.values import labels_of, number_of
from projects.errors import Refused
from projects.label_config import Kind, Question

# The result's type, which is also the key of the labels in its value.
REGION_TYPES: Mapping[Kind, str] = {
    "points": "keypointlabels",
    "boxes": "rectanglelabels",
    "ellipses": "ellipselabels",
    "polygons": "polygonlabels",
    "masks": "brushlabels",
}

# A rounding error over the border of the image is no mistake.
_LEAST, _MOST = -0.01, 100.01
_MOST_CORNERS = 20_000
_MOST_RLE = 16_000_000  # numbers of one mask


def _check_label(question: Question, value: dict[str, Any]) -> None:
    if len(labels_of(question, value, REGION_TYPES[question.kind])) != 1:
        raise Refused(
            gettext("Each region of “{name}” has exactly one label.").format(name=question.name)
        )


def _check_point(question: Question, value: dict[str, Any]) -> None:
    _check_label(question, value)
    x, y = (number_of(question, value, key) for key in ("x", "y"))
    if not _is_inside(x, y):
        raise Refused(
            gettext("A point of “{name}” does not lie inside the image (0 to 100 %).").format(
                name=question.name
            )
        )
    if not 0 <= number_of(question, {"width": 0, **value}, "width") <= _MOST:
        raise Refused(
            gettext("A point of “{name}” has a width from 0 to 100 %.").format(name=question.name)
        )


def _check_box(question: Question, value: dict[str, Any]) -> None:
    _check_label(question, value)
    x, y, width, height = (number_of(question, value, key) for key in ("x", "y", "width", "height"))
    if _turn(question, value) % 360:
        # The first corner of a turned box may stand outside, and a side be longer than the image's
        # own that it is measured by.
        inside = min(x, y) >= -100 and max(x, y) <= 200 and max(width, height) <= 1000
    else:
        inside = _is_inside(x, y) and max(x + width, y + height) <= _MOST
    if not inside or min(width, height) <= 0:
        raise Refused(
            gettext("A box of “{name}” does not lie inside the image (0 to 100 %).").format(
                name=question.name
            )
        )


def _check_ellipse(question: Question, value: dict[str, Any]) -> None:
    _check_label(question, value)
    x, y = (number_of(question, value, key) for key in ("x", "y"))
    radii = [number_of(question, value, key) for key in ("radiusX", "radiusY")]
    _turn(question, value)
    if not _is_inside(x, y):
        raise Refused(
            gettext("An ellipse of “{name}” has its centre inside the image (0 to 100 %).").format(
                name=question.name
            )
        )
    if min(radii) <= 0 or max(radii) > 1000:
        raise Refused(
            gettext("An ellipse of “{name}” has radii above 0 and up to 1000 %.").format(
                name=question.name
            )
        )


def _turn(question: Question, value: dict[str, Any]) -> float:
    turn = number_of(question, {"rotation": 0, **value}, "rotation")
    if abs(turn) > 360:
        raise Refused(
            gettext("A mark of “{name}” is turned by more than 360 degrees.").format(
                name=question.name
            )
        )
    return turn


def _check_polygon(question: Question, value: dict[str, Any]) -> None:
    _check_label(question, value)
    points = value.get("points")
    if not isinstance(points, list) or not 3 <= len(points) <= _MOST_CORNERS:
        raise Refused(
            said(
                Sentence(
                    "A polygon of “{name}” has 3 to {most} corners under “points”.",
                    name=question.name,
                    most=_MOST_CORNERS,
                )
            )
        )
    if not all(_is_corner(point) for point in points):
        raise Refused(
            gettext(
                "A corner of “{name}” is [x, y], two numbers inside the image (0 to 100 %)."
            ).format(name=question.name)
        )
    if value.get("closed", True) is not True:
        raise Refused(gettext("A polygon of “{name}” is closed.").format(name=question.name))


def _is_corner(point: Any) -> bool:
    return (
        isinstance(point, list | tuple)
        and len(point) == 2
        and all(isinstance(at, int | float) and not isinstance(at, bool) for at in point)
        and _is_inside(*point)
    )


def _is_inside(x: float, y: float) -> bool:
    return all(_LEAST <= at <= _MOST for at in (x, y))  # false for NaN as well


def _check_mask(question: Question, value: dict[str, Any]) -> None:
    _check_label(question, value)
    rle = value.get("rle")
    if value.get("format") != "rle" or not isinstance(rle, list) or len(rle) > _MOST_RLE:
        raise Refused(
            gettext("A mask of “{name}” has format “rle” and a list of bytes.").format(
                name=question.name
            )
        )
    if not all(type(byte) is int and 0 <= byte <= 255 for byte in rle):
        raise Refused(
            gettext("A mask of “{name}” holds something that is no byte.").format(
                name=question.name
            )
        )


REGION_CHECKS: Mapping[Kind, Callable[[Question, dict[str, Any]], None]] = {
    "points": _check_point,
    "boxes": _check_box,
    "ellipses": _check_ellipse,
    "polygons": _check_polygon,
    "masks": _check_mask,
}
