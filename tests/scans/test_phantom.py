"""Phantoms: the same for the same seed, the right way round, and with names to be removed."""

import csv
import filecmp
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from scans.phantom import write_phantoms


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms")
    write_phantoms(folder, radiographs=12, volumes=1, seed=3, processes=1)
    return folder


@pytest.fixture(scope="module")
def truths(folder: Path) -> list[dict[str, str]]:
    with (folder / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def bright(dataset: pydicom.Dataset) -> "np.ndarray[Any, Any]":
    """Pixels in 0..1, dense parts bright, whatever the photometric interpretation."""
    film = dataset.pixel_array / (2**dataset.BitsStored - 1)
    return np.asarray(1 - film if dataset.PhotometricInterpretation == "MONOCHROME1" else film)


def test_the_same_seed_gives_the_same_bytes_in_any_number_of_processes(
    folder: Path, truths: list[dict[str, str]], tmp_path: Path
) -> None:
    write_phantoms(tmp_path, radiographs=12, volumes=0, seed=3, processes=2)

    names = [truth["file"] for truth in truths if truth["kind"] == "image"]
    assert filecmp.cmpfiles(folder, tmp_path, names, shallow=False) == (names, [], [])


def test_every_file_has_its_truth(folder: Path, truths: list[dict[str, str]]) -> None:
    written = {str(path.relative_to(folder)) for path in folder.glob("radiographs/*/*.dcm")}

    assert {truth["file"] for truth in truths if truth["kind"] == "image"} == written
    assert [truth["file"] for truth in truths if truth["kind"] == "volume"] == ["volumes/V000"]
    for truth in truths:
        findings = [name for name in truth["findings"].split("|") if name]
        assert len(findings) == len([grade for grade in truth["subtlety"].split("|") if grade])
        assert [truth["nodule"], truth["effusion"], truth["cardiomegaly"]] == [
            str(int(name in findings)) for name in ("Nodule", "Effusion", "Cardiomegaly")
        ]


def test_a_patient_has_several_images(truths: list[dict[str, str]]) -> None:
    images = [truth["patient"] for truth in truths if truth["kind"] == "image"]

    assert len(images) == 12
    assert len(set(images)) < 12


def test_the_heart_lies_on_the_viewer_s_right_and_the_neck_is_up(folder: Path) -> None:
    for path in folder.glob("radiographs/*/*.dcm"):
        film = bright(pydicom.dcmread(path))
        rows, columns = film.shape
        level = film[int(rows * 0.62) : int(rows * 0.68)].mean(axis=0)
        middle, reach = columns // 2, int(columns * 0.16)
        assert level[middle : middle + reach].mean() > level[middle - reach : middle].mean()
        # Air lies beside the neck, not beside the belly.
        assert film[: rows // 20, : columns // 10].mean() < 0.15
        assert film[-rows // 20 :, columns // 2].mean() > 0.5


def test_headers_name_people_who_do_not_exist(folder: Path) -> None:
    dataset = pydicom.dcmread(next(folder.glob("radiographs/*/*.dcm")))

    assert dataset.PatientID.startswith("FICT-")
    assert dataset.InstitutionName == "Fictional General Hospital"
    assert (dataset.Modality, dataset.ViewPosition, dataset.BitsAllocated) == ("DX", "PA", 16)
    assert dataset.PixelSpacing[0] == dataset.PixelSpacing[1] == 0.5


def test_a_volume_is_a_series_in_patient_coordinates(folder: Path) -> None:
    slices = [pydicom.dcmread(path) for path in sorted((folder / "volumes/V000").glob("*.dcm"))]

    assert len(slices) == 48
    assert len({one.SeriesInstanceUID for one in slices}) == 1
    assert len({one.SOPInstanceUID for one in slices}) == 48
    heights = [float(one.ImagePositionPatient[2]) for one in slices]
    assert np.allclose(np.diff(heights), 5.0)
    middle = slices[24].pixel_array * slices[24].RescaleSlope + slices[24].RescaleIntercept
    assert np.median(middle[:20, :20]) == pytest.approx(-1000, abs=40)  # air
    assert middle[128 + 44, 128] > 100  # the spine lies at the back


def test_a_mammogram_has_four_views_whose_chest_walls_face_each_other(tmp_path: Path) -> None:
    write_phantoms(tmp_path, radiographs=0, volumes=0, mammograms=2, seed=1, processes=1)

    films = [pydicom.dcmread(path) for path in sorted(tmp_path.glob("mammograms/M001/*.dcm"))]
    views = [(film.ImageLaterality, film.ViewPosition) for film in films]
    assert views == [("R", "CC"), ("R", "MLO"), ("L", "CC"), ("L", "MLO")]
    for film in films:
        columns = bright(film).mean(axis=0)
        wall, air = (-40, 40) if film.ImageLaterality == "R" else (40, -40)
        assert columns[wall] > 10 * columns[air]
        assert film.PatientOrientation[0] == ("P" if film.ImageLaterality == "R" else "A")
    with (tmp_path / "labels.csv").open(newline="") as file:
        truths = list(csv.DictReader(file))
    ill = [truth for truth in truths if truth["findings"]]
    assert len(ill) == 2  # both views of one breast of every other woman
    assert {truth["mass"] + truth["calcifications"] for truth in ill} <= {"10", "01"}
