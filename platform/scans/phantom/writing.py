"""Write a folder of phantoms and the table of what is in them."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from scans.phantom.anatomy import Anatomy
from scans.phantom.drawing import Canvas
from scans.phantom.findings import KINDS, Finding, draw_finding
from scans.phantom.headers import Person, write_mammogram, write_radiograph, write_slice
from scans.phantom.mammogram import KINDS as BREAST_KINDS
from scans.phantom.mammogram import Breast, Lesion, View, draw_mammogram
from scans.phantom.radiograph import Exposure, draw_radiograph
from scans.phantom.volume import Grid, Nodule, draw_volume

RADIOGRAPH_KINDS = KINDS
_CANVAS = Canvas(rows=832, columns=704, spacing=0.5)
_GRID = Grid()
_FILM = Canvas(rows=1152, columns=768, spacing=0.18)
_VIEWS: tuple[View, ...] = ("CC", "MLO")


@dataclass(frozen=True)
class Truth:
    """One line of labels.csv."""

    file: str  # relative to labels.csv; a volume's is its folder
    patient: str
    kind: str  # image or volume
    findings: tuple[str, ...]
    subtlety: tuple[int, ...]  # beside findings; 1 extremely subtle … 5 obvious
    diameter: float | None = None  # mm, of a volume's largest nodule
    centre: tuple[int, int, int] | None = None  # its slice, row and column, from 0

    @classmethod
    def of_film(cls, file: str, patient: str, found: Sequence[Finding | Lesion]) -> "Truth":
        kinds, subtlety = tuple(one.kind for one in found), tuple(one.subtlety for one in found)
        return cls(file, patient, "image", kinds, subtlety)

    def row(self) -> dict[str, str | int]:
        return {
            "file": self.file,
            "patient": self.patient,
            "kind": self.kind,
            "findings": "|".join(self.findings),
            "subtlety": "|".join(str(grade) for grade in self.subtlety),
            **{name.lower(): int(name in self.findings) for name in (*KINDS, *BREAST_KINDS)},
            "diameter": "" if self.diameter is None else f"{self.diameter:.1f}",
            "centre": "" if self.centre is None else "|".join(map(str, self.centre)),
        }


_Part = tuple[Callable[..., list[Truth]], tuple[Any, ...]]


def write_phantoms(
    folder: Path,
    *,
    radiographs: int,
    volumes: int,
    mammograms: int = 0,
    seed: int = 0,
    processes: int | None = None,
) -> Path:
    """Write `folder`/radiographs, /volumes and /mammograms; the path of `folder`/labels.csv.

    `mammograms` counts studies, of four images each. The same arguments write the same bytes,
    whatever the number of processes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    work: list[_Part] = [
        (_write_patient, (folder, seed, *part)) for part in _patients(radiographs, seed)
    ]
    work += [(_write_volume, (folder, seed, number)) for number in range(volumes)]
    work += [(_write_breasts, (folder, seed, number)) for number in range(mammograms)]
    count = processes if processes is not None else len(os.sched_getaffinity(0))
    if count <= 1:
        written = [_write(part) for part in work]
    else:
        with ProcessPoolExecutor(count, mp_context=get_context("forkserver")) as pool:
            written = list(pool.map(_write, work, chunksize=4)) if work else []
    return _write_labels(folder, [truth for truths in written for truth in truths])


def _write(part: _Part) -> list[Truth]:
    write, arguments = part
    return write(*arguments)


def _write_labels(folder: Path, truths: list[Truth]) -> Path:
    path = folder / "labels.csv"
    with path.open("w", newline="") as file:
        columns = ["file", "patient", "kind", "findings", "subtlety"]
        columns += [name.lower() for name in (*KINDS, *BREAST_KINDS)] + ["diameter", "centre"]
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(truth.row() for truth in truths)
    return path


def _patients(radiographs: int, seed: int) -> Iterator[tuple[int, int]]:
    """(patient's number, how many images of them), one to four each, until all are dealt."""
    rng = np.random.default_rng([seed, 0])
    number = 0
    while radiographs > 0:
        images = min(radiographs, int(rng.choice([1, 2, 3, 4], p=[0.25, 0.35, 0.25, 0.15])))
        yield number, images
        number, radiographs = number + 1, radiographs - images


def _draw_findings(rng: np.random.Generator) -> list[Finding]:
    """None in half of the patients; else one, sometimes two."""
    if rng.random() < 0.5:
        return []
    count = 1 if rng.random() < 0.75 else 2
    kinds = rng.choice(KINDS, size=count, replace=False, p=[0.4, 0.35, 0.25])
    return [draw_finding(rng, str(kind)) for kind in kinds]


def _write_patient(folder: Path, seed: int, number: int, images: int) -> list[Truth]:
    rng = np.random.default_rng([seed, 1, number])
    findings = _draw_findings(rng)
    enlarged = next((f.size for f in findings if f.kind == "Cardiomegaly"), None)
    anatomy = Anatomy.draw(rng, cardiomegaly=enlarged)
    identifier = f"FICT-{seed}-{number:05d}"
    person = Person.draw(rng, identifier=identifier, female=anatomy.female, age=anatomy.age)
    bits, inverted = int(rng.choice([12, 14, 16])), bool(rng.random() < 0.15)
    truths = []
    for image in range(1, images + 1):
        film = draw_radiograph(_CANVAS, anatomy, Exposure.draw(rng), findings)
        name = f"radiographs/P{number:05d}/IM{image:03d}.dcm"
        write_radiograph(
            folder / name, person, film, study=f"{seed}/{number}/{image}", number=image,
            bits=bits, inverted=inverted, spacing=_CANVAS.spacing,
        )  # fmt: skip
        truths.append(Truth.of_film(name, identifier, findings))
    return truths


def _write_volume(folder: Path, seed: int, number: int) -> list[Truth]:
    rng = np.random.default_rng([seed, 2, number])
    nodules = [] if number % 4 == 3 else [_draw_nodule(rng)]
    identifier = f"FICT-CT-{seed}-{number:03d}"
    person = Person.draw(
        rng, identifier=identifier, female=bool(rng.random() < 0.5), age=int(rng.integers(45, 85))
    )
    volume = draw_volume(_GRID, nodules, rng)
    corner = -(_GRID.size - 1) / 2 * _GRID.spacing
    name = f"volumes/V{number:03d}"
    for index, slab in enumerate(volume):
        write_slice(
            folder / name / f"IM{index + 1:04d}.dcm", person, slab, study=f"{seed}/ct{number}",
            number=index + 1, spacing=_GRID.spacing, thickness=_GRID.thickness,
            position=(corner, corner, -900 + index * _GRID.thickness),
        )  # fmt: skip
    found = Truth(
        name, identifier, "volume",
        ("Nodule",) * len(nodules), tuple(n.subtlety for n in nodules),
        2 * nodules[0].radius if nodules else None,
        _place(nodules[0]) if nodules else None,
    )  # fmt: skip
    return [found]


def _write_breasts(folder: Path, seed: int, number: int) -> list[Truth]:
    """One woman's four views; a lesion in every other one, in one breast."""
    rng = np.random.default_rng([seed, 3, number])
    identifier = f"FICT-MG-{seed}-{number:03d}"
    person = Person.draw(rng, identifier=identifier, female=True, age=int(rng.integers(45, 78)))
    right = Breast.draw(rng)
    breasts = {"R": right, "L": right.other(rng)}
    ill = str(rng.choice(["R", "L"])) if number % 2 else ""
    lesion = Lesion.draw(rng)
    truths = []
    for image, (side, view) in enumerate(product(breasts, _VIEWS), start=1):
        lesions = [lesion] if side == ill else []
        film = draw_mammogram(_FILM, breasts[side], view, lesions)
        name = f"mammograms/M{number:03d}/IM{image:03d}.dcm"
        write_mammogram(
            folder / name, person, film[:, ::-1] if side == "R" else film,
            study=f"{seed}/mg{number}", number=image, side=side, view=view, spacing=_FILM.spacing,
        )  # fmt: skip
        truths.append(Truth.of_film(name, identifier, lesions))
    return truths


def _place(nodule: Nodule) -> tuple[int, int, int]:
    """Slice, row and column of its centre."""
    middle = (_GRID.size - 1) / 2
    across, down = (round(middle + mm / _GRID.spacing) for mm in (nodule.x, nodule.y))
    return round(nodule.z * (_GRID.slices - 1)), down, across


def _draw_nodule(rng: np.random.Generator) -> Nodule:
    subtlety = int(rng.integers(1, 6))
    return Nodule(
        x=float(rng.choice([-1, 1]) * rng.uniform(62, 92)),
        y=float(rng.uniform(-28, 36)),
        z=float(rng.uniform(0.38, 0.72)),
        radius=(4.0, 5.0, 6.5, 8.5, 11.5)[subtlety - 1] * float(rng.uniform(0.9, 1.1)),
        subtlety=subtlety,
    )
