"""Every compressed NEMA WG-04 sample against its uncompressed reference (acceptance of decoding).

Needs the samples in ../shared/data beside the repository; skipped where they are absent.
"""

import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from numpy.typing import NDArray

from scans.dicom import read_dataset
from scans.limits import Rejected
from scans.pixels import decode

SAMPLES = Path(__file__).parents[3] / "shared" / "data" / "dicom" / "nema-wg04"
pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason=f"no NEMA samples in {SAMPLES}")

LOSSLESS = ("JPLL", "JLSL", "J2KR", "RLE")
# JPEG-LS bounds the loss of every pixel by its NEAR. DCT and wavelets bound it on the average: the
# samples were coded at 20 to 160 : 1, the signal stays 30 dB above the noise, and no value wraps.
LOSSY = ("JLSN", "J2KI", "JPLY")


def reference(name: str, folder: Path) -> NDArray[Any]:
    compressed = (SAMPLES / "REF" / f"{name}_UNC.zst.dcm").read_bytes()
    path = folder / "reference.dcm"
    path.write_bytes(zstandard.ZstdDecompressor().decompressobj().decompress(compressed))
    return next(decode(read_dataset(path), [0]))


def near(path: Path) -> int:
    """NEAR of a JPEG-LS scan: the byte after its component list (ITU-T T.87 C.2.3)."""
    content = path.read_bytes()
    start = content.index(b"\xff\xda", content.index(b"\xff\xf7"))
    return content[start + 5 + 2 * content[start + 4]]


def compared(kind: str, path: Path, folder: Path) -> tuple[str, str]:
    """Whether the sample is as it must be, and what was seen."""
    expected = reference(path.name.split("_")[0], folder)
    try:
        found = next(decode(read_dataset(path), [0]))
    except Rejected as rejected:
        return "not read", rejected.reason
    difference = np.abs(found.astype(np.int64) - expected)
    seen = f"max {difference.max()}, rms {np.sqrt((difference**2).mean()):.2f}"
    if kind in LOSSLESS:
        return ("exact" if difference.max() == 0 else "WRONG"), seen
    if kind == "JLSN":
        within = bool(difference.max() <= near(path))
        seen += f", near {near(path)}"
    else:
        scale = float(expected.max()) - float(expected.min())
        decibels = 20 * math.log10(scale / math.sqrt((difference**2).mean()))
        within = decibels >= 30 and bool(difference.max() < scale / 2)
        seen += f", {decibels:.1f} dB"
    return ("within loss" if within else "WRONG"), seen


@pytest.mark.parametrize("kind", [*LOSSLESS, *LOSSY])
def test_samples_match_their_reference(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = {
        path.name: compared(kind, path, tmp_path) for path in sorted((SAMPLES / kind).iterdir())
    }
    with capsys.disabled():
        for name, (verdict, seen) in table.items():
            sys.stdout.write(f"\n{name:16} {verdict:12} {seen}")
    wrong = [name for name, (verdict, _) in table.items() if verdict in ("WRONG", "not read")]
    assert wrong == []
