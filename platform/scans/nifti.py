"""Reads NIfTI-1 and NIfTI-2 files (.nii, .nii.gz) as volumes in display order.

NIfTI's world is right-anterior-superior, DICOM's left-posterior-superior. Frames run along the
slice axis; each frame is turned the way a radiologist expects it: axial with the patient's right at
the left and anterior at the top, coronal with superior at the top, sagittal with anterior left.
"""

import gzip
import io
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

from accounts.sentences import Sentence
from scans.limits import MAX_FILE_BYTES, MAX_SCAN_BYTES, Rejected, check_size

Frame = NDArray[Any]

# For the slice axis sagittal, coronal, axial (0, 1, 2 of RAS): the RAS axes along which rows and
# columns of a frame are counted, and whether against them. Axial: to posterior, and to the left.
_DISPLAY = {2: ((1, True), (0, True)), 1: ((2, True), (0, True)), 0: ((2, True), (1, True))}
# The direction in which frames are counted, so that it is the normal (row × column) of the frame.
_FRAMES_REVERSED = {2: False, 1: True, 0: False}
# nibabel's functions have no types.
_ORIENTATION_OF: Callable[..., Any] = nib.io_orientation
_TURNED: Callable[..., NDArray[Any]] = nib.apply_orientation
_AFFINE_OF: Callable[..., NDArray[Any]] = nib.orientations.inv_ornt_aff
# An axis this much coarser than the finest is the one that slices were cut along.
_ANISOTROPIC = 1.5


@dataclass(frozen=True)
class NiftiVolume:
    """One volume: header fields for the frame store and its frames, one by one."""

    header: dict[str, Any]
    data: NDArray[Any]  # [frames, rows, columns] or [frames, rows, columns, 3]
    notes: tuple[str, ...]

    def frames(self) -> Iterator[Frame]:
        for frame in self.data:
            yield np.ascontiguousarray(frame)


def is_nifti(head: bytes) -> bool:
    """Whether `head`, the (decompressed) first 352 bytes of a file, begins a NIfTI file."""
    return head[344:348] == b"n+1\0" or head[4:8] == b"n+2\0"


def inflated(path: Path) -> bytes:
    """The file's bytes, decompressed; Rejected beyond the limit or when the file is damaged."""
    with path.open("rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
    limit = MAX_SCAN_BYTES if compressed else MAX_FILE_BYTES
    try:
        with gzip.open(path) if compressed else path.open("rb") as file:
            content = file.read(limit + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise Rejected("The compressed file is damaged or cut off.") from error
    if len(content) > limit:
        raise Rejected("The file unpacks to more than {most} GiB.", most=limit >> 30)
    return content


def read_nifti(path: Path) -> Iterator[NiftiVolume]:
    """The volumes of a file: one, or one for each time point of a four-dimensional file."""
    content = inflated(path)
    image = _parsed(content)
    _check(image, len(content))
    turned, affine = _canonical(image)
    slope, intercept = _scaling(image)
    stored, colour = _colours(turned)
    volumes = stored.reshape(*stored.shape[:3], -1) if not colour else stored
    count = 1 if colour else volumes.shape[3]
    for number in range(count):
        voxels = volumes if colour else volumes[..., number]
        notes = _place(number, count)
        header, frames, told = _volume(voxels, affine)
        header |= {"slope": slope, "intercept": intercept, "window": _calibrated(image)}
        yield NiftiVolume(header=header, data=frames, notes=(*notes, *told))


def _place(number: int, count: int) -> tuple[str, ...]:
    if count == 1:
        return ()
    return (Sentence("Volume {number} of {count} in the file.", number=number + 1, count=count),)


def _canonical(image: Any) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Stored values [x, y, z(, t…)] with the axes nearest to right, anterior, superior; the affine.

    nibabel's own `as_closest_canonical` would scale them.
    """
    stored = np.asanyarray(image.dataobj.get_unscaled())
    stored = stored.reshape(*stored.shape, *(1,) * (3 - stored.ndim))
    affine = np.asarray(image.affine, np.float64)
    try:
        turn = _ORIENTATION_OF(affine)
        turned = _TURNED(stored, turn)
        return turned, affine @ _AFFINE_OF(turn, stored.shape[:3])
    except Exception as error:  # a matrix that cannot be inverted, in one of several ways
        raise Rejected("The orientation in its header is no orientation.") from error


def _parsed(content: bytes) -> Any:
    kind = nib.Nifti2Image if content[4:8] == b"n+2\0" else nib.Nifti1Image
    try:
        return kind.from_stream(io.BytesIO(content))
    except Exception as error:  # nibabel raises whatever a broken header makes it raise
        raise Rejected(
            "The NIfTI header is damaged ({error}).", error=type(error).__name__
        ) from error


def _check(image: Any, length: int) -> None:
    shape = image.shape
    if not 2 <= len(shape) <= 5 or min(shape) < 1:
        raise Rejected(
            "Scout reads volumes of 2 to 5 dimensions; this one has {count}.", count=len(shape)
        )
    item = image.header.get_data_dtype().itemsize
    frames = int(np.prod(shape[2:], dtype=np.int64))
    check_size(rows=shape[0], columns=shape[1], samples=1, frames=frames, item_bytes=item)
    expected = int(image.dataobj.offset) + int(np.prod(shape, dtype=np.int64)) * item
    if length < expected:
        raise Rejected(
            "The voxels are cut off: {length} of {expected} bytes are there.",
            length=length,
            expected=expected,
        )


def _scaling(image: Any) -> tuple[float, float]:
    slope, intercept = image.dataobj.slope, image.dataobj.inter
    usable = np.isfinite(slope) and slope != 0 and np.isfinite(intercept)
    return (float(slope), float(intercept)) if usable else (1.0, 0.0)


def _colours(stored: NDArray[Any]) -> tuple[NDArray[Any], bool]:
    """Voxels [x, y, z(, t…)], or [x, y, z, 3] with True where they are colours."""
    if stored.dtype.names:
        if stored.dtype.names[:3] != ("R", "G", "B") or stored.ndim > 3:
            raise Rejected("Coloured voxels are read in three dimensions only.")
        stored = np.stack([stored[name] for name in ("R", "G", "B")], axis=-1)
        return stored, True
    if stored.dtype.kind not in "iuf":
        raise Rejected("Voxels of type {dtype} are not supported.", dtype=str(stored.dtype))
    return stored, False


def _volume(
    voxels: NDArray[Any], affine: NDArray[np.float64]
) -> tuple[dict[str, Any], NDArray[Any], list[str]]:
    """Header and frames of one volume [x, y, z(, 3)], and what had to be changed."""
    zooms = [round(float(size), 6) or 1.0 for size in np.linalg.norm(affine[:3, :3], axis=0)]
    axis = _slice_axis(zooms, voxels.shape)
    (row_axis, row_flip), (column_axis, column_flip) = _DISPLAY[axis]
    flips = {axis: _FRAMES_REVERSED[axis], row_axis: row_flip, column_axis: column_flip}
    for one, flipped in flips.items():
        voxels = np.flip(voxels, one) if flipped else voxels
    order = (axis, row_axis, column_axis, *range(3, voxels.ndim))
    frames, told = _storable(np.transpose(voxels, order))
    header = {
        "dtype": frames.dtype.name,
        "rows": frames.shape[1],
        "columns": frames.shape[2],
        "samples": frames.shape[3] if frames.ndim == 4 else 1,
        "frame_count": frames.shape[0],
        "spacing": [zooms[row_axis], zooms[column_axis]],
        "slice_spacing": zooms[axis],
        **_geometry(affine, flips, voxels.shape, (axis, row_axis, column_axis)),
    }
    return header, frames, told


def _slice_axis(zooms: list[float], shape: tuple[int, ...]) -> int:
    """The axis cut along: the only coarse one, else axial; a flat file's own missing axis."""
    flat = [axis for axis in range(3) if shape[axis] == 1]
    if len(flat) == 1:
        return flat[0]
    coarsest = int(np.argmax(zooms))
    others = [zoom for axis, zoom in enumerate(zooms) if axis != coarsest]
    return coarsest if zooms[coarsest] >= _ANISOTROPIC * max(others) else 2


def _geometry(
    affine: NDArray[np.float64],
    flips: dict[int, bool],
    shape: tuple[int, ...],
    axes: tuple[int, int, int],
) -> dict[str, Any]:
    """Orientation and positions in LPS, of the frames as they are turned for display."""
    lps = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    start = np.array([shape[axis] - 1 if flips[axis] else 0 for axis in range(3)] + [1])
    steps = [lps[:3, axis] * (-1 if flips[axis] else 1) for axis in range(3)]
    axis, row_axis, column_axis = axes
    lengths = [float(np.linalg.norm(step)) for step in steps]
    if min(lengths) == 0:
        return {"orientation": None, "positions": None}
    # DICOM: first the direction in which columns are counted, then that of the rows.
    cosines = [*(steps[column_axis] / lengths[column_axis]), *(steps[row_axis] / lengths[row_axis])]
    origin = lps[:3] @ start
    places = [origin + number * steps[axis] for number in range(shape[axis])]
    return {
        "orientation": [round(float(cosine), 9) + 0.0 for cosine in cosines],
        "positions": [[round(float(part), 6) for part in place] for place in places],
    }


def _storable(frames: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    """Frames of a dtype the frame store has, and what had to be changed for it."""
    if frames.dtype.kind in "iu" and frames.dtype.itemsize <= 2:
        return frames.astype(frames.dtype.newbyteorder("=")), []
    if frames.dtype.kind in "iu":
        for dtype in (np.int16, np.uint16):
            limits = np.iinfo(dtype)
            if frames.min() >= limits.min and frames.max() <= limits.max:
                return frames.astype(dtype), []
    finite = frames.astype(np.float32)
    bad = ~np.isfinite(finite)
    if not bad.any():
        return finite, []
    if bad.all():
        raise Rejected("No voxel holds a finite number.")
    finite[bad] = finite[~bad].min()
    return finite, [
        Sentence(
            "{count} voxels without a finite value are shown as the smallest.", count=int(bad.sum())
        )
    ]


def _calibrated(image: Any) -> list[float] | None:
    low, high = float(image.header["cal_min"]), float(image.header["cal_max"])
    return [(low + high) / 2, high - low] if np.isfinite([low, high]).all() and high > low else None


def cleaned_nifti(content: bytes) -> bytes:
    """The file without its free text and extensions, gzipped; voxels unchanged.

    `descrip`, `aux_file`, `intent_name`, `data_type` and `db_name` may hold anything, and so may
    header extensions (NIfTI-1 standard, fields of nifti1.h).
    """
    image = _parsed(content)
    header, second = image.header, content[4:8] == b"n+2\0"
    offset = int(image.dataobj.offset)  # nibabel forgets the header's own
    for field in ("descrip", "aux_file", "intent_name", "data_type", "db_name"):
        if field in header:
            header[field] = b""
    start = 544 if second else 352
    raw = bytearray(header.binaryblock)
    # NIfTI-2 keeps vox_offset as int64 at 168, NIfTI-1 as float32 at 108.
    place, code = (168, "q") if second else (108, "f")
    struct.pack_into(f"{header.endianness}{code}", raw, place, start)
    padding = bytes(start - len(raw))
    # What lies behind the last voxel could be anything.
    end = offset + math.prod(image.shape) * header.get_data_dtype().itemsize
    return gzip.compress(bytes(raw) + padding + content[offset:end], 1, mtime=0)
