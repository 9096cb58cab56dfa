"""The propensity of an answer's task: kept by its ranking, or derived (annotator.chances)."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from annotator.chances import Draw
from annotator.models import Annotation, Task

# Answers to tasks that were served in an order drawn by chance. Imported labels were not served.
BY_CHANCE = Q(served_at__isnull=False) & (~Q(task__arm=Task.Arm.POOL) | Q(generation__isnull=True))

# How many tasks the arm held for the reader, as annotator.chances counts them, of one answer alone.
_HELD = """
SELECT
    (SELECT count(*) FROM annotator_task task
     WHERE task.project_id = %(project)s AND task.arm = %(arm)s AND task.created_at <= %(at)s)
  - (SELECT count(*) FROM (
        SELECT FROM annotator_annotation answer
        JOIN annotator_task task ON task.id = answer.task_id
        WHERE answer.project_id = %(project)s AND answer.withdrawn_at IS NULL
          AND task.arm = %(arm)s AND task.id <> %(task)s
          AND (coalesce(answer.served_at, answer.created_at), answer.id) < (%(at)s, %(answer)s)
        GROUP BY task.id
        HAVING count(*) FILTER (WHERE answer.origin <> 'import' OR task.arm = 'pool') >= %(overlap)s
            OR bool_or(answer.reader_id = %(reader)s)) gone)
"""


def draws_in(
    annotations: QuerySet[Annotation], *, arm: str, asked: QuerySet[Annotation]
) -> Iterator[Draw]:
    """Those of the annotations whose task lies in the arm; `asked` are those to be told."""
    wanted = frozenset(asked.filter(task__arm=arm).values_list("pk", flat=True))
    rows = annotations.filter(task__arm=arm).annotate(at=Coalesce("served_at", "created_at"))
    fields = ("pk", "task_id", "reader_id", "at", "origin")
    for pk, task, reader, at, origin in rows.values_list(*fields).iterator():
        takes_place = arm == Task.Arm.POOL or origin != Annotation.Origin.IMPORT
        yield Draw(pk, task, reader, at, pk in wanted, takes_place)


def propensities_of(task: Task, *, overlap: int) -> dict[int, float | None]:
    """The propensity of each answer in force to the task; None where it is not known."""
    own = Annotation.objects.filter(task=task, withdrawn_at__isnull=True)
    told: dict[int, float | None] = dict(own.values_list("pk", "propensity"))
    for answer in own.filter(BY_CHANCE):
        values: dict[str, Any] = {
            "task": task.pk,
            "project": task.project_id,
            "arm": task.arm,
            "reader": answer.reader_id,
            "at": answer.served_at,
            "answer": answer.pk,
            "overlap": overlap,
        }
        with connection.cursor() as cursor:
            cursor.execute(_HELD, values)
            told[answer.pk] = 1 / max(cursor.fetchone()[0], 1)
    return told
