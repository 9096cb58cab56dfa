"""What the reading page and the REST interface read."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import Role, User
from annotator.claims import ClaimedTask
from annotator.modelhelp import before_reading
from annotator.models import Annotation, Claim, Prediction, Task, TaskScan
from annotator.shown import ANSWERS
from projects.access import admit
from projects.models import Membership, Project

# Whether annotator.withdrawals would take the reader's latest answer back.
_MAY_UNDO = f"""
SELECT coalesce((
    SELECT answer.corrects_id IS NULL AND answer.model_seen_at IS NULL
       AND NOT EXISTS (
           SELECT FROM annotator_modelshown seen
           WHERE seen.task_id = answer.task_id AND seen.reader_id = answer.reader_id
             AND seen.shown -> 'looked_up' ? '{ANSWERS}')
    FROM annotator_annotation answer
    WHERE answer.project_id = %(project)s AND answer.reader_id = %(reader)s
      AND answer.withdrawn_at IS NULL AND answer.origin = 'reading'
    ORDER BY answer.created_at DESC, answer.id DESC LIMIT 1), false)
"""  # noqa: S608  (of constants)
# All of a task that its reader may know, in one statement.
_READING_TASK = f"""
SELECT
    (SELECT json_agg(json_build_object(
                'id', scan.id, 'kind', scan.kind, 'frame_count', scan.frame_count,
                'rows', scan.rows, 'columns', scan.columns, 'geometry', scan.geometry,
                'prior_days', CASE WHEN scan.is_prior THEN scan.asked_on - scan.date END)
            ORDER BY scan.position)
     FROM (
         SELECT scan.*, shown.position, shown.is_prior, study.date,
                max(study.date) FILTER (WHERE NOT shown.is_prior) OVER () AS asked_on
         FROM annotator_taskscan shown
         JOIN scans_scan scan ON scan.id = shown.scan_id
         JOIN scans_series series ON series.id = scan.series_id
         JOIN scans_study study ON study.id = series.study_id
         WHERE shown.task_id = %(task)s) scan),
    (SELECT json_build_object('result', draft.result, 'comment', draft.comment,
                              'lead_time', draft.lead_time, 'version', draft.version)
     FROM annotator_draft draft
     WHERE draft.task_id = %(task)s AND draft.reader_id = %(reader)s AND draft.version > 0),
    (SELECT claim.opens_at::json FROM annotator_claim claim
     WHERE claim.task_id = %(task)s AND claim.reader_id = %(reader)s),
    (SELECT count(*) FROM annotator_annotation answer
     WHERE answer.project_id = %(project)s AND answer.reader_id = %(reader)s
       AND answer.withdrawn_at IS NULL AND answer.origin = 'reading'),
    ({_MAY_UNDO})
"""  # noqa: S608  (of constants)


class State(TextChoices):
    """How far a task is; the first that holds, but in hand goes before open."""

    OPEN = "open", gettext_lazy("Open")
    IN_HAND = "in-hand", gettext_lazy("In hand")
    READ = "read", pgettext_lazy("done", "Read")
    NOT_JUDGEABLE = "not-judgeable", gettext_lazy("Not judgeable")


@dataclass(frozen=True, slots=True)
class ReadingTask:
    """A task as its reader sees it: nothing of others, nothing that tells the arms apart."""

    id: int
    project: int
    # id, kind, frame_count, rows, columns, geometry, frame_url, prior_days
    scans: list[dict[str, Any]]
    draft: dict[str, Any] | None  # result, comment, lead_time, version
    opens_at: dict[str, int] | None  # scan (position), frame; null: in the middle
    claim: ClaimedTask
    model: dict[str, Any] | None  # result, decisions: what the model says, where it is shown
    read: int  # how many answers this reader has given in the project
    may_undo: bool  # whether the latest of them can be taken back


@dataclass(frozen=True, slots=True)
class TaskPage:
    """One page of tasks, and how many there are in all: of what the member may see."""

    tasks: list[Task]
    total: int
    total_annotations: int
    total_predictions: int


def frame_url(*, project_id: int, scan_id: int) -> str:
    """Where a scan's frames are, with {frame} in place of the frame's number."""
    return f"/api/projects/{project_id}/scans/{scan_id}/frames/{{frame}}"


def reading_task(
    *, project: Project, reader: User, claim: ClaimedTask, with_model: bool = True
) -> ReadingTask:
    """The claimed task with its scans, the reader's draft and how many they have read.

    Where the project lets the model help before reading, what it says is hereby shown, unless the
    task is opened without it.
    """
    keys = {"task": claim.task_id, "project": project.pk, "reader": reader.pk}
    with connection.cursor() as cursor:
        cursor.execute(_READING_TASK, keys)
        scans, draft, opens_at, read, may_undo = cursor.fetchone()
    for scan in scans or []:
        scan["frame_url"] = frame_url(project_id=project.pk, scan_id=scan["id"])
    model = None
    if with_model:
        model = before_reading(project=project, reader=reader, task_id=claim.task_id)
    return ReadingTask(
        claim.task_id, project.pk, scans or [], draft, opens_at, claim, model, read, may_undo
    )


def membership_for_task(
    *, user: User, task_id: int, roles: tuple[Role, ...] | None = None
) -> Membership:
    """The user's membership of the task's project. Raises as `projects.access.membership_of`."""
    own = Membership.objects.select_related("project").filter(user=user, project__tasks=task_id)
    return admit(own.first(), roles=roles)


def visible_tasks(membership: Membership) -> QuerySet[Task]:
    """The project's tasks that the member may look up, by id.

    A reader sees those they have answered or hold; everybody else sees all.
    """
    tasks = Task.objects.filter(project_id=membership.project_id).order_by("pk")
    if membership.role == Role.READER:
        answered = answers_of(membership).filter(task=OuterRef("pk"))
        held = _live_claims_of(membership).filter(task=OuterRef("pk"))
        tasks = tasks.filter(Exists(answered) | Exists(held))
    shown = TaskScan.objects.select_related("scan__series").order_by("position")
    return tasks.prefetch_related(Prefetch("task_scans", queryset=shown))


def task_page(membership: Membership, *, page: int, size: int) -> TaskPage | None:
    """The visible tasks of a page, counted from 1; None past the last page."""
    visible = visible_tasks(membership)
    total = visible.count()
    start = (page - 1) * size
    if start and start >= total:
        return None
    is_reader = membership.role == Role.READER
    guesses = Prediction.objects.filter(project_id=membership.project_id)
    return TaskPage(
        tasks=list(with_counts(visible)[start : start + size]),
        total=total,
        total_annotations=visible_annotations(membership).count(),
        total_predictions=0 if is_reader else guesses.count(),
    )


def with_counts(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """The tasks with `cancelled_annotations`, `total_predictions` and `state` beside them."""
    return with_state(tasks).annotate(
        total_predictions=_count_per_task(Prediction.objects.all()),
    )


def with_state(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """The tasks with `cancelled_annotations` and `state` beside them."""
    counted = tasks.annotate(cancelled_annotations=_count_per_task(_cancelled()))
    return counted.annotate(
        state=Case(
            When(Exists(in_hand().filter(task=OuterRef("pk"))), then=Value(State.IN_HAND)),
            When(is_open=True, then=Value(State.OPEN)),
            When(answers__lt=2 * F("cancelled_annotations"), then=Value(State.NOT_JUDGEABLE)),
            default=Value(State.READ),
        )
    )


def blind_tasks(membership: Membership) -> frozenset[int]:
    """The tasks this member holds: until they have answered, nothing of others is shown to them."""
    return frozenset(_live_claims_of(membership).values_list("task_id", flat=True))


def visible_annotations(membership: Membership) -> QuerySet[Annotation]:
    """The answers in force that the member may see: a reader their own, everybody else all.

    Who holds a task sees none of its answers before giving their own.
    """
    if membership.role == Role.READER:
        return answers_of(membership)
    held = _live_claims_of(membership).filter(task=OuterRef("task"))
    answers = Annotation.objects.filter(
        project_id=membership.project_id, withdrawn_at__isnull=True
    ).order_by("pk")
    return answers.exclude(Exists(held))


def membership_for_annotation(
    *, user: User, annotation_id: int, roles: tuple[Role, ...] | None = None
) -> Membership:
    """The user's membership of the annotation's project. Raises as `membership_for_task`."""
    own = Membership.objects.filter(user=user, project__annotations=annotation_id)
    return admit(own.first(), roles=roles)


def predictions_of(membership: Membership, *, task_id: int) -> QuerySet[Prediction]:
    """The models' answers to a task, oldest first; none while the member holds it."""
    found = Prediction.objects.filter(project_id=membership.project_id, task_id=task_id)
    return found.exclude(task_id__in=blind_tasks(membership)).order_by("pk")


def _count_per_task(rows: QuerySet[Any]) -> Coalesce:
    # A subquery is only counted for the rows of the page; a join would be counted for all.
    counted = rows.filter(task=OuterRef("pk")).order_by().values("task").annotate(n=Count("pk"))
    return Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)


def _cancelled() -> QuerySet[Annotation]:
    return Annotation.objects.filter(was_cancelled=True, withdrawn_at__isnull=True)


def in_hand() -> QuerySet[Claim]:
    """The claims on tasks that somebody is reading now."""
    return Claim.objects.filter(place=0, expires_at__gt=Now())


def most_could_not(tasks: QuerySet[Task], *, project_id: int) -> QuerySet[Task]:
    """Those of the project's tasks that more readers could not judge than could, as in a release.

    Found from those answers, which are few, not from the tasks.
    """
    doubted = _cancelled().filter(project=project_id)
    counted = tasks.alias(cancelled=_count_per_task(_cancelled()))
    return counted.filter(pk__in=doubted.values("task"), answers__lt=2 * F("cancelled"))


def answers_of(membership: Membership) -> QuerySet[Annotation]:
    """The member's own answers in force, oldest first."""
    return Annotation.objects.filter(
        project_id=membership.project_id,
        reader_id=membership.user_id,
        withdrawn_at__isnull=True,
    ).order_by("pk")


def is_more_of_patient_left(*, reader: User, answered: Annotation) -> bool:
    """Whether the reader may yet be given another task of the patient whose task they answered.

    All of a patient's tasks lie in one arm: why one came would tell of the others that follow.
    """
    of_patient = Task.objects.filter(
        project=answered.project_id, patient__tasks=answered.task_id
    ).exclude(pk=answered.task_id)
    own = Annotation.objects.filter(task=OuterRef("pk"), reader=reader, withdrawn_at__isnull=True)
    held = Claim.objects.filter(task=OuterRef("pk"), reader=reader)
    return of_patient.filter(~Exists(own), Q(is_open=True) | Exists(held)).exists()


def may_undo(membership: Membership) -> bool:
    """Whether the member's latest answer can be taken back: it corrects none, and they have seen
    neither what the model says nor what others answered to its task."""
    keys = {"project": membership.project_id, "reader": membership.user_id}
    with connection.cursor() as cursor:
        cursor.execute(_MAY_UNDO, keys)
        return bool(cursor.fetchone()[0])


def _live_claims_of(membership: Membership) -> QuerySet[Claim]:
    return Claim.objects.filter(
        project_id=membership.project_id, reader_id=membership.user_id, expires_at__gt=Now()
    )
