"""A pool of decoding processes that outlives crashes, hangs and greed of the decoders it runs.

concurrent.futures gives up the whole pool when one process dies. Here a process that dies or takes
too long costs the one file it was reading: the file is reported and the rest of its job runs again.
"""

import contextlib
import multiprocessing
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from multiprocessing.process import BaseProcess
from typing import Any, Generic, Protocol, TypeVar

from accounts.sentences import Sentence

SECONDS_PER_FILE = 120.0
# Address space of one process: what a scan of the largest size taken needs, several times over.
_ADDRESS_SPACE = 6 << 30


class Job(Protocol):
    """Work on numbered files, of which one can be left out."""

    @property
    def sources(self) -> tuple[Any, ...]: ...

    def without(self, number: int) -> "Job": ...


JobT = TypeVar("JobT", bound=Job)
ResultT = TypeVar("ResultT")
Work = Callable[[JobT, Callable[[int], None]], ResultT]


@dataclass(frozen=True)
class Lost:
    """A file whose decoding ended its process."""

    number: int
    reason: str


@dataclass
class _Worker:
    process: BaseProcess
    connection: Connection
    job: Any = None
    file: int | None = None  # the one being read
    heard: float = field(default_factory=time.monotonic)


class DecodingPool(Generic[JobT, ResultT]):
    """Runs `work(job, started)` in processes; `started(number)` tells which file is read next.

    `work` must be importable by name. Use as a context manager: leaving it ends the processes.
    """

    def __init__(
        self,
        work: Work[JobT, ResultT],
        *,
        processes: int,
        seconds_per_file: float = SECONDS_PER_FILE,
    ) -> None:
        self._work = work
        self._processes = max(1, processes)
        self._seconds = seconds_per_file
        # Forking a process with threads and database connections is unsafe; spawning is not, and
        # the child imports what `work` needs and nothing of Django.
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []

    def __enter__(self) -> "DecodingPool[JobT, ResultT]":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            _end(worker)
        self._workers.clear()

    def run(self, jobs: Iterable[JobT]) -> Iterator[ResultT | Lost]:
        """Results as they come, in any order, and the files that were lost on the way."""
        waiting = deque(jobs)
        while waiting or any(worker.job is not None for worker in self._workers):
            self._hand_out(waiting)
            ready = wait([worker.connection for worker in self._workers], timeout=0.5)
            for worker in list(self._workers):
                if worker.connection in ready:
                    yield from self._hear(worker, waiting)
                elif worker.job and time.monotonic() - worker.heard > self._seconds:
                    reason = Sentence(
                        "Decoding it took longer than {seconds} seconds.",
                        seconds=f"{self._seconds:g}",
                    )
                    yield from self._lose(worker, waiting, reason)

    def _hand_out(self, waiting: deque[JobT]) -> None:
        idle = [worker for worker in self._workers if worker.job is None]
        while len(waiting) > len(idle) and len(self._workers) < self._processes:
            worker = self._start()
            self._workers.append(worker)
            idle.append(worker)
        for worker in idle:
            if not waiting:
                return
            worker.job, worker.file, worker.heard = waiting.popleft(), None, time.monotonic()
            with contextlib.suppress(OSError):  # it died; its silence is heard next
                worker.connection.send(worker.job)

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs, self._work), daemon=True)
        process.start()
        theirs.close()  # so that its end is heard when the process dies
        return _Worker(process, ours)

    def _hear(self, worker: _Worker, waiting: deque[JobT]) -> Iterator[ResultT | Lost]:
        try:
            kind, content = worker.connection.recv()
        except (EOFError, OSError):
            yield from self._lose(worker, waiting, Sentence("Its decoder crashed."))
            return
        worker.heard = time.monotonic()
        if kind == "file":
            worker.file = content
        elif kind == "failed":
            reason = Sentence("Its decoder failed ({error}).", error=content)
            yield from self._lose(worker, waiting, reason)
        else:
            worker.job = worker.file = None
            yield content

    def _lose(self, worker: _Worker, waiting: deque[JobT], reason: str) -> Iterator[Lost]:
        _end(worker)
        self._workers.remove(worker)
        if worker.job is None:
            return
        lost = [worker.file] if worker.file is not None else [s.number for s in worker.job.sources]
        rest = worker.job
        for number in lost:
            rest = rest.without(number)
            yield Lost(number, reason)
        if rest.sources:
            waiting.appendleft(rest)


def _end(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join()
    worker.connection.close()


def _serve(connection: Connection, work: Callable[[Any, Callable[[int], None]], Any]) -> None:
    """The child: job in, result out, until the parent closes the pipe or is gone."""
    _limit_memory()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            message = ("done", work(job, lambda number: connection.send(("file", number))))
        except Exception as error:
            message = ("failed", type(error).__name__)
        connection.send(message)


def _end_with_parent() -> None:
    """As `learner.parent` has it, of which nothing here may know: a hung decoder would stay."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    limit = _ADDRESS_SPACE if hard == resource.RLIM_INFINITY else min(_ADDRESS_SPACE, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
