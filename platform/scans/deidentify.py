"""De-identification of DICOM headers: PS3.15 Annex E, basic profile, with modified dates.

The table of attributes and its actions are dicom-anonymizer's (edition 2024b of the standard). The
library walks the top level only and keeps UIDs in a table of its process, so the walk, the UIDs and
the dates are ours:

- every nested sequence is walked, private elements and attributes the dictionary does not know go;
- UIDs become 2.25.x by a keyed hash, the same for the same archive, so that references still hold;
- dates move by a number of days that is the patient's own (113107, retain longitudinal temporal
  information with modified dates); dates of birth go;
- the patient is known by a keyed hash of the identifier, which links studies inside the archive;
- overlays and curves go, since text may be drawn in them, those in unused bits of the pixels too;
- comments and application segments of JPEG codestreams go; file header and preamble are made anew.
"""

import datetime
import hashlib
import hmac
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from dicomanonymizer.simpledicomanonymizer import initialize_actions_2024b
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import UID, JPEGLSTransferSyntaxes, JPEGTransferSyntaxes

from scans.pictures import stripped_jpeg

Action = Callable[[Dataset, Any], None]

METHOD = "PS3.15 E basic profile 2024b, dates shifted"
_ACTIONS: dict[tuple[int, ...], Action] = initialize_actions_2024b()
# Of attributes in repeating groups (curves, overlays) whole groups are removed below.
_BY_TAG: dict[int, Action] = {
    (tag[0] << 16) | tag[1]: action for tag, action in _ACTIONS.items() if len(tag) == 2
}
_PATIENT_NAME, _PATIENT_ID = 0x00100010, 0x00100020
_BIRTH_DATES = frozenset({0x00100030, 0x00100032, 0x00100033, 0x00100034, 0x00100035})
_REMOVED_GROUPS = (0x5000, 0x6000)  # curves and overlays, with all their repetitions
# Values of which only what is no date, no time and no UID goes, and what else a time may hold.
_KEPT_IN_PART = frozenset({"DA", "DT", "TM", "UI"})
_TIME = re.compile(r"[0-9:.+\- ]*")
_TRAILING_PADDING = 0xFFFCFFFC


@dataclass(frozen=True)
class Identity:
    """Who and what a DICOM file is, in pseudonyms."""

    patient: str
    study: str
    series: str
    instance: str
    study_date: str | None  # ISO, shifted
    manufacturer: str  # of the scanner: neither is an attribute of PS3.15 table E.1-1
    model_name: str


class Pseudonyms:
    """The keyed hashes of one archive: equal inputs, equal pseudonyms, in this archive alone."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def keyed(self, kind: str, value: str | bytes) -> str:
        """HMAC-SHA-256 in hexadecimal; `kind` keeps equal values of different kinds apart."""
        content = value.encode() if isinstance(value, str) else value
        return hmac.new(self._secret, kind.encode() + b"\0" + content, hashlib.sha256).hexdigest()

    def uid(self, original: str) -> str:
        """A UID below 2.25 (PS3.5 B.2) from 122 bits of the keyed hash of `original`."""
        number = int(self.keyed("uid", original.strip("\0 "))[:32], 16) >> 6
        return f"2.25.{number}"

    def given_patient(self, identifier: str) -> str:
        """The pseudonym of an identifier given beside a file; empty for none."""
        return self.keyed("patient", f"\0{identifier}") if identifier else ""

    def patient(self, dataset: Dataset) -> str:
        """The patient by identifier; by name and birth date, then by study where there is none."""
        identifier = _text(dataset, "PatientID")
        if identifier:
            # The same number from two issuers is two people.
            return self.keyed("patient", f"{_text(dataset, 'IssuerOfPatientID')}\0{identifier}")
        name = _text(dataset, "PatientName")
        if name:
            return self.keyed("patient name", f"{name}\0{_text(dataset, 'PatientBirthDate')}")
        study = _text(dataset, "StudyInstanceUID") or _text(dataset, "SOPInstanceUID")
        return self.keyed("patient of study", study)

    def days(self, patient: str) -> int:
        """How many days back the patient's dates move: 1 to 3,650."""
        return -(int(self.keyed("days", patient)[:8], 16) % 3650 + 1)


def identify(dataset: Dataset, pseudonyms: Pseudonyms, patient: str = "") -> Identity:
    """The pseudonyms of an unchanged dataset; `patient`, where given, counts before its header.

    UIDs that are absent are made from what is there.
    """
    patient = pseudonyms.given_patient(patient) or pseudonyms.patient(dataset)
    instance = _text(dataset, "SOPInstanceUID")
    study = _text(dataset, "StudyInstanceUID") or f"study of {patient}"
    series = _text(dataset, "SeriesInstanceUID") or f"series of {instance or study}"
    shifted = shift_date(_text(dataset, "StudyDate"), pseudonyms.days(patient))
    return Identity(
        patient=patient,
        study=pseudonyms.uid(study),
        series=pseudonyms.uid(series),
        instance=pseudonyms.uid(instance or series),
        study_date=f"{shifted[:4]}-{shifted[4:6]}-{shifted[6:8]}" if shifted else None,
        manufacturer=_long_string(dataset, "Manufacturer"),
        model_name=_long_string(dataset, "ManufacturerModelName"),
    )


def has_burned_in_text(dataset: Dataset) -> bool:
    """Whether the header itself says that the pixels hold identifying text."""
    return _text(dataset, "BurnedInAnnotation").upper() == "YES"


def deidentify(dataset: FileDataset, pseudonyms: Pseudonyms, patient: str = "") -> bytes:
    """`dataset`, changed in place, as the bytes of a de-identified DICOM file; pixels unchanged."""
    identity = identify(dataset, pseudonyms, patient)
    _clean_pixel_data(dataset)
    _clean(dataset, pseudonyms, pseudonyms.days(identity.patient))
    dataset.PatientName = identity.patient[:16]
    dataset.PatientID = identity.patient
    for keyword, value in (
        ("StudyInstanceUID", identity.study),
        ("SeriesInstanceUID", identity.series),
        ("SOPInstanceUID", identity.instance),
    ):
        setattr(dataset, keyword, value)
    dataset.PatientIdentityRemoved = "YES"
    dataset.DeidentificationMethod = METHOD
    dataset.DeidentificationMethodCodeSequence = DicomSequence(
        [
            _code("113100", "Basic Application Confidentiality Profile"),
            _code("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
        ]
    )
    dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    return _written(dataset)


def _clean(dataset: Dataset, pseudonyms: Pseudonyms, days: int) -> None:
    for tag in list(dataset.keys()):
        if _is_removed_whole(int(tag)):
            del dataset[tag]
            continue
        try:
            element = dataset[tag]
        except Exception:
            del dataset[tag]
            continue
        if element.VR in _KEPT_IN_PART and dictionary_VR(tag) != element.VR:
            del dataset[tag]  # a name that says it is a time of day would stay
            continue
        _clean_element(dataset, element, pseudonyms, days)


def _clean_pixel_data(dataset: FileDataset) -> None:
    """Drop what lies beside the pixels in the pixel data; the pixels stay bit by bit."""
    if "PixelData" not in dataset:
        return
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax in JPEGTransferSyntaxes or syntax in JPEGLSTransferSyntaxes:
        count = int(dataset.get("NumberOfFrames") or 1)
        frames = list(generate_frames(dataset.PixelData, number_of_frames=count))
        stripped = [stripped_jpeg(frame) for frame in frames]
        # An even number of bytes is what generate_frames gives and encapsulate makes.
        if [frame.rstrip(b"\0") for frame in frames] != stripped:
            dataset.PixelData = encapsulate(stripped)
    elif (
        not syntax.is_encapsulated and dataset.get("BitsAllocated") == 16 and _has_overlay(dataset)
    ):
        order = "<" if syntax.is_little_endian else ">"
        words = np.frombuffer(dataset.PixelData, f"{order}u2")
        low = int(dataset.HighBit) + 1 - int(dataset.BitsStored)
        mask = ((1 << int(dataset.BitsStored)) - 1) << low
        dataset.PixelData = (words & np.uint16(mask)).astype(words.dtype).tobytes()


def _has_overlay(dataset: Dataset) -> bool:
    return any(int(tag) >> 24 == 0x60 for tag in dataset.keys())  # noqa: SIM118  no elements parsed


def _is_removed_whole(tag: int) -> bool:
    group = tag >> 16
    repeating = group & 0xFF00 in _REMOVED_GROUPS
    known = dictionary_has_tag(tag)
    return bool(group & 1) or repeating or not known or tag == _TRAILING_PADDING or group < 0x0008


def _clean_element(
    dataset: Dataset, element: DataElement, pseudonyms: Pseudonyms, days: int
) -> None:
    tag = int(element.tag)
    if element.VR in ("DA", "DT") and tag not in _BIRTH_DATES:
        element.value = _each(element.value, lambda value: shift_date(value, days))
    elif element.VR == "UI":
        element.value = _each(element.value, lambda value: _new_uid(value, pseudonyms))
    elif element.VR == "TM":
        # With modified dates, times of day stay: intervals would break without them.
        element.value = _each(element.value, lambda value: value if _TIME.fullmatch(value) else "")
    elif element.VR == "PN" or tag in _BIRTH_DATES:
        element.value = ""
    elif tag in _BY_TAG:
        _act(dataset, element)
    elif element.VR == "SQ":
        for item in element.value:
            _clean(item, pseudonyms, days)


def _act(dataset: Dataset, element: DataElement) -> None:
    """What the profile says, as the library does it; sequences it names are removed whole.

    The library empties or replaces their items by value representation, which leaves some as they
    were and fails on others. A sequence that is absent holds nobody's name.
    """
    if element.VR == "SQ":
        del dataset[element.tag]
        return
    try:
        _BY_TAG[int(element.tag)](dataset, (element.tag.group, element.tag.element))
    except NotImplementedError:  # a value representation that the library does not know
        del dataset[element.tag]


def _each(value: Any, change: Callable[[str], str]) -> Any:
    if value is None or value == "":
        return value
    if isinstance(value, str | datetime.date) or not hasattr(value, "__iter__"):
        return change(str(value))
    return [change(str(one)) for one in value]


def _new_uid(value: str, pseudonyms: Pseudonyms) -> str:
    """UIDs of the standard itself (SOP classes, frames of coding) name nobody and stay."""
    uid = UID(value)
    is_of_the_standard = uid.is_valid and not uid.is_private
    return value if not value or is_of_the_standard else pseudonyms.uid(value)


def shift_date(value: str, days: int) -> str:
    """A DA or DT value moved by `days`; empty where it is no date. The time of a DT stays."""
    text = value.replace(".", "", 2) if len(value) == 10 and value[4:5] == "." else value
    try:
        day = datetime.datetime.strptime(text[:8], "%Y%m%d").replace(tzinfo=datetime.UTC)
        moved = day + datetime.timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    time = text[8:] if _TIME.fullmatch(text[8:]) else ""
    return f"{moved:%Y%m%d}".rjust(8, "0") + time


def _code(value: str, meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, "DCM", meaning
    return code


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        return str(dataset.get(keyword) or "").strip("\0 ")
    except Exception:
        return ""


def _long_string(dataset: Dataset, keyword: str) -> str:
    """A value of LO: 64 characters at most, none of them a control character (PS3.5 6.2)."""
    printable = (c if c.isprintable() else " " for c in _text(dataset, keyword))
    return " ".join("".join(printable).split())[:64]


def _written(dataset: FileDataset) -> bytes:
    syntax = dataset.file_meta.TransferSyntaxUID
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID") or UID("1.2.840.10008.5.1.4.1.1.7")
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta = meta
    dataset.preamble = bytes(128)
    buffer = io.BytesIO()
    dcmwrite(buffer, dataset, enforce_file_format=True)
    return buffer.getvalue()
