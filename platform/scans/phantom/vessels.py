"""The branching vessels of the lungs: what a radiologist calls lung markings."""

import numpy as np

from scans.phantom.anatomy import Anatomy
from scans.phantom.drawing import Canvas, Curve, Image

_ORIGIN = {-1: (34.0, 178.0), 1: (36.0, 166.0)}  # the left hilum stands higher
# Angles of the first branches, from up to down: the bases get more than the apices.
_FIRST = np.deg2rad([-72, -48, -22, 4, 26, 44, 58, 68, 78])
_GENERATIONS = 7


def draw_vessels(canvas: Canvas, anatomy: Anatomy, rng: np.random.Generator) -> Image:
    """Depth of blood in mm, [rows, columns], as if the lung were everywhere."""
    samples = []
    for side, (x, y) in _ORIGIN.items():
        origin = np.array([side * x * anatomy.build, y * anatomy.stature])
        angle: Curve = _FIRST + rng.normal(0, 0.1, _FIRST.size)
        start: Curve = origin + np.stack(
            [
                side * rng.normal(0, 4, angle.size),
                16 * np.sin(angle) + rng.normal(0, 3, angle.size),
            ],
            1,
        )
        radius: Curve = rng.uniform(3.2, 4.8, angle.size)
        for generation in range(_GENERATIONS):
            drawn, start, angle, radius = _grow(rng, start, angle, radius, side, generation)
            samples.append(drawn)
    sample_x, sample_y, volume = (np.concatenate(values) for values in zip(*samples, strict=True))
    return canvas.blur(canvas.splat(sample_x, sample_y, volume), 0.3)


def _grow(
    rng: np.random.Generator, start: Curve, angle: Curve, radius: Curve, side: int, generation: int
) -> tuple[tuple[Curve, Curve, Curve], Curve, Curve, Curve]:
    """One generation of n vessels: their samples, and start, angle and radius of the 2n next ones.

    start [n, 2] mm, angle [n] rad (0 outwards, positive down), radius [n] mm.
    """
    n = angle.size
    # Samples of one vessel: the later, the shorter and thinner.
    n_along, n_across = 44 - 4 * generation, 9 if generation < 3 else 5
    length = rng.uniform(0.7, 1.3, n) * 25 * 0.9**generation
    bend = rng.normal(0, 0.28, n)
    t = (np.arange(n_along) + 0.5) / n_along
    heading = angle[:, None] + bend[:, None] * t  # [n, along]
    step = (length / n_along)[:, None]
    x = start[:, :1] + side * np.cumsum(np.cos(heading) * step, axis=1)
    y = start[:, 1:] + np.cumsum(np.sin(heading) * step, axis=1)
    half = radius[:, None] * (1 - 0.2 * t)
    across = (np.arange(n_across) + 0.5) / n_across * 2 - 1
    volume = (4 * half**2 * step / n_across)[..., None] * np.sqrt(1 - across**2)
    sample_x = x[..., None] - side * (np.sin(heading) * half)[..., None] * across
    sample_y = y[..., None] + (np.cos(heading) * half)[..., None] * across
    spread, lean = rng.uniform(0.34, 0.7, n), rng.uniform(-0.22, 0.22, n)
    end = np.stack([x[:, -1], y[:, -1]], axis=1)
    turned = angle + bend + lean
    thicker = 0.1 * np.sign(lean)
    return (
        (sample_x.ravel(), sample_y.ravel(), volume.ravel()),
        np.concatenate([end, end]),
        np.concatenate([turned - spread / 2, turned + spread / 2]),
        np.concatenate([radius * 0.8 * (0.8 - thicker), radius * 0.8 * (0.8 + thicker)]),
    )
