"""Keeps a handful of processes running until told to stop."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_LONGEST_PAUSE = 30.0
_HEALTHY_SECONDS = 20.0  # one that ran this long is started again at once
_STOP_SECONDS = 15.0


@dataclass
class Child:
    """One process. `again`: whether it is started again when it ends."""

    name: str
    command: Sequence[str]
    again: bool = True
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 1.0
    due: float = 0.0

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None


@dataclass
class Household:
    """The processes of one installation; their output goes to `logs`/<name>.log."""

    folder: Path  # of the repository, where they run
    logs: Path
    tell: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, *command: str, again: bool = True) -> Child:
        child = Child(name, command, again)
        self.children.append(child)
        self._launch(child)
        return child

    def tend(self) -> None:
        """Start again what has died; to be called every now and then."""
        now = time.monotonic()
        for child in self.children:
            if child.runs or not child.again:
                continue
            if child.process is not None:
                self._bury(child, now)
            if now >= child.due:
                self._launch(child)

    def stop(self) -> None:
        """End every process, gently first."""
        for child in self.children:
            child.again = False
            if child.process is not None and child.runs:
                child.process.terminate()
        deadline = time.monotonic() + _STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, deadline - time.monotonic()))
            _end_family(child.process)
            child.process.wait()
        self._register.unlink(missing_ok=True)

    def end_orphans(self) -> None:
        """End what a demo left running that was itself killed, and no process but those."""
        for line in self._register.read_text().splitlines() if self._register.exists() else []:
            pid, created = line.split()
            try:
                orphan = psutil.Process(int(pid))
                if f"{orphan.create_time():.2f}" == created:
                    for process in (*orphan.children(recursive=True), orphan):
                        process.kill()
            except psutil.NoSuchProcess:
                continue
        self._register.unlink(missing_ok=True)

    @property
    def _register(self) -> Path:
        return self.logs / "processes"

    def _launch(self, child: Child) -> None:
        self.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
        with (self.logs / f"{child.name}.log").open("ab") as log:
            # A session of its own: Ctrl-C reaches the supervisor alone, which ends them in order.
            child.process = subprocess.Popen(  # noqa: S603
                child.command,
                cwd=self.folder,
                env={**os.environ, "PYTHONPATH": f"{self.folder}:{self.folder / 'platform'}"},
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        child.started = time.monotonic()
        with self._register.open("a") as register:
            created = psutil.Process(child.process.pid).create_time()
            register.write(f"{child.process.pid} {created:.2f}\n")

    def _bury(self, child: Child, now: float) -> None:
        assert child.process is not None  # noqa: S101  (narrows the type)
        _end_family(child.process)
        lived = now - child.started
        child.pause = 1.0 if lived > _HEALTHY_SECONDS else min(child.pause * 2, _LONGEST_PAUSE)
        child.due = now if lived > _HEALTHY_SECONDS else now + child.pause / 2
        self.tell(
            f"{child.name} ended with code {child.process.returncode} and is started again; "
            f"see {self.logs / child.name}.log"
        )
        child.process = None


def _end_family(process: subprocess.Popen[bytes]) -> None:
    """End what the process had started and left behind: it may hold its port."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
