"""Nothing that names a person is left, and what must stay together stays together."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pydicom.data
import pytest
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import UID

from scans.deidentify import Pseudonyms, deidentify, has_burned_in_text, identify, shift_date
from scans.dicom import read_dataset
from tests.scans.cast import dicom, item, written

SECRET = b"s" * 32
# Everything planted below; none of it may be in what is kept.
PLANTED = (
    "Doe", "Jane", "MRN-4711", "Doktor", "Hausarzt", "Mercy", "ACC-99", "Privatklinik",
    "Elm Street", "Secretary", "19700131", "20240229", "Overlay-Label", "Nested-Name", "Trailer",
    "STATION-X", "1.2.3.4.5", "Preamble", "AE-TITLE", "Comment", "Kurve", "unknown-tag",
)  # fmt: skip


def named() -> FileDataset:
    """A dataset with a person in every corner."""
    dataset = dicom(
        AccessionNumber="ACC-99",
        InstitutionName="Mercy Hospital",
        InstitutionAddress="Elm Street 1",
        ReferringPhysicianName="Doktor^Who",
        PerformingPhysicianName="Hausarzt^H",
        OperatorsName="Secretary^S",
        StationName="STATION-X",
        PatientComments="Comment on Jane",
        ImageComments="Comment on Doe",
        AcquisitionDateTime="20240229101112",
        ContentDate="20240229",
        SeriesDescription="for Doktor Who",
        OtherPatientIDs=["MRN-4711", "ACC-99"],
        PatientAddress="Elm Street 2",
    )
    private = dataset.private_block(0x0009, "Privatklinik", create=True)
    private.add_new(0x01, "LO", "Privatklinik Doe")
    private.add_new(0x02, "SQ", [item(PatientName="Nested-Name^A")])
    dataset.RequestAttributesSequence = [item(RequestedProcedureID="ACC-99")]
    # A sequence the profile keeps, with people two levels down.
    inner = item(PatientName="Nested-Name^B", ContentDate="20240229", OperatorsName="Secretary^S")
    inner.private_block(0x0009, "Privatklinik", create=True).add_new(0x01, "LO", "Doe")
    dataset.SharedFunctionalGroupsSequence = [item(PixelMeasuresSequence=[inner])]
    dataset.OriginalAttributesSequence = [item(ModifiedAttributesSequence=[inner])]
    dataset.add_new(0x60000010, "US", 6)
    dataset.add_new(0x60000022, "LO", "Overlay-Label")
    dataset.add_new(0x60003000, "OW", b"Doe^Jane")
    dataset.add_new(0x50002600, "LO", "Kurve")
    dataset.add_new(0x00187FFE, "LO", "unknown-tag")
    dataset.add_new(0xFFFCFFFC, "OB", b"Trailer ")
    dataset.preamble = b"Preamble Doe".ljust(128, b"\0")
    dataset.file_meta.SourceApplicationEntityTitle = "AE-TITLE"
    dataset.file_meta.PrivateInformationCreatorUID = UID("1.2.3.4.5")
    dataset.file_meta.PrivateInformation = b"MRN-4711"
    return dataset


def cleaned(dataset: FileDataset, folder: Path) -> bytes:
    read = read_dataset(written(dataset, folder / "image.dcm"))
    return deidentify(read, Pseudonyms(SECRET))


def test_no_planted_text_is_left_anywhere(tmp_path: Path) -> None:
    content = cleaned(named(), tmp_path)
    assert [text for text in PLANTED if text.encode() in content] == []
    assert all(text.encode() in (tmp_path / "image.dcm").read_bytes() for text in ("Doe", "Kurve"))


def test_pixels_and_geometry_stay_as_they_were(tmp_path: Path) -> None:
    dataset = named()
    dataset.PixelSpacing = [0.5, 0.25]
    dataset.WindowCenterWidthExplanation = "BONE"
    back = pydicom.dcmread(io.BytesIO(cleaned(dataset, tmp_path)))
    assert back.PixelData == dataset.PixelData
    assert list(back.PixelSpacing) == [0.5, 0.25]
    assert back.WindowCenterWidthExplanation == "BONE"
    assert back.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence


def test_the_file_says_that_and_how_it_was_de_identified(tmp_path: Path) -> None:
    back = pydicom.dcmread(io.BytesIO(cleaned(named(), tmp_path)))
    assert back.PatientIdentityRemoved == "YES"
    assert back.LongitudinalTemporalInformationModified == "MODIFIED"
    codes = [code.CodeValue for code in back.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107"]
    assert back.preamble == bytes(128)


def test_a_name_that_says_it_is_a_date_a_time_or_a_uid_goes(tmp_path: Path) -> None:
    """Broken writers, and hostile ones, put text under any kind of value."""
    dataset = dicom()
    for tag, kind, text in (
        (0x00080050, "TM", "ACC-99"),  # AccessionNumber
        (0x00080080, "UI", "1.2.840.10008 Mercy"),  # InstitutionName
        (0x00081030, "DT", "20240229 for Doe"),  # StudyDescription
        (0x00081111, "TM", "Jane"),  # a sequence
        (0x00080030, "TM", "Doe"),  # StudyTime
        (0x0008002A, "DT", "20240229Jane"),  # AcquisitionDateTime
        (0x00080016, "UI", "1.2.840.10008.Mercy"),  # SOPClassUID
    ):
        dataset.add_new(tag, kind, text)
    dataset.AcquisitionTime = "101112.5"
    kept = deidentify(read_dataset(written(dataset, tmp_path / "a.dcm")), Pseudonyms(SECRET))
    assert [word for word in PLANTED if word.encode() in kept] == []
    assert b"101112.5" in kept


def test_uids_are_mapped_the_same_way_everywhere() -> None:
    pseudonyms = Pseudonyms(SECRET)
    dataset = dicom(FrameOfReferenceUID="1.2.3.9")
    dataset.SharedFunctionalGroupsSequence = [item(FrameOfReferenceUID="1.2.3.9")]
    identity = identify(dataset, pseudonyms)
    back = pydicom.dcmread(io.BytesIO(deidentify(dataset, pseudonyms)))
    assert back.SeriesInstanceUID == identity.series == pseudonyms.uid("1.2.3.4.5")
    assert back.FrameOfReferenceUID == pseudonyms.uid("1.2.3.9")
    nested = back.SharedFunctionalGroupsSequence[0].FrameOfReferenceUID
    assert nested == back.FrameOfReferenceUID
    assert back.FrameOfReferenceUID.startswith("2.25.") and len(identity.series) <= 64
    assert back.SOPClassUID == dataset.SOPClassUID


def test_another_archive_gives_other_pseudonyms() -> None:
    here, there = identify(dicom(), Pseudonyms(SECRET)), identify(dicom(), Pseudonyms(b"t" * 32))
    assert here.patient != there.patient
    assert here.series != there.series


def test_a_patient_is_one_patient_and_their_intervals_stay() -> None:
    pseudonyms = Pseudonyms(SECRET)
    first = identify(dicom(StudyDate="20240229"), pseudonyms)
    second = identify(dicom(StudyDate="20240310", StudyInstanceUID="1.9"), pseudonyms)
    other = identify(dicom(PatientID="MRN-1"), pseudonyms)
    assert first.patient == second.patient != other.patient
    assert first.study_date is not None and second.study_date is not None
    days = np.datetime64(second.study_date) - np.datetime64(first.study_date)
    assert days == np.timedelta64(10, "D")
    assert first.study_date != "2024-02-29" != other.study_date
    assert pseudonyms.days(first.patient) != pseudonyms.days(other.patient)


def test_the_same_number_from_two_issuers_is_two_patients() -> None:
    pseudonyms = Pseudonyms(SECRET)
    here = pseudonyms.patient(dicom(IssuerOfPatientID="North"))
    assert here != pseudonyms.patient(dicom(IssuerOfPatientID="South"))


def test_without_an_identifier_name_then_study_link_a_patient() -> None:
    pseudonyms = Pseudonyms(SECRET)
    named_only: dict[str, Any] = {"PatientID": None, "StudyInstanceUID": "1.7"}
    assert pseudonyms.patient(dicom(**named_only)) == pseudonyms.patient(dicom(PatientID=""))
    nameless: dict[str, Any] = {"PatientID": None, "PatientName": None}
    first = pseudonyms.patient(dicom(**nameless))
    assert first == pseudonyms.patient(dicom(**nameless))
    assert first != pseudonyms.patient(dicom(**nameless, StudyInstanceUID="1.7"))


@pytest.mark.parametrize(
    ("value", "shifted"),
    [("20240301", "20240229"), ("20240301101112.5+0100", "20240229101112.5+0100"),
     ("2024.03.01", "20240229"), ("", ""), ("yesterday", ""), ("2024", "")],
)  # fmt: skip
def test_dates_move_by_whole_days(value: str, shifted: str) -> None:
    assert shift_date(value, -1) == shifted


def test_burned_in_text_is_told_only_where_the_header_says_so() -> None:
    assert has_burned_in_text(dicom(BurnedInAnnotation="YES"))
    assert not has_burned_in_text(dicom(BurnedInAnnotation="NO"))
    assert not has_burned_in_text(dicom())


def test_overlays_in_unused_bits_of_the_pixels_go(tmp_path: Path) -> None:
    dataset = dicom(np.array([[0x1001, 0x2FFF]], np.uint16), BitsStored=12)
    dataset.add_new(0x60000102, "US", 12)
    back = pydicom.dcmread(io.BytesIO(cleaned(dataset, tmp_path)))
    assert np.frombuffer(back.PixelData, "<u2").tolist() == [0x001, 0xFFF]


def test_comments_in_jpeg_frames_go_and_the_picture_stays(tmp_path: Path) -> None:
    path = Path(pydicom.data.__file__).parent / "test_files" / "SC_rgb_jpeg_dcmtk.dcm"
    dataset = read_dataset(path)
    expected = dataset.pixel_array
    (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
    comment = b"\xff\xfe\x00\x0aJane Doe"
    dataset.PixelData = encapsulate([frame[:2] + comment + frame[2:]])
    content = cleaned(dataset, tmp_path)
    assert b"Jane" not in content
    assert (pydicom.dcmread(io.BytesIO(content)).pixel_array == expected).all()
