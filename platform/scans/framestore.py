"""The frame store: one immutable, content-addressed file per scan, compressed frame by frame.

Layout: b"SCOUTFRM", the header's length (uint32, little endian), the header (UTF-8 JSON, padded
with spaces), then the frames. Each frame is a gzip member of its own over raw little-endian
samples, row-major, colour interleaved, so that one frame is read without the rest and a server can
send it as it lies on disk. `index` in the header gives each frame's [offset, length] in the file.
"""

import contextlib
import gzip
import hashlib
import json
import os
import re
import struct
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypedDict, cast

import numpy as np
from numpy.typing import NDArray

MAGIC = b"SCOUTFRM"
DTYPES = ("uint8", "int8", "uint16", "int16", "float32")
_PREFIX = struct.Struct("<8sI")
# Room kept for one frame's [offset, length] while the frames are not yet written.
_INDEX_ENTRY = 34
# Level 1 is five times as fast as 6 on noisy 12-bit pixels and gives files 3 % larger.
_GZIP_LEVEL = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")

Frame = NDArray[Any]


class FrameHeader(TypedDict):
    """What is known of a scan's frames. Values in modality units = stored * slope + intercept."""

    dtype: str  # one of DTYPES
    rows: int
    columns: int
    samples: int  # 1 grey, 3 red-green-blue
    frame_count: int
    slope: float
    intercept: float
    window: list[float] | None  # [centre, width] in modality units
    inverted: bool  # MONOCHROME1: the smallest value is white
    spacing: list[float] | None  # [between rows, between columns] in mm
    slice_spacing: float | None  # mm between neighbouring frames of a volume
    orientation: list[float] | None  # direction cosines of a row and of a column, LPS
    positions: list[list[float]] | None  # centre of each frame's first pixel, LPS, mm
    modality: str
    body_part: str
    view: str
    laterality: str
    units: str  # "HU" or empty
    frame_seconds: float | None
    windows: list[list[Any]] | None  # every [centre, width, name] that the file names
    patient_orientation: list[str] | None  # where rows and columns run to, such as ["L", "F"]
    spacing_kind: str  # of a projection: "detector", "calibrated", "film"; empty where not told
    kvp: float | None
    exposure_mas: float | None
    slice_thickness: float | None  # mm
    smallest: float  # of the stored values
    largest: float
    index: list[list[int]]


class DamagedFrames(Exception):
    """The file in the frame store is not what its name promises."""


_DEFAULTS: dict[str, Any] = {
    "slope": 1.0,
    "intercept": 0.0,
    "window": None,
    "inverted": False,
    "spacing": None,
    "slice_spacing": None,
    "orientation": None,
    "positions": None,
    "modality": "",
    "body_part": "",
    "view": "",
    "laterality": "",
    "units": "",
    "frame_seconds": None,
    "windows": None,
    "patient_orientation": None,
    "spacing_kind": "",
    "kvp": None,
    "exposure_mas": None,
    "slice_thickness": None,
}


def frames_path(root: Path, digest: str) -> Path:
    """Where the file named by `digest` (SHA-256, hexadecimal) lies under `root`."""
    if not _DIGEST.fullmatch(digest):
        raise ValueError(f"{digest!r} is not a SHA-256 in hexadecimal")
    return root / digest[:2] / f"{digest}.frames"


def write_frames(root: Path, header: Mapping[str, Any], frames: Iterable[Frame]) -> str:
    """Write one scan and return the SHA-256 of the file, which is its name.

    `header` is a FrameHeader without `index`; `smallest` and `largest` are measured here, and keys
    that are absent take neutral values. `frames` yields `frame_count` arrays [rows, columns] or
    [rows, columns, 3] of `dtype`, and is consumed one frame at a time.

    Raises ValueError when the frames are not what the header says.
    """
    full = {**_DEFAULTS, **header}
    _check(full)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(dir=root, prefix=".writing-")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as file:
            _write(file, full, frames)
            file.flush()
            os.fsync(file.fileno())
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        target = frames_path(root, digest)
        target.parent.mkdir(exist_ok=True, mode=0o700)
        temporary.replace(target)
        _sync_folder(target.parent)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return digest


def _check(header: Mapping[str, Any]) -> None:
    if header["dtype"] not in DTYPES:
        raise ValueError(f"dtype {header['dtype']!r} is not one of {', '.join(DTYPES)}")
    if header["samples"] not in (1, 3):
        raise ValueError("samples must be 1 (grey) or 3 (red, green, blue)")
    if min(header["rows"], header["columns"], header["frame_count"]) < 1:
        raise ValueError("rows, columns and frame_count must be at least 1")


def _write(file: IO[bytes], header: Mapping[str, Any], frames: Iterable[Frame]) -> None:
    """Write the frames behind room left for the header, then the header into that room."""
    measured = {**header, "smallest": -3.4028234663852886e38, "largest": 3.4028234663852886e38}
    room = len(_json({**measured, "index": []})) + _INDEX_ENTRY * header["frame_count"]
    start = _PREFIX.size + room
    file.seek(start)
    index: list[list[int]] = []
    smallest, largest = np.inf, -np.inf
    for frame in _checked(header, frames):
        member = _compress(frame)
        index.append([start, len(member)])
        file.write(member)
        start += len(member)
        low, high = frame.min(), frame.max()
        if not (np.isfinite(low) and np.isfinite(high)):
            raise ValueError(f"frame {len(index) - 1} holds values that are not finite")
        smallest, largest = min(smallest, low), max(largest, high)
    if len(index) != header["frame_count"]:
        raise ValueError(f"{len(index)} frames given, {header['frame_count']} promised")
    whole = header["dtype"] != "float32"
    measured["smallest"] = int(smallest) if whole else float(smallest)
    measured["largest"] = int(largest) if whole else float(largest)
    file.seek(0)
    file.write(_PREFIX.pack(MAGIC, room))
    file.write(_json({**measured, "index": index}).ljust(room))


def _checked(header: Mapping[str, Any], frames: Iterable[Frame]) -> Iterator[Frame]:
    shape: tuple[int, ...] = (header["rows"], header["columns"])
    if header["samples"] == 3:
        shape = (*shape, 3)
    little_endian = np.dtype(header["dtype"]).newbyteorder("<")
    for frame in frames:
        if frame.shape != shape or frame.dtype.newbyteorder("<") != little_endian:
            raise ValueError(
                f"a frame is {frame.dtype} {frame.shape}, promised {header['dtype']} {shape}"
            )
        yield np.ascontiguousarray(frame, dtype=little_endian)


def _compress(frame: Frame) -> bytes:
    # The header that `gzip` writes holds no time and no name: equal pixels give equal bytes.
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return compressor.compress(frame.data) + compressor.flush()


def _json(header: Mapping[str, Any]) -> bytes:
    return json.dumps(header, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _sync_folder(folder: Path) -> None:
    # The rename itself must survive a power cut, or a row could name a file that is not there.
    # Windows cannot open folders; there the rename is written through by the file system.
    with contextlib.suppress(PermissionError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class FrameFile:
    """One scan of the frame store, opened: its header, and its frames one by one."""

    path: Path
    header: FrameHeader

    def frame_bytes(self, number: int) -> bytes:
        """Frame `number` (from 0) as it lies on disk: one gzip member.

        Raises IndexError beyond the last frame, DamagedFrames when the file is too short.
        """
        if not 0 <= number < self.header["frame_count"]:
            raise IndexError(f"frame {number} of {self.header['frame_count']}")
        offset, length = self.header["index"][number]
        with self.path.open("rb") as file:
            file.seek(offset)
            member = file.read(length)
        if len(member) != length:
            raise DamagedFrames(f"{self.path.name} ends inside frame {number}")
        return member

    def frame(self, number: int) -> Frame:
        """Frame `number` (from 0): [rows, columns] or [rows, columns, 3] of the header's dtype."""
        header = self.header
        shape: tuple[int, ...] = (header["rows"], header["columns"])
        if header["samples"] == 3:
            shape = (*shape, 3)
        samples = gzip.decompress(self.frame_bytes(number))
        return np.frombuffer(samples, np.dtype(header["dtype"]).newbyteorder("<")).reshape(shape)


def open_frames(root: Path, digest: str) -> FrameFile:
    """The scan named by `digest`.

    Raises FileNotFoundError when the store has no such scan, DamagedFrames when the file is not
    of this format.
    """
    path = frames_path(root, digest)
    with path.open("rb") as file:
        prefix = file.read(_PREFIX.size)
        if len(prefix) != _PREFIX.size or not prefix.startswith(MAGIC):
            raise DamagedFrames(f"{path.name} is no frame file")
        header = json.loads(file.read(_PREFIX.unpack(prefix)[1]))
    # Files written before a field was known have it with its neutral value.
    return FrameFile(path=path, header=cast(FrameHeader, {**_DEFAULTS, **header}))
