"""From files to scans: everything is in or has a reason, once, and pseudonymous."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from django.apps import apps
from django.conf import settings
from pydicom.dataset import FileDataset

from scans import queries
from scans.models import Archive, Ingest, IngestedFile, Patient, Scan, Series, Study
from tests.scans.cast import ct_series, dicom, item, png, written
from tests.scans.ingests import counts, frames_of, ingested, report

pytestmark = pytest.mark.django_db
MR_STUDY = Path(__file__).parents[3] / "shared" / "data" / "dicom" / "brain-mr-study"
Outcome = IngestedFile.Outcome


def test_a_radiograph_becomes_a_scan_with_its_pixels(archive: Archive, tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "ViewPosition": "PA",
        "PixelSpacing": [0.2, 0.1],
        "WindowCenter": 9,
        "WindowWidth": 5,
    }
    written(dicom(**values), tmp_path / "in" / "a.dcm")
    ingest = ingested(archive, tmp_path / "in")
    assert report(ingest) == {"a.dcm": (Outcome.ADDED, "")}
    scan = Scan.objects.get()
    assert (scan.kind, scan.rows, scan.columns, scan.frame_count) == ("image", 6, 8, 1)
    assert scan.geometry["view"] == "PA"
    assert scan.geometry["spacing"] == [0.2, 0.1]
    assert scan.geometry["window"] == [9.0, 5.0]
    assert "index" not in scan.geometry
    frame = frames_of(scan).frame(0)
    assert (frame == np.arange(48).reshape(6, 8) * 80).all()
    assert scan.name.startswith("2.25.")
    ingest.refresh_from_db()
    assert ingest.state == Ingest.State.DONE


def test_a_series_becomes_one_volume_sorted_by_position(archive: Archive, tmp_path: Path) -> None:
    ct_series(tmp_path / "in", [5.0, 0.0, 2.5])
    ingested(archive, tmp_path / "in")
    scan = Scan.objects.get()
    frames = frames_of(scan)
    assert (scan.kind, scan.frame_count, scan.instances.count()) == ("volume", 3, 3)
    assert [int(frames.frame(number)[0, 0]) for number in range(3)] == [1, 2, 0]
    assert scan.geometry["positions"] == [[0, 0, 0], [0, 0, 2.5], [0, 0, 5]]
    assert (scan.geometry["slice_spacing"], scan.geometry["units"]) == (2.5, "HU")
    assert (scan.geometry["slope"], scan.geometry["intercept"]) == (1.0, -1024.0)
    assert (scan.geometry["smallest"], scan.geometry["largest"]) == (0, 2)


def test_slices_with_slopes_of_their_own_are_stored_in_their_units(
    archive: Archive, tmp_path: Path
) -> None:
    ct_series(tmp_path / "in", [0.0, 1.0], Modality="PT")
    slice_ = pydicom.dcmread(tmp_path / "in" / "001.dcm")
    slice_.RescaleSlope = 2.5
    slice_.save_as(tmp_path / "in" / "001.dcm")
    ingested(archive, tmp_path / "in")
    scan = Scan.objects.get()
    values = [float(frames_of(scan).frame(n)[0, 0]) for n in range(2)]
    assert (scan.geometry["dtype"], scan.geometry["slope"]) == ("float32", 1.0)
    assert values == [-1024.0, 2.5 - 1024.0]


def test_a_bad_slice_is_reported_and_the_volume_goes_in(archive: Archive, tmp_path: Path) -> None:
    paths = ct_series(tmp_path / "in", [0.0, 1.0, 2.0, 3.0])
    paths[1].write_bytes(paths[1].read_bytes()[:-50])
    ingest = ingested(archive, tmp_path / "in")
    outcome, reason = report(ingest)["001.dcm"]
    assert (outcome, reason) == (
        Outcome.REJECTED,
        "The pixels are cut off: 46 of 96 bytes are there.",
    )
    assert Scan.objects.get().frame_count == 3
    assert queries.report_of(ingest=ingest) == queries.Report(
        added=3, duplicates=0, rejected=1, scans=1
    )


def test_the_same_file_twice_is_one_scan(archive: Archive, tmp_path: Path) -> None:
    path = written(dicom(), tmp_path / "in" / "a.dcm")
    (tmp_path / "in" / "b.dcm").write_bytes(path.read_bytes())
    first = ingested(archive, tmp_path / "in")
    assert [outcome for outcome, _ in report(first).values()] == [Outcome.ADDED, Outcome.DUPLICATE]
    before = counts()
    again = ingested(archive, tmp_path / "in")
    assert [outcome for outcome, _ in report(again).values()] == [Outcome.DUPLICATE] * 2
    assert counts() == before == [1, 1, 1, 1, 1]
    assert queries.scans_of(ingest=again).get() == Scan.objects.get()


def test_equal_pixels_of_two_patients_are_two_scans(archive: Archive, tmp_path: Path) -> None:
    for patient in ("A", "B"):
        written(dicom(PatientID=patient), tmp_path / "in" / f"{patient}.dcm")
    ingested(archive, tmp_path / "in")
    assert Scan.objects.count() == 2
    assert len(set(Scan.objects.values_list("series__study__patient", flat=True))) == 2


def test_one_study_uid_for_two_patients_stays_two_patients(
    archive: Archive, tmp_path: Path
) -> None:
    for patient in ("A", "B"):
        written(dicom(PatientID=patient), tmp_path / "in" / f"{patient}.dcm")
        ingested(archive, tmp_path / "in")
    assert counts()[:2] == [2, 2]


def test_pictures_and_volumes_of_other_formats_go_in(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "x.png").write_bytes(png(np.arange(12, dtype=np.uint8).reshape(3, 4)))
    (tmp_path / "in" / "notes.txt").write_text("no image")
    ingest = ingested(archive, tmp_path / "in")
    assert report(ingest) == {
        "x.png": (Outcome.ADDED, ""),
        "notes.txt": (Outcome.REJECTED, "This is not an image format that Scout reads."),
    }
    scan = Scan.objects.get()
    assert (scan.name, scan.geometry["window"]) == ("x.png", [127.5, 255.0])


def test_patients_given_beside_the_files_count(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(3):
        picture = png(np.full((2, 2), number, np.uint8))
        (tmp_path / "in" / f"{number}.png").write_bytes(picture)
    written(dicom(PatientID="Anna"), tmp_path / "in" / "3.dcm")
    ingested(archive, tmp_path / "in", patients={"0.png": "Anna", "1.png": "Anna"})
    patients = Scan.objects.values_list("series__study__patient", flat=True)
    assert Patient.objects.count() == 2
    assert sorted(list(patients).count(patient) for patient in set(patients)) == [1, 3]


def test_nothing_that_names_a_person_is_kept(archive: Archive, tmp_path: Path) -> None:
    values: dict[str, Any] = {
        "AccessionNumber": "ACC-99",
        "InstitutionName": "Mercy",
        "ImageComments": "for Jane",
    }
    dataset = dicom(**values)
    dataset.private_block(0x0009, "Private", create=True).add_new(1, "LO", "Doe private")
    written(dataset, tmp_path / "in" / "Doe_Jane.dcm")
    ingested(archive, tmp_path / "in")
    planted = ("Doe", "Jane", "MRN-4711", "ACC-99", "Mercy", "20240229", "2024-02-29", "1.2.3.4")
    kept = [p for root in (settings.FRAME_STORE, settings.ORIGINALS) for p in Path(root).rglob("*")]
    content = b"".join(path.read_bytes() for path in kept if path.is_file())
    rows = [row for model in apps.get_app_config("scans").get_models() for row in
            model._default_manager.values()]  # fmt: skip
    # The report alone has the path, as the person gave it who may see the report.
    told = [row.pop("path") for row in rows if "path" in row]
    assert told == ["Doe_Jane.dcm"]
    found = [text for text in planted if text.encode() in content or text in repr(rows)]
    assert found == []
    study = Study.objects.get()
    assert study.date is not None and date(2014, 1, 1) < study.date < date(2024, 2, 29)


def test_the_maker_of_a_scanner_is_kept_and_which_of_its_scanners_is_not(
    archive: Archive, tmp_path: Path
) -> None:
    values: dict[str, Any] = {
        "Manufacturer": " ACME\0Imaging ",
        "ManufacturerModelName": "Ray 3000",
        "DeviceSerialNumber": "SN-0815",
        "StationName": "ROOM-7",
    }
    written(dicom(**values), tmp_path / "in" / "a.dcm")
    ingested(archive, tmp_path / "in")
    series = Series.objects.get()
    assert (series.manufacturer, series.model_name) == ("ACME Imaging", "Ray 3000")
    kept = [path for path in Path(settings.ORIGINALS).rglob("*") if path.is_file()]
    content = b"".join(path.read_bytes() for path in kept)
    assert b"Ray 3000" in content and b"SN-0815" not in content and b"ROOM-7" not in content


def test_a_picture_does_not_say_what_it_was_made_with(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(np.arange(48, dtype=np.uint8).reshape(6, 8)))
    ingested(archive, tmp_path / "a.png")
    series = Series.objects.get()
    assert (series.manufacturer, series.model_name) == ("", "")


def test_burned_in_text_is_flagged(archive: Archive, tmp_path: Path) -> None:
    written(dicom(BurnedInAnnotation="YES"), tmp_path / "in" / "a.dcm")
    outcome, reason = report(ingested(archive, tmp_path / "in"))["a.dcm"]
    assert outcome == Outcome.ADDED
    assert "burned into the pixels" in reason


def enhanced_ct(places: list[float], times: list[int]) -> FileDataset:
    """One file of many frames, each with its place and time in functional groups."""
    pixels = np.stack([np.full((6, 8), number, np.int16) for number in range(len(places))])
    dataset = dicom(pixels, Modality="CT", SOPClassUID="1.2.840.10008.5.1.4.1.1.2.1")
    dataset.SharedFunctionalGroupsSequence = [
        item(
            PlaneOrientationSequence=[item(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
            PixelMeasuresSequence=[item(PixelSpacing=[0.5, 0.5])],
            PixelValueTransformationSequence=[item(RescaleSlope=2, RescaleIntercept=-1000)],
        )
    ]
    dataset.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=[0, 0, place])],
            FrameContentSequence=[item(TemporalPositionIndex=time)],
        )
        for place, time in zip(places, times, strict=True)
    ]
    return dataset


def test_an_enhanced_file_is_sorted_by_its_functional_groups(
    archive: Archive, tmp_path: Path
) -> None:
    written(enhanced_ct([4, 0, 2], [1, 1, 1]), tmp_path / "in" / "a.dcm")
    ingested(archive, tmp_path / "in")
    scan = Scan.objects.get()
    frames = frames_of(scan)
    assert [int(frames.frame(number)[0, 0]) for number in range(3)] == [1, 2, 0]
    assert (scan.kind, scan.geometry["slice_spacing"]) == ("volume", 2.0)
    assert (scan.geometry["slope"], scan.geometry["intercept"]) == (2.0, -1000.0)
    assert scan.geometry["spacing"] == [0.5, 0.5]


def test_two_times_in_one_file_are_two_volumes(archive: Archive, tmp_path: Path) -> None:
    written(enhanced_ct([0, 2, 0, 2], [1, 1, 2, 2]), tmp_path / "in" / "a.dcm")
    ingest = ingested(archive, tmp_path / "in")
    scans = Scan.objects.order_by("pk")
    assert [scan.frame_count for scan in scans] == [2, 2]
    shown = [frames_of(scan) for scan in scans]
    assert [[int(one.frame(n)[0, 0]) for n in range(2)] for one in shown] == [[0, 1], [2, 3]]
    assert {reason for _, reason in report(ingest).values()} == {
        "Positions repeat; volumes kept apart by TemporalPositionIndex."
    }
    before = counts()
    again = ingested(archive, tmp_path / "in")
    assert [outcome for outcome, _ in report(again).values()] == [Outcome.DUPLICATE]
    assert counts() == before == [1, 1, 1, 2, 2]


@pytest.mark.skipif(not MR_STUDY.is_dir(), reason=f"no MR study in {MR_STUDY}")
def test_the_mr_study_becomes_two_volumes_of_22_slices(archive: Archive) -> None:
    ingest = ingested(archive, MR_STUDY)
    assert sorted(Scan.objects.values_list("kind", "frame_count")) == [("volume", 22)] * 2
    assert (Patient.objects.count(), Study.objects.count(), Series.objects.count()) == (1, 1, 2)
    assert {reason for _, reason in report(ingest).values()} == {""}
