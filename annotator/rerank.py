"""How a change of the labels wakes the learner, so that no change is ever overlooked.

Every transaction that changes labels holds a shared lock of its project until it commits. The
rerank job begins by passing the same lock exclusively: whoever found the job already waiting, and
so left it at that, has then committed, and the job sees what they wrote.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from projects.jobs import defer_once

# First keys of PostgreSQL's two-key advisory locks; the second is the project's id.
RERANK_LOCK = 0x5C07
RANKING_LOCK = 0x5C08

RERANK_JOB = "rounds.rerank"
LEARNER_QUEUE = "learner"


def rerank_lock_name(project_id: int) -> str:
    """The name under which rerank jobs of a project exclude, and stand in for, each other."""
    return f"rerank-{project_id}"


@contextmanager
def changing_labels(project_id: int) -> Iterator[None]:
    """One transaction that changes a project's labels and leaves a rerank job waiting."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s, %s)", [RERANK_LOCK, project_id])
        yield
        _enqueue(project_id)


def wait_for_label_changes(project_id: int) -> None:
    """Wait until every change of labels begun before now has committed or failed."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [RERANK_LOCK, project_id])


def _enqueue(project_id: int) -> None:
    lock = rerank_lock_name(project_id)
    with connection.cursor() as cursor:
        # Cheaper than the refused insert it saves nearly always; a race is settled below.
        cursor.execute(
            "SELECT 1 FROM procrastinate_jobs WHERE queueing_lock = %s AND status = 'todo'", [lock]
        )
        if cursor.fetchone():
            return
    defer_once(
        RERANK_JOB, queue=LEARNER_QUEUE, lock=lock, queueing_lock=lock, project_id=project_id
    )
