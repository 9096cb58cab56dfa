"""The frame store keeps pixels exactly and hands out one frame at a time."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scans.framestore import DTYPES, DamagedFrames, frames_path, open_frames, write_frames


def header(**changes: Any) -> dict[str, Any]:
    return {
        "dtype": "int16", "rows": 4, "columns": 3, "samples": 1, "frame_count": 2, **changes
    }  # fmt: skip


def two_frames() -> list[np.ndarray[Any, Any]]:
    first = np.arange(12, dtype=np.int16).reshape(4, 3) - 5
    return [first, first * 100]


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_comes_back_exactly(tmp_path: Path, dtype: str) -> None:
    frame = np.arange(12).reshape(4, 3).astype(dtype)
    digest = write_frames(tmp_path, header(dtype=dtype, frame_count=1), [frame])
    back = open_frames(tmp_path, digest).frame(0)
    assert back.dtype == np.dtype(dtype)
    assert (back == frame).all()


def test_colour_is_interleaved(tmp_path: Path) -> None:
    frame = np.arange(36, dtype=np.uint8).reshape(4, 3, 3)
    digest = write_frames(tmp_path, header(dtype="uint8", samples=3, frame_count=1), [frame])
    stored = open_frames(tmp_path, digest)
    assert gzip.decompress(stored.frame_bytes(0)) == frame.tobytes()
    assert (stored.frame(0) == frame).all()


def test_each_frame_is_a_gzip_member_of_its_own(tmp_path: Path) -> None:
    frames = two_frames()
    stored = open_frames(tmp_path, write_frames(tmp_path, header(), frames))
    for number, frame in enumerate(frames):
        assert gzip.decompress(stored.frame_bytes(number)) == frame.astype("<i2").tobytes()
    assert (stored.frame(1) == frames[1]).all()


def test_the_header_is_complete_and_the_range_is_measured(tmp_path: Path) -> None:
    stored = open_frames(
        tmp_path, write_frames(tmp_path, header(modality="CT", units="HU"), iter(two_frames()))
    ).header
    assert (stored["smallest"], stored["largest"]) == (-500, 600)
    assert (stored["slope"], stored["intercept"], stored["window"]) == (1.0, 0.0, None)
    assert (stored["modality"], stored["units"], stored["inverted"]) == ("CT", "HU", False)


def test_big_endian_pixels_are_stored_little_endian(tmp_path: Path) -> None:
    frames = [frame.astype(">i2") for frame in two_frames()]
    stored = open_frames(tmp_path, write_frames(tmp_path, header(), frames))
    assert (stored.frame(1) == two_frames()[1]).all()


def test_equal_pixels_are_one_file(tmp_path: Path) -> None:
    first = write_frames(tmp_path, header(), two_frames())
    second = write_frames(tmp_path, header(), two_frames())
    assert first == second
    assert [path.name for path in tmp_path.rglob("*.frames")] == [f"{first}.frames"]


@pytest.mark.parametrize(
    "frames",
    [two_frames()[:1], [*two_frames(), two_frames()[0]], [frame.T for frame in two_frames()],
     [frame.astype(np.uint16) for frame in two_frames()]],
    ids=["too few", "too many", "other shape", "other dtype"],
)  # fmt: skip
def test_frames_that_break_the_promise_leave_nothing_behind(
    tmp_path: Path, frames: list[np.ndarray[Any, Any]]
) -> None:
    with pytest.raises(ValueError, match="promised"):
        write_frames(tmp_path, header(), frames)
    assert list(tmp_path.iterdir()) == []


def test_values_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    frame = np.array([[1, np.nan]], dtype=np.float32)
    with pytest.raises(ValueError, match="not finite"):
        write_frames(tmp_path, header(dtype="float32", rows=1, columns=2, frame_count=1), [frame])


def test_a_name_that_is_no_digest_is_no_path(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        frames_path(tmp_path, "../../etc/passwd")


def test_a_frame_beyond_the_last_is_an_index_error(tmp_path: Path) -> None:
    stored = open_frames(tmp_path, write_frames(tmp_path, header(), two_frames()))
    for number in (-1, 2):
        with pytest.raises(IndexError):
            stored.frame_bytes(number)


def test_a_damaged_file_is_recognised(tmp_path: Path) -> None:
    digest = write_frames(tmp_path, header(), two_frames())
    path = frames_path(tmp_path, digest)
    whole = path.read_bytes()
    path.write_bytes(whole[:-5])
    with pytest.raises(DamagedFrames):
        open_frames(tmp_path, digest).frame(1)
    path.write_bytes(b"no frame file at all")
    with pytest.raises(DamagedFrames):
        open_frames(tmp_path, digest)
