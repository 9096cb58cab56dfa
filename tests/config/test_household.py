"""The demo's supervisor: starts again what dies, and leaves nothing behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from config.demo.processes import Child, Household

SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
# A process that has one of its own, and tells its number.
PARENT = (
    sys.executable,
    "-c",
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']);"
    "print(child.pid, flush=True); time.sleep(600)",
)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def household(tmp_path: Path, told: list[str]) -> Iterator[Household]:
    household = Household(folder=tmp_path, logs=tmp_path / "logs", tell=told.append)
    yield household
    household.stop()


def pid_of(child: Child) -> int:
    assert child.process is not None
    return child.process.pid


def wait_for(what: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_gone(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def test_a_killed_process_is_started_again(household: Household, told: list[str]) -> None:
    worker = household.start("worker", *SLEEP)
    first = pid_of(worker)
    os.kill(first, signal.SIGKILL)

    def is_back() -> bool:
        household.tend()
        return worker.runs and pid_of(worker) != first

    wait_for(is_back)
    assert told == [
        f"worker ended with code -9 and is started again; see {household.logs / 'worker'}.log"
    ]


def test_what_dies_at_once_is_started_again_more_and_more_slowly(household: Household) -> None:
    broken = household.start("broken", sys.executable, "-c", "raise SystemExit(3)")
    pauses = []
    for _ in range(3):
        wait_for(lambda: not broken.runs)
        broken.due = 0.0
        household.tend()
        pauses.append(broken.pause)
        broken.due = 0.0
        household.tend()

    assert pauses == [2.0, 4.0, 8.0]


def test_a_process_that_is_done_stays_done(household: Household, told: list[str]) -> None:
    once = household.start("scans", sys.executable, "-c", "pass", again=False)
    wait_for(lambda: not once.runs)

    household.tend()

    assert not once.runs
    assert told == []


def test_stopping_ends_everything(household: Household) -> None:
    pids = [pid_of(household.start(name, *SLEEP)) for name in ("web", "worker")]

    household.stop()

    assert all(is_gone(pid) for pid in pids)


def test_stopping_ends_what_the_processes_had_started_too(household: Household) -> None:
    household.start("scans", *PARENT, again=False)
    log = household.logs / "scans.log"
    wait_for(lambda: log.read_text().strip() != "")

    household.stop()

    wait_for(lambda: is_gone(int(log.read_text())))


def test_what_a_killed_process_had_started_is_ended_with_it(household: Household) -> None:
    web = household.start("web", *PARENT)
    log = household.logs / "web.log"
    wait_for(lambda: log.read_text().strip() != "")
    grandchild = int(log.read_text())
    os.kill(pid_of(web), signal.SIGKILL)
    wait_for(lambda: not web.runs)

    household.tend()

    wait_for(lambda: is_gone(grandchild))


def test_a_new_demo_ends_what_a_killed_one_left_running(household: Household) -> None:
    orphan = pid_of(household.start("learner", *SLEEP))
    stranger = psutil.Process()
    with (household.logs / "processes").open("a") as register:
        register.write(f"{stranger.pid} 12.00\n")  # its number now belongs to somebody else

    Household(folder=household.folder, logs=household.logs, tell=print).end_orphans()

    wait_for(lambda: is_gone(orphan))
    assert stranger.is_running()
