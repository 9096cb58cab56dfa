"""Do what the queue "learner" asks for: keep rankings fresh, embed scans, train rounds."""

import asyncio
import logging
import os
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connections
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

logger = logging.getLogger(__name__)

# Reranks of two projects go on beside an embedding, a training, a proof and an explanation, of
# which there is one at a time each.
CONCURRENCY = 6
SWEEP_SECONDS = 5.0
# A job that waits for its lock (a label that came while the last one was being ranked) is announced
# when it is put in, not when the lock is free, and an announcement during a fetch is lost.
POLL_SECONDS = 0.1


class Command(BaseCommand):
    help = 'Run the jobs of the queue "learner" until stopped; on a GPU if there is one.'

    def handle(self, *args: Any, **options: Any) -> None:
        # The heads are so small that threads of the linear algebra only wait for each other: on
        # two busy cores a refit took thirty times as long. numpy and scipy read this at import;
        # torch is told its number of threads where it is used.
        os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
        from rounds import worker

        ending = threading.Event()
        sweeper = threading.Thread(target=_sweep, args=(ending,), daemon=True)
        sweeper.start()
        try:
            asyncio.run(_work(worker.stop))
        finally:
            ending.set()
            sweeper.join()


def _sweep(ending: threading.Event) -> None:
    from rounds import worker

    while not ending.is_set():
        try:
            worker.sweep()
        except Exception:
            # The database may be away for a moment; the next sweep finds the same work.
            logger.exception("The sweep failed")
        finally:
            connections.close_all()
        ending.wait(SWEEP_SECONDS)


async def _work(stop: Any) -> None:
    assert isinstance(app.connector, DjangoConnector)  # noqa: S101  (narrows the type)
    # An app of its own for the worker: jobs that jobs enqueue go through Django's connection, and
    # so with the transaction that they are part of.
    working = App(
        connector=app.connector.get_worker_connector(), worker_defaults=app.worker_defaults
    )
    working.tasks = app.tasks
    async with working.open_async():
        work = asyncio.ensure_future(
            working.run_worker_async(
                queues=["learner"],
                concurrency=CONCURRENCY,
                name="learner",
                fetch_job_polling_interval=POLL_SECONDS,
                install_signal_handlers=False,
                shutdown_graceful_timeout=5.0,
            )
        )

        def end() -> None:
            stop()
            work.cancel()

        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, end)
        try:
            await work
        except asyncio.CancelledError:
            logger.info("The learner has stopped")
