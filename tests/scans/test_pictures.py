"""PNG, JPEG and TIFF: exact, upright, and silent about where they came from."""

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from scans.limits import Rejected
from scans.pictures import Picture, picture_format, read_picture, stripped_picture
from tests.scans.cast import png

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)
ORIENTATION = 0x0112


def read(content: bytes, folder: Path) -> list[Picture]:
    path = folder / "picture"
    path.write_bytes(content)
    kind = picture_format(content[:8])
    assert kind is not None
    return list(read_picture(path, kind))


def tiff(*frames: np.ndarray[Any, Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer) as writer:
        for frame in frames:
            writer.write(frame, **{"photometric": "minisblack", **options})
    return buffer.getvalue()


def jpeg(**options: Any) -> bytes:
    buffer = io.BytesIO()
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (16, 24), np.uint8)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_grey_png_is_exact(tmp_path: Path, dtype: type) -> None:
    pixels: np.ndarray[Any, Any] = (np.arange(12).reshape(3, 4) * np.iinfo(dtype).max // 11).astype(
        dtype
    )
    (picture,) = read(png(pixels), tmp_path)
    assert picture.frames[0].dtype == dtype
    assert (picture.frames[0] == pixels).all()


@pytest.mark.parametrize("options", [{"format": "PNG"}, {"format": "JPEG", "quality": 90}])
def test_grey_kept_as_colour_is_grey(options: dict[str, Any], tmp_path: Path) -> None:
    buffer = io.BytesIO()
    Image.fromarray(GREY * 20).convert("RGB").save(buffer, **options)
    (picture,) = read(buffer.getvalue(), tmp_path)
    assert (picture.header["samples"], picture.frames[0].shape) == (1, (3, 4))


def test_colour_png_is_rgb_and_transparency_is_left_out(tmp_path: Path) -> None:
    pixels = np.arange(48, dtype=np.uint8).reshape(3, 4, 4)
    (picture,) = read(png(pixels), tmp_path)
    assert (picture.header["samples"], picture.header["dtype"]) == (3, "uint8")
    assert (picture.frames[0] == pixels[..., :3]).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32])
def test_tiff_is_exact(tmp_path: Path, dtype: type) -> None:
    pixels: np.ndarray[Any, Any] = np.array([[0, 1], [100, 77]], dtype)
    (picture,) = read(tiff(pixels), tmp_path)
    assert picture.frames[0].dtype == dtype
    assert (picture.frames[0] == pixels).all()


def test_pages_of_a_size_are_one_scan_and_others_their_own(tmp_path: Path) -> None:
    small = np.zeros((2, 2), np.uint8)
    pictures = read(tiff(GREY, GREY + 1, small), tmp_path)
    assert [picture.header["frame_count"] for picture in pictures] == [2, 1]
    assert (pictures[0].frames[1] == GREY + 1).all()


def test_white_is_zero_is_told_as_inverted(tmp_path: Path) -> None:
    (picture,) = read(tiff(GREY, photometric="miniswhite"), tmp_path)
    assert picture.header["inverted"]


def test_exif_orientation_is_applied(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    (picture,) = read(png(GREY, exif=exif), tmp_path)
    assert picture.frames[0].tolist() == np.rot90(GREY, -1).tolist()
    (turned,) = read(tiff(GREY, extratags=[(ORIENTATION, "H", 1, 6, True)]), tmp_path)
    assert turned.frames[0].tolist() == np.rot90(GREY, -1).tolist()


@pytest.mark.parametrize("kind", ["png", "jpeg", "progressive", "tiff"])
def test_kept_files_say_nothing_and_show_the_same(tmp_path: Path, kind: str) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Jane Doe"  # ImageDescription
    if kind == "png":
        content = png(GREY, exif=exif) + b"Jane Doe"
    elif kind == "tiff":
        content = tiff(GREY, description="Jane Doe", metadata=None)
    else:
        content = jpeg(exif=exif, comment=b"Jane Doe", progressive=kind == "progressive")
        content += b"Jane Doe"
    pictures = read(content, tmp_path)
    assert b"Jane Doe" in content
    kept = stripped_picture(content, picture_format(content[:8]) or "", pictures)
    assert b"Jane" not in kept
    (again,) = read(kept, tmp_path)
    assert (again.frames[0] == pictures[0].frames[0]).all()


def test_bombs_and_broken_files_have_reasons(tmp_path: Path) -> None:
    bomb = bytearray(png(GREY))
    bomb[16:24] = (60000).to_bytes(4, "big") * 2
    bomb[29:33] = zlib.crc32(bomb[12:29]).to_bytes(4, "big")
    with pytest.raises(Rejected, match="larger than Scout takes"):
        read(bytes(bomb), tmp_path)
    for content in (png(GREY)[:48], jpeg()[:200], tiff(GREY)[:30]):
        with pytest.raises(Rejected):
            read(content, tmp_path)
