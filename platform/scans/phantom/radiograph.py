"""A postero-anterior chest radiograph made as X-rays make it: depth, scatter, noise, film."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from scans.phantom.anatomy import RIBS, Anatomy, lay_lungs
from scans.phantom.drawing import Canvas, Curve, Image, as_image, ramp, smooth_curve, tube
from scans.phantom.findings import Finding, draw_effusion, draw_nodule
from scans.phantom.vessels import draw_vessels

# Attenuation per mm at about 110 kV: water, what bone adds to water, what air takes from it.
WATER, BONE = 0.0185, 0.030


@dataclass(frozen=True)
class Exposure:
    """What differs between two radiographs of one patient."""

    seed: int
    shift: tuple[float, float]  # mm
    inspiration: float  # mm by which the diaphragm stands lower
    dose: float  # photons per pixel in air
    scatter: float  # share of the open field that reaches the detector as veil
    marker: bool  # the lead letter is in the field

    @classmethod
    def draw(cls, rng: np.random.Generator) -> "Exposure":
        return cls(
            seed=int(rng.integers(2**31)),
            shift=(float(rng.normal(0, 3.5)), float(rng.normal(2, 5))),
            inspiration=float(rng.normal(0, 6)),
            dose=float(np.exp(rng.normal(np.log(9000), 0.45))),
            scatter=float(rng.uniform(0.25, 0.5)),
            marker=bool(rng.random() < 0.8),
        )


@dataclass(frozen=True)
class _Frame:
    """What two radiographs of one patient share, [rows, columns] each, mm."""

    water: Image
    bone: Image
    blood: Image
    texture: Image


@lru_cache(maxsize=2)
def _frame(canvas: Canvas, anatomy: Anatomy) -> _Frame:
    rng = np.random.default_rng(anatomy.seed)
    water = _body(canvas, anatomy) - _airways(canvas, anatomy)
    if anatomy.female:
        water += _breasts(canvas, anatomy)
    return _Frame(
        water=water,
        bone=_bones(canvas, anatomy, rng) * np.float32(1.15 - anatomy.age / 300),
        blood=draw_vessels(canvas, anatomy, rng),
        texture=canvas.texture(rng, slope=1.0, coarsest=9),
    )


def draw_radiograph(
    canvas: Canvas, anatomy: Anatomy, exposure: Exposure, findings: list[Finding]
) -> Image:
    """[rows, columns] in 0..1, bright where little radiation came through."""
    frame = _frame(canvas, anatomy)
    lungs = lay_lungs(canvas, anatomy, inspiration=exposure.inspiration)
    air = lungs.air
    for finding in findings:
        if finding.kind == "Effusion":
            air = air - draw_effusion(canvas, anatomy, lungs, finding)
    water = frame.water - 0.76 * air
    water += 1.25 * frame.blood * np.clip(air / 40, 0, 1) + air * frame.texture * 0.010
    water -= _stomach(canvas, anatomy, exposure)
    for finding in findings:
        if finding.kind == "Nodule":
            water += draw_nodule(canvas, finding)
    depth = np.maximum(water, 0) * WATER + frame.bone * BONE
    return _expose(canvas, depth, exposure)


def _body(canvas: Canvas, anatomy: Anatomy) -> Image:
    """Depth of neck, shoulders and trunk, mm."""
    x, y = canvas.x, canvas.y / anatomy.stature
    outline: list[tuple[float, float]] = [
        (0, 54),
        (22, 58),
        (36, 80),
        (52, 142),
        (72, 185),
        (130, 186),
        (190, 168),
    ]
    outline += [(300, 160), (420, 166)]
    half = smooth_curve(y, outline) * anatomy.build * (0.75 + 0.25 * anatomy.fat)
    depth = smooth_curve(y, [(0, 105), (30, 115), (80, 165), (150, 205), (300, 215), (420, 235)])
    u = np.clip(np.abs(x) / half, 0, 1)
    return as_image(depth * anatomy.fat * (1 - u**3.5) ** 0.55)


def _breasts(canvas: Canvas, anatomy: Anatomy) -> Image:
    total = np.zeros((canvas.rows, canvas.columns), np.float32)
    for side in (-1, 1):
        across = (side * canvas.x - 82 * anatomy.build) / 62
        down = (canvas.y - 262 * anatomy.stature) / np.where(
            canvas.y > 262 * anatomy.stature, 50, 95
        )
        total += 30 * anatomy.fat * np.clip(1 - across**2 - down**2, 0, 1) ** 0.8
    return as_image(total)


def _airways(canvas: Canvas, anatomy: Anatomy) -> Image:
    """Trachea and the two main bronchi, mm of air."""
    s = anatomy.stature
    trachea = np.array([[0.0, 12.0], [-1.0, 60.0], [-3.5, 115.0], [-2.0, 152.0]]) * [1, s]
    right = np.array([[-3.0, 150.0], [-16.0, 166.0], [-30.0, 182.0]]) * [1, s]
    left = np.array([[-2.0, 150.0], [16.0, 168.0], [38.0, 178.0]]) * [1, s]
    parts = [tube(trachea, np.full(4, 8.5), np.full(4, 8.0))]
    parts += [tube(branch, np.linspace(7, 5, 3), np.linspace(6, 4, 3)) for branch in (right, left)]
    x, y, volume = (np.concatenate(values) for values in zip(*parts, strict=True))
    return canvas.blur(canvas.splat(x, y, volume), 0.8)


def _stomach(canvas: Canvas, anatomy: Anatomy, exposure: Exposure) -> Image:
    """The bubble under the left dome, in some larger than in others."""
    size = float(np.random.default_rng(exposure.seed).uniform(0.0, 1.0))
    top = float(anatomy.dome(np.float32(66), 1, exposure.inspiration))  # type: ignore[arg-type]
    across = (canvas.x - 62 * anatomy.build) / (34 * (0.5 + size / 2))
    down = (canvas.y - top - 19 - 6 * size) / (14 * (0.5 + size / 2))
    return as_image(46 * size * np.sqrt(np.clip(1 - across**2 - down**2, 0, 1)))


def _bones(canvas: Canvas, anatomy: Anatomy, rng: np.random.Generator) -> Image:
    """Depth of bone, weighed as cortex, mm."""
    parts = [tube(*rib, cortex=0.16) for rib in _ribs(anatomy, rng)]
    parts += [tube(*clavicle, cortex=0.3) for clavicle in _clavicles(anatomy)]
    x, y, volume = (np.concatenate(values) for values in zip(*parts, strict=True))
    thin = canvas.splat(x, y, volume)
    return canvas.blur(thin, 0.35) + _spine(canvas, anatomy) + _shoulders(canvas, anatomy)


def _ribs(anatomy: Anatomy, rng: np.random.Generator) -> list[tuple[Curve, Curve, Curve]]:
    """Points, half height and depth of each rib, from its head to where the bone ends in front."""
    ribs = []
    for number, (start, width, fall) in enumerate(RIBS):
        wobble = rng.normal(0, 1.2, size=2)
        for side in (-1, 1):
            end = np.deg2rad(118 if number == 0 else 142 - 2.5 * number)
            turn = np.linspace(0.06, end, 120)
            x = 15 + (width * anatomy.build - 15) * np.sin(turn) ** 0.92
            y = start + wobble[0] - 7 * np.sin(2 * turn) + fall * (1 - np.cos(turn)) / 2
            z = (70 + 6 * number) * np.cos(turn)
            points = np.stack([side * x, y * anatomy.stature, z], axis=1)
            broad = np.abs(np.cos(turn))  # seen flat at the back and front, edge-on at the side
            front = np.clip((end - turn) / 0.5, 0.05, 1) ** 0.7  # fades into cartilage
            half = 3.4 + 2.9 * broad
            ribs.append((points, half, (4.8 + 0.8 * (1 - broad)) * front))
    return ribs


def _clavicles(anatomy: Anatomy) -> list[tuple[Curve, Curve, Curve]]:
    shape = [(16, 95), (32, 88), (60, 82), (95, 75), (125, 64), (150, 58)]
    return [
        (
            np.array([(side * x * anatomy.build, y * anatomy.stature) for x, y in shape]),
            np.array([7.5, 6.0, 5.2, 5.2, 6.0, 7.0]),
            np.array([9.0, 8.0, 7.5, 7.0, 6.5, 6.5]),
        )
        for side in (-1, 1)
    ]


def _spine(canvas: Canvas, anatomy: Anatomy) -> Image:
    """Vertebral bodies with discs between, pedicles and spinous processes."""
    x, level = canvas.x, canvas.y / anatomy.stature
    pitch = 24.0
    phase = np.mod(level - 54, pitch) / pitch  # 0 and 1 in the middle of a disc
    half = 13.5 + level / 60 + 1.0 * np.cos(2 * np.pi * phase)
    body = ramp(np.minimum(phase, 1 - phase) * pitch - 2.2, 1.8)
    plate = np.exp(-(((np.minimum(phase, 1 - phase) * pitch - 2.8) / 1.1) ** 2))
    column = (4.5 * body + 2.5 * plate + 1) * ramp(half - np.abs(x), 1.6)
    edge = 2 * body * np.exp(-(((half - np.abs(x) - 1.2) / 1.2) ** 2))
    down = (phase - 0.42) * pitch
    pedicles = np.hypot((np.abs(x) - half * 0.62) / 3.0, down / 4.4)
    ring = 2.5 * np.exp(-(((pedicles - 1) / 0.3) ** 2))
    process = 3 * np.exp(-((x / 2.4) ** 2) - (((phase - 0.75) * pitch / 5) ** 2))
    return as_image(column + edge + ring + process)


def _shoulders(canvas: Canvas, anatomy: Anatomy) -> Image:
    """Shoulder blades, turned off the lungs as far as a patient can, and the heads of the arms."""
    total = np.zeros((canvas.rows, canvas.columns), np.float32)
    y = canvas.y / anatomy.stature
    for side in (-1, 1):
        x = side * canvas.x / anatomy.build
        inner = smooth_curve(y, [(80, 128), (110, 121), (170, 130), (222, 148)])
        outer = smooth_curve(y, [(80, 160), (110, 158), (170, 154), (222, 152)])
        blade = ramp(np.minimum(x - inner, outer - x), 2.5) * ramp(np.minimum(y - 82, 222 - y), 8)
        rim = np.exp(-(((x - inner - 1.6) / 1.8) ** 2)) * ramp(np.minimum(y - 84, 220 - y), 8)
        rim += np.exp(-(((outer - x - 2.5) / 3) ** 2)) * ramp(np.minimum(y - 100, 220 - y), 8)
        head = np.hypot((x - 172) / 22, (y - 88) / 24)
        total += (2.2 * blade + 3.2 * rim + 20 * np.sqrt(np.clip(1 - head**2, 0, 1))).astype(
            np.float32
        )
    return canvas.blur(total, 0.6)


def _expose(canvas: Canvas, depth: Image, exposure: Exposure) -> Image:
    """Attenuation to film: scatter, quantum noise, logarithm, and a console's harmonisation."""
    rng = np.random.default_rng(exposure.seed)
    depth = _shift(depth, *(round(mm / canvas.spacing) for mm in exposure.shift))
    primary = np.exp(-depth)
    veil = exposure.scatter * canvas.gaussian(28)
    fluence = canvas.filter(primary, (1 + veil) * canvas.gaussian(0.18)) + 0.002
    noise = rng.standard_normal(fluence.shape, dtype=np.float32)
    fluence = np.maximum(fluence + noise * np.sqrt(fluence / exposure.dose), 1e-4)
    film = -np.log(fluence)
    # Large differences are halved nearly, small ones raised, as every console does.
    film = canvas.filter(film, 1.35 - 0.38 * canvas.gaussian(30) - 0.35 * canvas.gaussian(2.5))
    middle = film[canvas.rows // 8 : -canvas.rows // 8, canvas.columns // 8 : -canvas.columns // 8]
    low, high = np.percentile(middle[::4, ::4], (1.0, 99.3))
    film = 0.08 + 0.80 * (film - low) / (high - low)
    if exposure.marker:
        _stamp_marker(canvas, film, rng)
    return as_image(np.clip(film, 0, 1))


def _shift(image: Image, right: int, down: int) -> Image:
    """Move by whole pixels; what comes in repeats the edge."""
    rows = np.clip(np.arange(image.shape[0]) - down, 0, image.shape[0] - 1)
    columns = np.clip(np.arange(image.shape[1]) - right, 0, image.shape[1] - 1)
    return as_image(image[np.ix_(rows, columns)])


_LETTER_R = ["1110", "1001", "1001", "1110", "1100", "1010", "1001"]


def _stamp_marker(canvas: Canvas, film: Image, rng: np.random.Generator) -> None:
    """The lead letter R beside the patient's right shoulder, the viewer's left."""
    scale = max(2, round(2.2 / canvas.spacing))
    letter = np.kron(
        np.array([[int(c) for c in line] for line in _LETTER_R]), np.ones((scale, scale))
    )
    top = int(rng.uniform(12, 26) / canvas.spacing)
    left = int(rng.uniform(14, 34) / canvas.spacing)
    area = film[top : top + letter.shape[0], left : left + letter.shape[1]]
    np.maximum(area, 0.97 * letter.astype(np.float32), out=area)
