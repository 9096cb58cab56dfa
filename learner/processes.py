"""The same work on many rows, spread over the cores."""

import multiprocessing
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from typing import TypeVar

from threadpoolctl import threadpool_limits

Result = TypeVar("Result")


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
    # Not by fork, which torch's threads do not survive.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, spawn, threadpool_limits, (1,)) as pool:
        return list(pool.map(function, *columns, chunksize=chunk))
