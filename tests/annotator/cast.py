"""Who plays in these tests, and what they read. Alice manages, Bob and Dora read, Erin exports,
Ada adjudicates; Charlie is no member and must see nothing."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.test import Client

from accounts.models import Role, User
from annotator.modelhelp import HeatMap, note_heat_map
from annotator.models import Task, TaskScan
from annotator.queue import Placement, apply_ranking
from annotator.services import Submission, Submitted, submit_annotation
from projects.models import Membership, Project
from scans.models import Archive, Patient, Scan, Series, Study

FINDINGS = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion"/>
  </Choices>
</View>
"""
NODULE: list[dict[str, Any]] = [
    {
        "id": "a1",
        "from_name": "findings",
        "to_name": "image",
        "type": "choices",
        "value": {"choices": ["Nodule"]},
    }
]
NORMAL: list[dict[str, Any]] = []


@dataclass(frozen=True)
class Cast:
    project: Project
    alice: User  # manager
    bob: User  # reader
    dora: User  # reader
    erin: User  # analyst
    ada: User  # adjudicator
    charlie: User  # no member


def make_cast(*, label_config: str = FINDINGS, **fields: Any) -> Cast:
    """A project with its members; `fields` are the project's (overlap, audit_share, …).

    It has a random arm only where a test asks for one.
    """
    people = {
        name: User.objects.create_user(f"{name}@example.org")
        for name in ("alice", "bob", "dora", "erin", "ada", "charlie")
    }
    project = Project.objects.create(
        title="Nodules",
        label_config=label_config,
        archive=Archive.objects.create(name="Nodules"),
        created_by=people["alice"],
        **{"random_share": 0.0, **fields},
    )
    roles = {
        "alice": Role.MANAGER,
        "bob": Role.READER,
        "dora": Role.READER,
        "erin": Role.ANALYST,
        "ada": Role.ADJUDICATOR,
    }
    Membership.objects.bulk_create(
        Membership(project=project, user=people[name], role=role, added_by=people["alice"])
        for name, role in roles.items()
    )
    return Cast(project, **people)


def make_scans(project: Project, count: int, *, per_patient: int = 1) -> list[Scan]:
    """So many radiographs without pixels, `per_patient` of each patient."""
    archive = project.archive
    scans = []
    for n in range(count):
        number = Scan.objects.count()
        patient, _ = Patient.objects.get_or_create(
            archive=archive, pseudonym=f"patient-{number // per_patient}"
        )
        study = Study.objects.create(archive=archive, patient=patient, uid=f"2.25.{number}")
        series = Series.objects.create(study=study, uid=f"2.25.1.{number}", modality="DX")
        scans.append(
            Scan.objects.create(
                archive=archive,
                series=series,
                kind=Scan.Kind.IMAGE,
                name=f"{n}.dcm",
                digest=f"{number:064x}",
                frames=f"{number:064x}",
                frame_count=1,
                rows=64,
                columns=48,
                geometry={"dtype": "uint16", "rows": 64, "columns": 48},
            )
        )
    return scans


def make_tasks(
    project: Project, count: int, *, arm: Task.Arm = Task.Arm.POOL, first_rank: int = 1
) -> list[Task]:
    """So many open tasks, a patient and a scan each, ranked in this order."""
    tasks = []
    for n, scan in enumerate(make_scans(project, count)):
        task = Task.objects.create(
            project=project, patient=scan.series.study.patient, arm=arm, rank=first_rank + n
        )
        TaskScan.objects.create(task=task, scan=scan)
        tasks.append(task)
    return tasks


def answer(
    project: Project, task_id: int, reader: User, result: list[dict[str, Any]] = NODULE, **more: Any
) -> Submitted:
    """The reader's answer to the task, with a unique id of its own unless one is given."""
    submission = Submission(**{"result": result, "unique_id": uuid.uuid4(), **more})
    return submit_annotation(project=project, task_id=task_id, reader=reader, submission=submission)


def place(
    project: Project, generation: int, placed: Sequence[tuple[int, float]], **more: Any
) -> None:
    """The tasks, as (task id, score) best first, placed by margin with the weights of round 1."""
    placements = [Placement(task_id, score) for task_id, score in placed]
    ranking: dict[str, Any] = {"placed": placements, "strategy": "margin", "model": 1, **more}
    apply_ranking(project=project, generation=generation, **ranking)


def see_heat_map(task_id: int, reader: User) -> None:
    """Show the reader, who has answered it, what the model sees in the task."""
    heat = HeatMap("findings", "Nodule", scan=0, frame=0, model=1)
    assert note_heat_map(task_id=task_id, reader=reader, heat=heat)


class Asking:
    """One person's client."""

    def __init__(self, person: User) -> None:
        self.client = Client()
        self.client.force_login(person)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """(status, JSON) of the reply."""
        sent = "" if body is None else json.dumps(body)
        reply = self.client.generic(method, path, sent, content_type="application/json")
        return reply.status_code, json.loads(reply.content)


def submission(**more: object) -> dict[str, object]:
    return {"result": NODULE, "lead_time": 4.2, "unique_id": str(uuid.uuid4()), **more}
