"""Who is in the tests of releases, and the answers they give."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts.models import Role, User
from annotator.asked import asked_by
from annotator.models import Annotation, Task, TaskScan
from projects.models import Membership, Project
from scans.models import Archive, Patient, Scan, Series, Study

LABEL_CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion"/>
  </Choices>
  <Choices name="quality" toName="image" choice="single">
    <Choice value="No artefact"/><Choice value="Artefact"/>
  </Choices>
  <Number name="size" toName="image" min="0"/>
  <RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels>
  <BrushLabels name="masks" toName="image">
    <Label value="Nodule"/><Label value="Lung"/>
  </BrushLabels>
</View>
"""
MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def entry(name: str, kind: str, value: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": f"{name}-1",
        "from_name": name,
        "to_name": "image",
        "type": kind,
        "value": value,
        **more,
    }


def findings(*said: str) -> dict[str, Any]:
    return entry("findings", "choices", {"choices": list(said)})


def quality(said: str) -> dict[str, Any]:
    return entry("quality", "choices", {"choices": [said]})


def size(millimetres: float) -> dict[str, Any]:
    return entry("size", "number", {"number": millimetres})


@dataclass
class Cast:
    """Alice manages, Ann analyses, Bob and Bea read, Charlie is a stranger."""

    project: Project
    alice: User
    ann: User
    bob: User
    bea: User
    charlie: User

    def scan(self, name: str, *, patient: str, frames: int = 1) -> Scan:
        person, _ = Patient.objects.get_or_create(archive=self.project.archive, pseudonym=patient)
        study = Study.objects.create(
            patient=person, archive=self.project.archive, uid=str(uuid.uuid4())
        )
        return Scan.objects.create(
            archive=self.project.archive,
            series=Series.objects.create(study=study, uid=study.uid, modality="DX"),
            kind=Scan.Kind.IMAGE if frames == 1 else Scan.Kind.VOLUME,
            name=name,
            digest=uuid.uuid4().hex * 2,
            frames="0" * 64,
            frame_count=frames,
            rows=50,
            columns=100,
        )

    def task(
        self, name: str, *, patient: str = "p1", arm: str = Task.Arm.POOL, frames: int = 1
    ) -> Task:
        scan = self.scan(name, patient=patient, frames=frames)
        task = Task.objects.create(
            project=self.project, patient=scan.series.study.patient, arm=arm, rank=7
        )
        TaskScan.objects.create(task=task, scan=scan)
        return task

    def answer(self, task: Task, reader: User, *result: dict[str, Any], **more: Any) -> Annotation:
        annotation = Annotation.objects.create(
            task=task,
            project=self.project,
            reader=reader,
            result=list(result),
            asked=more.pop("asked", asked_by(self.project.label_config)),
            lead_time=more.pop("lead_time", 4.5),
            **more,
        )
        moment = MORNING + timedelta(minutes=annotation.pk % 60)
        Annotation.objects.filter(pk=annotation.pk).update(
            created_at=moment, unique_id=uuid.UUID(int=annotation.pk)
        )
        return annotation


def new_cast() -> Cast:
    people = {
        name: User.objects.create_user(f"{name}@example.org", "a long passphrase")
        for name in ("alice", "ann", "bob", "bea", "charlie")
    }
    archive = Archive.objects.create(name="Chests", secret=bytes(32))
    project = Project.objects.create(
        title="Chests", label_config=LABEL_CONFIG, archive=archive, created_by=people["alice"]
    )
    roles = {"alice": Role.MANAGER, "ann": Role.ANALYST, "bob": Role.READER, "bea": Role.READER}
    for name, role in roles.items():
        Membership.objects.create(
            project=project, user=people[name], role=role, added_by=people["alice"]
        )
    return Cast(project, **people)
