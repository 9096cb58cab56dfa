"""What is wrong with a phantom: findings, how plain each is to see, and how they are drawn."""

from dataclasses import dataclass

import numpy as np

from scans.phantom.anatomy import Anatomy, Lungs
from scans.phantom.drawing import Canvas, Image, ramp

KINDS = ("Nodule", "Effusion", "Cardiomegaly")


@dataclass(frozen=True)
class Finding:
    kind: str
    # 1 extremely subtle … 5 obvious, the scale of the LIDC-IDRI readings.
    subtlety: int
    x: float = 0.0  # mm, nodules
    y: float = 0.0
    size: float = 0.0  # nodule: radius in mm; effusion: height of the fluid in mm; heart: its size
    side: int = 1  # effusions: -1 the patient's right, 1 the left


def draw_finding(rng: np.random.Generator, kind: str, anatomy_build: float = 1.0) -> Finding:
    """A finding of this kind by chance, its size graded by subtlety."""
    subtlety = int(rng.integers(1, 6))
    side = int(rng.choice([-1, 1]))
    if kind == "Nodule":
        # Peripheral and central, upper and lower zones; off the heart and above the domes.
        across = float(rng.uniform(52, 104)) * anatomy_build
        y = float(rng.uniform(105, 262)) - max(0.0, 80 - across) * 0.5 * (side > 0)
        radius = (5.0, 6.5, 8.5, 11.0, 15.0)[subtlety - 1] * float(rng.uniform(0.9, 1.1))
        return Finding(kind, subtlety, side * across, y, radius, side)
    if kind == "Effusion":
        height = (16.0, 26.0, 42.0, 66.0, 105.0)[subtlety - 1] * float(rng.uniform(0.9, 1.1))
        return Finding(kind, subtlety, size=height, side=side)
    size = (1.15, 1.21, 1.27, 1.34, 1.42)[subtlety - 1] * float(rng.uniform(0.99, 1.01))
    return Finding(kind, subtlety, size=size)


def draw_nodule(canvas: Canvas, finding: Finding) -> Image:
    """Depth of a soft, slightly lobed ball, mm of water more than the lung it displaces."""
    across, down = canvas.x - finding.x, canvas.y - finding.y
    distance = np.hypot(across, down)
    angle = np.arctan2(down, across)
    lobes = 1 + 0.06 * np.sin(3 * angle + finding.x) + 0.04 * np.sin(5 * angle + finding.y)
    radius = finding.size * lobes
    chord = 2 * np.sqrt(np.clip(radius**2 - distance**2, 0, None))
    solid = 0.62 + 0.06 * finding.subtlety  # the subtle ones are partly ground glass
    return canvas.blur((chord * solid).astype(np.float32), 0.7)


def draw_effusion(canvas: Canvas, anatomy: Anatomy, lungs: Lungs, finding: Finding) -> Image:
    """Depth of lung that fluid has taken, mm: level in the middle, a meniscus at the wall."""
    lung = lungs.left if finding.side > 0 else lungs.right
    wall = anatomy.cage(canvas.y)
    floor = 344 * anatomy.stature
    off_wall = np.maximum(wall - finding.side * canvas.x, 0)
    # The meniscus climbs the chest wall over about 25 mm.
    level = floor - finding.size - (12 + 0.35 * finding.size) * np.exp(-off_wall / 14)
    filled = ramp(canvas.y - level, 5 + 0.12 * finding.size)
    return (lung * filled * 0.96).astype(np.float32)
