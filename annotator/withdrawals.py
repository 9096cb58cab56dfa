"""Taking an answer back."""

from datetime import timedelta

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext

from accounts.models import User
from annotator.claims import ClaimedTask, lock_reader, lock_task
from annotator.looks import has_seen_answers
from annotator.models import MOST_AHEAD, Annotation, Claim, Draft, Task
from annotator.rerank import changing_labels
from projects.errors import Refused
from projects.models import Project


def undo_last(*, project: Project, reader: User) -> ClaimedTask:
    """Withdraw the reader's latest answer: its task is in their hand again, the answer a draft.

    The task they had in hand becomes the first reserved ahead. Raises Refused where there is
    nothing to undo, and where they have seen the model's opinion, or others' answers to the task:
    a new answer would not be theirs.
    """
    with changing_labels(project.pk):
        lock_reader(project_id=project.pk, reader_id=reader.pk)
        last = (
            Annotation.objects.filter(
                project=project,
                reader=reader,
                origin=Annotation.Origin.READING,
                withdrawn_at__isnull=True,
            )
            .order_by("-created_at", "-pk")
            .first()
        )
        if last is None:
            raise Refused(gettext("There is nothing to undo: you have no answer in this project."))
        if last.corrects_id is not None:
            raise Refused(
                gettext(
                    "What you did last was a correction. Open the case among your earlier "
                    "answers to correct it again."
                )
            )
        lock_task(last.task_id)
        _withdraw(last, overlap=project.overlap)
        return _take_back_in_hand(last, project=project)


def _withdraw(last: Annotation, *, overlap: int) -> None:
    if has_seen_answers(task_id=last.task_id, reader_id=last.reader_id):
        raise Refused(
            gettext(
                "Your last answer stands: you have looked at what others answered to this case."
            )
        )
    unswayed = Annotation.objects.filter(pk=last.pk, model_seen_at__isnull=True)
    if not unswayed.update(withdrawn_at=Now(), updated_at=Now()):
        raise Refused(
            gettext(
                "Your last answer stands: you have been shown what the model sees in "
                "this scan since."
            )
        )
    Task.objects.filter(pk=last.task_id).update(
        answers=F("answers") - 1, is_open=Q(answers__lte=overlap)
    )
    _as_draft(last)


def _as_draft(last: Annotation) -> None:
    """The answer as a draft; what its reader had begun to correct it to goes on instead."""
    served = {"served_at": last.served_at, "rank": last.rank, **last.placing}
    said = {
        "result": last.result,
        "comment": last.comment,
        "lead_time": last.lead_time,
        "version": 1,
    }
    own = Draft.objects.filter(task_id=last.task_id, reader_id=last.reader_id)
    if not own.filter(version__gt=0).update(**served):
        Draft.objects.update_or_create(
            task_id=last.task_id, reader_id=last.reader_id, defaults=said | served
        )


def _take_back_in_hand(last: Annotation, *, project: Project) -> ClaimedTask:
    own = Claim.objects.filter(project=project, reader_id=last.reader_id)
    own.filter(task=last.task_id).delete()
    if own.filter(place=0).exists():
        own.filter(place=MOST_AHEAD).delete()
        for place in reversed(range(MOST_AHEAD)):
            own.filter(place=place).update(place=place + 1)
    task = Task.objects.get(pk=last.task_id)
    claim = Claim.objects.create(
        task=task,
        project=project,
        reader_id=last.reader_id,
        expires_at=Now() + timedelta(minutes=project.claim_minutes),
        claimed_at=last.served_at or last.created_at,
        rank=task.rank if last.rank is None else last.rank,
        opens_at=task.opens_at,
        **last.placing,
    )
    claim.refresh_from_db(fields=["expires_at"])
    return ClaimedTask(task.pk, claim.place, claim.expires_at)
