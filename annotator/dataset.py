"""The answers as the learner takes them."""

import functools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction

from annotator.asked import Asked
from annotator.models import Task
from annotator.rerank import wait_for_label_changes
from annotator.results import Result
from projects.models import Project

_WATERMARK = "SELECT coalesce(max(id), 0) FROM annotator_annotation WHERE project_id = %s"
# A withdrawal that was not seen with `after` came later than that annotation was made; a minute
# more allows for the clocks of two web servers. What is seen twice does no harm.
_CHANGED = """
    SELECT task_id FROM annotator_annotation WHERE project_id = %(project)s AND id > %(after)s
    UNION
    SELECT task_id FROM annotator_annotation
    WHERE project_id = %(project)s AND withdrawn_at > coalesce(
        (SELECT created_at - interval '1 minute' FROM annotator_annotation WHERE id = %(after)s),
        '-infinity')
"""
# What chance drew, to measure by and to compare with, is read independently: a reader who corrected
# an answer after they had been shown the model's view, or what others answered, is taken there at
# their word from before.
_ANSWERS = """
SELECT task.id, task.arm, task.patient_id,
       answer.id, answer.reader_id,
       coalesce(unswayed.result, answer.result), coalesce(unswayed.asked, answer.asked),
       coalesce(unswayed.was_cancelled, answer.was_cancelled), answer.origin = 'import',
       NOT coalesce(answer.model_shown ?| array['before', 'looked_up'], false)
           AND NOT coalesce(answer.model_shown -> 'heat_maps' @> '[{"when": "before"}]', false)
FROM annotator_task task
LEFT JOIN annotator_annotation answer
       ON answer.task_id = task.id AND answer.withdrawn_at IS NULL
LEFT JOIN annotator_annotation unswayed
       ON unswayed.id = answer.unswayed_id AND task.arm <> 'pool'
WHERE task.id = ANY(%s)
ORDER BY task.id, answer.id
"""


@functools.lru_cache(maxsize=256)
def _asked(text: str) -> Asked:
    """Nearly all of a project's answers were asked the same: it is read, and kept, once."""
    asked: Asked = json.loads(text)
    return asked


@dataclass(frozen=True, slots=True)
class ReaderAnswer:
    """One answer in force."""

    annotation_id: int
    reader_id: int
    result: Result
    asked: Asked
    was_cancelled: bool  # could not be judged
    was_imported: bool = False  # brought along: whether it was given blind, nobody knows
    is_blind: bool = True  # given without a look at the model's opinion or at others' answers


@dataclass(frozen=True, slots=True)
class LabelledTask:
    """A task and all its answers in force, oldest first; none where all were withdrawn."""

    task_id: int
    arm: Task.Arm
    patient_id: int
    answers: tuple[ReaderAnswer, ...]


@dataclass(frozen=True, slots=True)
class LabelledAnswers:
    """Tasks whose answers changed; `watermark` is what to give as `after` the next time."""

    watermark: int
    tasks: tuple[LabelledTask, ...]


def labelled_answers(*, project: Project, after: int = 0) -> LabelledAnswers:
    """Every task whose answers have changed since the watermark `after`, with all of its answers.

    Waits for the label changes under way, and so misses none: ids are drawn before they commit, and
    without waiting a lower one could commit after a higher one was seen. Withdrawals count as
    changes. Must not be called inside a transaction that changes labels.
    """
    with connection.cursor() as cursor:
        with transaction.atomic():
            wait_for_label_changes(project.pk)
            cursor.execute(_WATERMARK, [project.pk])
            watermark: int = cursor.fetchone()[0]
        cursor.execute(_CHANGED, {"project": project.pk, "after": after})
        changed = [row[0] for row in cursor.fetchall()]
        cursor.execute(_ANSWERS, [changed])
        rows = cursor.fetchall()
    return LabelledAnswers(watermark, tuple(_grouped(rows)))


def _grouped(rows: Iterable[Sequence[Any]]) -> Iterator[LabelledTask]:
    """Rows of _ANSWERS, by task; a task without answers has one row of nulls."""
    for (task_id, arm, patient_id), answers in groupby(rows, key=itemgetter(0, 1, 2)):
        given = (
            ReaderAnswer(annotation_id, reader_id, json.loads(result), _asked(asked), *how)
            for _, _, _, annotation_id, reader_id, result, asked, *how in answers
            if annotation_id is not None
        )
        yield LabelledTask(task_id, Task.Arm(arm), patient_id, tuple(given))
