"""Choosing the next task, and who holds which.

A claim occupies one of a task's `overlap` places until it expires. An expired claim is ignored by
everybody else and stays until its own reader claims again. It is the proof that the task was served
to them; where it has to go, an empty draft keeps the proof, so that an answer that comes late is
still taken.

A reader holds one task in hand and up to two ahead, in order, so that their frames are fetched
early and reading goes on for a while without a connection.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from annotator.models import MOST_AHEAD, Task
from annotator.rerank import RANKING_LOCK
from annotator.shown import ANSWERS
from projects.models import Project

# With less than this left, a claim might expire for somebody else while it is being renewed.
_SAFE_SECONDS = 10.0
# Each failed attempt means that another reader got the task in between, so somebody got on.
_ATTEMPTS = 50

_OWN = """
SELECT id, task_id, place, expires_at,
       EXTRACT(EPOCH FROM expires_at - statement_timestamp())::float8
FROM annotator_claim WHERE project_id = %s AND reader_id = %s ORDER BY place
"""
# Who has looked at others' answers reads the task blind no more; who has looked at the model's
# opinion does not where chance drew it, to be read without (annotator.looks).
_LOOKED = f"""
    SELECT FROM annotator_modelshown seen
    WHERE seen.task_id = task.id AND seen.reader_id = %(reader)s
      AND (seen.shown -> 'looked_up' ? '{ANSWERS}'
           OR task.arm <> 'pool' AND seen.shown ? 'looked_up')
"""
# One query over one number. Rows locked by another transaction are being claimed or answered.
_BEST = f"""
SELECT task.id FROM annotator_task task
WHERE task.project_id = %(project)s AND task.arm = %(arm)s AND task.is_open
  AND task.answers < %(overlap)s - (
      SELECT count(*) FROM annotator_claim other
      WHERE other.task_id = task.id AND other.expires_at > statement_timestamp())
  AND NOT EXISTS (
      SELECT FROM annotator_claim own
      WHERE own.task_id = task.id AND own.reader_id = %(reader)s)
  AND NOT EXISTS (
      SELECT FROM annotator_annotation answer
      WHERE answer.task_id = task.id AND answer.reader_id = %(reader)s
        AND answer.withdrawn_at IS NULL)
  AND NOT EXISTS ({_LOOKED})
ORDER BY task.rank LIMIT 1
FOR NO KEY UPDATE OF task SKIP LOCKED
"""  # noqa: S608  (of constants)
_BEST_WAITING = _BEST.replace(" SKIP LOCKED", "")
# The subqueries of _BEST saw the claims as they were before its row lock; this statement, under the
# lock, sees them as they are (READ COMMITTED re-evaluates the row, not what subqueries read).
_TAKE = """
INSERT INTO annotator_claim (task_id, project_id, reader_id, place, claimed_at, expires_at,
                             generation, rank, score, strategy, model, propensity, opens_at)
SELECT task.id, task.project_id, %(reader)s, %(place)s, statement_timestamp(),
       statement_timestamp() + make_interval(mins => %(minutes)s),
       task.generation, task.rank, task.score, task.strategy, task.model, task.propensity,
       task.opens_at
FROM annotator_task task
WHERE task.id = %(task)s AND task.is_open
  AND task.answers < %(overlap)s - (
      SELECT count(*) FROM annotator_claim other
      WHERE other.task_id = task.id AND other.expires_at > statement_timestamp())
ON CONFLICT DO NOTHING
RETURNING expires_at
"""
_RENEW = f"""
UPDATE annotator_claim claim
SET place = %(place)s,
    expires_at = statement_timestamp() + make_interval(mins => %(minutes)s)
FROM annotator_task task
WHERE claim.id = %(claim)s AND task.id = claim.task_id
  AND (claim.expires_at > statement_timestamp() OR task.is_open AND task.answers < %(overlap)s - (
      SELECT count(*) FROM annotator_claim other
      WHERE other.task_id = task.id AND other.id <> claim.id
        AND other.expires_at > statement_timestamp())
      AND NOT EXISTS ({_LOOKED}))
RETURNING claim.expires_at
"""  # noqa: S608  (of constants)
_GIVE_UP = """
WITH given_up AS (DELETE FROM annotator_claim WHERE id = %s RETURNING *)
INSERT INTO annotator_draft (
    task_id, reader_id, result, comment, lead_time, version,
    served_at, generation, rank, score, strategy, model, propensity, created_at, updated_at)
SELECT
    task_id, reader_id, '[]', '', 0, 0,
    claimed_at, generation, CASE WHEN generation IS NOT NULL THEN rank END, score, strategy,
    model, propensity, statement_timestamp(), statement_timestamp()
FROM given_up
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class ClaimedTask:
    """A task that a reader holds: in hand, or reserved ahead so that its frames can be fetched."""

    task_id: int
    place: int  # 0 in hand, 1 the next, 2 the one after
    expires_at: datetime

    @property
    def is_ahead(self) -> bool:
        return self.place > 0


@dataclass(frozen=True, slots=True)
class _Own:
    """One of the reader's own claims, live or expired."""

    claim_id: int
    task_id: int
    place: int
    expires_at: datetime
    seconds_left: float


def lock_reader(*, project_id: int, reader_id: int) -> None:
    """One request of a reader at a time, until the transaction ends: two tabs take turns."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_reader_key(project_id, reader_id)])


def _reader_key(project_id: int, reader_id: int) -> int:
    return project_id << 32 | reader_id


def lock_task(task_id: int) -> None:
    """Until the transaction ends nobody else changes the task or takes a place in it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM annotator_task WHERE id = %s FOR NO KEY UPDATE", [task_id])


def claim_next_task(*, project: Project, reader: User) -> ClaimedTask | None:
    """The task in hand: the one the reader holds, else the one reserved ahead, else a new one.

    None when nothing is left for this reader.
    """
    return _claim(project=project, reader=reader, place=0)


def claim_ahead(*, project: Project, reader: User, count: int = MOST_AHEAD) -> list[ClaimedTask]:
    """The tasks that follow the one in hand, reserved, in order: up to `count` of them.

    What is reserved stays under a newer ranking, as its frames are fetched by then: who wants the
    order fresh asks for the second no sooner than they need it. Fewer when fewer are left.
    """
    held: list[ClaimedTask] = []
    for place in range(1, count + 1):
        claim = _claim(project=project, reader=reader, place=place)
        if claim is None:
            break
        held.append(claim)
    return held


def renew_claim(*, project: Project, task_id: int, reader: User) -> bool:
    """Prolong the reader's claim on the task; False where they never had one.

    An expired claim whose place somebody took meanwhile stays expired, and so does one on a task
    that the reader has looked at since.
    """
    own = next((own for own in _own_claims(project, reader) if own.task_id == task_id), None)
    if own is None:
        return False
    with transaction.atomic():
        _renewed(own, project=project, reader=reader, place=own.place)
    return True


def _claim(*, project: Project, reader: User, place: int) -> ClaimedTask | None:
    """Try, each time in a transaction of its own: none waits while it holds another task."""
    arms = _arms(project)
    for _ in range(_ATTEMPTS):
        with transaction.atomic():
            _begin_claiming(project, reader)
            own = _relevant(_own_claims(project, reader), place=place)
            if own is not None:
                held = _renewed(own, project=project, reader=reader, place=place)
                if held is not None:
                    return held
                _give_up(own)
                continue
            task_id = _best(project=project, reader=reader, arms=arms)
            if task_id is None:
                return None
            taken = _take(task_id, project=project, reader=reader, place=place)
            if taken is not None:
                return taken
    return None


def _arms(project: Project) -> list[Task.Arm]:
    """Which arm to serve from, and which when that is empty: a coin that no reader can read.

    Exponential waiting times are shortest in proportion to the shares, also among those left when
    an arm is empty. An arm without a share waits longest.
    """
    shares = {
        Task.Arm.POOL: 1 - project.audit_share - project.random_share,
        Task.Arm.AUDIT: project.audit_share,
        Task.Arm.RANDOM: project.random_share,
    }
    waits = {arm: random.expovariate(share) if share else math.inf for arm, share in shares.items()}
    return sorted(shares, key=waits.__getitem__)


def _begin_claiming(project: Project, reader: User) -> None:
    with connection.cursor() as cursor:
        # While a ranking is written its rows are locked, and SKIP LOCKED would pass over the best.
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s), pg_advisory_xact_lock_shared(%s, %s)",
            [_reader_key(project.pk, reader.pk), RANKING_LOCK, project.pk],
        )


def _own_claims(project: Project, reader: User) -> list[_Own]:
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [project.pk, reader.pk])
        return [_Own(*row) for row in cursor.fetchall()]


def _relevant(claims: list[_Own], *, place: int) -> _Own | None:
    """The claim that answers the request: the one in this place, else the next behind it."""
    return next((own for own in claims if own.place >= place), None)


def _give_up(own: _Own) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_UP, [own.claim_id])


def _renewed(own: _Own, *, project: Project, reader: User, place: int) -> ClaimedTask | None:
    if own.place == place and own.seconds_left > project.claim_minutes * 30:
        return ClaimedTask(own.task_id, place, own.expires_at)
    if own.seconds_left < _SAFE_SECONDS:
        lock_task(own.task_id)
    values = {
        "claim": own.claim_id,
        "reader": reader.pk,
        "place": place,
        "minutes": project.claim_minutes,
        "overlap": project.overlap,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RENEW, values)
        row = cursor.fetchone()
    return ClaimedTask(own.task_id, place, row[0]) if row else None


def _best(*, project: Project, reader: User, arms: Sequence[Task.Arm]) -> int | None:
    values = {"project": project.pk, "reader": reader.pk, "overlap": project.overlap}
    with connection.cursor() as cursor:
        # The last tasks may only be locked for a moment: wait for them before giving up.
        for statement in (_BEST, _BEST_WAITING):
            for arm in arms:
                cursor.execute(statement, {**values, "arm": arm.value})
                row = cursor.fetchone()
                if row is not None:
                    return int(row[0])
    return None


def _take(task_id: int, *, project: Project, reader: User, place: int) -> ClaimedTask | None:
    values = {
        "task": task_id,
        "reader": reader.pk,
        "place": place,
        "minutes": project.claim_minutes,
        "overlap": project.overlap,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, values)
        row = cursor.fetchone()
    return ClaimedTask(task_id, place, row[0]) if row else None
