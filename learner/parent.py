"""What a process does when the one that started it is gone, however that one went.

Killed, it could tell nobody; what it started would work on, or wait for work, for ever.
"""

import multiprocessing
import os
import threading
from collections.abc import Callable


def end_with_parent() -> None:
    """End this process, a child of `multiprocessing`, as soon as its parent has died.

    In a process that is no such child nothing happens.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        _end_after(parent.join)


def end_with_input() -> None:
    """End this program as soon as its standard input ends, which whoever started it holds open."""
    _end_after(_input_ends)


def _end_after(happens: Callable[[], object]) -> None:
    """End the process at once, with whatever it is doing, when `happens` returns."""

    def watch() -> None:
        happens()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _input_ends() -> None:
    # Not through sys.stdin, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 1024):
        pass
