"""A task that is opened out of a list: to look at, or to correct one's own answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from accounts.models import Role
from annotator.claims import ClaimedTask
from annotator.corrections import chain_of
from annotator.looks import looked_at
from annotator.models import Annotation, Task
from annotator.queries import reading_task, visible_annotations
from annotator.reading_serializers import ReadingTaskSerializer
from projects.access import READING_ROLES
from projects.models import Membership

# What is looked at is held by nobody, and so runs out for nobody.
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OpenedTask:
    """What the reading room is given instead of the reader's next task."""

    task: dict[str, Any]  # as a task in hand; `corrects` and `is_read_only` beside it
    answers: list[dict[str, Any]]  # each with its reader and its versions, newest first


def opened_task(membership: Membership, task: Task, *, to_correct: bool) -> OpenedTask:
    """The task with the answers that the member may see; the caller has seen that they may see it.

    A reader corrects, from where they left off; who oversees the project looks, or corrects their
    own answer if they say so.
    """
    visible = visible_annotations(membership).filter(task=task).select_related("reader")
    mine = visible.filter(reader=membership.user_id)
    own = next((one for one in mine if _is_to_correct(one, membership, to_correct)), None)
    answers = looked_at(membership, visible) if own is None else [own]
    versions = {row.pk: row for row in Annotation.objects.filter(task=task)}
    told = [_told(answer, versions) for answer in answers]
    claim = ClaimedTask(task.pk, False, _NEVER)
    # What the model says is shown where it is recorded: with a task in hand, or when asked for.
    given = reading_task(
        project=membership.project, reader=membership.user, claim=claim, with_model=False
    )
    begun = given.draft if own is not None else None
    return OpenedTask(
        task={
            **ReadingTaskSerializer(given).data,
            "opens_at": task.opens_at,
            "draft": begun or _as_draft(answers),
            "corrects": own and own.pk,
            "is_read_only": own is None,
        },
        answers=told,
    )


def _as_draft(answers: Sequence[Annotation]) -> dict[str, Any]:
    """The first of the answers, to go on from."""
    if not answers:
        return {"result": [], "comment": "", "lead_time": 0.0, "version": 0}
    first = answers[0]
    return {
        "result": first.result,
        "comment": first.comment,
        "lead_time": first.lead_time,
        "version": 0,
    }


def _is_to_correct(answer: Annotation, membership: Membership, to_correct: bool) -> bool:
    is_own = answer.reader_id == membership.user_id and membership.role in READING_ROLES
    wants = to_correct or membership.role == Role.READER
    return is_own and wants and answer.origin == Annotation.Origin.READING


def _told(answer: Annotation, versions: dict[int, Annotation]) -> dict[str, Any]:
    return {
        "reader": str(answer.reader),
        "versions": [
            {
                "id": version.pk,
                "result": version.result,
                "comment": version.comment,
                "created_at": version.created_at.isoformat(),
                "was_cancelled": version.was_cancelled,
                "skip_reason": version.skip_reason,
                "correction_reason": version.correction_reason,
                "is_after_model": version.is_after_model,
            }
            for version in chain_of(answer, versions)
        ],
    }
