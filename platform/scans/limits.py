"""What is refused before memory is spent on it, and how a refusal is told."""

from accounts.sentences import Sentence, Value, system_error

# 200 megapixels are four times the largest mammogram; 2 GiB are a CT of 4,000 slices.
MAX_FRAME_SAMPLES = 200_000_000
MAX_SCAN_BYTES = 2 << 30
MAX_FRAMES = 20_000
MAX_FILE_BYTES = 4 << 30


class Rejected(Exception):
    """A file that cannot become a scan, and the reason for whoever gave the file.

    The text names the values in braces that are put in, as a `Sentence` has them.
    """

    def __init__(self, text: str, /, **values: Value) -> None:
        self.reason = Sentence(text, **values)
        super().__init__(self.reason)


def unreadable(error: OSError) -> str:
    return Sentence("The file cannot be read ({error}).", error=system_error(error))


def check_size(*, rows: int, columns: int, samples: int, frames: int, item_bytes: int) -> None:
    """Raise Rejected when a scan of these dimensions is empty or larger than Scout takes."""
    if min(rows, columns, samples, frames) < 1:
        raise Rejected(
            "The header gives an empty image ({columns} × {rows}, {frames} frames).",
            columns=columns,
            rows=rows,
            frames=frames,
        )
    if rows * columns * samples > MAX_FRAME_SAMPLES:
        raise Rejected(
            "A frame of {columns} × {rows} pixels is larger than Scout takes ({most} megapixels).",
            columns=columns,
            rows=rows,
            most=MAX_FRAME_SAMPLES // 1_000_000,
        )
    if frames > MAX_FRAMES:
        raise Rejected(
            "{frames} frames are more than Scout takes in one file ({most}).",
            frames=frames,
            most=MAX_FRAMES,
        )
    if rows * columns * samples * frames * item_bytes > MAX_SCAN_BYTES:
        raise Rejected(
            "Its pixels would fill more than {most} GiB.",
            most=MAX_SCAN_BYTES >> 30,
        )
