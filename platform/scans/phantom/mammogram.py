"""Mammograms: a compressed breast seen from above (CC) and obliquely from the side (MLO)."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from scans.phantom.drawing import Canvas, Image, as_image, ramp, smooth_curve, tube

View = Literal["CC", "MLO"]
KINDS = ("Mass", "Calcifications")

# Attenuation per mm at about 28 kV: fat, what glands add to it, what calcium adds.
FAT, GLAND, CALCIUM = 0.045, 0.033, 1.1
_TILT = np.deg2rad(45)  # of the oblique view


@dataclass(frozen=True)
class Lesion:
    """Something in one breast; millimetres from the nipple line, so that both views show it."""

    kind: str  # one of KINDS
    subtlety: int  # 1 extremely subtle … 5 obvious
    depth: float  # from the chest wall
    lateral: float  # towards the arm
    height: float  # towards the head
    radius: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Lesion":
        kind = str(rng.choice(KINDS, p=[0.65, 0.35]))
        subtlety = int(rng.integers(1, 6))
        radius = (3.5, 4.5, 6.0, 8.0, 11.0)[subtlety - 1] * float(rng.uniform(0.9, 1.1))
        return cls(
            kind=kind,
            subtlety=subtlety,
            depth=float(rng.uniform(32, 70)),
            lateral=float(rng.uniform(-18, 30)),
            height=float(rng.uniform(-15, 28)),
            radius=radius,
        )

    def across(self, view: View) -> float:
        """Millimetres above the nipple line of a view: towards the arm (CC), the armpit (MLO)."""
        if view == "CC":
            return self.lateral
        return float(self.height * np.cos(_TILT) + self.lateral * np.sin(_TILT))


@dataclass(frozen=True)
class Breast:
    """What the views of one breast share."""

    seed: int
    reach: float  # chest wall to nipple, mm
    half: float  # half of its height on the film, mm
    thickness: float  # under compression, mm
    density: float  # share of glands, 0.1 fatty … 0.6 dense

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Breast":
        return cls(
            seed=int(rng.integers(2**31)),
            reach=float(rng.uniform(85, 115)),
            half=float(rng.uniform(68, 88)),
            thickness=float(rng.uniform(42, 62)),
            density=float(rng.uniform(0.12, 0.55)),
        )

    def other(self, rng: np.random.Generator) -> "Breast":
        """The other breast of the same woman: alike, not equal."""
        near = rng.normal(1, 0.03, size=3)
        return Breast(
            seed=int(rng.integers(2**31)),
            reach=self.reach * float(near[0]),
            half=self.half * float(near[1]),
            thickness=self.thickness,
            density=float(np.clip(self.density * near[2], 0.1, 0.6)),
        )


def draw_mammogram(canvas: Canvas, breast: Breast, view: View, lesions: list[Lesion]) -> Image:
    """[rows, columns] in 0..1, bright where dense; the chest wall is the left edge, and up is
    towards the arm (CC) or the armpit (MLO)."""
    rng = np.random.default_rng([breast.seed, ("CC", "MLO").index(view)])
    depth = canvas.x - canvas.x[0, 0]  # mm from the chest wall
    middle = canvas.rows * canvas.spacing * (0.5 if view == "CC" else 0.56)
    up = middle - canvas.y
    inside = _inside(breast, view, depth, up)
    thickness = breast.thickness * np.sqrt(ramp(inside - 4, 16)) * (inside > 0)
    glands = _glands(canvas, rng, breast, depth, up) * thickness
    attenuation = FAT * thickness + GLAND * glands + 0.09 * np.exp(-(((inside - 1) / 1.2) ** 2))
    attenuation += 0.05 * _strands(canvas, rng, breast, middle) * ramp(inside - 3, 4)
    if view == "MLO":
        attenuation += GLAND * breast.thickness * 0.55 * _pectoral(canvas, breast, depth)
    for lesion in lesions:
        at = (depth - lesion.depth, up - lesion.across(view))
        drawn = _mass if lesion.kind == "Mass" else _calcifications
        attenuation += drawn(canvas, rng, lesion, *at)
    return _film(canvas, rng, attenuation, inside)


def _inside(breast: Breast, view: View, depth: Image, up: Image) -> Image:
    """Millimetres to the skin, negative outside; the nipple stands out a little.

    The oblique view goes on into the armpit, and off the film.
    """
    radius = np.hypot(depth / breast.reach, up / breast.half)
    skin = (1 - radius**1.12) * breast.reach * 0.8
    if view == "MLO":
        slope = np.sqrt(np.clip(1 - (up / (1.7 * breast.half)) ** 2, 0, 1))
        armpit = (breast.reach * (0.5 + 0.5 * slope) - depth) * 0.8
        skin = np.where(up > 0, armpit, skin)
    nipple = 5 - np.hypot((depth - breast.reach + 1) / 1.3, up)
    return as_image(np.maximum(skin, nipple))


def _glands(
    canvas: Canvas, rng: np.random.Generator, breast: Breast, depth: Image, up: Image
) -> Image:
    """Share of glandular tissue along each ray: a cone behind the nipple, broken up by fat."""
    coarse = canvas.texture(rng, slope=2.2, coarsest=45)
    texture = canvas.texture(rng, slope=1.7, coarsest=16)
    fine = canvas.texture(rng, slope=1.0, coarsest=3)
    along = depth / breast.reach
    width = breast.half * (0.30 + 0.50 * (1 - along))
    cone = ramp(as_image(1 - np.hypot((along - 0.50) / 0.42, (up - 8) / width)), 1.1)
    broken = np.clip(0.62 + 0.42 * coarse + 0.26 * texture + 0.07 * fine, 0.04, 1.7)
    return as_image(breast.density * (0.10 + 1.30 * cone) * broken)


def _strands(canvas: Canvas, rng: np.random.Generator, breast: Breast, middle: float) -> Image:
    """Ligaments and vessels that run towards the nipple, mm."""
    left = float(canvas.x[0, 0])
    parts = []
    for _ in range(26):
        start = rng.uniform(-0.85, 0.85) * breast.half
        bend = rng.normal(0, 9, size=2)
        along = np.array([0.02, 0.35, 0.65, rng.uniform(0.75, 0.93)]) * breast.reach
        up = np.array([start, 0.8 * start + bend[0], 0.45 * start + bend[1], 0.16 * start])
        points = np.stack([left + along, middle - up], axis=1)
        width = float(rng.uniform(0.35, 1.0))
        parts.append(tube(points, np.linspace(width, width / 2, 4), np.full(4, width)))
    x, y, volume = (np.concatenate(values) for values in zip(*parts, strict=True))
    return canvas.blur(canvas.splat(x, y, volume), 0.25)


def _pectoral(canvas: Canvas, breast: Breast, depth: Image) -> Image:
    """The muscle at the upper chest wall, down to about the nipple line."""
    length = canvas.rows * canvas.spacing * 0.52
    edge = smooth_curve(canvas.y, [(0, 0.46 * breast.reach), (0.5 * length, 0.29 * breast.reach),
                                   (length, 0.0)])  # fmt: skip
    return ramp(as_image(edge - depth), 7.0) * ramp(as_image(length - canvas.y), 6.0)


def _mass(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, right: Image, up: Image
) -> Image:
    """A dense knot whose edge runs out in spicules."""
    angle = np.arctan2(up, right)
    phase = rng.uniform(0, 2 * np.pi, size=3)
    lobes = sum(0.07 * np.sin((3 + 2 * k) * angle + phase[k]) for k in range(3))
    distance = np.hypot(right, up) / (lesion.radius * (1 + lobes))
    knot = np.sqrt(np.clip(1 - distance**2, 0, 1))
    spicules = np.clip(np.cos(9 * angle + phase[0]), 0, 1) ** 6 * np.exp(-((distance / 1.5) ** 2))
    strength = GLAND * 2 * lesion.radius * (0.75 + 0.13 * lesion.subtlety)
    return canvas.blur(as_image(strength * (knot + 0.22 * spicules * (distance > 0.8))), 0.35)


def _calcifications(
    canvas: Canvas, rng: np.random.Generator, lesion: Lesion, right: Image, up: Image
) -> Image:
    """A cluster of grains, each a fraction of a millimetre."""
    total = np.zeros((canvas.rows, canvas.columns), np.float32)
    for _ in range(5 + 3 * lesion.subtlety):
        x, y = rng.normal(0, 0.45 * lesion.radius, size=2)
        size = float(rng.uniform(0.18, 0.32)) * (0.8 + 0.08 * lesion.subtlety)
        total += as_image(size * np.exp(-(((right - x) ** 2 + (up - y) ** 2) / (2 * size**2))))
    return as_image(CALCIUM * total)


def _film(canvas: Canvas, rng: np.random.Generator, attenuation: Image, inside: Image) -> Image:
    """Attenuation to film: quantum noise, thickness evened out at the rim, black air."""
    noise = rng.standard_normal(attenuation.shape, dtype=np.float32)
    exposed = attenuation + 0.012 * np.exp(attenuation / 4) * noise
    even = canvas.filter(as_image(exposed), 1 - 0.45 * canvas.gaussian(22))
    tissue = even[inside > 6]
    low, high = np.percentile(tissue, (0.5, 99.6))
    shown = np.clip(0.14 + 0.72 * (even - low) / (high - low), 0.02, 1)
    return as_image(np.where(inside > 0, shown, 0.015 + 0.004 * np.abs(noise)))
