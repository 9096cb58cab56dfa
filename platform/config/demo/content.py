"""What the demo shows: synthetic radiographs, CT volumes and mammograms, or your own scans."""

import shutil
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction

from accounts.models import User
from annotator.queue import create_tasks
from config.demo.people import MANAGER, ROLES
from projects.members import add_member
from projects.models import Project, ReadingUnit
from projects.services import create_project
from scans.models import IngestedFile, Scan
from scans.phantom import write_phantoms
from scans.services import begin_ingest, finish_ingest, ingest_paths

_HERE = Path(__file__).parent
RADIOGRAPHS, VOLUMES = "Chest radiographs (synthetic)", "Chest CT (synthetic)"
MAMMOGRAMS = "Mammograms (synthetic)"
# The first scans are few, so that reading can begin while the others are made.
FIRST, REST, SERIES, WOMEN = 60, 540, 8, 8
VIEWS = 4  # of each woman: right and left, CC and MLO

Tell = Callable[[str], None]


@transaction.atomic
def demo_project(
    *, title: str, label_config: str, reading_unit: ReadingUnit = ReadingUnit.SCAN
) -> Project:
    """The project of this title that the demo's manager made; made now where there is none.

    Raises LabelConfigError for a label config that cannot be used.
    """
    manager = User.objects.get(email=MANAGER)
    found = Project.objects.filter(title=title, created_by=manager).first()
    if found is not None:
        return found
    project = create_project(
        creator=manager, title=title, label_config=label_config, reading_unit=reading_unit
    )
    for email, role in ROLES.items():
        if email != MANAGER:
            add_member(project=project, added_by=manager, email=email, role=role)
    return project


def make_synthetic_projects() -> None:
    for title, name, unit in (
        (RADIOGRAPHS, "radiographs", ReadingUnit.SCAN),
        (VOLUMES, "volumes", ReadingUnit.SCAN),
        (MAMMOGRAMS, "mammograms", ReadingUnit.STUDY),
    ):
        label_config = (_HERE / f"{name}.xml").read_text()
        demo_project(title=title, label_config=label_config, reading_unit=unit)


def fill_with_phantoms(*, tell: Tell) -> None:
    """Draw and take in what is missing; cut off at any moment, it goes on where it was."""
    radiographs = Project.objects.get(title=RADIOGRAPHS, created_by__email=MANAGER)
    volumes = Project.objects.get(title=VOLUMES, created_by__email=MANAGER)
    mammograms = Project.objects.get(title=MAMMOGRAMS, created_by__email=MANAGER)
    if not _has_scans(radiographs, FIRST):
        _fill(radiographs, radiographs=FIRST, seed=0, tell=tell)
    tell("ready")
    if not _has_scans(volumes, SERIES):
        _fill(volumes, volumes=SERIES, seed=0, tell=tell)
    if not _has_scans(mammograms, WOMEN * VIEWS):
        _fill(mammograms, mammograms=WOMEN, seed=0, tell=tell)
    if not _has_scans(radiographs, FIRST + REST):
        _fill(radiographs, radiographs=REST, seed=1, tell=tell)


def fill_with_folder(*, folder: Path, label_config: str, tell: Tell) -> None:
    """Take a folder of real scans into a project that bears its name; files known stay."""
    project = demo_project(title=folder.name, label_config=label_config)
    _take(project, folder, tell=tell)
    tell("ready")


def _has_scans(project: Project, count: int) -> bool:
    return project.archive.scans.count() >= count


def _fill(
    project: Project,
    *,
    radiographs: int = 0,
    volumes: int = 0,
    mammograms: int = 0,
    seed: int,
    tell: Tell,
) -> None:
    drawn = Path(settings.STAGED_UPLOADS) / "phantoms"
    shutil.rmtree(drawn, ignore_errors=True)
    write_phantoms(
        drawn, radiographs=radiographs, volumes=volumes, mammograms=mammograms, seed=seed
    )
    (drawn / "labels.csv").unlink()
    _take(project, drawn, tell=tell)
    shutil.rmtree(drawn)


def _take(project: Project, folder: Path, *, tell: Tell) -> None:
    ingest = begin_ingest(archive=project.archive, user=project.created_by)
    ingest_paths(ingest=ingest, paths=[folder])
    finish_ingest(ingest=ingest)
    create_tasks(project=project, scans=Scan.objects.filter(archive=project.archive))
    refused = ingest.files.filter(outcome=IngestedFile.Outcome.REJECTED)
    tell(
        f"{project.title}: {project.archive.scans.count()} scans, {refused.count()} files not taken"
    )
    for file in refused[:20]:
        tell(f"  {file.path}: {file.reason}")
