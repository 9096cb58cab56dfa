"""A decoder that crashes, hangs or fails costs its own file and nothing else."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from scans.pool import DecodingPool, Lost


@dataclass(frozen=True)
class File:
    number: int
    does: str = "decodes"


@dataclass(frozen=True)
class Files:
    sources: tuple[File, ...]

    def without(self, number: int) -> "Files":
        return replace(self, sources=tuple(s for s in self.sources if s.number != number))


def decode(job: Files, started: Callable[[int], None]) -> list[int | str]:
    """Runs in a child; what the file is named for happens there."""
    done: list[int | str] = []
    for file in job.sources:
        started(file.number)
        if file.does == "crashes":
            os.abort()
        if file.does == "hangs":
            time.sleep(600)
        if file.does == "fails":
            raise ZeroDivisionError
        if file.does == "tells":
            done.extend(sorted({"django", "torch"} & set(sys.modules)))
        done.append(file.number)
    return done


def ran(*jobs: Files, seconds: float = 30) -> tuple[list[list[int | str]], list[Lost]]:
    with DecodingPool(decode, processes=2, seconds_per_file=seconds) as pool:
        results = list(pool.run(jobs))
    lost = [result for result in results if isinstance(result, Lost)]
    return [result for result in results if not isinstance(result, Lost)], lost


def test_a_crash_costs_one_file_and_the_rest_of_its_job_is_done() -> None:
    done, lost = ran(
        Files((File(0), File(1, "crashes"), File(2))), Files((File(3),)), Files((File(4),))
    )
    assert sorted(done) == [[0, 2], [3], [4]]
    assert lost == [Lost(1, "Its decoder crashed.")]


def test_a_hang_is_ended_and_told() -> None:
    done, lost = ran(Files((File(0, "hangs"), File(1))), Files((File(2),)), seconds=2)
    assert sorted(done) == [[1], [2]]
    assert lost == [Lost(0, "Decoding it took longer than 2 seconds.")]


def test_an_error_nobody_foresaw_is_told() -> None:
    done, lost = ran(Files((File(0, "fails"), File(1))))
    assert done == [[1]]
    assert lost == [Lost(0, "Its decoder failed (ZeroDivisionError).")]


def test_a_job_of_nothing_but_crashes_ends() -> None:
    done, lost = ran(Files((File(0, "crashes"), File(1, "crashes"))))
    assert (done, [one.number for one in lost]) == ([], [0, 1])


def test_decoding_processes_know_nothing_of_django() -> None:
    done, _ = ran(Files((File(0, "tells"),)))
    assert done == [[0]]
