"""The cast: Alice manages, Bob reads, Ana analyses, Charlie must see nothing."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from django.test import Client

from accounts.models import Role, User
from annotator.asked import asked_by
from annotator.models import Annotation
from annotator.queue import create_tasks
from projects.label_templates import TEMPLATES
from projects.members import add_member
from projects.models import Project
from projects.services import create_project
from scans.framestore import write_frames
from scans.models import Patient, Scan, Series, Study

PASSWORD = "a long enough pass phrase"
XML = {template.slug: template.xml for template in TEMPLATES}


@dataclass(frozen=True)
class Cast:
    alice: User
    bob: User
    ana: User
    charlie: User
    project: Project  # Alice's
    his: Project  # Charlie's own, so that only the project is what keeps him out


def make_cast() -> Cast:
    def person(name: str, **fields: bool) -> User:
        return User.objects.create_user(f"{name}@example.org", PASSWORD, **fields)

    alice, charlie = (person(name, may_create_projects=True) for name in ("alice", "charlie"))
    bob, ana = person("bob"), person("ana")
    project = create_project(
        creator=alice, title="Chests", label_config=XML["findings"], readers=[bob.email]
    )
    add_member(project=project, added_by=alice, email=ana.email, role=Role.ANALYST)
    his = create_project(creator=charlie, title="Charlie's", label_config=XML["diagnosis"])
    return Cast(alice, bob, ana, charlie, project, his)


def make_scan(project: Project, *, patient: str = "p1", name: str = "one.png") -> Scan:
    """A scan of two 2×3 frames, in the frame store and in a task of the project."""
    frames = np.arange(12, dtype="<u2").reshape(2, 2, 3)
    header = {
        "dtype": "uint16",
        "rows": 2,
        "columns": 3,
        "samples": 1,
        "frame_count": 2,
        "smallest": 0,
        "largest": 11,
    }
    digest = write_frames(Path(settings.FRAME_STORE), header, frames)
    archive = project.archive
    owner, _ = Patient.objects.get_or_create(archive=archive, pseudonym=patient)
    study = Study.objects.create(archive=archive, patient=owner, uid=f"1.2.{name}")
    series = Series.objects.create(study=study, uid=f"1.2.3.{name}")
    scan = Scan.objects.create(
        archive=archive,
        series=series,
        kind=Scan.Kind.IMAGE,
        name=name,
        digest=name.ljust(64, "0")[:64],
        frames=digest,
        frame_count=2,
        rows=2,
        columns=3,
        geometry=header,
    )
    create_tasks(project=project, scans=[scan])
    return scan


def answer(project: Project, reader: User, *choices: str) -> Annotation:
    """An annotation of the project's first task that ticks these findings."""
    task = project.tasks.order_by("pk")[0]
    region = {
        "id": "a",
        "from_name": "findings",
        "to_name": "image",
        "type": "choices",
        "value": {"choices": list(choices)},
    }
    return Annotation.objects.create(
        task=task,
        project=project,
        reader=reader,
        result=[region],
        asked=asked_by(project.label_config),
    )


def page_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()
