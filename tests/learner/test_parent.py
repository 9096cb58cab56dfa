"""A child process does not outlive the one that started it."""

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from multiprocessing.connection import Connection, wait
from pathlib import Path

import pytest

from learner.parent import end_with_parent
from learner.processes import spread


def sleeps(told: Connection) -> None:
    end_with_parent()
    told.send(os.getpid())
    time.sleep(60)


def starts_one_and_is_killed(told: Connection) -> None:
    child = multiprocessing.get_context("spawn").Process(target=sleeps, args=(told,))
    child.start()
    time.sleep(60)


def test_a_child_ends_when_its_parent_is_killed() -> None:
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    parent = spawn.Process(target=starts_one_and_is_killed, args=(there,))
    parent.start()
    assert here.poll(30)
    here.recv()
    there.close()
    parent.kill()
    parent.join()
    assert here.poll(10)  # its end of the pipe is closed: nobody holds it any more
    with pytest.raises(EOFError):
        here.recv()


def holds(line: str) -> None:
    with Path(line).open("wb", buffering=0) as told:
        told.write(b".")
        time.sleep(60)


def spreads_and_is_killed(line: str) -> None:
    spread(holds, [line, line], processes=2)


def test_processes_that_share_work_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    line = str(tmp_path / "line")
    os.mkfifo(line)
    parent = multiprocessing.get_context("spawn").Process(
        target=spreads_and_is_killed, args=(line,)
    )
    parent.start()
    with Path(line).open("rb", buffering=0) as told:
        begun = b""
        while begun != b"..":
            begun += told.read(1)
        parent.kill()
        parent.join()
        assert wait([told.fileno()], timeout=10)  # at its end: nobody holds it any more
        assert told.read(1) == b""


def test_a_program_ends_when_its_input_does() -> None:
    code = (
        "import time; from learner.parent import end_with_input;"
        "end_with_input(); print('here', flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdin and program.stdout and program.stdout.readline() == b"here\n"
        assert program.poll() is None
        program.stdin.close()
        assert program.wait(10) == 1


def test_a_process_that_is_no_child_goes_on() -> None:
    before = threading.active_count()
    end_with_parent()
    assert threading.active_count() == before
