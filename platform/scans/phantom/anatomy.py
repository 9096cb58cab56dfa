"""One synthetic patient: the measures in millimetres that their radiographs are drawn from."""

from dataclasses import dataclass, field

import numpy as np

from scans.phantom.drawing import Canvas, Image, as_image, ramp, smooth_curve

# The first ten ribs: where each leaves the spine (y), how wide the cage is there (x), how far it
# falls from back to front. Millimetres on a detector 410 high, for a build of 1.
RIBS = [
    (66.0, 52.0, 22.0),
    (84.0, 82.0, 38.0),
    (105.0, 101.0, 54.0),
    (128.0, 114.0, 70.0),
    (152.0, 123.0, 84.0),
    (177.0, 129.0, 96.0),
    (203.0, 133.0, 106.0),
    (229.0, 136.0, 112.0),
    (255.0, 137.0, 114.0),
    (281.0, 136.0, 112.0),
]
LEFT_BORDER = [
    (30.0, 26.0), (92.0, 29.0), (112.0, 33.0), (126.0, 39.0), (140.0, 36.0), (152.0, 35.0),
    (172.0, 41.0), (192.0, 45.0), (215.0, 56.0), (245.0, 74.0), (278.0, 86.0), (302.0, 84.0),
    (322.0, 66.0), (345.0, 40.0),
]  # fmt: skip
RIGHT_BORDER = [
    (30.0, 24.0), (100.0, 22.0), (145.0, 27.0), (190.0, 29.0), (215.0, 36.0), (250.0, 45.0),
    (285.0, 45.0), (312.0, 36.0), (335.0, 28.0),
]  # fmt: skip


@dataclass(frozen=True)
class Anatomy:
    """What stays the same between two radiographs of one patient."""

    seed: int
    female: bool
    age: int
    build: float  # width of the cage, 1 = average
    stature: float  # height of the cage, 1 = average
    fat: float  # depth of soft tissue, 1 = average
    heart: float  # transverse size of the heart, 1 = average, 1.15 and more is enlarged
    domes: tuple[float, float]  # y of the right and the left diaphragm's top, before inspiration
    unfolding: float  # of the aorta, mm

    @classmethod
    def draw(cls, rng: np.random.Generator, *, cardiomegaly: float | None) -> "Anatomy":
        """A patient by chance; `cardiomegaly` sets the heart's size where it is enlarged."""
        age = int(rng.integers(24, 88))
        right = float(rng.normal(296, 8))
        return cls(
            seed=int(rng.integers(2**31)),
            female=bool(rng.random() < 0.5),
            age=age,
            build=float(np.clip(rng.normal(1.0, 0.05), 0.9, 1.1)),
            stature=float(np.clip(rng.normal(1.0, 0.035), 0.93, 1.06)),
            fat=float(np.clip(rng.normal(1.0, 0.12), 0.8, 1.3)),
            heart=cardiomegaly or float(np.clip(rng.normal(0.94, 0.05), 0.82, 1.04)),
            domes=(right, right + float(rng.normal(11, 3))),
            unfolding=float(max(0.0, rng.normal((age - 45) / 6, 2))),
        )

    def cage(self, y: Image) -> Image:
        """Half the inner width of the rib cage at y: where the lungs end at the side."""
        knots = [(48.0, 0.0), (52.0, 26.0), (60.0, 41.0)]
        knots += [(start + fall / 2 - 2, width - 5) for start, width, fall in RIBS]
        knots.append((420.0, 118.0))
        return smooth_curve(y / self.stature, knots) * self.build

    def dome(self, x: Image, side: int, inspiration: float) -> Image:
        """y of the diaphragm's contour over x; side -1 is the patient's right (viewer's left)."""
        top = self.domes[0 if side < 0 else 1] * self.stature + inspiration
        centre, reach = 62.0 * self.build, 70.0 * self.build
        u = (side * x - centre) / reach
        return as_image(top + np.where(u > 0, 52 * np.abs(u) ** 2.4, 20 * np.abs(u) ** 2.0))

    def heart_borders(self, y: Image) -> tuple[Image, Image]:
        """Where the mediastinum ends on the viewer's right (the patient's left) and left, mm."""
        level = y / self.stature
        enlarge = 1 + (self.heart * self.build - 1) * smooth_curve(level, [(170, 0.0), (245, 1.0)])
        knob = self.unfolding * np.exp(-(((level - 124) / 16) ** 2))
        return (
            as_image(smooth_curve(level, LEFT_BORDER) * enlarge + knob),
            as_image(smooth_curve(level, RIGHT_BORDER) * (1 + (enlarge - 1) * 0.7)),
        )


@dataclass(frozen=True)
class Lungs:
    """Air in the two lungs and what lies between them, as depths along the beam in mm."""

    air: Image
    mediastinum: Image
    right: Image = field(repr=False)
    left: Image = field(repr=False)


def lay_lungs(canvas: Canvas, anatomy: Anatomy, *, inspiration: float) -> Lungs:
    """The depth of lung at every pixel, [rows, columns], and of the mediastinum within it."""
    x, y = canvas.x, canvas.y
    edge = anatomy.cage(y)  # [rows, 1]
    depth = smooth_curve(y / anatomy.stature, [(48, 30), (90, 105), (170, 165), (300, 185)])
    depth = depth * (0.6 + 0.4 * anatomy.build)
    heart = _mediastinum(canvas, anatomy)
    sides = []
    for side in (-1, 1):
        inner, outer = 3.0, np.maximum(edge, 3.1)
        u = np.clip((side * x - inner) / (outer - inner), 0, 1)
        # Deep from the midline outwards, closing fast at the chest wall.
        profile = np.sqrt(np.clip(1 - u**3.2, 0, 1)) * ramp(side * x - inner, 6)
        below = y - anatomy.dome(x, side, inspiration)
        behind = 0.16 * np.exp(-np.maximum(below, 0) / 22)  # recess behind the dome
        covered = ramp(below, 1.6)
        sides.append((depth * profile * (1 - covered + covered * behind)).astype(np.float32))
    right, left = (side * (1 - heart) for side in sides)
    return Lungs(air=right + left, mediastinum=heart, right=right, left=left)


def _mediastinum(canvas: Canvas, anatomy: Anatomy) -> Image:
    """Share of the chest's depth that heart and vessels fill, 0 to 0.95, [rows, columns]."""
    left, right = anatomy.heart_borders(canvas.y)
    middle, half = (left - right) / 2, (left + right) / 2
    u = np.clip(np.abs(canvas.x - middle) / half, 0, 1)
    fill = smooth_curve(
        canvas.y / anatomy.stature, [(40, 0.9), (130, 0.75), (200, 0.8), (280, 0.95)]
    )
    return as_image(fill * (1 - u**2.2) ** 0.42)
