"""Answers, drafts and predictions. Each function is one transaction.

Beside it: annotator.claims (who gets which task), annotator.withdrawals (taking an answer back),
annotator.corrections (changing an earlier one), annotator.queue (which tasks there are, in which
order).
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext
from psycopg.types.json import Jsonb

from accounts.models import User
from annotator.asked import Asked, asked_on
from annotator.claims import lock_reader, renew_claim
from annotator.modelhelp import keep_decisions
from annotator.models import Annotation, Draft, Prediction, Task
from annotator.rerank import changing_labels
from annotator.results import Result, check_result
from annotator.shown import settled
from projects.errors import Refused
from projects.models import Project

# What a claim said of its task, or a draft where the claim is gone. An answer that was taken back
# also shows that the task was served.
_SERVED = """
SELECT served.place IS NOT NULL
       OR EXISTS (SELECT FROM annotator_annotation earlier
                  WHERE earlier.task_id = task.id AND earlier.reader_id = %(reader)s
                    AND earlier.withdrawn_at IS NOT NULL),
       task.arm, served.at, served.generation, served.rank, served.score,
       coalesce(served.strategy, ''), served.model, served.propensity, help.shown::json
FROM annotator_task task
LEFT JOIN annotator_modelshown help ON help.task_id = task.id AND help.reader_id = %(reader)s
LEFT JOIN LATERAL (
    SELECT 1 AS place, claimed_at AS at, generation,
           CASE WHEN generation IS NOT NULL THEN rank END AS rank,
           score, strategy, model, propensity
    FROM annotator_claim WHERE task_id = task.id AND reader_id = %(reader)s
    UNION ALL
    SELECT 2, served_at, generation, rank, score, strategy, model, propensity
    FROM annotator_draft WHERE task_id = task.id AND reader_id = %(reader)s
    ORDER BY place LIMIT 1
) served ON true
WHERE task.id = %(task)s AND task.project_id = %(project)s
FOR NO KEY UPDATE OF task
"""
_WRITE = """
INSERT INTO annotator_annotation (
    task_id, project_id, reader_id, unique_id, origin, result, asked, comment, lead_time,
    was_cancelled, skip_reason, served_at, generation, rank, score, strategy, model, propensity,
    model_shown, created_at, updated_at)
VALUES (
    %(task)s, %(project)s, %(reader)s, %(unique_id)s, 'reading', %(result)s, %(asked)s,
    %(comment)s, %(lead_time)s, %(was_cancelled)s, %(skip_reason)s, %(served_at)s, %(generation)s,
    %(rank)s, %(score)s, %(strategy)s, %(model)s, %(propensity)s, %(model_shown)s,
    statement_timestamp(), statement_timestamp())
ON CONFLICT DO NOTHING
RETURNING id, created_at
"""
_COUNT = """
WITH ended AS (
    DELETE FROM annotator_claim WHERE task_id = %(task)s AND reader_id = %(reader)s
), put_away AS (
    DELETE FROM annotator_draft WHERE task_id = %(task)s AND reader_id = %(reader)s
)
UPDATE annotator_task task SET answers = answers + 1, is_open = answers + 1 < project.overlap
FROM projects_project project
WHERE task.id = %(task)s AND project.id = task.project_id
"""
_SAVE_DRAFT = """
INSERT INTO annotator_draft (
    task_id, reader_id, result, comment, lead_time, version,
    served_at, generation, rank, score, strategy, model, propensity, created_at, updated_at)
SELECT
    task_id, reader_id, %(result)s, %(comment)s, %(lead_time)s, %(version)s,
    claimed_at, generation, CASE WHEN generation IS NOT NULL THEN rank END, score, strategy,
    model, propensity,
    statement_timestamp(), statement_timestamp()
FROM annotator_claim WHERE task_id = %(task)s AND reader_id = %(reader)s
ON CONFLICT (task_id, reader_id) DO UPDATE
SET result = EXCLUDED.result, comment = EXCLUDED.comment, lead_time = EXCLUDED.lead_time,
    version = EXCLUDED.version, updated_at = EXCLUDED.updated_at,
    served_at = EXCLUDED.served_at, generation = EXCLUDED.generation, rank = EXCLUDED.rank,
    score = EXCLUDED.score, strategy = EXCLUDED.strategy, model = EXCLUDED.model,
    propensity = EXCLUDED.propensity
WHERE annotator_draft.version < EXCLUDED.version
"""
_RECORD = ("served_at", "generation", "rank", "score", "strategy", "model", "propensity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a reader sends: an answer, or the reason why the task cannot be judged."""

    result: Result
    unique_id: uuid.UUID  # made by the client; sent twice it is still one annotation
    lead_time: float = 0.0  # seconds of reading, idle time excluded
    comment: str = ""
    was_cancelled: bool = False
    skip_reason: str = ""
    # What became of the model's suggestions, by id: "accepted" or "rejected".
    decisions: Mapping[str, str] = field(default_factory=dict)
    # What the reader's page asked (annotator.asked); None: what the label config asks now.
    asked: Asked | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    annotation: Annotation
    arm: Task.Arm  # where its task lies: to be told from now on
    is_new: bool  # False where the same submission had been taken before


def check_submission(project: Project, submission: Submission) -> None:
    """Raises Refused where the answer does not fit the label config, or a skip has no reason."""
    if submission.was_cancelled and not submission.skip_reason.strip():
        raise Refused(gettext("Say why the task cannot be judged: skip_reason is empty."))
    complete = not submission.was_cancelled
    check_result(project.label_config, submission.result, complete=complete)


def submit_annotation(
    *, project: Project, task_id: int, reader: User, submission: Submission
) -> Submitted:
    """Take a reader's answer, end their claim, and leave a rerank job waiting.

    A task that was served to the reader is answered by them once, and always: also when their
    claim has expired and somebody else took the place. The answer beyond the overlap is kept and
    counted like the others. Raises Refused for a result that does not fit the label config, a task
    that was never served to this reader, or one they have answered.
    """
    check_submission(project, submission)
    with changing_labels(project.pk):
        lock_reader(project_id=project.pk, reader_id=reader.pk)
        written = _write(project, task_id, reader, submission)
        if written is not None:
            return written
        own = Annotation.objects.select_related("task").filter(task=task_id, reader=reader)
        same = own.filter(unique_id=submission.unique_id).first()
        if same is not None:
            return Submitted(same, Task.Arm(same.task.arm), is_new=False)
        raise _refusal(task_id, reader)


def save_draft(
    *,
    project: Project,
    task_id: int,
    reader: User,
    result: Result,
    comment: str,
    lead_time: float,
    version: int,
    decisions: Mapping[str, str] | None = None,
) -> int:
    """Keep the reader's unfinished answer and renew their claim; the version that is kept.

    A version that is not newer than the kept one changes nothing. Raises Refused where the task is
    not the reader's, or the result does not fit the label config.
    """
    check_result(project.label_config, result, complete=False)
    values: dict[str, Any] = {
        "task": task_id,
        "reader": reader.pk,
        "result": Jsonb(result),
        "comment": comment,
        "lead_time": lead_time,
        "version": version,
    }
    with transaction.atomic():
        lock_reader(project_id=project.pk, reader_id=reader.pk)
        if not renew_claim(project=project, task_id=task_id, reader=reader):
            raise _refusal(task_id, reader)
        with connection.cursor() as cursor:
            cursor.execute(_SAVE_DRAFT, values)
            is_newer = cursor.rowcount == 1
        if is_newer:
            if decisions:
                keep_decisions(task_id=task_id, reader=reader, decisions=decisions)
            return version
        return Draft.objects.values_list("version", flat=True).get(task=task_id, reader=reader)


def keep_prediction(
    *,
    project: Project,
    task_id: int,
    result: Result,
    score: float | None,
    model_version: str,
    created_by: User | None,
) -> Prediction:
    """Keep a model's answer to a task; the same model's earlier answer to it is replaced."""
    check_result(project.label_config, result, complete=False)
    prediction, _ = Prediction.objects.update_or_create(
        task_id=task_id,
        model_version=model_version,
        defaults={"result": result, "score": score, "created_by": created_by},
        create_defaults={
            "project": project,
            "result": result,
            "score": score,
            "created_by": created_by,
        },
    )
    return prediction


def _write(
    project: Project, task_id: int, reader: User, submission: Submission
) -> Submitted | None:
    """The annotation, written and counted; None where it exists or the task was not served."""
    keys: dict[str, Any] = {"task": task_id, "project": project.pk, "reader": reader.pk}
    with connection.cursor() as cursor:
        cursor.execute(_SERVED, keys)
        was_served, arm, *record, shown = cursor.fetchone() or (False, "", None)
        if not was_served:
            return None
        fields = _fields(submission, shown) | dict(zip(_RECORD, record, strict=True))
        fields["asked"] = asked_on(submission.asked, label_config=project.label_config)
        values: dict[str, Any] = {
            **keys,
            **fields,
            "result": Jsonb(submission.result),
            "asked": Jsonb(fields["asked"]),
            "model_shown": fields["model_shown"] and Jsonb(fields["model_shown"]),
        }
        cursor.execute(_WRITE, values)
        row: tuple[int, datetime] | None = cursor.fetchone()
        if row is None:
            return None
        cursor.execute(_COUNT, keys)
    annotation = Annotation(
        id=row[0],
        created_at=row[1],
        updated_at=row[1],
        task_id=task_id,
        project=project,
        reader=reader,
        result=submission.result,
        **fields,
    )
    return Submitted(annotation, Task.Arm(arm), is_new=True)


def _fields(submission: Submission, shown: dict[str, Any] | None) -> dict[str, Any]:
    """What is kept of a submission beside its result, and of what its reader was shown."""
    return {
        "unique_id": submission.unique_id,
        "comment": submission.comment,
        "lead_time": submission.lead_time,
        "was_cancelled": submission.was_cancelled,
        "skip_reason": submission.skip_reason,
        "model_shown": settled(shown, decisions=submission.decisions, result=submission.result),
    }


def _refusal(task_id: int, reader: User) -> Refused:
    answered = Annotation.objects.filter(task=task_id, reader=reader, withdrawn_at__isnull=True)
    if answered.exists():
        return Refused(
            gettext("You have answered this task. Correct it among your earlier answers.")
        )
    return Refused(gettext("This task is not in your hands. Ask for your next task."))
