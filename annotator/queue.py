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
from annotator.units import NewScan, Unit, scan_units, study_units
from projects.models import Project, ReadingUnit
from scans.models import Ingest, Scan

_BATCH = 2000
# Ranks at creation lie in 1 … 2^62; a ranking has room for 2^20 places below its own number.
_CREATION_RANKS = 1 << 62
_PLACE_BITS = 20

# A task that a reader has answered keeps why it came, and where it opens, which could show its next
# reader something of the answer: only its place is new.
_PLACE = """
UPDATE annotator_task task
SET rank = %(first)s + placed.place, generation = %(generation)s,
    opens_at = CASE WHEN task.answers = 0 THEN placed.opens_at::jsonb ELSE task.opens_at END,
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
  AND task.arm <> 'pool' AND task.is_open AND task.answers = 0
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


def create_tasks(*, project: Project, scans: Iterable[Scan], ingest: Ingest | None = None) -> int:
    """Make tasks of the scans that the project does not ask about yet; how many more there are.

    The project's reading unit says which scans stand together. One that comes later joins its
    study's task while nobody has claimed, drafted or answered that; else it becomes a task of its
    own, which is counted at `ingest`. A patient's tasks all lie in one arm, drawn once by a keyed
    hash. Raises ValueError for a scan of another archive than the project's.
    """
    made = 0
    iterator = iter(scans)
    while batch := list(islice(iterator, _BATCH)):
        made += _create_batch(project, batch, ingest)
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


def _create_batch(project: Project, scans: Sequence[Scan], ingest: Ingest | None) -> int:
    with transaction.atomic():
        # Two deliveries at once must not both find a scan missing.
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        new = _new_scans(project, [scan.pk for scan in scans])
        units, replaced = _units(project, new, ingest)
        arms = _arms(project, {unit.patient: unit.pseudonym for unit in units})
        tasks = Task.objects.bulk_create(
            Task(
                project=project,
                patient_id=unit.patient,
                arm=arms[unit.patient],
                rank=random.randint(1, _CREATION_RANKS),  # noqa: S311  an order, no secret
            )
            for unit in units
        )
        TaskScan.objects.bulk_create(
            TaskScan(task=task, scan_id=scan, position=position, is_prior=scan in unit.priors)
            for task, unit in zip(tasks, units, strict=True)
            for position, scan in enumerate(unit.scans + unit.priors)
        )
    return len(tasks) - replaced


def _units(
    project: Project, new: Sequence[NewScan], ingest: Ingest | None
) -> tuple[list[Unit], int]:
    """Which scans stand together, and how many tasks give way to them."""
    if project.reading_unit == ReadingUnit.SCAN:
        return scan_units(new), 0
    with connection.cursor() as cursor:
        # Nobody claims a task, and no ranking places one, while it gives way to a larger one.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [RANKING_LOCK, project.pk])
    formed = study_units(project, new)
    if ingest is not None and formed.stood_apart:
        apart = F("stood_apart") + formed.stood_apart
        Ingest.objects.filter(pk=ingest.pk).update(stood_apart=apart)
    return formed.units, formed.replaced


def _new_scans(project: Project, scan_ids: Sequence[int]) -> list[NewScan]:
    """Those that no task of the project asks about yet, by scan."""
    wanted = Scan.objects.filter(pk__in=scan_ids)
    strangers = wanted.exclude(archive_id=project.archive_id).count()
    if strangers:
        raise ValueError(f"{strangers} scans are not of the project's archive.")
    asked = TaskScan.objects.filter(task__project=project, scan__in=scan_ids, is_prior=False)
    rows = wanted.exclude(pk__in=asked.values("scan")).order_by("pk")
    patient = "series__study__patient"
    fields = ("pk", "series__study", patient, f"{patient}__pseudonym")
    return [NewScan(*row) for row in rows.values_list(*fields)]


def _arms(project: Project, pseudonyms: Mapping[int, str]) -> dict[int, Task.Arm]:
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
