"""What a header tells of how an image was taken is kept; what could name a patient is not."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from scans.acquisition import acquisition, windows
from scans.framestore import MAGIC, frames_path, open_frames, write_frames
from scans.models import Archive, Scan
from tests.scans.cast import ct_series, dicom, item, written
from tests.scans.ingests import ingested


def found(modality: str = "DX", **values: Any) -> dict[str, Any]:
    return acquisition((item(**values),), modality)


@pytest.mark.django_db
def test_a_radiograph_keeps_its_sides_windows_and_technique(
    archive: Archive, tmp_path: Path
) -> None:
    values: dict[str, Any] = {
        "PatientOrientation": ["L", "F"],
        "ImagerPixelSpacing": [0.2, 0.1],
        "WindowCenter": [2000, 1500],
        "WindowWidth": [4000, 1000],
        "WindowCenterWidthExplanation": ["NORMAL", "Poe^Ann"],
        "KVP": "120",
        "Exposure": "3",
        "Laterality": "R",
        "OperatorsName": "Roe^Richard",
    }
    written(dicom(**values), tmp_path / "in" / "a.dcm")
    ingested(archive, tmp_path / "in")
    geometry = Scan.objects.get().geometry
    assert geometry["patient_orientation"] == ["L", "F"]
    assert geometry["window"] == [2000.0, 4000.0]
    assert geometry["windows"] == [[2000.0, 4000.0, "Normal"], [1500.0, 1000.0, ""]]
    assert (geometry["kvp"], geometry["exposure_mas"]) == (120.0, 3.0)
    assert (geometry["spacing"], geometry["spacing_kind"]) == ([0.2, 0.1], "detector")
    assert geometry["laterality"] == "R"
    assert not any(name in json.dumps(geometry) for name in ("Poe", "Ann", "Doe", "Roe"))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (("DX", "CHEST", "PA", "R"), ("DX", "CHEST", "PA", "R")),
        (
            ("DX", "upper_extremity", "Open mouth", "l"),
            ("DX", "UPPER EXTREMITY", "OPEN MOUTH", "L"),
        ),
        (("MUELLER JOHANN", "MUELLER JOHANN", "MUELLER JOHANN", "M"), ("", "", "", "")),
        (("DX", "CHEST MUELLER", "PA 19540312", "R MUELLER"), ("DX", "", "", "")),
        (("DX", "", "4711", "RL"), ("DX", "", "", "")),
    ],
)
def test_of_code_strings_only_defined_terms_are_kept(
    archive: Archive, tmp_path: Path, typed: tuple[str, ...], kept: tuple[str, ...]
) -> None:
    keywords = ("Modality", "BodyPartExamined", "ViewPosition", "ImageLaterality")
    values: dict[str, Any] = dict(zip(keywords, typed, strict=True))
    written(dicom(**values), tmp_path / "in" / "a.dcm")
    ingested(archive, tmp_path / "in")
    scan = Scan.objects.get()
    shown = [scan.geometry[name] for name in ("modality", "body_part", "view", "laterality")]
    assert tuple(shown) == kept
    assert scan.series.modality == kept[0]


@pytest.mark.django_db
def test_a_ct_keeps_its_thickness_and_needs_no_word_on_spacing(
    archive: Archive, tmp_path: Path
) -> None:
    ct_series(tmp_path / "in", [0.0, 2.5], SliceThickness="5", KVP="100", ExposureInuAs="52000")
    ingested(archive, tmp_path / "in")
    geometry = Scan.objects.get().geometry
    assert (geometry["slice_thickness"], geometry["kvp"]) == (5.0, 100.0)
    assert (geometry["exposure_mas"], geometry["spacing_kind"]) == (52.0, "")
    assert geometry["windows"] is None


@pytest.mark.parametrize(
    ("spacings", "kind"),
    [
        ({}, ""),
        ({"PixelSpacing": [0.2, 0.2]}, ""),
        ({"ImagerPixelSpacing": [0.2, 0.2]}, "detector"),
        ({"PixelSpacing": [0.2, 0.2], "ImagerPixelSpacing": [0.2, 0.2]}, "detector"),
        ({"PixelSpacing": [0.18, 0.18], "ImagerPixelSpacing": [0.2, 0.2]}, "calibrated"),
        ({"PixelSpacing": [0.2, 0.2], "PixelSpacingCalibrationType": "FIDUCIAL"}, "calibrated"),
        ({"NominalScannedPixelSpacing": [0.1, 0.1]}, "film"),
    ],
)
def test_a_projection_tells_where_its_spacing_was_measured(
    spacings: dict[str, Any], kind: str
) -> None:
    assert found(**spacings)["spacing_kind"] == kind
    assert found("CT", **spacings)["spacing_kind"] == ""


@pytest.mark.parametrize("value", [["DOE", "JANE"], ["L"], ["L", "F", "H"], ["L", ""], None])
def test_an_orientation_that_names_no_directions_is_none(value: Any) -> None:
    assert found(PatientOrientation=value)["patient_orientation"] is None


def test_numbers_that_make_no_sense_are_none() -> None:
    kept = found(KVP="0", Exposure="-3", SliceThickness="", PatientOrientation=["lp", "F"])
    assert kept["kvp"] is kept["exposure_mas"] is kept["slice_thickness"] is None
    assert kept["patient_orientation"] == ["LP", "F"]


def test_windows_that_are_none_are_left_out() -> None:
    header = Dataset()
    header.WindowCenter = [40, 50, -600, 40]
    header.WindowWidth = [400, 0, 1500, 400]
    header.WindowCenterWidthExplanation = ["Soft tissue", "x", "MEDIASTINUM_LUNG"]
    assert windows((header,)) == [
        [40.0, 400.0, "Soft tissue"],
        [-600.0, 1500.0, "Mediastinum lung"],
    ]
    assert windows((Dataset(),)) == []


def test_a_frame_file_from_before_has_neutral_values(tmp_path: Path) -> None:
    sizes = {"dtype": "uint8", "rows": 1, "columns": 2, "samples": 1, "frame_count": 1}
    digest = write_frames(tmp_path, sizes, [np.array([[1, 2]], np.uint8)])
    path = frames_path(tmp_path, digest)
    header = json.loads(path.read_bytes()[12:].split(b"}", 1)[0] + b"}")
    for name in ("windows", "patient_orientation", "spacing_kind", "kvp"):
        del header[name]
    old = json.dumps(header).encode()
    path.write_bytes(struct.pack("<8sI", MAGIC, len(old)) + old)
    read = open_frames(tmp_path, digest).header
    assert (read["windows"], read["patient_orientation"]) == (None, None)
    assert (read["spacing_kind"], read["kvp"]) == ("", None)
