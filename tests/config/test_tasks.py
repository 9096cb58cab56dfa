"""A worker that dies leaves no job undone, and none done without end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector
from procrastinate.contrib.django.models import ProcrastinateJob

from config.tasks import MOST_ATTEMPTS, retry_stalled_jobs

pytestmark = pytest.mark.django_db(transaction=True)


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def defer(queue: str = "learner", **options: Any) -> int:
    job_id = app.configure_task("rounds.rerank", queue=queue, **options).defer(project_id=1)
    assert isinstance(job_id, int)
    return job_id


def start(job_id: int, *, heartbeat_age: timedelta | None, attempts: int = 0) -> None:
    """As if a worker had taken the job, and had last been heard of so long ago (None: pruned)."""
    worker = None
    if heartbeat_age is not None:
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - make_interval(secs => %s)) RETURNING id",
                [heartbeat_age.total_seconds()],
            )
            worker = cursor.fetchone()[0]
    sql(
        "UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s, attempts = %s"
        " WHERE id = %s",
        worker, attempts, job_id,
    )  # fmt: skip


def sweep() -> None:
    async def run() -> None:
        assert isinstance(app.connector, DjangoConnector)
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            async with working.open_async():
                await retry_stalled_jobs(timestamp=0)

    asyncio.run(run())


def state(job_id: int) -> tuple[str, int]:
    job = ProcrastinateJob.objects.get(pk=job_id)
    return job.status, job.attempts


@pytest.mark.parametrize("queue", ["default", "learner"])
@pytest.mark.parametrize("heartbeat_age", [timedelta(seconds=16), None])
def test_the_job_of_a_dead_worker_is_run_again(queue: str, heartbeat_age: timedelta | None) -> None:
    job = defer(queue)
    start(job, heartbeat_age=heartbeat_age)

    sweep()

    assert state(job) == ("todo", 1)


def test_the_job_of_a_living_worker_is_left_alone() -> None:
    job = defer()
    start(job, heartbeat_age=timedelta(seconds=9))

    sweep()

    assert state(job) == ("doing", 0)


def test_a_job_that_kills_its_workers_is_given_up() -> None:
    job = defer()
    start(job, heartbeat_age=timedelta(minutes=1), attempts=MOST_ATTEMPTS - 1)

    sweep()

    assert state(job) == ("failed", MOST_ATTEMPTS)


def test_a_job_with_a_waiting_successor_makes_room_for_it() -> None:
    dead = defer(lock="rerank-1", queueing_lock="rerank-1")
    start(dead, heartbeat_age=timedelta(minutes=1))
    successor = defer(lock="rerank-1", queueing_lock="rerank-1")

    sweep()

    assert not ProcrastinateJob.objects.filter(pk=dead).exists()
    assert state(successor) == ("todo", 0)
