"""What pages and the REST interface show of projects, each in one query."""

from django.db.models import (
    Case,
    CharField,
    Count,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce

from accounts.models import Role, User
from projects.models import Membership, Project
from scans.models import Ingest, IngestedFile, Scan

# Tasks and annotations belong to a higher app: they are counted through relations, not imported.


def projects_of(*, user: User) -> QuerySet[Project]:
    """The user's projects, newest first, each with role, tasks and finished tasks.

    `finished` counts tasks that need no further reader; `own_reads` what this user has submitted.
    """
    membership = Membership.objects.filter(project=OuterRef("pk"), user=user)
    tasks = _count_per_project("tasks")
    finished = _count_per_project("tasks", tasks__is_open=False)
    own = _count_per_project(
        "annotations", annotations__reader=user.pk, annotations__withdrawn_at__isnull=True
    )
    return (
        Project.objects.filter(memberships__user=user)
        .select_related("created_by")
        .annotate(
            role=Subquery(membership.values("role")[:1], output_field=CharField()),
            task_number=tasks,
            finished_task_number=finished,
            own_reads=own,
        )
        .order_by("-created_at", "-pk")
    )


def _count_per_project(relation: str, **conditions: object) -> Coalesce:
    # One subquery per count: joining two to-many relations would multiply their rows. The
    # conditions stand before the count, so that an index answers them and not a pass over all.
    counted = (
        Project.objects.filter(pk=OuterRef("pk"), **conditions)
        .order_by()
        .annotate(counted=Count(relation))
        .values("counted")
    )
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def members_of(*, project: Project) -> QuerySet[Membership]:
    """Members with their accounts, managers first, then by name."""
    managers_first = Case(When(role=Role.MANAGER, then=0), default=1)
    return (
        Membership.objects.filter(project=project)
        .select_related("user")
        .order_by(managers_first, "user__last_name", "user__first_name", "user__email")
    )


def frames_of_scan(*, user: User, project_id: int, scan_id: int) -> tuple[str, int] | None:
    """Digest in the frame store and number of frames of a scan that the project shows its members.

    None where the user is no member, or the project has no task about the scan.
    """
    return (
        Scan.objects.filter(
            pk=scan_id,
            tasks__project_id=project_id,
            tasks__project__memberships__user_id=user.pk,
        )
        .values_list("frames", "frame_count")
        .first()
    )


def ingests_of(*, project: Project) -> QuerySet[Ingest]:
    """Deliveries into the project's archive, newest first, with the outcomes of their files."""
    outcomes = {
        outcome.value: Count("files", filter=Q(files__outcome=outcome))
        for outcome in IngestedFile.Outcome
    }
    return (
        Ingest.objects.filter(archive=project.archive_id)
        .select_related("created_by")
        .annotate(**outcomes, file_count=Count("files"))
        .order_by("-pk")
    )


def has_learned(*, project: Project) -> bool:
    """Whether a round of training is done: later ones go on from its backbone."""
    return project.rounds.filter(state="done").exists()


def scan_counts(*, project: Project) -> tuple[int, int]:
    """How many scans the project's tasks show, and of how many patients."""
    counts = Scan.objects.filter(tasks__project=project).aggregate(
        scans=Count("pk", distinct=True), patients=Count("tasks__patient", distinct=True)
    )
    return counts["scans"], counts["patients"]
