"""The propensity of an answer's task: kept by its ranking, or derived (annotator.chances)."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from annotator.chances import Draw, chances
from annotator.models import Annotation, Task

# Answers to tasks that were served in an order drawn by chance. Imported labels were not served.
BY_CHANCE = Q(served_at__isnull=False) & (~Q(task__arm=Task.Arm.POOL) | Q(generation__isnull=True))


def draws_in(
    annotations: QuerySet[Annotation], *, arm: str, asked: QuerySet[Annotation]
) -> Iterator[Draw]:
    """Those of the annotations whose task lies in the arm; `asked` are those to be told."""
    wanted = frozenset(asked.filter(task__arm=arm).values_list("pk", flat=True))
    rows = annotations.filter(task__arm=arm).annotate(at=Coalesce("served_at", "created_at"))
    for pk, task, reader, at in rows.values_list("pk", "task_id", "reader_id", "at").iterator():
        yield Draw(pk, task, reader, at, pk in wanted)


def propensities_of(task: Task, *, overlap: int) -> dict[int, float | None]:
    """The propensity of each answer in force to the task; None where it is not known."""
    in_force = Annotation.objects.filter(project=task.project_id, withdrawn_at__isnull=True)
    own = in_force.filter(task=task)
    told: dict[int, float | None] = dict(own.values_list("pk", "propensity"))
    asked = own.filter(BY_CHANCE)
    last = asked.order_by("served_at").values_list("served_at", flat=True).last()
    if last is None:
        return told
    tasks = Task.objects.filter(project=task.project_id, arm=task.arm)

    def tasks_at(at: datetime) -> int:
        return tasks.filter(created_at__lte=at).count()

    draws = [draw for draw in draws_in(in_force, arm=task.arm, asked=asked) if draw.at <= last]
    return told | chances(draws, tasks_at=tasks_at, overlap=overlap)
