"""What is refused before memory is spent on it, and how a refusal is told."""

# 200 megapixels are four times the largest mammogram; 2 GiB are a CT of 4,000 slices.
MAX_FRAME_SAMPLES = 200_000_000
MAX_SCAN_BYTES = 2 << 30
MAX_FRAMES = 20_000
MAX_FILE_BYTES = 4 << 30


class Rejected(Exception):
    """A file that cannot become a scan. The message is a sentence for whoever gave the file."""

    @property
    def reason(self) -> str:
        return str(self)


def check_size(*, rows: int, columns: int, samples: int, frames: int, item_bytes: int) -> None:
    """Raise Rejected when a scan of these dimensions is empty or larger than Scout takes."""
    if min(rows, columns, samples, frames) < 1:
        raise Rejected(f"The header gives an empty image ({columns} × {rows}, {frames} frames).")
    if rows * columns * samples > MAX_FRAME_SAMPLES:
        raise Rejected(
            f"A frame of {columns} × {rows} pixels is larger than Scout takes "
            f"({MAX_FRAME_SAMPLES // 1_000_000} megapixels)."
        )
    if frames > MAX_FRAMES:
        raise Rejected(f"{frames:,} frames are more than Scout takes in one file ({MAX_FRAMES:,}).")
    if rows * columns * samples * frames * item_bytes > MAX_SCAN_BYTES:
        raise Rejected(f"Its pixels would fill more than {MAX_SCAN_BYTES >> 30} GiB.")
