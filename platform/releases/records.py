"""What a release is made of: tasks with every reader's answer, read in batches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

import defusedxml.ElementTree

from annotator.asked import Asked
from annotator.corrections import chain_of
from annotator.models import Annotation, Task, TaskScan
from annotator.results import questions_of
from annotator.shown import known_when_given
from projects.label_config import Question
from releases.idranges import IdRanges
from releases.propensities import derived_propensities
from releases.split import split_of
from releases.states import Value, details_value, state_of, value_of
from scans.models import Archive

# Masks may weigh a hundred kilobytes an answer: a batch of this many tasks stays in memory.
BATCH = 200


@dataclass(frozen=True, slots=True)
class ScanRecord:
    id: int
    name: str
    kind: str
    modality: str
    rows: int
    columns: int
    frame_count: int


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One reader's annotation, and what it says to each question."""

    id: int
    unique_id: str
    reader: int  # user id
    origin: str
    result: list[dict[str, Any]]
    asked: Asked
    values: Mapping[str, Value]
    comment: str
    lead_time: float
    was_cancelled: bool
    skip_reason: str
    created_at: datetime
    generation: int | None
    rank: int | None
    score: float | None
    strategy: str
    model: int | None  # number of the round whose weights chose; 0: the random ones
    propensity: float | None  # annotator.chances.PROPENSITY
    correction_reason: str
    is_after_model: bool  # corrected after a look at the model's view or at others' answers
    # What its reader had been shown of the model when they gave it (annotator.shown).
    model_shown: Mapping[str, Any] | None
    earlier: tuple["AnswerRecord", ...]  # those that it corrected, newest first


@dataclass(frozen=True, slots=True)
class TaskRecord:
    id: int
    patient: str
    arm: str
    split: str
    state: str
    scans: tuple[ScanRecord, ...]
    answers: tuple[AnswerRecord, ...]
    consensus: Mapping[str, Value]


@dataclass(frozen=True)
class Dataset:
    """The tasks and annotations that `contents` names (releases.queries.contents_of).

    Iterating reads them from the database anew, in the order of the tasks' ids, never all at once.
    Nothing that can change after `contents` was made is read: no rank, no generation of a task.
    """

    contents: Mapping[str, Any]
    only_answered: bool = False
    # For the client of a running Scout: annotations name their reader as Label Studio does.
    names_completed_by: bool = False
    questions: tuple[Question, ...] = field(init=False)
    data_key: str = field(init=False)

    def __post_init__(self) -> None:
        config = self.contents["project"]["label_config"]
        object.__setattr__(self, "questions", questions_of(config))
        object.__setattr__(self, "data_key", _data_key(config))

    def __iter__(self) -> Iterator[TaskRecord]:
        tasks = IdRanges(self.contents["tasks"])
        annotations = IdRanges(self.contents["annotations"])
        project = self.contents["project"]["id"]
        secret = bytes(Archive.objects.get(projects=project).secret)
        for batch in _batches(project, tasks):
            ids = [task.pk for task in batch]
            scans = _scans_of(ids)
            answers = self._answers_of(ids, annotations)
            audited = _audited_patients(project, batch, tasks)
            for task in batch:
                if self.only_answered and task.pk not in answers:
                    continue
                yield self._record(
                    task,
                    scans.get(task.pk, ()),
                    answers.get(task.pk, ()),
                    split=split_of(
                        secret=secret,
                        patient=task.patient.pseudonym,
                        is_audit=task.patient_id in audited,
                    ),
                )

    @cached_property
    def _derived(self) -> Mapping[int, float]:
        return derived_propensities(self.contents)

    def _answers_of(
        self, task_ids: Sequence[int], annotations: IdRanges
    ) -> dict[int, tuple[AnswerRecord, ...]]:
        rows = Annotation.objects.filter(task__in=task_ids).order_by("task", "pk").defer("said")
        by_id = {row.pk: row for row in rows}
        counted = (row for row in rows if row.pk in annotations)
        return {
            task: tuple(self._told(row, by_id) for row in group)
            for task, group in groupby(counted, key=lambda row: row.task_id)
        }

    def _told(self, row: Annotation, by_id: dict[int, Annotation]) -> AnswerRecord:
        """The answer with those that it corrected: none of them can change any more."""
        newest, *corrected = chain_of(row, by_id)
        propensity = self._derived.get(row.pk, row.propensity)
        earlier = [_answer(one, self.questions, propensity) for one in corrected]
        return _answer(newest, self.questions, propensity, tuple(earlier))

    def _record(
        self,
        task: Task,
        scans: tuple[ScanRecord, ...],
        answers: tuple[AnswerRecord, ...],
        *,
        split: str,
    ) -> TaskRecord:
        judged = [answer for answer in answers if not answer.was_cancelled]
        state, consensus = state_of(self.questions, judged, cancelled=len(answers) - len(judged))
        return TaskRecord(
            id=task.pk,
            patient=task.patient.pseudonym,
            arm=task.arm,
            split=split,
            state=state,
            scans=scans,
            answers=answers,
            consensus=consensus,
        )


def _data_key(label_config: str) -> str:
    """The key of a task's data that the label config's image reads: "image" for value="$image"."""
    root = defusedxml.ElementTree.fromstring(label_config)
    value: str = next(root.iter("Image")).get("value")
    return value.lstrip("$")


def _batches(project: int, tasks: IdRanges) -> Iterator[list[Task]]:
    after = 0
    while True:
        rows = list(
            Task.objects.filter(project=project, pk__gt=after, pk__lte=tasks.last)
            .select_related("patient")
            .only("arm", "patient__pseudonym")
            .order_by("pk")[:BATCH]
        )
        if not rows:
            return
        after = rows[-1].pk
        yield [task for task in rows if task.pk in tasks]


def _scans_of(task_ids: Sequence[int]) -> dict[int, tuple[ScanRecord, ...]]:
    rows = (
        TaskScan.objects.filter(task__in=task_ids)
        .order_by("task", "position")
        .values_list(
            "task",
            "scan",
            "scan__name",
            "scan__kind",
            "scan__series__modality",
            "scan__rows",
            "scan__columns",
            "scan__frame_count",
        )
    )
    return {
        task: tuple(ScanRecord(*row[1:]) for row in group)
        for task, group in groupby(rows, key=lambda row: row[0])
    }


def _answer(
    row: Annotation,
    questions: Sequence[Question],
    propensity: float | None,
    earlier: tuple[AnswerRecord, ...] = (),
) -> AnswerRecord:
    return AnswerRecord(
        id=row.pk,
        unique_id=str(row.unique_id),
        reader=row.reader_id,
        origin=row.origin,
        result=row.result,
        asked=row.asked,
        values={}
        if row.was_cancelled
        else {
            question.name: details_value(question, questions, row.result)
            if question.per_region
            else value_of(question, row)
            for question in questions
        },
        comment=row.comment,
        lead_time=row.lead_time,
        was_cancelled=row.was_cancelled,
        skip_reason=row.skip_reason,
        created_at=row.created_at,
        generation=row.generation,
        rank=row.rank,
        score=row.score,
        strategy=row.strategy,
        model=row.model,
        propensity=propensity,
        correction_reason=row.correction_reason,
        is_after_model=row.is_after_model,
        model_shown=known_when_given(row.model_shown, row.created_at),
        earlier=earlier,
    )


def _audited_patients(project: int, batch: Sequence[Task], tasks: IdRanges) -> set[int]:
    """Those of the batch's patients who have a task of the audit sample anywhere in the release."""
    rows = Task.objects.filter(
        project=project, arm=Task.Arm.AUDIT, patient__in={task.patient_id for task in batch}
    ).values_list("pk", "patient_id")
    return {patient for task, patient in rows if task in tasks}
