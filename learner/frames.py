"""Small grey frames: what the networks see of a scan."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIZE = 96  # side of a small frame in pixels, unless a backbone asks for another
SLICES = 64  # frames at most that stand for a volume

# Rec. 601 luma, as PS3.3 C.7.6.3.1.2 uses it for YBR_FULL.
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)
# Without a window: darkest and brightest half per cent are markers, collimator and noise.
_PERCENTILES = (0.5, 99.5)


def shrink(frame: NDArray[Any], header: Mapping[str, Any], size: int = SIZE) -> NDArray[np.uint8]:
    """One stored frame as a small grey square, bright where the reader sees bright.

    `frame` holds stored values, [rows, columns] or [rows, columns, 3]; `header` is its file's.
    Modality rescale, window (robust percentiles where the header has none), MONOCHROME1 inversion;
    black bars keep the aspect that the pixel spacing gives. Result [size, size].
    Raises ValueError for a frame of another shape or with values that are not finite.
    """
    if frame.ndim == 3 and frame.shape[2] == 3:
        values = frame.astype(np.float32) @ _LUMA
    elif frame.ndim == 2:
        values = frame.astype(np.float32)
    else:
        raise ValueError(f"A frame is [rows, columns] or [rows, columns, 3], not {frame.shape}")
    place = place_in_square(values.shape, header.get("spacing"), size)
    height, width = (axis.stop - axis.start for axis in place)
    # Resizing first is what makes this cheap: everything below then works on a few thousand pixels.
    small = np.asarray(
        Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR, reducing_gap=2.0)
    )
    if not np.isfinite(small).all():
        raise ValueError("The frame holds values that are not finite")
    grey = _windowed(small * header.get("slope", 1.0) + header.get("intercept", 0.0), header)
    if header.get("inverted"):
        grey = 255 - grey
    square = np.zeros((size, size), dtype=np.uint8)
    square[place] = grey
    return square


def chosen_slices(frame_count: int, most: int = SLICES) -> list[int]:
    """Indices of up to `most` frames, evenly spread over a volume, its ends left out."""
    if frame_count <= most:
        return list(range(frame_count))
    return [int((i + 0.5) * frame_count / most) for i in range(most)]


def place_in_square(
    shape: tuple[int, ...], spacing: Sequence[float] | None, size: int
) -> tuple[slice, slice]:
    """Rows and columns that a frame fills in its square of `size`, in the middle at true aspect."""
    row_mm, column_mm = spacing or (1.0, 1.0)
    height, width = shape[0] * row_mm, shape[1] * column_mm
    scale = size / max(height, width)
    tall, wide = max(1, round(height * scale)), max(1, round(width * scale))
    top, left = (size - tall) // 2, (size - wide) // 2
    return slice(top, top + tall), slice(left, left + wide)


def _windowed(values: NDArray[np.float32], header: Mapping[str, Any]) -> NDArray[np.uint8]:
    if header.get("window"):
        center, width = header["window"]
        # PS3.3 C.11.2.1.2.1, the linear function; a width of 1 is a threshold.
        half = max(width - 1, 1e-6) / 2
        low, high = center - 0.5 - half, center - 0.5 + half
    elif header.get("samples") == 3:
        low, high = 0.0, 255.0
    else:
        low, high = np.percentile(values, _PERCENTILES)
    if high <= low:
        return np.zeros(values.shape, dtype=np.uint8)
    grey: NDArray[np.uint8] = np.round(np.clip((values - low) / (high - low), 0, 1) * 255).astype(
        np.uint8
    )
    return grey
