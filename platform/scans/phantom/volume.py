"""A chest CT drawn slice by slice in Hounsfield units: skin to marrow, in patient coordinates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scans.phantom.drawing import smooth_curve

Volume = NDArray[np.float32]

AIR, LUNG, FAT, MUSCLE, BLOOD, LIVER, MARROW, CORTEX = -1000, -850, -95, 50, 45, 60, 180, 650


@dataclass(frozen=True)
class Grid:
    """Slices from the lung bases up to the apices; x to the patient's left, y to the back."""

    slices: int = 48
    size: int = 256
    spacing: float = 1.4
    thickness: float = 5.0

    @cached_property
    def x(self) -> Volume:
        return ((np.arange(self.size, dtype=np.float32) - (self.size - 1) / 2) * self.spacing)[
            None, None
        ]

    @cached_property
    def y(self) -> Volume:
        return np.swapaxes(self.x, 1, 2)

    @cached_property
    def z(self) -> Volume:
        """[slices, 1, 1]: 0 at the lung bases, 1 at the apices."""
        return np.linspace(0, 1, self.slices, dtype=np.float32)[:, None, None]


@dataclass(frozen=True)
class Nodule:
    """In mm from the middle of the slice, and its share of the way up."""

    x: float
    y: float
    z: float
    radius: float
    subtlety: int


def draw_volume(grid: Grid, nodules: list[Nodule], rng: np.random.Generator) -> Volume:
    """[slices, size, size] in HU."""
    build = float(rng.normal(1.0, 0.05))
    volume = np.full((grid.slices, grid.size, grid.size), AIR, np.float32)
    body = _ellipse(grid, 0, 0, smooth_curve(grid.z, [(0, 158), (0.7, 165), (1, 150)]) * build, 108)
    volume[body < 1] = FAT
    wall = _ellipse(grid, 0, 0, smooth_curve(grid.z, [(0, 146), (0.7, 150), (1, 128)]) * build, 95)
    volume[wall < 1] = MUSCLE
    lungs = _lungs(grid, build, rng)
    volume[lungs] = LUNG
    _paint_vessels(grid, volume, lungs, rng)
    _paint_middle(grid, volume, build)
    _paint_bones(grid, volume, build)
    for nodule in nodules:
        _paint_nodule(grid, volume, nodule)
    return _scan(volume, rng)


def _ellipse(
    grid: Grid, x: float | Volume, y: float | Volume, a: float | Volume, b: float | Volume
) -> Volume:
    """Below 1 inside; broadcasts to [slices, size, size]."""
    return ((grid.x - x) / a) ** 2 + ((grid.y - y) / b) ** 2 + 0 * grid.z


def _lungs(grid: Grid, build: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    both = np.zeros((grid.slices, grid.size, grid.size), bool)
    for side in (-1, 1):
        width = smooth_curve(grid.z, [(0, 56), (0.4, 56), (0.75, 48), (0.93, 30), (1, 14)]) * build
        depth = smooth_curve(grid.z, [(0, 80), (0.4, 80), (0.75, 66), (0.93, 40), (1, 20)])
        centre = smooth_curve(grid.z, [(0, 74), (0.6, 72), (1, 44)]) * build
        lung = _ellipse(grid, side * centre, 6 * grid.z, width, depth) < 1
        # The dome: at the base only the recess round the liver (right) or the spleen (left) is air.
        top = (0.24 if side < 0 else 0.17) + float(rng.normal(0, 0.01))
        reach = np.sqrt(np.clip(1 - grid.z / top, 0, None))
        dome = (
            _ellipse(
                grid,
                side * centre,
                -6,
                np.maximum(width * 0.98 * reach, 1e-3),
                np.maximum(depth * 0.9 * reach, 1e-3),
            )
            < 1
        )
        both |= lung & ~dome
    return both


def _paint_vessels(
    grid: Grid, volume: Volume, lungs: NDArray[np.bool_], rng: np.random.Generator
) -> None:
    """Branching trees from the two hila, drawn as runs of small balls."""
    for side in (-1, 1):
        start = np.tile([side * 34.0, 2.0, 0.52 + 0.03 * side], (9, 1))
        heading = rng.normal([side * 1.0, 0.0, 0.0], [0.45, 0.8, 0.8], (9, 3))
        radius = rng.uniform(3.6, 5.4, 9)
        for generation in range(5):
            heading /= np.linalg.norm(heading, axis=1, keepdims=True)
            length = rng.uniform(0.7, 1.3, len(radius)) * 24 * 0.9**generation
            t = np.arange(0, 1, 0.06)
            path = start[:, None] + heading[:, None] * (length[:, None] * t)[..., None] * [
                1,
                1,
                1 / 240,
            ]
            thin = radius[:, None] * (1 - 0.22 * t)
            _paint_balls(grid, volume, lungs, path.reshape(-1, 3), thin.ravel())
            start = np.repeat(path[:, -1], 2, axis=0)
            heading = np.repeat(heading, 2, axis=0) + rng.normal(0, 0.45, (2 * len(radius), 3))
            radius = np.repeat(radius * 0.68, 2)


def _paint_balls(
    grid: Grid,
    volume: Volume,
    within: NDArray[np.bool_],
    centres: NDArray[np.float64],
    radii: NDArray[np.float64],
) -> None:
    middle = (grid.size - 1) / 2
    columns = centres[:, 0] / grid.spacing + middle
    rows = centres[:, 1] / grid.spacing + middle
    slices = np.round(centres[:, 2] * (grid.slices - 1)).astype(int)
    for column, row, index, radius in zip(columns, rows, slices, radii, strict=True):
        reach = int(radius / grid.spacing) + 2
        top, left = int(row) - reach, int(column) - reach
        if not (0 <= index < grid.slices and top >= 0 and left >= 0):
            continue
        area = np.s_[index, top : top + 2 * reach + 1, left : left + 2 * reach + 1]
        patch = volume[area]
        down = (np.arange(top, top + patch.shape[0]) - row)[:, None]
        across = (np.arange(left, left + patch.shape[1]) - column)[None, :]
        share = np.clip(radius / grid.spacing - np.hypot(down, across) + 0.5, 0, 1) * within[area]
        np.maximum(patch, LUNG + share * (BLOOD - LUNG), out=patch)


def _paint_middle(grid: Grid, volume: Volume, build: float) -> None:
    """Mediastinum, the heart to the patient's left, great vessels and airways."""
    narrow = smooth_curve(grid.z, [(0, 40), (0.5, 34), (1, 28)])
    volume[_ellipse(grid, 0, 4, narrow, 74) < 1] = 20
    beat = np.sqrt(np.clip(1 - ((grid.z - 0.28) / 0.24) ** 2, 0, None))
    heart = _ellipse(
        grid, 26 * build, -26, np.maximum(62 * beat, 1e-3), np.maximum(46 * beat, 1e-3)
    )
    volume[heart < 1.12] = FAT
    volume[heart < 1] = BLOOD
    descending = _ellipse(grid, 20, 44, 12, 12) < 1
    volume[descending & (grid.z < 0.7)] = BLOOD
    arch = _ellipse(grid, 10, 8, 15, 34) < 1
    volume[arch & (np.abs(grid.z - 0.68) < 0.035)] = BLOOD
    ascending = _ellipse(grid, -10, -24, 16, 16) < 1
    volume[ascending & (grid.z > 0.45) & (grid.z < 0.7)] = BLOOD
    volume[(_ellipse(grid, -26, -14, 9, 9) < 1) & (grid.z > 0.45)] = BLOOD
    volume[(_ellipse(grid, 0, 12, 9, 9) < 1) & (grid.z > 0.58)] = AIR
    for side in (-1, 1):
        bronchus = _ellipse(grid, side * (10 + 260 * (0.58 - grid.z)), 12, 7, 6) < 1
        volume[bronchus & (grid.z <= 0.58) & (grid.z > 0.5)] = AIR


def _paint_bones(grid: Grid, volume: Volume, build: float) -> None:
    """Vertebrae, breastbone, and ribs as shells that fall from back to front."""
    body = _ellipse(grid, 0, 62, 17, 14)
    volume[body < 1] = MARROW
    volume[(body < 1) & (body > 0.72)] = CORTEX
    canal = _ellipse(grid, 0, 84, 11, 9)
    volume[(canal < 1.9) & (canal > 1)] = CORTEX
    volume[canal < 1] = 25
    volume[_ellipse(grid, 0, 100, 3.5, 10) < 1] = CORTEX
    volume[(_ellipse(grid, 0, -86, 19, 6) < 1) & (grid.z > 0.25)] = 300
    a = smooth_curve(grid.z, [(0, 138), (0.6, 134), (0.85, 106), (1, 76)]) * build
    cage = np.sqrt(_ellipse(grid, 0, 2, a, 88))
    shell = np.abs(cage - 1) * 100  # mm, nearly
    # A rib starts at the back and falls on its way to the front: level = height along its own path.
    front = (grid.y - 88) / -176
    level = grid.z * 240 + 95 * front
    off = np.abs(np.mod(level, 27) - 13.5)
    solid = (shell / 4.5) ** 2 + (off / 6) ** 2
    bone = (solid < 1) & (front < 0.88) & (np.abs(grid.x) > 24)
    volume[bone] = MARROW
    volume[bone & (solid > 0.45)] = CORTEX


def _paint_nodule(grid: Grid, volume: Volume, nodule: Nodule) -> None:
    height = (grid.z - nodule.z) * (grid.slices - 1) * grid.thickness
    distance = np.sqrt((grid.x - nodule.x) ** 2 + (grid.y - nodule.y) ** 2 + height**2)
    share = np.clip((nodule.radius - distance) / grid.spacing + 0.5, 0, 1)
    solid = -550 + 140 * nodule.subtlety  # HU: the subtle ones are ground glass
    np.maximum(volume, LUNG + share * (solid - LUNG), out=volume, where=share > 0)


def _scan(volume: Volume, rng: np.random.Generator) -> Volume:
    """Point spread of a soft kernel (1-2-1 in the plane), lung texture, and quantum noise."""
    for axis in (1, 2):
        volume = 0.5 * volume + 0.25 * (np.roll(volume, 1, axis) + np.roll(volume, -1, axis))
    noise = rng.standard_normal(volume.shape, dtype=np.float32)
    noise = noise + np.roll(noise, 1, 1) + np.roll(noise, 1, 2)
    return (volume + 9 * noise).astype(np.float32)
