"""Decodes the pixels of one DICOM dataset, frame by frame, at native depth.

What is applied here, because the frame store keeps values that are linear in modality units and
colours that are red, green and blue: colour spaces, palettes, modality LUT sequences, VOI LUT
sequences of images that have no window. Colour deeper than 8 bits is kept at 8.
"""

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLSNearLossless,
)

from scans.acquisition import windows
from scans.dicom import frame_count, frame_groups, integer, linear_rescale
from scans.limits import Rejected

Frame = NDArray[Any]

_LOSSY = (
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEG2000,
    JPEGLSNearLossless,
    HTJ2K,
)


@dataclass(frozen=True)
class PixelPlan:
    """What the frames of a dataset become in the frame store."""

    dtype: str
    samples: int
    inverted: bool
    slope: float
    intercept: float
    window: list[float] | None  # [centre, width] in modality units, from the header
    windows: list[list[Any]] | None  # all that the header has: [centre, width, name]
    padding: tuple[float, float] | None  # stored values, first to last, that are no image


def plan_pixels(dataset: FileDataset, frame: int = 0) -> PixelPlan:
    """How `dataset` is stored, as its header and its frame `frame` have it."""
    groups = frame_groups(dataset, frame)
    colour = is_colour(dataset)
    slope, intercept = linear_rescale(groups)
    named = windows(groups)
    window = named[0][:2] if named else None
    if colour or _modality_lut(dataset):
        slope, intercept = 1.0, 0.0
    if _voi_lut(dataset, window):
        range_of_entries = float(2 ** _lut_bits(dataset, "VOILUTSequence"))
        window = [range_of_entries / 2, range_of_entries]
        slope, intercept = 1.0, 0.0
    return PixelPlan(
        dtype="uint8" if colour else _grey_dtype(dataset),
        samples=3 if colour else 1,
        inverted=str(dataset.get("PhotometricInterpretation", "")) == "MONOCHROME1",
        slope=slope,
        intercept=intercept,
        window=None if colour else window,
        windows=None if colour or not named else named,
        padding=_padding(dataset),
    )


def decode(dataset: FileDataset, frames: Sequence[int]) -> Iterator[Frame]:
    """The frames asked for, in that order: [rows, columns] or [rows, columns, 3].

    Raises Rejected, naming the transfer syntax, when no decoder can read them.
    """
    syntax = dataset.file_meta.TransferSyntaxUID
    _check_length(dataset)
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise Rejected(
            "Scout has no decoder for the transfer syntax {syntax}.", syntax=syntax.name
        ) from error
    # The dataset itself stays as it came: it is kept.
    source: Dataset = dataset
    if syntax in (JPEGBaseline8Bit, JPEGExtended12Bit):
        source = _with_mended_scan_headers(dataset)
    # All frames in order are read in one pass; single ones are looked up in the fragments.
    indices = None if list(frames) == list(range(frame_count(dataset))) else list(frames)
    arrays = decoder.iter_array(source, indices=indices, raw=True, correct_unused_bits=False)
    for number in frames:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                array, properties = next(arrays)
                finished = _finish(dataset, array, properties)
            except StopIteration:
                raise Rejected(
                    "Frame {number} is missing: the pixel data is cut off.", number=number + 1
                ) from None
            except MemoryError as error:
                raise Rejected("Decoding it takes more memory than Scout allows a file.") from error
            except Rejected:
                raise
            except Exception as error:  # each codec has errors of its own; all mean "not readable"
                raise Rejected(
                    "The pixel data ({syntax}) cannot be decoded: {error}",
                    syntax=syntax.name,
                    error=_first_line(error),
                ) from error
        yield finished


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = next((line for line in lines if ": " in line), lines[0] if lines else "")
    return (text or type(error).__name__)[:300]


def _check_length(dataset: FileDataset) -> None:
    """Uncompressed pixels must all be there; encapsulated ones are checked by their decoders."""
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated or "PixelData" not in dataset:
        return
    bits = integer(dataset, "BitsAllocated", 16)
    pixels = integer(dataset, "Rows") * integer(dataset, "Columns") * frame_count(dataset)
    samples = integer(dataset, "SamplesPerPixel", 1)
    subsampled = "_422" in str(dataset.get("PhotometricInterpretation", ""))
    expected = pixels * (2 if subsampled and samples == 3 else samples) * bits // 8
    if len(dataset.PixelData) < expected:
        raise Rejected(
            "The pixels are cut off: {length} of {expected} bytes are there.",
            length=len(dataset.PixelData),
            expected=expected,
        )


def _with_mended_scan_headers(dataset: FileDataset) -> Dataset:
    """The dataset with the one legal spectral selection, 0 to 63, in headers of sequential scans.

    Some encoders left it 0 to 0, and decoders refuse that. Sequential JPEG has no other value
    (ITU-T T.81 table B.3), so nothing is guessed.
    """
    frames = list(generate_frames(dataset.PixelData, number_of_frames=frame_count(dataset)))
    mended = [_mend_scan_header(frame) for frame in frames]
    if mended == frames:
        return dataset
    image = dataset.group_dataset(0x0028)
    image.file_meta = dataset.file_meta
    image.PixelData = encapsulate(mended)
    return image


def _mend_scan_header(jpeg: bytes) -> bytes:
    start = jpeg.find(b"\xff\xda")
    if start < 0 or (b"\xff\xc0" not in jpeg[:start] and b"\xff\xc1" not in jpeg[:start]):
        return jpeg
    end = start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big")
    if jpeg[end - 3 : end - 1] != b"\x00\x00":
        return jpeg
    return jpeg[: end - 3] + b"\x00\x3f\x00" + jpeg[end:]


def _finish(dataset: FileDataset, array: Frame, properties: dict[str, Any]) -> Frame:
    if is_colour(dataset):
        return _colour(dataset, array, str(properties["photometric_interpretation"]))
    if array.ndim != 2:
        raise Rejected(
            "Grey images of {count} samples per pixel are not supported.", count=array.shape[-1]
        )
    array = _stored_bits(dataset, array) if array.dtype.kind in "iu" else array
    if _modality_lut(dataset):
        array = apply_modality_lut(array, dataset)
    if _voi_lut(dataset, _window((dataset,))):
        array = _apply_voi(dataset, array)
    return array.astype(_grey_dtype(dataset), copy=False)


def _stored_bits(dataset: Dataset, array: Frame) -> Frame:
    """Only BitsStored bits below HighBit are the pixel; above them old files kept overlays."""
    stored = integer(dataset, "BitsStored", array.dtype.itemsize * 8)
    unused = array.dtype.itemsize * 8 - stored
    if unused <= 0 or stored < 1:
        return array
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax in _LOSSY and array.dtype.kind == "u":
        # A lossy codec overshoots at edges; cutting bits off would turn the brightest pixel black.
        clipped: Frame = np.minimum(array, array.dtype.type((1 << stored) - 1))
        return clipped
    shift = integer(dataset, "HighBit", stored - 1) + 1 - stored
    if shift > 0 and not syntax.is_compressed:
        array = array >> shift
    return (array << unused) >> unused  # arithmetic for signed, logical for unsigned


def _apply_voi(dataset: Dataset, array: Frame) -> Frame:
    slope, intercept = linear_rescale((dataset,))
    if not _modality_lut(dataset) and (slope, intercept) != (1.0, 0.0):
        array = np.round(array * slope + intercept).astype(np.int32)
    return apply_voi(array, dataset)


def is_colour(dataset: Dataset) -> bool:
    palette = str(dataset.get("PhotometricInterpretation", "")) == "PALETTE COLOR"
    return palette or integer(dataset, "SamplesPerPixel", 1) == 3


def _colour(dataset: FileDataset, array: Frame, space: str) -> Frame:
    if space == "PALETTE COLOR":
        entries = apply_color_lut(array, dataset)[..., :3]
        return _eight_bits(entries, entries.dtype.itemsize * 8)
    array = _eight_bits(array, integer(dataset, "BitsStored", array.dtype.itemsize * 8))
    if space in ("YBR_FULL", "YBR_FULL_422"):
        return ybr_to_rgb(array)
    if space == "RGB" or space.startswith("YBR_"):  # ICT and RCT come out of the codec as RGB
        return array
    raise Rejected("The colour space {space} is not supported.", space=space or "–")


def _eight_bits(array: Frame, bits: int) -> Frame:
    return (array >> max(0, bits - 8)).astype(np.uint8)


def ybr_to_rgb(array: Frame) -> Frame:
    """YBR_FULL to RGB, uint8 [rows, columns, 3] (PS3.3 C.7.6.3.1.2, inverted)."""
    y = array[..., 0].astype(np.float32)
    blue = array[..., 1].astype(np.float32) - 128
    red = array[..., 2].astype(np.float32) - 128
    planes = (y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue)
    rgb = np.empty(array.shape, np.uint8)
    for number, plane in enumerate(planes):
        np.clip(np.floor(plane + 0.5), 0, 255, out=plane)
        rgb[..., number] = plane
    return rgb


def _modality_lut(dataset: Dataset) -> bool:
    return bool(dataset.get("ModalityLUTSequence"))


def _voi_lut(dataset: Dataset, window: list[float] | None) -> bool:
    """A VOI LUT sequence counts only where no window is given: a reader can change a window."""
    return bool(dataset.get("VOILUTSequence")) and window is None


def _grey_dtype(dataset: Dataset) -> str:
    voi = _voi_lut(dataset, _window((dataset,)))
    if voi or _modality_lut(dataset):
        bits = _lut_bits(dataset, "VOILUTSequence" if voi else "ModalityLUTSequence")
        return "uint8" if bits <= 8 else "uint16"
    bits = integer(dataset, "BitsAllocated", 16)
    if bits > 16 or "PixelData" not in dataset:
        return "float32"
    sign = "" if integer(dataset, "PixelRepresentation") else "u"
    return f"{sign}int8" if bits <= 8 else f"{sign}int16"


def _lut_bits(dataset: Dataset, keyword: str) -> int:
    """Bits of an entry: the third value of the descriptor (PS3.3 C.11.1.1)."""
    try:
        return int(dataset[keyword].value[0].LUTDescriptor[2])
    except (AttributeError, IndexError, TypeError, ValueError) as error:
        raise Rejected("Its lookup table is damaged.") from error


def _window(groups: tuple[Dataset, ...]) -> list[float] | None:
    """[centre, width] of the header's first window, where that is usable."""
    found = windows(groups)
    return found[0][:2] if found else None


def _padding(dataset: Dataset) -> tuple[float, float] | None:
    """PS3.3 C.7.5.1.1.2: one stored value, or a range, that marks pixels without image."""
    try:
        first = float(dataset.PixelPaddingValue)
        last = float(dataset.get("PixelPaddingRangeLimit", first))
    except (AttributeError, TypeError, ValueError):
        return None
    return min(first, last), max(first, last)
