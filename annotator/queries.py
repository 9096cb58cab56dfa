"""What the reading page and the REST interface read."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import Now

from accounts.models import Role, User
from annotator.claims import ClaimedTask
from annotator.dataset import LabelledAnswers, LabelledTask, ReaderAnswer, labelled_answers
from annotator.models import Annotation, Claim, Prediction, Task, TaskScan
from projects.access import admit
from projects.models import Membership, Project

__all__ = [
    "LabelledAnswers",
    "LabelledTask",
    "ReaderAnswer",
    "labelled_answers",
]

# Analysts export; they do not read.
READING_ROLES = (Role.READER, Role.ADJUDICATOR, Role.MANAGER)
OVERSEEING_ROLES = (Role.ADJUDICATOR, Role.MANAGER, Role.ANALYST)
PREDICTING_ROLES = (Role.MANAGER, Role.ANALYST)

_FRAME_URL = "/api/projects/{project}/scans/{scan}/frames/{{frame}}"

# All of a task that its reader may know, in one statement.
_READING_TASK = """
SELECT
    (SELECT json_agg(json_build_object(
                'id', scan.id, 'kind', scan.kind, 'frame_count', scan.frame_count,
                'rows', scan.rows, 'columns', scan.columns, 'geometry', scan.geometry)
            ORDER BY shown.position)
     FROM annotator_taskscan shown JOIN scans_scan scan ON scan.id = shown.scan_id
     WHERE shown.task_id = %(task)s),
    (SELECT json_build_object('result', draft.result, 'comment', draft.comment,
                              'lead_time', draft.lead_time, 'version', draft.version)
     FROM annotator_draft draft WHERE draft.task_id = %(task)s AND draft.reader_id = %(reader)s),
    (SELECT count(*) FROM annotator_annotation answer
     WHERE answer.project_id = %(project)s AND answer.reader_id = %(reader)s
       AND answer.withdrawn_at IS NULL AND answer.origin = 'reading')
"""


@dataclass(frozen=True, slots=True)
class ReadingTask:
    """A task as its reader sees it: nothing of others, nothing that tells pool from audit."""

    id: int
    project: int
    scans: list[dict[str, Any]]  # id, kind, frame_count, rows, columns, geometry, frame_url
    draft: dict[str, Any] | None  # result, comment, lead_time, version
    claim: ClaimedTask
    read: int  # how many answers this reader has given in the project


def reading_task(*, project: Project, reader: User, claim: ClaimedTask) -> ReadingTask:
    """The claimed task with its scans, the reader's draft and how many they have read."""
    keys = {"task": claim.task_id, "project": project.pk, "reader": reader.pk}
    with connection.cursor() as cursor:
        cursor.execute(_READING_TASK, keys)
        scans, draft, read = cursor.fetchone()
    for scan in scans or []:
        scan["frame_url"] = _FRAME_URL.format(project=project.pk, scan=scan["id"])
    return ReadingTask(claim.task_id, project.pk, scans or [], draft, claim, read)


def membership_for_task(*, user: User, task_id: int, roles: tuple[Role, ...]) -> Membership:
    """The user's membership of the task's project. Raises as `projects.access.membership_of`."""
    own = Membership.objects.select_related("project").filter(user=user, project__tasks=task_id)
    return admit(own.first(), roles=roles)


def visible_tasks(membership: Membership) -> QuerySet[Task]:
    """The project's tasks that the member may look up, by id.

    A reader sees those they have answered or hold; everybody else sees all.
    """
    tasks = Task.objects.filter(project_id=membership.project_id).order_by("pk")
    if membership.role == Role.READER:
        answered = _answers_of(membership).filter(task=OuterRef("pk"))
        held = _live_claims_of(membership).filter(task=OuterRef("pk"))
        tasks = tasks.filter(Exists(answered) | Exists(held))
    shown = TaskScan.objects.select_related("scan").order_by("position")
    return tasks.prefetch_related(Prefetch("task_scans", queryset=shown))


def with_counts(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """The tasks with `cancelled_annotations` and `total_predictions` beside them."""
    cancelled = Q(annotations__was_cancelled=True, annotations__withdrawn_at__isnull=True)
    return tasks.annotate(
        cancelled_annotations=Count("annotations", filter=cancelled, distinct=True),
        total_predictions=Count("predictions", distinct=True),
    )


def blind_tasks(membership: Membership) -> frozenset[int]:
    """The tasks this member holds: until they have answered, nothing of others is shown to them."""
    return frozenset(_live_claims_of(membership).values_list("task_id", flat=True))


def visible_annotations(membership: Membership) -> QuerySet[Annotation]:
    """The answers in force that the member may see: a reader their own, everybody else all.

    Who holds a task sees none of its answers before giving their own.
    """
    if membership.role == Role.READER:
        return _answers_of(membership)
    held = _live_claims_of(membership).filter(task=OuterRef("task"))
    answers = Annotation.objects.filter(
        project_id=membership.project_id, withdrawn_at__isnull=True
    ).order_by("pk")
    return answers.exclude(Exists(held))


def membership_for_annotation(
    *, user: User, annotation_id: int, roles: tuple[Role, ...]
) -> Membership:
    """The user's membership of the annotation's project. Raises as `membership_for_task`."""
    own = Membership.objects.filter(user=user, project__annotations=annotation_id)
    return admit(own.first(), roles=roles)


def predictions(membership: Membership, *, task_id: int) -> QuerySet[Prediction]:
    """The models' answers to a task, oldest first; none while the member holds it."""
    found = Prediction.objects.filter(project_id=membership.project_id, task_id=task_id)
    return found.exclude(task_id__in=blind_tasks(membership)).order_by("pk")


def _answers_of(membership: Membership) -> QuerySet[Annotation]:
    return Annotation.objects.filter(
        project_id=membership.project_id,
        reader_id=membership.user_id,
        withdrawn_at__isnull=True,
    ).order_by("pk")


def _live_claims_of(membership: Membership) -> QuerySet[Claim]:
    return Claim.objects.filter(
        project_id=membership.project_id, reader_id=membership.user_id, expires_at__gt=Now()
    )
