"""What is in a project's queue, and in which order."""

import hashlib
import hmac
import json
import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypedDict

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

# A task that a reader has answered keeps why it came: only its place, and where it opens, are new.
_PLACE = """
UPDATE annotator_task task
SET rank = %(first)s + placed.place, generation = %(generation)s,
    opens_at = placed.opens_at::jsonb,
    score = CASE WHEN task.answers = 0 THEN placed.score ELSE task.score END,
    strategy = CASE WHEN task.answers = 0 THEN %(strategy)s ELSE task.strategy END,
    model = CASE WHEN task.answers = 0 THEN %(model)s ELSE task.model END,
    propensity = CASE WHEN task.answers = 0 OR task.generation IS NULL THEN placed.propensity
                      ELSE task.propensity END
FROM unnest(%(tasks)s::bigint[], %(scores)s::float8[], %(propensities)s::float8[],
            %(opens_at)s::text[]) WITH ORDINALITY
     AS placed (task_id, score, propensity, opens_at, place)
WHERE task.id = placed.task_id AND task.project_id = %(project)s
  AND task.arm = 'pool' AND task.is_open
  AND (task.generation IS NULL OR task.generation < %(generation)s)
"""
_OPEN_AT = """
UPDATE annotator_task task SET opens_at = shown.opens_at::jsonb
FROM unnest(%(tasks)s::bigint[], %(opens_at)s::text[]) AS shown (task_id, opens_at)
WHERE task.id = shown.task_id AND task.project_id = %(project)s
  AND task.arm <> 'pool' AND task.is_open
"""


class OpensAt(TypedDict):
    """The frame a reader sees first, both numbers from 0."""

    scan: int  # position in the task
    frame: int  # number in the scan


@dataclass(frozen=True, slots=True)
class Placement:
    """One task of a ranking."""

    task_id: int
    score: float  # comparable within its ranking only
    propensity: float = 1.0  # the chance, by the strategy's own draw, of being put here
    opens_at: OpensAt | None = None  # None: in the middle


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
    *,
    project: Project,
    generation: int,
    placed: Sequence[Placement],
    strategy: str,
    model: int,
    opened: Mapping[int, OpensAt | None] | None = None,
) -> None:
    """Put these open pool tasks, best first, before every older ranking.

    `strategy` chose them, with the weights of round number `model` (0: the random ones). A task
    that a newer generation has placed keeps its place. `opened` says where tasks of the other arms
    open, by task: if only ranked tasks opened at a chosen frame, a reader could tell the arms
    apart. Claims wait until the caller's transaction ends. Raises ValueError for a score that is no
    number and a propensity that is no chance.
    """
    _check(placed)
    values: dict[str, Any] = {
        "first": -(generation << _PLACE_BITS),
        "generation": generation,
        "strategy": strategy,
        "model": model,
        "tasks": [one.task_id for one in placed],
        "scores": [float(one.score) for one in placed],
        "propensities": [float(one.propensity) for one in placed],
        "opens_at": [_json(one.opens_at) for one in placed],
        "project": project.pk,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [RANKING_LOCK, project.pk])
        cursor.execute(_PLACE, values)
        if opened:
            frames = [_json(opens_at) for opens_at in opened.values()]
            cursor.execute(
                _OPEN_AT, {"project": project.pk, "tasks": list(opened), "opens_at": frames}
            )


def _check(placed: Sequence[Placement]) -> None:
    if len(placed) >= 1 << _PLACE_BITS:
        raise ValueError(f"A ranking places at most {(1 << _PLACE_BITS) - 1} tasks.")
    if not all(math.isfinite(one.score) for one in placed):
        raise ValueError("A score of the ranking is not a finite number.")
    if not all(0 < one.propensity <= 1 for one in placed):
        raise ValueError("A propensity of the ranking does not lie in (0, 1].")


def _json(opens_at: OpensAt | None) -> str | None:
    return None if opens_at is None else json.dumps(opens_at)


def place_of(rank: int, generation: int) -> int:
    """The place of a task in the ranking that placed it, from 1."""
    return rank + (generation << _PLACE_BITS)


def reopen_tasks(*, project: Project) -> None:
    """Open and close the project's tasks by its overlap: to be called when that has changed."""
    wanted = Q(answers__lt=project.overlap)
    with changing_labels(project.pk):  # no label changes, but what is left to be ranked does
        project.tasks.filter(wanted, is_open=False).update(is_open=True)
        project.tasks.filter(~wanted, is_open=True).update(is_open=False)


def drawn_arm(
    *, secret: bytes, project_id: int, pseudonym: str, audit_share: float, random_share: float
) -> Task.Arm:
    """A patient's arm: the same at every call.

    One number per patient, uniform over [0, 2^64), and the arms side by side: the audit sample
    lies lowest, so that who belongs to it does not depend on the random arm's share.
    """
    message = f"audit-{project_id}-{pseudonym}".encode()
    digest = hmac.new(secret, message, hashlib.sha256).digest()
    drawn = int.from_bytes(digest[:8], "big")
    if drawn < audit_share * 2**64:
        return Task.Arm.AUDIT
    return Task.Arm.RANDOM if drawn < (audit_share + random_share) * 2**64 else Task.Arm.POOL


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
        patient: drawn_arm(
            secret=bytes(project.archive.secret),
            project_id=project.pk,
            pseudonym=pseudonym,
            audit_share=project.audit_share,
            random_share=project.random_share,
        )
        for patient, pseudonym in pseudonyms.items()
    }
    known = Task.objects.filter(project=project, patient__in=pseudonyms)
    drawn.update(
        (patient, Task.Arm(arm)) for patient, arm in known.values_list("patient", "arm").distinct()
    )
    return drawn
