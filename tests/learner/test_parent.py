"""A child process does not outlive the one that started it."""

import multiprocessing
import os
import threading
import time
from multiprocessing.connection import Connection

import pytest

from learner.parent import end_with_parent


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


def test_a_process_that_is_no_child_goes_on() -> None:
    before = threading.active_count()
    end_with_parent()
    assert threading.active_count() == before
