"""Phantoms of the size that readers meet, as DICOM files and as tasks of a project."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from projects.models import Project
    from scans.models import Scan

ROWS, COLUMNS = 2500, 2048
SLICE = 512
# A whole chest in slices of a millimetre.
SLICES = 300


def write_radiographs(folder: Path, count: int) -> list[Path]:
    """Radiographs of 16 bits, 2500 by 2048, of a patient each."""
    from scans.phantom.anatomy import Anatomy
    from scans.phantom.drawing import Canvas
    from scans.phantom.headers import Person, write_radiograph
    from scans.phantom.radiograph import Exposure, draw_radiograph

    paths = []
    for number in range(count):
        rng = np.random.default_rng([7, number])
        anatomy = Anatomy.draw(rng, cardiomegaly=None)
        canvas = Canvas(rows=ROWS, columns=COLUMNS, spacing=0.17)
        film = draw_radiograph(canvas, anatomy, Exposure.draw(rng), [])
        path = folder / f"radiograph-{number}.dcm"
        person = Person.draw(rng, identifier=f"DX-{number}", female=False, age=50)
        write_radiograph(
            path, person, film, study=f"bench/dx{number}", number=1, bits=16, inverted=False,
            spacing=canvas.spacing,
        )  # fmt: skip
        paths.append(path)
    return paths


def write_volume(folder: Path, number: int) -> list[Path]:
    """A chest CT of 300 slices, 512 by 512, in a folder of its own; its slices from below."""
    from scans.phantom.headers import Person, write_slice
    from scans.phantom.volume import Grid, draw_volume

    rng = np.random.default_rng([8, number])
    grid = Grid(slices=SLICES // 4, size=SLICE // 2, spacing=1.4, thickness=4.0)
    drawn = draw_volume(grid, [], rng)
    person = Person.draw(rng, identifier=f"CT-{number}", female=True, age=60)
    paths = []
    for index in range(SLICES):
        # Finer than it was drawn, with noise of its own in every pixel, as a scanner has it.
        coarse = drawn[index // 4].repeat(2, axis=0).repeat(2, axis=1)
        slab = coarse + rng.normal(scale=15, size=coarse.shape).astype(np.float32)
        path = folder / f"volume-{number}" / f"{index:03}.dcm"
        write_slice(
            path, person, slab, study=f"bench/ct{number}", number=index + 1, spacing=0.7,
            thickness=1.0, position=(-179.0, -179.0, float(index)),
        )  # fmt: skip
        paths.append(path)
    return paths


def take_in(project: "Project", folder: Path) -> None:
    """Ingest a folder into the project's archive, as `manage.py ingest` does."""
    from scans import services

    ingest = services.begin_ingest(archive=project.archive)
    services.ingest_paths(ingest=ingest, paths=[folder])
    services.finish_ingest(ingest=ingest)


def fill_queue(project: "Project", *, kind: str, count: int) -> None:
    """So many tasks of the project's scans of this kind.

    Beyond those taken in, scans of the same pixels under numbers of their own: to the browser they
    are other pictures.
    """
    from annotator.queue import create_tasks
    from scans.models import Scan

    taken = list(Scan.objects.filter(archive=project.archive, kind=kind).order_by("pk"))
    create_tasks(project=project, scans=taken[:count])
    more = [_again(taken[number % len(taken)], number) for number in range(len(taken), count)]
    create_tasks(project=project, scans=Scan.objects.bulk_create(more))


def _again(scan: "Scan", number: int) -> "Scan":
    from scans.models import Scan

    fields = {
        field.attname: getattr(scan, field.attname)
        for field in Scan._meta.concrete_fields
        if field.name not in ("id", "name", "digest")
    }
    digest = hashlib.sha256(f"{scan.digest}/{number}".encode()).hexdigest()
    return Scan(**fields, name=f"again-{number}", digest=digest)
