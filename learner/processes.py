"""The same work on many rows, spread over the cores."""

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import TypeVar

from threadpoolctl import threadpool_limits

from learner.parent import end_with_parent

Result = TypeVar("Result")


def aside(function: Callable[..., Result], *arguments: object) -> Result:
    """`function(*arguments)` in a process of its own, of one thread, that gives way to all others.

    Nothing else in this process waits for its computing, and a crash kills only the child, which
    ends with this process. It imports the module that defines `function`: none that needs Django.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, _give_way) as pool:
        return pool.submit(function, *arguments).result()


def _give_way() -> None:
    _of_one_thread()
    os.nice(10)


def _of_one_thread() -> None:
    end_with_parent()
    threadpool_limits(1)


def spread(
    function: Callable[..., Result], *columns: Iterable[object], processes: int, chunk: int = 1
) -> list[Result]:
    """`map(function, *columns)` in so many processes of one thread each; one: in this process.

    Threads of every process on all cores would only take turns: two such processes ran six times
    slower than single-threaded ones.
    """
    if processes == 1:
        with threadpool_limits(1):
            return list(map(function, *columns))
    with _pool(processes) as pool:
        return list(pool.map(function, *columns, chunksize=chunk))


def each_done(
    function: Callable[..., Result], jobs: Sequence[tuple[object, ...]], *, processes: int
) -> Iterator[Result]:
    """`function(*job)` of every job as in `spread`, each result as soon as it is there."""
    if processes == 1:
        with threadpool_limits(1):
            yield from (function(*job) for job in jobs)
        return
    with _pool(processes) as pool:
        try:
            for done in as_completed([pool.submit(function, *job) for job in jobs]):
                yield done.result()
        finally:
            pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C the rest is not begun


def _pool(processes: int) -> ProcessPoolExecutor:
    # Not by fork, which torch's threads do not survive.
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, spawn, _of_one_thread)
