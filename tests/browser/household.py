"""A project with something on each of its pages: for whoever looks at all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

# pytest may read this before Django's apps are loaded, so models are imported where they are used.
if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project
    from releases.models import Release
    from scans.models import Ingest


@dataclass(frozen=True)
class Household:
    project: Project
    manager: User
    reader: User
    invitation: str  # the path of an invitation that is still open
    ingest: Ingest
    release: Release
    task: int  # one that the reader has read


def household() -> Household:
    """Alice manages, Bob and Bea read, Ines is invited; the learner has ranked, trained, proved."""
    from accounts.models import Role, User
    from accounts.services import invitation_path
    from projects.members import add_member
    from rounds.models import Activity, Round
    from tests.releases.cast import new_cast
    from tests.rounds.half_read import half_read, measured, ranked
    from tests.rounds.test_proofs import doubt, proved

    cast = new_cast()
    half_read(cast)
    metrics = {"balanced_accuracy": measured(0.8)}
    for generation in range(5, 60, 9):
        ranked(cast, generation, quality={**metrics, "accuracy": measured(0.4 + generation / 120)})
    now = timezone.now()
    Round.objects.create(
        project=cast.project, number=1, state="done", labels=30, started_at=now, finished_at=now,
        config={"serves": True}, metrics={"labels": 30, "questions": {"quality": metrics}},
    )  # fmt: skip
    Round.objects.create(
        project=cast.project, number=2, state="failed", labels=60, error="CUDA out of memory",
        started_at=now, finished_at=now + timedelta(seconds=44),
    )  # fmt: skip
    Activity.objects.create(project=cast.project, doing="Ranking", since=now, seen_at=now)
    tasks = list(cast.project.tasks.order_by("pk"))
    proved(cast, label_errors=[doubt(tasks[0].pk)])
    manager = cast.alice
    User.objects.filter(pk=manager.pk).update(may_create_projects=True)
    invited = add_member(
        project=cast.project, added_by=manager, email="ines@example.org", role=Role.READER
    )
    return Household(
        project=cast.project,
        manager=manager,
        reader=cast.bob,
        invitation=invitation_path(account=invited.user),
        ingest=_delivery(cast.project, manager),
        release=_release(cast.project, manager),
        task=tasks[0].pk,
    )


def _delivery(project: Project, manager: User) -> Ingest:
    from scans.models import Ingest, IngestedFile

    ingest = Ingest.objects.create(
        archive=project.archive, created_by=manager, state=Ingest.State.DONE
    )
    for path, outcome, reason in (
        ("one.dcm", "added", ""), ("notes.txt", "rejected", "This is no image."),
    ):  # fmt: skip
        IngestedFile.objects.create(ingest=ingest, path=path, outcome=outcome, reason=reason)
    return ingest


def _release(project: Project, manager: User) -> Release:
    from releases.models import Release

    manifest = {
        "counts": {
            "tasks": 6, "annotations": 3, "patients": 6, "readers": 2,
            "states": {"unread": 3, "read": 2, "not-judgeable": 1},
            "splits": {"train": {"tasks": 4, "patients": 4}},
        },
        "files": {"labels.csv": {"bytes": 2048, "sha256": "0" * 64}},
        "split": "By patient, 80 to 10 to 10.",
        "last_annotation": 3,
        "rankings": [{"strategy": "margin", "first_generation": 1, "last_generation": 9}],
        "rounds": [{"number": 1, "labels": 30, "parent": None}],
        "scout": "0.1.0",
    }  # fmt: skip
    Release.objects.create(
        project=project, number=1, state=Release.State.FAILED, created_by=manager,
        formats=["csv"], error="The disk is full.", last_annotation=0,
    )  # fmt: skip
    return Release.objects.create(
        project=project, number=2, state=Release.State.DONE, created_by=manager,
        formats=["csv"], manifest=manifest, size=4096, digest="1" * 64, last_annotation=3,
    )  # fmt: skip
