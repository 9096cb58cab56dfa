"""Alice's project of radiographs with frames: half show a nodule. Bob reads."""

import uuid
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import connection
from numpy.typing import NDArray
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from annotator.claims import claim_next_task
from annotator.models import Annotation, Task
from annotator.queue import create_tasks
from annotator.services import Submission, submit_annotation
from projects.models import Project
from rounds.models import Ranking
from scans.framestore import write_frames
from scans.models import Archive, Patient, Scan, Series, Study
from tests.annotator.cast import Cast, make_cast

ONE_DIAGNOSIS = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="diagnosis" toName="image" choice="single">
    <Choice value="Normal"/><Choice value="Nodule"/>
  </Choices>
</View>
"""


@dataclass(frozen=True)
class LearningProject:
    cast: Cast
    has_nodule: dict[int, bool]  # by task

    @property
    def project(self) -> Project:
        return self.cast.project

    def read_next(self, reader: User | None = None) -> Annotation:
        """Bob, or who else is named, takes the next task and answers it truly."""
        reader = reader or self.cast.bob
        claimed = claim_next_task(project=self.project, reader=reader)
        assert claimed is not None
        answer = "Nodule" if self.has_nodule[claimed.task_id] else "Normal"
        result = [
            {
                "id": "a",
                "from_name": "diagnosis",
                "to_name": "image",
                "type": "choices",
                "value": {"choices": [answer]},
            }
        ]
        return submit_annotation(
            project=self.project,
            task_id=claimed.task_id,
            reader=reader,
            submission=Submission(result=result, unique_id=uuid.uuid4()),
        ).annotation

    def generations(self) -> dict[int, int | None]:
        return dict(Task.objects.filter(project=self.project).values_list("pk", "generation"))


def make_learning_project(count: int = 24, **fields: object) -> LearningProject:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")  # no model of Django's, so never flushed
    fields = {"audit_share": 0.0, "overlap": 1, "labels_per_round": 1000} | fields
    cast = make_cast(label_config=ONE_DIAGNOSIS, **fields)
    learning = LearningProject(cast, {})
    add_scans(learning, count)
    return learning


def add_scans(learning: LearningProject, count: int, *, frame_count: int = 1) -> None:
    """So many more scans, of a patient each; every second one has a nodule."""
    known = len(learning.has_nodule)
    scans = [
        _make_scan(learning.project.archive, n, frame_count) for n in range(known, known + count)
    ]
    _make_tasks(learning, scans)


def add_second_views(learning: LearningProject) -> None:
    """Another image of each study: where a task is a study, those nobody has begun are replaced."""
    known = len(learning.has_nodule)
    scans = [
        _frames_of(series, number, 1)
        for number, series in enumerate(Series.objects.order_by("pk"), start=known - known % 2)
    ]
    _make_tasks(learning, scans)


def _make_tasks(learning: LearningProject, scans: list[Scan]) -> None:
    create_tasks(project=learning.project, scans=scans)
    for task, scan in Task.objects.filter(project=learning.project).values_list("pk", "scans"):
        learning.has_nodule.setdefault(task, Scan.objects.get(pk=scan).name.startswith("nodule"))


def _make_scan(archive: Archive, number: int, frame_count: int) -> Scan:
    patient = Patient.objects.create(archive=archive, pseudonym=f"patient-{number}")
    study = Study.objects.create(archive=archive, patient=patient, uid=f"2.25.{number}")
    series = Series.objects.create(study=study, uid=f"2.25.1.{number}", modality="DX")
    return _frames_of(series, number, frame_count)


def _frames_of(series: Series, number: int, frame_count: int) -> Scan:
    nodule = number % 2 == 1
    header = {
        "dtype": "uint16",
        "rows": 40,
        "columns": 40,
        "samples": 1,
        "frame_count": frame_count,
        "window": [500.0, 1000.0],
    }
    frames = [_picture(number + 1000 * n, nodule=nodule) for n in range(frame_count)]
    digest = write_frames(settings.FRAME_STORE, header, frames)
    return Scan.objects.create(
        archive=series.study.archive,
        series=series,
        kind=Scan.Kind.IMAGE if frame_count == 1 else Scan.Kind.VOLUME,
        name=f"{'nodule' if nodule else 'normal'}-{number}",
        digest=f"{number:064x}",
        frames=digest,
        frame_count=frame_count,
        rows=40,
        columns=40,
    )


def _picture(seed: int, *, nodule: bool) -> NDArray[np.uint16]:
    rng = np.random.default_rng(seed)
    picture = rng.integers(200, 400, (40, 40)).astype(np.uint16)
    if nodule:
        y, x = np.mgrid[:40, :40]
        a, b = rng.uniform(10, 30, 2)
        picture[(x - a) ** 2 + (y - b) ** 2 < 30] = 900
    return picture


def waiting_jobs() -> list[str]:
    jobs = ProcrastinateJob.objects.filter(status="todo").order_by("task_name")
    return list(jobs.values_list("task_name", flat=True))


def last_ranking(learning: LearningProject) -> Ranking:
    ranking = Ranking.objects.filter(project=learning.project).order_by("generation").last()
    assert ranking is not None
    return ranking
