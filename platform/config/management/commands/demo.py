"""Start everything on this machine and keep it running: database, web, worker, learner, scans."""

import fcntl
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand, CommandParser

from config.demo import people
from config.demo.content import demo_project, make_synthetic_projects
from config.demo.processes import Child, Household
from config.postgres import embedded_database_url, is_ready, stop_embedded
from config.web import web_command
from projects.label_config import LabelConfigError

_DATABASE: Path = settings.SCOUT_DATA / "postgres"
_LOGS: Path = settings.SCOUT_DATA / "logs"


class Command(BaseCommand):
    help = "Start web, worker and learner with the embedded database; Ctrl-C stops all of it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scans", type=Path, help="a folder of scans of your own")
        parser.add_argument("--label-config", type=Path, help="what is asked about them: XML")

    def handle(self, *args: Any, **options: Any) -> None:
        port = int(os.environ.get("SCOUT_PORT", "8000"))
        household = Household(folder=settings.BASE_DIR, logs=_LOGS, tell=self._tell)
        with _only_one():
            signal.signal(signal.SIGTERM, _interrupt)
            try:
                household.end_orphans()
                _check_port(port)
                scans, label_config = _own_scans(options)
                passwords = self._prepare(scans, label_config)
                self._start(household, port, scans, label_config)
                self._watch(household, port, passwords)
            except KeyboardInterrupt:
                self._tell("\nStopping …")
            finally:
                # A second Ctrl-C must not leave half of it running.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                household.stop()
                if _is_embedded():
                    stop_embedded(_DATABASE)

    def _prepare(self, scans: Path | None, label_config: Path | None) -> dict[str, str]:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        passwords = people.passwords(settings.SCOUT_DATA / "demo.json")
        people.make_accounts(passwords)
        if scans is None or label_config is None:
            make_synthetic_projects()
            return passwords
        try:
            demo_project(title=scans.name, label_config=label_config.read_text())
        except LabelConfigError as error:
            raise CommandError(f"{label_config}: {error}") from error
        return passwords

    def _start(
        self, household: Household, port: int, scans: Path | None, label_config: Path | None
    ) -> None:
        manage = (sys.executable, "manage.py")
        (_LOGS / "scans.log").unlink(missing_ok=True)
        own = ("--scans", str(scans), "--label-config", str(label_config)) if scans else ()
        household.start("web", *web_command(port))
        household.start("scans", *manage, "demodata", *own, again=False)
        household.start("worker", *manage, "worker")
        household.start("learner", *manage, "learner")

    def _watch(self, household: Household, port: int, passwords: dict[str, str]) -> None:
        filling = next(child for child in household.children if child.name == "scans")
        announced, told = False, 0
        while True:
            if _is_embedded() and not is_ready(_DATABASE):
                self._tell("The database ended and is started again.")
                embedded_database_url(_DATABASE)
            household.tend()
            lines = _lines(_LOGS / "scans.log")
            if not announced and ("ready" in lines or not filling.runs) and _answers(port):
                announced = True
                self._tell(_greeting(port, passwords))
            if announced:
                told += self._report(lines[told:])
                self._report_end(filling)
            time.sleep(0.5)

    def _report(self, lines: list[str]) -> int:
        for line in lines:
            if line != "ready":
                self._tell(line)
        return len(lines)

    def _report_end(self, filling: Child) -> None:
        if filling.process is not None and (code := filling.process.poll()) is not None:
            filling.process = None
            if code:
                self._tell(f"The scans could not all be taken in; see {_LOGS / 'scans.log'}")

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _own_scans(options: dict[str, Any]) -> tuple[Path | None, Path | None]:
    scans, label_config = options["scans"], options["label_config"]
    if scans is None and label_config is None:
        return None, None
    if scans is None or label_config is None:
        raise CommandError("SCANS and LABEL_CONFIG go together: make demo SCANS=dir LABEL_CONFIG=x")
    if not scans.is_dir():
        raise CommandError(f"SCANS={scans} is no folder.")
    if not label_config.is_file():
        raise CommandError(f"LABEL_CONFIG={label_config} is no file.")
    return scans.resolve(), label_config.resolve()


def _only_one() -> IO[str]:
    """Hold the installation for this process; a second demo ends with a sentence."""
    file = (settings.SCOUT_DATA / "demo.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(
            f"A demo is already running on {settings.SCOUT_DATA}. Stop it with Ctrl-C, or give "
            "this one a folder of its own: SCOUT_DATA=/some/folder SCOUT_PORT=8001 make demo"
        ) from None
    return file


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Choose another: "
                f"SCOUT_PORT={port + 1} make demo"
            ) from None


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def _is_embedded() -> bool:
    return not os.environ.get("DATABASE_URL")


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _lines(log: Path) -> list[str]:
    """The whole lines written so far."""
    return log.read_text(errors="replace").split("\n")[:-1] if log.exists() else []


def _greeting(port: int, passwords: dict[str, str]) -> str:
    people_in = ", ".join(f"{email} {password}" for email, password in passwords.items())
    return f"Scout is at http://localhost:{port}/ — log in as: {people_in} (Ctrl-C stops it)"
