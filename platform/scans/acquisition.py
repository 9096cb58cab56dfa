"""How a DICOM image was taken, as far as a reader wants to see it: numbers and defined terms.

Free text is never kept, and neither are dates, names or identifiers: nothing here names a patient.
"""

import re
from typing import Any

from pydicom.dataset import Dataset

from scans.dicom import PROJECTIONS, find, numbers

Groups = tuple[Dataset, ...]

# PS3.3 C.7.6.1.1.1: letters of the directions in which a row and a column run.
_DIRECTION = re.compile(r"[LRAPHF]{1,3}")
# The explanation of a window is free text, so only words that makers use for tissue are kept.
_WINDOW_WORDS = frozenset(
    {"ABDOMEN", "ANGIO", "BONE", "BRAIN", "CHEST", "CONTRAST", "HARDER", "HEAD", "HIGH", "LIVER"}
    | {"LOW", "LUNG", "MEDIASTINUM", "NARROW", "NORMAL", "PELVIS", "SOFT", "SOFTER", "SPINE"}
    | {"STROKE", "SUBDURAL", "TISSUE", "WIDE"}
)
_FEW_WINDOWS = 8


def acquisition(groups: Groups, modality: str) -> dict[str, Any]:
    """The frame store's header fields of how the image was taken; see `FrameHeader`."""
    exposure = _number(groups, "Exposure") or _number(groups, "ExposureInmAs")
    if exposure is None and (micro := _number(groups, "ExposureInuAs")):
        exposure = micro / 1000
    return {
        "patient_orientation": _patient_orientation(groups),
        "spacing_kind": _spacing_kind(groups) if modality in PROJECTIONS else "",
        "kvp": _number(groups, "KVP"),
        "exposure_mas": exposure,
        "slice_thickness": _number(groups, "SliceThickness"),
    }


def windows(groups: Groups) -> list[list[Any]]:
    """Every usable [centre, width, name] of the header, in its order; the name may be empty."""
    centres, widths = _values(groups, "WindowCenter"), _values(groups, "WindowWidth")
    names = _values(groups, "WindowCenterWidthExplanation")
    names += [""] * (len(centres) - len(names))
    found: dict[tuple[float, float], str] = {}
    for centre, width, name in zip(centres, widths, names, strict=False):
        try:
            place = (float(centre), float(width))
        except (TypeError, ValueError):
            continue
        if abs(place[0]) < 1e9 and 0 < place[1] < 1e9:
            found.setdefault(place, _window_name(str(name)))
    return [[*place, name] for place, name in found.items()][:_FEW_WINDOWS]


def _window_name(text: str) -> str:
    words = re.split(r"[\s_-]+", text.strip().upper())
    is_known = all(word in _WINDOW_WORDS for word in words)
    return " ".join(words).capitalize() if is_known else ""


def _values(groups: Groups, keyword: str) -> list[Any]:
    value = find(groups, keyword)
    if value is None:
        return []
    return [value] if isinstance(value, str) or not hasattr(value, "__iter__") else list(value)


def _number(groups: Groups, keyword: str) -> float | None:
    """A positive number, None where the header has anything else."""
    try:
        value = float(find(groups, keyword))
    except (TypeError, ValueError):
        return None
    return value if 0 < value < 1e6 else None


def _patient_orientation(groups: Groups) -> list[str] | None:
    """Where a row and where a column runs to, (0020,0020), such as ["L", "F"]."""
    found = [str(value).strip().upper() for value in _values(groups, "PatientOrientation")]
    return found if len(found) == 2 and all(map(_DIRECTION.fullmatch, found)) else None


def _spacing_kind(groups: Groups) -> str:
    """What a projection's pixel spacing measures (PS3.3 10.7.1.3)."""
    in_patient = numbers(groups, "PixelSpacing", 2)
    at_detector = numbers(groups, "ImagerPixelSpacing", 2)
    if in_patient is None:
        film = numbers(groups, "NominalScannedPixelSpacing", 2)
        return "detector" if at_detector else "film" if film else ""
    if find(groups, "PixelSpacingCalibrationType") in ("GEOMETRY", "FIDUCIAL"):
        return "calibrated"
    if at_detector is None:
        return ""
    return "detector" if in_patient == at_detector else "calibrated"
