"""Correcting an answer later: a new version that counts, while every earlier one is kept."""

from dataclasses import asdict, replace

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext, gettext_lazy

from accounts.models import User
from annotator.asked import asked_on
from annotator.claims import lock_reader, lock_task
from annotator.looks import has_seen_answers
from annotator.models import Annotation, Draft, Task
from annotator.rerank import changing_labels
from annotator.results import Result, check_result
from annotator.services import Submission, Submitted, check_submission
from annotator.shown import ANSWERS, settled
from projects.errors import Refused
from projects.models import Project

_NOT_YOURS = gettext_lazy("This is no answer that you gave in this project.")
_NOT_LATEST = gettext_lazy(
    "You have changed this answer in another window meanwhile. Open the case again to correct it."
)


def correct_annotation(
    *, project: Project, annotation_id: int, reader: User, submission: Submission, reason: str = ""
) -> Submitted:
    """Put a reader's new answer in the place of their answer `annotation_id`, and wake the learner.

    The task stays answered and nobody's claim is touched. Where the reader has been shown the
    model's view of the task, or has looked at what others answered, the new answer points at their
    last one from before, as `unswayed`.
    Raises Refused for a result that does not fit the label config, an answer that is not theirs or
    no longer counts, and a correction that changes nothing.
    """
    check_submission(project, submission)
    asked = asked_on(submission.asked, label_config=project.label_config)
    submission = replace(submission, asked=asked)
    with changing_labels(project.pk):
        lock_reader(project_id=project.pk, reader_id=reader.pk)
        taken = Annotation.objects.select_related("task").filter(unique_id=submission.unique_id)
        if same := taken.filter(reader=reader, corrects=annotation_id).first():
            return Submitted(same, Task.Arm(same.task.arm), is_new=False)
        own = _to_correct(project, annotation_id, reader)
        old = own.select_related("task").first()
        if old is None or taken.exists():
            raise Refused(str(_NOT_YOURS))
        if _is_unchanged(old, submission):
            raise Refused(gettext("Nothing is changed: this is the answer that you gave."))
        lock_task(old.task_id)
        if not own.filter(withdrawn_at__isnull=True).update(withdrawn_at=Now(), updated_at=Now()):
            raise Refused(str(_NOT_LATEST))
        # Only now, with the row in this transaction's hands, can it be shown to nobody any more.
        old.refresh_from_db(fields=["model_seen_at", "model_shown"])
        new = _successor(old, submission, reason)
        Draft.objects.filter(task=old.task_id, reader=reader).delete()
    return Submitted(new, Task.Arm(old.task.arm), is_new=True)


def keep_correction_draft(
    *,
    project: Project,
    annotation_id: int,
    reader: User,
    result: Result,
    comment: str,
    lead_time: float,
    version: int,
) -> int:
    """Keep a reader's unfinished correction of their answer `annotation_id`; the version kept.

    The answer counts as before. A version that is not newer than the kept one changes nothing.
    Raises Refused for a result that does not fit the label config, and for an answer that is not
    theirs or no longer counts.
    """
    check_result(project.label_config, result, complete=False)
    content = {"result": result, "comment": comment, "lead_time": lead_time, "version": version}
    with transaction.atomic():
        lock_reader(project_id=project.pk, reader_id=reader.pk)
        old = _to_correct(project, annotation_id, reader).first()
        if old is None:
            raise Refused(str(_NOT_YOURS))
        if old.withdrawn_at is not None:
            raise Refused(str(_NOT_LATEST))
        draft, is_new = Draft.objects.get_or_create(
            task_id=old.task_id, reader=reader, defaults=content
        )
        if is_new or draft.version >= version:
            return draft.version
        Draft.objects.filter(pk=draft.pk).update(**content, updated_at=Now())
    return version


def drop_correction_draft(
    *, project: Project, annotation_id: int, reader: User, version: int
) -> None:
    """Leave the reader's answer as it is: what they had begun, up to `version`, is forgotten.

    The draft is the answer from now on, with that version, so that a save that was under way does
    not bring back what was left.
    """
    with transaction.atomic():
        lock_reader(project_id=project.pk, reader_id=reader.pk)
        in_force = _to_correct(project, annotation_id, reader).filter(withdrawn_at__isnull=True)
        for answer in in_force:
            content = {
                "result": answer.result,
                "comment": answer.comment,
                "lead_time": answer.lead_time,
                "version": version,
            }
            own = Draft.objects.filter(task=answer.task_id, reader=reader)
            if not own.exists():
                Draft.objects.create(task_id=answer.task_id, reader=reader, **content)
            own.filter(version__lte=version).update(**content, updated_at=Now())


def history_of(annotation: Annotation) -> list[Annotation]:
    """The answer and those that it corrected, newest first."""
    own: QuerySet[Annotation] = Annotation.objects.filter(
        task=annotation.task_id, reader=annotation.reader_id
    )
    return chain_of(annotation, {row.pk: row for row in own})


def chain_of(annotation: Annotation, by_id: dict[int, Annotation]) -> list[Annotation]:
    """The answer and those that it corrected, newest first, out of those at hand."""
    chain = [annotation]
    while (before := chain[-1].corrects_id) is not None:
        chain.append(by_id[before])
    return chain


def _to_correct(project: Project, annotation_id: int, reader: User) -> QuerySet[Annotation]:
    return Annotation.objects.filter(
        pk=annotation_id, project=project, reader=reader, origin=Annotation.Origin.READING
    )


def _is_unchanged(old: Annotation, new: Submission) -> bool:
    return (old.result, old.asked, old.comment, old.was_cancelled, old.skip_reason) == (
        new.result,
        new.asked,
        new.comment,
        new.was_cancelled,
        new.skip_reason,
    )


def _has_looked_since(old: Annotation) -> bool:
    """Whether its reader looked at what others answered when they had given it."""
    if ANSWERS in (old.model_shown or {}).get("looked_up", {}):
        return False
    return has_seen_answers(task_id=old.task_id, reader_id=old.reader_id)


def _successor(old: Annotation, submission: Submission, reason: str) -> Annotation:
    """It was served when the first answer was, and for the same reason."""
    answer = asdict(submission)
    del answer["decisions"]  # which the record of what was shown has taken in
    is_swayed = old.model_seen_at is not None or _has_looked_since(old)
    unswayed = old.unswayed_id or (old.pk if is_swayed else None)
    return Annotation.objects.create(
        task=old.task,
        project_id=old.project_id,
        reader_id=old.reader_id,
        served_at=old.served_at,
        rank=old.rank,
        model_seen_at=old.model_seen_at,
        corrects=old,
        correction_reason=reason,
        unswayed_id=unswayed,
        model_shown=settled(
            old.model_shown, decisions=submission.decisions, result=submission.result
        ),
        **old.placing,
        **answer,
    )
