"""What is in a project's queue, and in which order."""

import hashlib
import hmac
import math
import random
from collections.abc import Iterable, Sequence
from itertools import islice

from django.db import connection, transaction
from django.db.models import F, Q

from annotator.models import Task, TaskScan
from annotator.rerank import RANKING_LOCK, changing_labels
from projects.models import Project
from scans.models import Scan

_BATCH = 2000
# Ranks at creation lie in 1 … 2^62; a ranking has room for 2^20 places below its own number.
_CREATION_RANKS = 1 << 62
_PLACE_BITS = 20

_PLACE = """
UPDATE annotator_task task
SET rank = %(first)s + placed.place, generation = %(generation)s, score = placed.score
FROM unnest(%(tasks)s::bigint[], %(scores)s::float8[]) WITH ORDINALITY
     AS placed (task_id, score, place)
WHERE task.id = placed.task_id AND task.project_id = %(project)s
  AND task.arm = 'pool' AND task.is_open
  AND (task.generation IS NULL OR task.generation < %(generation)s)
"""


def create_tasks(*, project: Project, scans: Iterable[Scan]) -> int:
    """Make a task of each scan that is not yet in the project; how many were made.

    A patient's tasks all lie in one arm, drawn once by a keyed hash. Raises ValueError for a scan
    of another archive than the project's.
    """
    made = 0
    iterator = iter(scans)
    while batch := list(islice(iterator, _BATCH)):
        made += _create_batch(project, batch)
    return made


def apply_ranking(
    *, project: Project, generation: int, placed: Sequence[tuple[int, float]]
) -> None:
    """Put these open pool tasks, as (task id, score) best first, before every older ranking.

    A task that a newer generation has placed keeps its place. Claims wait until the caller's
    transaction ends. Raises ValueError for a score that is no number.
    """
    if len(placed) >= 1 << _PLACE_BITS:
        raise ValueError(f"A ranking places at most {(1 << _PLACE_BITS) - 1} tasks.")
    if not all(math.isfinite(score) for _, score in placed):
        raise ValueError("A score of the ranking is not a finite number.")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [RANKING_LOCK, project.pk])
        values: dict[str, int | list[int] | list[float]] = {
            "first": -(generation << _PLACE_BITS),
            "generation": generation,
            "tasks": [task_id for task_id, _ in placed],
            "scores": [float(score) for _, score in placed],
            "project": project.pk,
        }
        cursor.execute(_PLACE, values)


def reopen_tasks(*, project: Project) -> None:
    """Open and close the project's tasks by its overlap: to be called when that has changed."""
    wanted = Q(answers__lt=project.overlap)
    with changing_labels(project.pk):  # no label changes, but what is left to be ranked does
        project.tasks.filter(wanted, is_open=False).update(is_open=True)
        project.tasks.filter(~wanted, is_open=True).update(is_open=False)


def drawn_for_audit(*, secret: bytes, project_id: int, pseudonym: str, share: float) -> bool:
    """Whether a patient belongs to the random audit sample: the same answer at every call."""
    message = f"audit-{project_id}-{pseudonym}".encode()
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


def _create_batch(project: Project, scans: Sequence[Scan]) -> int:
    with transaction.atomic():
        # Two deliveries at once must not both find a scan missing.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        new = _new_scans(project, [scan.pk for scan in scans])
        arms = _arms(project, {patient: pseudonym for _, patient, pseudonym in new})
        tasks = Task.objects.bulk_create(
            Task(
                project=project,
                patient_id=patient,
                arm=arms[patient],
                rank=random.randint(1, _CREATION_RANKS),  # noqa: S311  an order, no secret
            )
            for _, patient, _ in new
        )
        TaskScan.objects.bulk_create(
            TaskScan(task=task, scan_id=scan) for task, (scan, _, _) in zip(tasks, new, strict=True)
        )
    return len(tasks)


def _new_scans(project: Project, scan_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    """(scan, patient, pseudonym) of those that no task of the project shows yet, by scan."""
    wanted = Scan.objects.filter(pk__in=scan_ids)
    strangers = wanted.exclude(archive_id=project.archive_id).count()
    if strangers:
        raise ValueError(f"{strangers} scans are not of the project's archive.")
    shown = TaskScan.objects.filter(task__project=project, scan__in=scan_ids).values("scan")
    patient = F("series__study__patient")
    pseudonym = F("series__study__patient__pseudonym")
    rows = wanted.exclude(pk__in=shown).order_by("pk")
    return list(rows.values_list("pk", patient, pseudonym))


def _arms(project: Project, pseudonyms: dict[int, str]) -> dict[int, Task.Arm]:
    """Each patient's arm. Who has tasks already keeps theirs, whatever the share is by now."""
    drawn = {
        patient: Task.Arm.AUDIT
        if drawn_for_audit(
            secret=bytes(project.archive.secret),
            project_id=project.pk,
            pseudonym=pseudonym,
            share=project.audit_share,
        )
        else Task.Arm.POOL
        for patient, pseudonym in pseudonyms.items()
    }
    known = Task.objects.filter(project=project, patient__in=pseudonyms)
    drawn.update(
        (patient, Task.Arm(arm)) for patient, arm in known.values_list("patient", "arm").distinct()
    )
    return drawn
