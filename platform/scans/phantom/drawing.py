"""The canvas a phantom is drawn on, in millimetres, and the few brushes it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Image = NDArray[np.float32]
Curve = NDArray[np.floating[Any]]


def as_image(values: ArrayLike) -> Image:
    return np.asarray(values, dtype=np.float32)


@dataclass(frozen=True)
class Canvas:
    """`rows` x `columns` pixels, `spacing` mm apart; x = 0 is the middle, y = 0 the top."""

    rows: int
    columns: int
    spacing: float

    @cached_property
    def x(self) -> Image:
        """[1, columns], mm; grows to the viewer's right, which is the patient's left."""
        middle = (self.columns - 1) / 2
        return ((np.arange(self.columns, dtype=np.float32) - middle) * self.spacing)[None, :]

    @cached_property
    def y(self) -> Image:
        """[rows, 1], mm from the top edge."""
        return (np.arange(self.rows, dtype=np.float32) * self.spacing)[:, None]

    @cached_property
    def frequency(self) -> Image:
        """[rows, columns // 2 + 1]: spatial frequency of each Fourier coefficient, 1/mm."""
        down = np.fft.fftfreq(self.rows, self.spacing)[:, None]
        across = np.fft.rfftfreq(self.columns, self.spacing)[None, :]
        return as_image(np.hypot(down, across))

    def gaussian(self, sigma: float) -> Image:
        """The spectrum of a blur with `sigma` in mm."""
        return as_image(np.exp(-2 * (np.pi * sigma * self.frequency) ** 2))

    def filter(self, image: Image, kernel: Image) -> Image:
        """Multiply the spectrum by `kernel`; periodic at the edges."""
        spectrum = np.fft.rfft2(image) * kernel
        return as_image(np.fft.irfft2(spectrum, s=image.shape))

    def blur(self, image: Image, sigma: float) -> Image:
        return self.filter(image, self.gaussian(sigma))

    def texture(self, rng: np.random.Generator, *, slope: float, coarsest: float) -> Image:
        """Noise whose amplitude falls with frequency^slope; mean 0, standard deviation 1.

        `coarsest` is the size in mm above which there is no more structure.
        """
        white = rng.standard_normal((self.rows, self.columns), dtype=np.float32)
        shape = np.maximum(self.frequency, 1 / coarsest) ** -slope
        shape[self.frequency < 1 / coarsest] = 0
        noise = self.filter(white, as_image(shape))
        return as_image(noise / noise.std())

    def splat(self, x: Curve, y: Curve, volume: Curve) -> Image:
        """Spread small volumes (mm³) at (x, y) over the plane; the thickness they add, mm."""
        column = np.asarray(x) / self.spacing + (self.columns - 1) / 2
        row = np.asarray(y) / self.spacing
        left, top = np.floor(column).astype(np.int64), np.floor(row).astype(np.int64)
        across, down = column - left, row - top
        total = np.zeros(self.rows * self.columns)
        for step_down in (0, 1):
            for step_across in (0, 1):
                r, c = top + step_down, left + step_across
                inside = (r >= 0) & (r < self.rows) & (c >= 0) & (c < self.columns)
                share = np.where(step_down, down, 1 - down) * np.where(
                    step_across, across, 1 - across
                )
                total += np.bincount(
                    (r * self.columns + c)[inside],
                    weights=(volume * share)[inside],
                    minlength=total.size,
                )
        return as_image(total.reshape(self.rows, self.columns) / self.spacing**2)


def tube(
    points: Curve, radius: Curve, depth: Curve, *, cortex: float = 0.0, step: float = 0.4
) -> tuple[Curve, Curve, Curve]:
    """Samples (x, y, volume) of a curved rod seen from the front.

    points: [n, 2] or [n, 3] mm, the last axis x, y (and depth z, which lengthens the rod only)
    radius: [n] half of its width across the line of sight, mm; depth: [n] along it, mm
    cortex: share of the radius that is dense shell; the marrow inside weighs a third. 0 is solid.
    """
    points = np.asarray(points, dtype=np.float64)
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    along = np.linspace(0.0, length[-1], max(4, int(length[-1] / step)))
    x, y = (np.interp(along, length, points[:, axis]) for axis in (0, 1))
    half = np.interp(along, length, radius)
    thick = np.interp(along, length, depth)
    slope_x, slope_y = np.gradient(x), np.gradient(y)
    norm = np.maximum(np.hypot(slope_x, slope_y), 1e-9)
    count = max(5, int(2 * float(np.max(radius)) / step))
    across = (np.arange(count) + 0.5) / count * 2 - 1  # [count] in -1..1
    chord = np.sqrt(1 - across**2)
    if cortex:
        inner = 1 - cortex
        chord = chord - (2 / 3) * inner * np.sqrt(np.clip(1 - (across / inner) ** 2, 0, None))
    volume = (2 * thick * half * 2 / count * (along[1] - along[0]))[:, None] * chord[
        None, :
    ]  # [along, across]
    sample_x = x[:, None] - (slope_y / norm * half)[:, None] * across
    sample_y = y[:, None] + (slope_x / norm * half)[:, None] * across
    return sample_x.ravel(), sample_y.ravel(), volume.ravel()


def smooth_curve(at: Image | Curve, knots: Sequence[tuple[float, float]]) -> Image:
    """A smooth function through `knots` (position, value), constant beyond them, evaluated `at`."""
    positions, values = np.array(knots).T
    slopes = np.gradient(values, positions)
    slopes[0] = slopes[-1] = 0.0
    clipped = np.clip(at, positions[0], positions[-1])
    i = np.clip(np.searchsorted(positions, clipped, side="right") - 1, 0, len(positions) - 2)
    width = positions[i + 1] - positions[i]
    t = (clipped - positions[i]) / width
    # Cubic Hermite between two knots.
    return as_image(
        (1 + 2 * t) * (1 - t) ** 2 * values[i]
        + t * (1 - t) ** 2 * width * slopes[i]
        + t**2 * (3 - 2 * t) * values[i + 1]
        + t**2 * (t - 1) * width * slopes[i + 1],
    )


def ramp(distance: Image, softness: float) -> Image:
    """0 well below zero distance, 1 well above it, a soft edge `softness` mm wide between."""
    t = np.clip(distance / softness + 0.5, 0, 1)
    return as_image(t * t * (3 - 2 * t))
