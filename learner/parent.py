"""What a child process does when the one that started it is gone."""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """End this process, a child of `multiprocessing`, as soon as its parent has died.

    A pool's child waits for its next work for ever, and keeps its memory, where its parent was
    killed. In a process that is no child nothing happens.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent.sentinel,), daemon=True).start()


def _end_after(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
