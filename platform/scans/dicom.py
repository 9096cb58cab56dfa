"""Reads DICOM headers: is it an image, where does each frame lie in space, what joins it to others.

Pure: paths and plain values in, plain values out. Pixels are decoded in `scans.pixels`.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pydicom
from pydicom import config as pydicom_config
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.errors import InvalidDicomError
from pydicom.uid import (
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    MediaStorageDirectoryStorage,
)

from accounts.sentences import Sentence
from scans.limits import MAX_FILE_BYTES, Rejected, check_size

# Files from the field break the rules of value representations in ways that do no harm here.
pydicom_config.settings.reading_validation_mode = pydicom_config.IGNORE
pydicom_config.settings.writing_validation_mode = pydicom_config.IGNORE

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# Projections: their positions, where given, do not order them into a volume.
PROJECTIONS = frozenset({"CR", "DX", "MG", "IO", "PX", "RG", "RF", "XA", "US", "XC", "ES", "OP"})
_INTEGERS = 2**31  # the range of an integer string, IS (PS3.5 table 6.2-1)
NO_SCAN = {
    "SEG": Sentence("This is a segmentation, not a scan."),
    "PR": Sentence("This is a presentation state, not a scan."),
    "RTDOSE": Sentence("This is a dose distribution, not a scan."),
}


@dataclass(frozen=True)
class Slice:
    """One frame of one DICOM file, as far as it matters for joining frames into volumes."""

    source: int  # which file of the delivery
    frame: int  # which frame of the file, from 0
    number: int  # InstanceNumber; frames of one file share it
    series: str
    modality: str
    rows: int
    columns: int
    pixel_format: str  # frames of one volume share it
    is_localiser: bool
    slope: float
    intercept: float
    orientation: tuple[float, ...] | None  # six LPS direction cosines
    position: tuple[float, ...] | None  # LPS, mm
    spacing: tuple[float, ...] | None  # between rows, between columns, mm
    # What separates several volumes over the same positions, in the order it is tried.
    phases: tuple[tuple[str, str], ...] = ()

    @property
    def is_placed(self) -> bool:
        return self.orientation is not None and self.position is not None


def read_dataset(path: Path, *, pixels: bool = True) -> FileDataset:
    """The dataset of an image file, with or without preamble, its transfer syntax always set.

    Raises Rejected when the file is no DICOM image. `pixels=False` skips the pixel data's bytes.
    """
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Rejected("The file is larger than {most} GiB.", most=MAX_FILE_BYTES >> 30)
    # Nothing is deferred with pixels: they are wanted. Without, large values stay on the disk.
    defer = None if pixels else 4096
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            dataset = pydicom.dcmread(path, force=True, defer_size=defer)
            marks = ("SOPClassUID", "Rows", "PatientID")
            if dataset.preamble is None and not any(mark in dataset for mark in marks):
                raise Rejected("This is not an image format that Scout reads.")
        except (InvalidDicomError, EOFError) as error:
            raise Rejected("The DICOM header is damaged or cut off.") from error
        except Rejected:
            raise
        except Exception as error:  # pydicom raises whatever a broken value makes its parsers raise
            raise Rejected(
                "The DICOM header is damaged ({error}).", error=type(error).__name__
            ) from error
    _set_transfer_syntax(dataset)
    return dataset


def check_image(dataset: Dataset) -> None:
    """Raise Rejected when there is no picture in the dataset, or one larger than Scout takes."""
    sop_class = UID(str(dataset.get("SOPClassUID", "") or ""))
    if sop_class == MediaStorageDirectoryStorage or "DirectoryRecordSequence" in dataset:
        raise Rejected("A DICOMDIR only lists images; they are taken from their own files.")
    modality = str(dataset.get("Modality", ""))
    if modality in NO_SCAN:
        raise Rejected(NO_SCAN[modality])
    if not any(keyword in dataset for keyword in PIXEL_KEYWORDS):
        kind = sop_class.name if sop_class and sop_class.name != sop_class else Sentence("no image")
        raise Rejected("The file holds no pixels ({kind}), or ends before them.", kind=kind)
    rows, columns = integer(dataset, "Rows"), integer(dataset, "Columns")
    bits = integer(dataset, "BitsAllocated", 16)
    check_size(
        rows=rows,
        columns=columns,
        samples=integer(dataset, "SamplesPerPixel", 1),
        frames=frame_count(dataset),
        item_bytes=max(1, bits // 8),
    )


def slices(dataset: FileDataset, *, source: int, series: str) -> tuple[Slice, ...]:
    """One Slice for each frame; `series` names the series in the caller's words."""
    check_image(dataset)
    return tuple(
        _slice(dataset, groups, frame=frame, source=source, series=series)
        for frame, groups in enumerate(_functional_groups(dataset))
    )


def _slice(
    dataset: FileDataset, groups: tuple[Dataset, ...], *, frame: int, source: int, series: str
) -> Slice:
    slope, intercept = linear_rescale(groups)
    keys = ("BitsAllocated", "BitsStored", "PixelRepresentation", "PhotometricInterpretation")
    tables = ("ModalityLUTSequence", "VOILUTSequence")
    return Slice(
        source=source,
        frame=frame,
        number=integer(dataset, "InstanceNumber"),
        series=series,
        modality=str(dataset.get("Modality", "") or ""),
        rows=integer(dataset, "Rows"),
        columns=integer(dataset, "Columns"),
        pixel_format="/".join(
            [*(str(dataset.get(key, "")) for key in keys)]
            + [key for key in tables if key in dataset]
        ),
        is_localiser="LOCALIZER" in [str(v).upper() for v in texts(dataset, "ImageType")],
        slope=slope,
        intercept=intercept,
        orientation=numbers(groups, "ImageOrientationPatient", 6),
        position=numbers(groups, "ImagePositionPatient", 3),
        spacing=pixel_spacing(groups),
        phases=_phases(groups),
    )


_PHASES = (
    "StackID",
    "AcquisitionNumber",
    "FrameAcquisitionNumber",
    "EchoNumbers",
    "EchoTime",
    "EffectiveEchoTime",
    "TemporalPositionIdentifier",
    "TemporalPositionIndex",
    "DiffusionBValue",
    "TriggerTime",
    "NominalPercentageOfCardiacPhase",
    "ImageType",
    "FrameType",
    "AcquisitionTime",
)


def _phases(groups: tuple[Dataset, ...]) -> tuple[tuple[str, str], ...]:
    found = ((key, find(groups, key)) for key in _PHASES)
    return tuple((key, str(value)) for key, value in found if value not in (None, ""))


def _functional_groups(dataset: FileDataset) -> Iterator[tuple[Dataset, ...]]:
    """For each frame, the datasets to look in, nearest first: its own groups, the shared, the file.

    PS3.3 C.7.6.16: each group is a sequence of one item inside the frame's or the shared item.
    """
    shared = _flattened(dataset.get("SharedFunctionalGroupsSequence") or [])
    per_frame = dataset.get("PerFrameFunctionalGroupsSequence") or []
    for number in range(frame_count(dataset)):
        own = _flattened(per_frame[number : number + 1])
        yield (*own, *shared, dataset)


def frame_groups(dataset: FileDataset, frame: int) -> tuple[Dataset, ...]:
    """Where to look for what describes `frame`, nearest first."""
    for number, groups in enumerate(_functional_groups(dataset)):
        if number == frame:
            return groups
    raise IndexError(frame)


def _flattened(items: Any) -> list[Dataset]:
    return [
        element.value[0]
        for item in items
        for element in item
        if element.VR == "SQ" and element.value
    ]


def find(groups: tuple[Dataset, ...], keyword: str) -> Any:
    """The first value of `keyword` in `groups`, None where none has it."""
    for group in groups:
        try:
            value = group.get(keyword)
        except Exception:  # noqa: S112 - a value its own VR cannot parse is as good as none
            continue
        if value is not None:
            return value
    return None


def numbers(groups: tuple[Dataset, ...], keyword: str, count: int) -> tuple[float, ...] | None:
    """`count` finite numbers, or None where the header has anything else."""
    value = find(groups, keyword)
    try:
        found = tuple(float(number) for number in value)
    except (TypeError, ValueError):
        return None
    finite = all(abs(number) < 1e9 for number in found)  # false for NaN as well
    return found if len(found) == count and finite else None


def pixel_spacing(groups: tuple[Dataset, ...]) -> tuple[float, ...] | None:
    """Millimetres between rows and between columns; at the detector where no better is known."""
    for keyword in ("PixelSpacing", "ImagerPixelSpacing", "NominalScannedPixelSpacing"):
        spacing = numbers(groups, keyword, 2)
        if spacing and min(spacing) > 0:
            return spacing
    return None


def linear_rescale(groups: tuple[Dataset, ...]) -> tuple[float, float]:
    """Rescale slope and intercept; 1 and 0 where there is none or it makes no sense."""
    try:
        slope = float(find(groups, "RescaleSlope"))
        intercept = float(find(groups, "RescaleIntercept"))
    except (TypeError, ValueError):
        return 1.0, 0.0
    usable = 0 < abs(slope) < 1e9 and abs(intercept) < 1e9
    return (slope, intercept) if usable else (1.0, 0.0)


def integer(dataset: Dataset, keyword: str, default: int = 0) -> int:
    """The number in the header; `default` where there is none, or one that IS cannot hold."""
    try:
        value = int(dataset.get(keyword, default))
    except (TypeError, ValueError, OverflowError):
        return default
    return value if -_INTEGERS <= value < _INTEGERS else default


def texts(dataset: Dataset, keyword: str) -> list[str]:
    value = dataset.get(keyword)
    if value is None:
        return []
    return [str(value)] if isinstance(value, str) else [str(part) for part in value]


def frame_count(dataset: Dataset) -> int:
    return max(1, integer(dataset, "NumberOfFrames", 1))


def _set_transfer_syntax(dataset: FileDataset) -> None:
    """Files without a header of their own tell their encoding by how they parse."""
    if not hasattr(dataset, "file_meta"):
        dataset.file_meta = FileMetaDataset()
    if dataset.file_meta.get("TransferSyntaxUID"):
        return
    implicit, little = cast(tuple[bool, bool], dataset.original_encoding)
    explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit
