"""Pictures that lie in a folder with their labels."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty pictures of thirty patients: a bright disc on the left or on the right."""
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(0)
    lines = ["file,patient,side"]
    for number in range(60):
        pixels = rng.integers(0, 60, (24, 24), dtype=np.uint8)
        right = number % 3 == 0
        pixels[6:18, 14:22] += np.uint8(120 * right)
        pixels[6:18, 2:10] += np.uint8(120 * (not right))
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        lines.append(f"{number}.png,P{number // 2},{'right' if right else 'left'}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path
