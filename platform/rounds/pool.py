"""A project's tasks and labels as arrays: what the learner needs, read in a few statements."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from annotator.dataset import LabelledAnswers
from annotator.results import questions_of
from projects.label_config import Question, asked_of_task
from rounds.labels import outputs_of, targets_of

Int64 = NDArray[np.int64]
# Regions and free text are for the dataset; the learner's heads answer the others.
LEARNT_KINDS = ("single", "multiple", "number", "rating")

_TASKS = """
SELECT id, patient_id, arm = 'audit', arm = 'random', answers
FROM annotator_task WHERE project_id = %s
"""
_AFTER = "SELECT id FROM annotator_task WHERE project_id = %s AND id > %s ORDER BY id LIMIT %s"
# A site is what scans of one look share: kind, maker and model of what they were made with. Where
# the archive knows of one alone, no task is looked at.
_SITES = """
WITH site AS (
    SELECT modality, manufacturer, model_name, row_number() OVER () AS number
    FROM scans_series series
    JOIN scans_study study ON study.id = series.study_id
    JOIN projects_project project ON project.archive_id = study.archive_id
    WHERE project.id = %(project)s AND manufacturer <> ''
    GROUP BY modality, manufacturer, model_name
)
SELECT shown.task_id, site.number
FROM annotator_task task
JOIN annotator_taskscan shown ON shown.task_id = task.id AND shown.position = 0
JOIN scans_scan scan ON scan.id = shown.scan_id
JOIN scans_series series ON series.id = scan.series_id
JOIN site USING (modality, manufacturer, model_name)
WHERE task.project_id = %(project)s AND (SELECT count(*) > 1 FROM site)
"""
_ANSWERS = "SELECT id, answers FROM annotator_task WHERE id = ANY(%s)"
_HELD = """
SELECT task_id FROM annotator_claim WHERE project_id = %s AND expires_at > statement_timestamp()
"""
_NEXT_BY_CHANCE = """
(SELECT id FROM annotator_task
 WHERE project_id = %(project)s AND arm = 'audit' AND is_open ORDER BY rank LIMIT %(count)s)
UNION ALL
(SELECT id FROM annotator_task
 WHERE project_id = %(project)s AND arm = 'random' AND is_open ORDER BY rank LIMIT %(count)s)
"""
_FRAMES = """
SELECT shown.task_id, scan.frames
FROM annotator_taskscan shown JOIN scans_scan scan ON scan.id = shown.scan_id
WHERE shown.task_id = ANY(%s) AND NOT shown.is_prior ORDER BY shown.task_id, shown.position
"""
_FRAME_COUNTS = """
SELECT shown.task_id, scan.frame_count
FROM annotator_taskscan shown JOIN scans_scan scan ON scan.id = shown.scan_id
WHERE shown.task_id = ANY(%s) AND NOT shown.is_prior ORDER BY shown.task_id, shown.position
"""


def tasks_after(task_id: int, *, project_id: int, count: int | None = None) -> Int64:
    """The project's tasks that were numbered after this one, by id, the first `count` of them."""
    return _tasks(_AFTER, [project_id, task_id, count])


def held_tasks(*, project_id: int) -> Int64:
    """Tasks in a reader's hand, or reserved as the one after it."""
    return _tasks(_HELD, [project_id])


def next_by_chance(*, project_id: int, count: int) -> Int64:
    """The open tasks that come next in each arm that no ranking orders, `count` of each."""
    return _tasks(_NEXT_BY_CHANCE, {"project": project_id, "count": count})


def frames_of_tasks(tasks: Iterable[int]) -> dict[int, list[str]]:
    """The names in the frame store of each task's scans, in their order.

    Without a prior's: the answer is about the current study, and so is what is learned from it.
    """
    return _by_task(_FRAMES, tasks)


def frame_counts_of_tasks(tasks: Iterable[int]) -> dict[int, list[int]]:
    """How many frames each of a task's scans has, in their order and without a prior's."""
    return _by_task(_FRAME_COUNTS, tasks)


def _tasks(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> Int64:
    """The tasks that the statement names, in its order."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return np.array(cursor.fetchall(), dtype=np.int64).reshape(-1)


def _by_task(statement: str, tasks: Iterable[int]) -> dict[int, list[Any]]:
    """What the statement says of each of the tasks, in its order."""
    found: dict[int, list[Any]] = {}
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(tasks)])
        for task, value in cursor.fetchall():
            found.setdefault(task, []).append(value)
    return found


def learnt_questions(label_config: str) -> tuple[Question, ...]:
    """The questions that the learner can answer, which may be none."""
    return tuple(
        question
        for question in asked_of_task(questions_of(label_config))
        if question.kind in LEARNT_KINDS
    )


class Pool:
    """The tasks of one project, row by row as in the learner's caches, and their labels.

    `targets` hold each question's consensus, float32 [n, outputs] (one-hot, 0 or 1 per finding, or
    the number), NaN where there is none. `sites` [n] are numbers, -1 where nothing tells the site;
    None where the archive knows of one alone.
    """

    def __init__(self, project_id: int, tasks: Int64, questions: tuple[Question, ...]) -> None:
        """Read the state of these tasks; labels come with `take`. One that is gone is left out.

        The caches keep what they hold of it, but nobody can read it, and its arm is not known.
        """
        with connection.cursor() as cursor:
            cursor.execute(_TASKS, [project_id])
            found = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 5)
        self.tasks, self.questions = tasks[np.isin(tasks, found[:, 0])], questions
        self._order = np.argsort(self.tasks)
        n = len(self)
        self.patients = np.zeros(n, dtype=np.int64)
        self.is_audit = np.zeros(n, dtype=bool)  # measured on, never learned from
        self.is_random = np.zeros(n, dtype=bool)  # learned from; no ranking places them
        # Answered elsewhere, at least in part: which tasks are need not have been left to chance.
        self.is_imported = np.zeros(n, dtype=bool)
        self.answers = np.zeros(n, dtype=np.int64)  # how many count
        self.targets = {
            question.name: np.full((n, outputs_of(question)), np.nan, dtype=np.float32)
            for question in questions
        }
        self.watermark = 0
        rows, known = self.rows_of(found[:, 0])
        self.patients[rows] = found[known, 1]
        self.is_audit[rows] = found[known, 2]
        self.is_random[rows] = found[known, 3]
        self.answers[rows] = found[known, 4]
        self.sites = self._sites(project_id)

    def _sites(self, project_id: int) -> Int64 | None:
        with connection.cursor() as cursor:
            cursor.execute(_SITES, {"project": project_id})
            found = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
        if not len(found):
            return None
        sites = np.full(len(self), -1, dtype=np.int64)
        rows, known = self.rows_of(found[:, 0])
        sites[rows] = found[known, 1]
        return sites

    def __len__(self) -> int:
        return len(self.tasks)

    def rows_of(self, tasks: Int64) -> tuple[Int64, NDArray[np.bool_]]:
        """Rows of those of `tasks` that are here, and which are here."""
        if not len(self.tasks) or not len(tasks):
            return np.zeros(0, dtype=np.int64), np.zeros(len(tasks), dtype=bool)
        at = np.searchsorted(self.tasks, tasks, sorter=self._order).clip(max=len(self) - 1)
        rows = self._order[at]
        known = self.tasks[rows] == tasks
        return rows[known], known

    @property
    def is_labelled(self) -> NDArray[np.bool_]:
        """Tasks with a consensus on any question."""
        labelled = np.zeros(len(self), dtype=bool)
        for targets in self.targets.values():
            labelled |= ~np.isnan(targets).all(axis=1)
        return labelled

    def take(self, answers: LabelledAnswers) -> None:
        """Learn of changed answers; a task whose answers were all withdrawn loses its label."""
        if answers.tasks:
            self._take(answers)
        # Last: what could not be taken in is asked for again.
        self.watermark = answers.watermark

    def _take(self, answers: LabelledAnswers) -> None:
        changed = np.array([task.task_id for task in answers.tasks], dtype=np.int64)
        rows, known = self.rows_of(changed)
        here = [task for task, is_here in zip(answers.tasks, known, strict=True) if is_here]
        for row, task in zip(rows, here, strict=True):
            self.is_imported[row] = any(answer.was_imported for answer in task.answers)
            for name, target in targets_of(task, self.questions).items():
                self.targets[name][row] = target
        with connection.cursor() as cursor:
            cursor.execute(_ANSWERS, [changed.tolist()])
            counts = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
        rows, known = self.rows_of(counts[:, 0])
        self.answers[rows] = counts[known, 1]

    def labels(self, rows: NDArray[np.bool_]) -> dict[str, tuple[Int64, NDArray[np.float32]]]:
        """Per question the labelled rows among `rows` and their targets [l, outputs]."""
        labels = {}
        for name, targets in self.targets.items():
            at = np.flatnonzero(rows & ~np.isnan(targets).all(axis=1))
            labels[name] = (at, targets[at])
        return labels
