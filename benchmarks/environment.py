"""An installation for one benchmark: its own folder, database, ports and processes."""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project

ROOT = Path(__file__).resolve().parent.parent
STOP_SECONDS = 20


def free_port() -> int:
    """A TCP port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Installation:
    """What `installation()` set up: Django is ready in this process, the database is migrated."""

    folder: Path  # SCOUT_DATA of this process and of every process it spawns
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def spawn(self, *command: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a process of the installation; it is stopped when the benchmark ends.

        Its output goes to `<folder>/<n>.log`, where `n` counts the processes.
        """
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}", **variables}
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
            )
        self.processes.append(process)
        return process

    def manage(self, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start `manage.py` with these arguments beside this process."""
        return self.spawn(sys.executable, "manage.py", *arguments, **variables)

    def logs(self) -> str:
        """What the spawned processes wrote, for the message of a benchmark that failed."""
        return logs_in(self.folder)

    def stop_processes(self) -> None:
        for process in reversed(self.processes):
            if process.poll() is None:
                process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def logs_in(folder: Path) -> str:
    """The end of what each process said, for whoever looks for the reason."""
    return "\n".join(
        f"--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
        for path in sorted(folder.glob("*.log"))
    )


@contextmanager
def installation(**variables: str) -> Iterator[Installation]:
    """Set up a fresh installation with these environment variables and Django in this process.

    To be entered once per process, before anything that reads Django's settings is imported.
    """
    folder = Path(tempfile.mkdtemp(prefix="scout-bench-"))
    os.environ.update({"DJANGO_SETTINGS_MODULE": "config.settings", "SCOUT_DATA": str(folder)})
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(variables)
    sys.path.insert(1, str(ROOT / "platform"))
    here = Installation(folder)
    try:
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        yield here
    finally:
        here.stop_processes()
        _stop_database(folder / "postgres")
        shutil.rmtree(folder, ignore_errors=True)


def _stop_database(folder: Path) -> None:
    from django.db import connections

    from config.postgres import stop_embedded

    connections.close_all()
    stop_embedded(folder)


def create_project(
    *, readers: int, label_config: str, **fields: object
) -> tuple["Project", list["User"]]:
    """A project with a manager and so many readers, `reader<n>@bench.local`, who cannot log in.

    `fields` are those of `projects.models.Project` (overlap, audit_share, strategy, …).
    """
    from accounts.models import Role, User
    from projects.models import Membership, Project
    from scans.models import Archive

    manager = User.objects.create_user("manager@bench.local")
    project = Project.objects.create(
        title="Benchmark",
        label_config=label_config,
        archive=Archive.objects.create(name="Benchmark", created_by=manager),
        created_by=manager,
        **fields,
    )
    people = [User.objects.create_user(f"reader{n}@bench.local") for n in range(readers)]
    Membership.objects.bulk_create(
        Membership(project=project, user=user, role=role, added_by=manager)
        for user, role in [(manager, Role.MANAGER), *((person, Role.READER) for person in people)]
    )
    return project, people


def create_tasks(project: "Project", *, count: int, audit_share: float = 0.1) -> list[int]:
    """So many open tasks, a patient and an image each, without pixels; their ids in order.

    The rows are those that ingest and `annotator.queue.create_tasks` would write, in bulk; every
    tenth patient or so (`audit_share`) is of the audit sample, every twentieth of the random arm.
    """
    from annotator.models import Task, TaskScan
    from scans.models import Patient, Scan, Series, Study

    archive = project.archive
    patients = Patient.objects.bulk_create(
        Patient(archive=archive, pseudonym=f"patient-{n}") for n in range(count)
    )
    studies = Study.objects.bulk_create(
        Study(archive=archive, patient=patient, uid=f"2.25.{n}")
        for n, patient in enumerate(patients)
    )
    series = Series.objects.bulk_create(
        Series(study=study, uid=f"2.25.1.{n}", modality="DX") for n, study in enumerate(studies)
    )
    scans = Scan.objects.bulk_create(
        Scan(
            archive=archive, series=one, kind=Scan.Kind.IMAGE, name=f"{n}.dcm", digest=f"{n:064x}",
            frames=f"{n:064x}", frame_count=1, rows=64, columns=64, geometry={},
        )
        for n, one in enumerate(series)
    )  # fmt: skip
    every = round(1 / audit_share) if audit_share else count + 1
    tasks = Task.objects.bulk_create(
        Task(
            project=project, patient=patient, rank=1 + (n * 2654435761) % 2**31,
            arm=Task.Arm.AUDIT if n % every == every - 1
            else Task.Arm.RANDOM if n % 20 == 0 else Task.Arm.POOL,
        )
        for n, patient in enumerate(patients)
    )  # fmt: skip
    TaskScan.objects.bulk_create(
        TaskScan(task=task, scan=scan) for task, scan in zip(tasks, scans, strict=True)
    )
    return [task.pk for task in tasks]


def argument_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the option every benchmark has: --json FILE."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", type=Path, help="write the numbers to this file as one object")
    return parser


def report(numbers: Mapping[str, object], path: Path | None) -> None:
    """Print a short table and, where a path is given, write the same numbers as one JSON object."""
    width = max(len(name) for name in numbers)
    for name, value in numbers.items():
        print(
            f"{name:<{width}}  {value:.1f}"
            if isinstance(value, float)
            else f"{name:<{width}}  {value}"
        )
    if path is not None:
        path.write_text(json.dumps(dict(numbers)) + "\n")
