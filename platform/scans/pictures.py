"""Reads PNG, JPEG and TIFF pictures at native depth, and strips what they say about themselves.

PNG of 16 bits and TIFF are kept as they are; colour deeper than 8 bits is kept at 8, transparency
is left out. EXIF orientation is applied to the frames.
"""

import io
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from accounts.sentences import Sentence
from scans.limits import MAX_FILE_BYTES, MAX_FRAME_SAMPLES, Rejected, check_size

Frame = NDArray[Any]

# check_size refuses large pictures with a sentence; Pillow's own limit warns far below it.
Image.MAX_IMAGE_PIXELS = MAX_FRAME_SAMPLES


@dataclass(frozen=True)
class Picture:
    """Frames of one size: a picture, or the pages of a TIFF."""

    header: dict[str, Any]
    frames: tuple[Frame, ...]
    notes: tuple[str, ...] = ()


def picture_format(head: bytes) -> str | None:
    """ "png", "jpeg" or "tiff" by the first bytes of a file."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if head.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "tiff"
    return None


def read_picture(path: Path, kind: str) -> Iterator[Picture]:
    """The pictures in a file: one, or for a TIFF one per run of pages of the same size."""
    if path.stat().st_size > MAX_FILE_BYTES:
        raise Rejected("The file is larger than {most} GiB.", most=MAX_FILE_BYTES >> 30)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield from _tiff(path) if kind == "tiff" else _pillow(path)
        except Rejected:
            raise
        except MemoryError as error:
            raise Rejected("Decoding it takes more memory than Scout allows a file.") from error
        except Image.DecompressionBombError as error:
            raise Rejected("The picture is larger than Scout takes.") from error
        except UnidentifiedImageError as error:
            raise Rejected("The {format} file is damaged.", format=kind.upper()) from error
        except Exception as error:  # decoders raise whatever broken bytes make them raise
            told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise Rejected(
                "The {format} file cannot be decoded: {told}", format=kind.upper(), told=told
            ) from error


def _pillow(path: Path) -> Iterator[Picture]:
    with Image.open(path) as image:
        bands = len(image.getbands())
        check_size(rows=image.height, columns=image.width, samples=bands, frames=1, item_bytes=2)
        image.load()
        upright = ImageOps.exif_transpose(image)
        yield _picture([_array(upright)], inverted=False)


def _array(image: Image.Image) -> Frame:
    """Grey at native depth, everything else as RGB."""
    if image.mode in ("L", "I;16", "I;16B"):
        return np.asarray(image)
    if image.mode == "I":  # 16-bit grey as some versions of Pillow open it
        return np.asarray(image)
    if image.mode == "1":
        return np.asarray(image.convert("L"))
    if image.mode in ("LA", "La"):
        return np.asarray(image.convert("LA").getchannel("L"))
    return _grey_where_it_is(np.asarray(image.convert("RGB")))


def _grey_where_it_is(colour: Frame) -> Frame:
    """One channel of a colour picture whose three are equal: it is a grey scan, to be windowed."""
    red = colour[..., 0]
    is_grey = np.array_equal(red, colour[..., 1]) and np.array_equal(red, colour[..., 2])
    return red if is_grey else colour


def _tiff(path: Path) -> Iterator[Picture]:
    with tifffile.TiffFile(path) as tiff:
        pages: list[Any] = list(tiff.pages)
        _check_pages(pages)
        run: list[Frame] = []
        inverted = False
        for page in pages:
            frame = _page(page)
            white = page.keyframe.photometric == tifffile.PHOTOMETRIC.MINISWHITE
            if run and (frame.shape != run[0].shape or frame.dtype != run[0].dtype):
                yield _picture(run, inverted=inverted)
                run = []
            run.append(frame)
            inverted = bool(white)
        if run:
            yield _picture(run, inverted=inverted)


def _check_pages(pages: list[Any]) -> None:
    if not pages:
        raise Rejected("The TIFF file holds no picture.")
    for page in pages:
        key = page.keyframe
        check_size(
            rows=key.imagelength,
            columns=key.imagewidth,
            samples=key.samplesperpixel,
            frames=len(pages) * max(1, key.imagedepth),
            item_bytes=max(1, key.bitspersample // 8),
        )


def _page(page: Any) -> Frame:
    """One page as [rows, columns] or [rows, columns, 3]."""
    key = page.keyframe
    array: Frame = page.asarray()
    if key.photometric == tifffile.PHOTOMETRIC.PALETTE:
        # The colour map is 16 bits deep, [3, entries].
        array = np.moveaxis(np.asarray(key.colormap)[:, array] >> 8, 0, -1).astype(np.uint8)
    elif array.ndim == 3 and key.planarconfig == tifffile.PLANARCONFIG.SEPARATE:
        array = np.moveaxis(array, 0, -1)
    if array.ndim == 3:
        array = array[..., 0] if array.shape[-1] < 3 else array[..., :3]
    orientation = page.tags.get("Orientation")
    return _upright(array, int(orientation.value) if orientation else 1)


def _upright(array: Frame, orientation: int) -> Frame:
    """Undo the EXIF/TIFF orientations 2 to 8 (TIFF 6.0, tag 274)."""
    if orientation >= 5:
        array = np.swapaxes(array, 0, 1)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 6: (1,), 7: (0, 1), 8: (0,)}.get(orientation, ())
    return np.flip(array, flips) if flips else array


def _picture(frames: list[Frame], *, inverted: bool) -> Picture:
    notes: list[str] = []
    stored = [_storable(frame, notes) for frame in frames]
    dtypes = {frame.dtype for frame in stored}
    if len(dtypes) > 1:  # a page of integers that needed floats takes its neighbours along
        stored = [frame.astype(np.float32) for frame in stored]
    first = stored[0]
    header = {
        "dtype": first.dtype.name,
        "rows": first.shape[0],
        "columns": first.shape[1],
        "samples": 3 if first.ndim == 3 else 1,
        "frame_count": len(stored),
        "inverted": inverted,
    }
    return Picture(header=header, frames=tuple(stored), notes=tuple(dict.fromkeys(notes)))


def _storable(frame: Frame, notes: list[str]) -> Frame:
    if frame.ndim == 3 and frame.dtype != np.uint8:
        if frame.dtype != np.uint16:
            raise Rejected("Colours of type {dtype} are not supported.", dtype=str(frame.dtype))
        notes.append(Sentence("Colours of 16 bits are kept at 8."))
        frame = (frame >> 8).astype(np.uint8)
    if frame.dtype.kind in "iu" and frame.dtype.itemsize > 2:
        limits = np.iinfo(np.uint16)
        fits = frame.min() >= 0 and frame.max() <= limits.max
        frame = frame.astype(np.uint16 if fits else np.float32)
    if frame.dtype.kind == "b":
        frame = frame.astype(np.uint8) * 255
    if frame.dtype.kind == "f":
        frame = frame.astype(np.float32)
        if not np.isfinite(frame).all():
            raise Rejected("The picture holds values that are not finite numbers.")
    return np.ascontiguousarray(frame.astype(frame.dtype.newbyteorder("=")))


def stripped_picture(content: bytes, kind: str, pictures: list[Picture]) -> bytes:
    """The file without its metadata. PNG and JPEG keep their coded pixels; TIFF is written anew."""
    if kind == "png":
        return _stripped_png(content)
    if kind == "jpeg":
        return stripped_jpeg(content)
    buffer = io.BytesIO()
    with tifffile.TiffWriter(buffer, bigtiff=len(content) > 1 << 31) as tiff:
        for picture in pictures:
            for frame in picture.frames:
                white = "miniswhite" if picture.header["inverted"] else "minisblack"
                photometric = "rgb" if frame.ndim == 3 else white
                tiff.write(
                    frame, photometric=photometric, compression="zlib", metadata=None, software=""
                )
    return buffer.getvalue()


_PNG_KEPT = (b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"sBIT", b"pHYs", b"IDAT", b"IEND")


def _stripped_png(content: bytes) -> bytes:
    kept, at = [content[:8]], 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        if content[at + 4 : at + 8] in _PNG_KEPT:
            kept.append(content[at : at + 12 + length])
        if content[at + 4 : at + 8] == b"IEND":
            break
        at += 12 + length
    return b"".join(kept)


# The next marker inside or after entropy-coded data: no stuffed byte (JPEG stuffs 00, JPEG-LS up to
# 7F), no restart, no fill byte.
_NEXT_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")


def stripped_jpeg(content: bytes) -> bytes:
    """The JPEG without comments and application segments but JFIF's and Adobe's colour transform.

    What follows the end of the picture goes as well. The turn in EXIF goes too: frames are upright.
    """
    kept, at = [content[:2]], 2
    while found := _NEXT_MARKER.search(content, at):
        kept.append(content[at : found.start()])  # entropy-coded data; nothing between segments
        marker = content[found.start() + 1]
        if marker == 0xD9:
            kept.append(b"\xff\xd9")
            break
        at = found.end() + int.from_bytes(content[found.end() : found.end() + 2], "big")
        kept.append(_kept_segment(marker, content[found.start() : at]))
    return b"".join(kept)


def _kept_segment(marker: int, segment: bytes) -> bytes:
    if marker == 0xE0 and segment[4:9] == b"JFIF\0":
        # JFIF's own thumbnail could show what the picture no longer does.
        return b"\xff\xe0\0\x10" + segment[4:16] + b"\0\0"
    if segment[4:9] == b"Adobe" or segment[4:8] == b"mrfx":  # colour transforms
        return segment
    return b"" if 0xE0 <= marker <= 0xEF or marker == 0xFE else segment
