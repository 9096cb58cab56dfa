"""Kill learner, worker, web server and database with SIGKILL while people read; count what is lost.

Readers submit over HTTP and, like the reading room, send an answer again under the same unique id
until it is acknowledged. Meanwhile files are taken in by the worker. A supervisor, the demo's own,
starts again what died. Afterwards every acknowledged answer must be in the database once.
"""

import contextlib
import http.client
import itertools
import os
import random
import signal
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from benchmarks.environment import (
    ROOT,
    argument_parser,
    create_project,
    create_tasks,
    free_port,
    installation,
    logs_in,
    report,
)
from benchmarks.reading import LABEL_CONFIG, RESULT, Reader, log_in, wait_until_served

if TYPE_CHECKING:
    from accounts.models import User
    from config.demo.processes import Household
    from projects.models import Project

TARGETS = ("worker", "web", "database", "learner")
SETTLE_SECONDS = 180.0


@dataclass
class Patience:
    """A reader's client that tries again until an answer is acknowledged."""

    reader: Reader
    pause: float  # mean seconds between two answers
    rng: random.Random
    sent: list[str] = field(default_factory=list)  # unique ids
    acknowledged: dict[str, int] = field(default_factory=dict)  # unique id to annotation id
    retries: int = 0

    def read(self, turns: "Iterator[int]") -> None:
        for _ in turns:
            task = self._until_answered(f"/api/projects/{self.reader.project}/next/")["task"]
            if task is None:
                return
            time.sleep(self.pause * self.rng.uniform(0.3, 1.7))
            unique_id = str(uuid.uuid4())
            self.sent.append(unique_id)
            body = {"result": RESULT, "lead_time": 3.0, "unique_id": unique_id}
            reply = self._until_answered(f"/api/tasks/{task['id']}/annotations/", body)
            self.acknowledged[unique_id] = reply["id"]

    def _until_answered(self, path: str, body: object = None) -> dict[str, Any]:
        while True:
            try:
                return self.reader.post(path, body)
            except (OSError, RuntimeError, http.client.HTTPException):
                self.retries += 1
                self.reader.connection.close()
                time.sleep(0.2)


@dataclass
class Killer:
    """Ends processes at random moments, each kind in its turn."""

    household: "Household"
    database: Path
    seconds: float
    kills: int
    rng: random.Random
    killed: "Counter[str]" = field(default_factory=Counter)

    def run(self, stop: threading.Event) -> None:
        start = time.monotonic()
        moments = sorted(self.rng.uniform(0.05, 0.95) * self.seconds for _ in range(self.kills))
        for moment, target in zip(moments, itertools.cycle(TARGETS), strict=False):
            if stop.wait(max(0.0, start + moment - time.monotonic())):
                return
            pid = self._pid(target)
            if pid is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.killed[target] += 1

    def _pid(self, target: str) -> int | None:
        from config.postgres import server_pid

        if target == "database":
            return server_pid(self.database)
        child = next(child for child in self.household.children if child.name == target)
        if child.process is None or not child.runs:
            return None
        # Now the web server's parent process, now one of those that serve requests.
        parent = psutil.Process(child.process.pid)
        family = [parent, *(parent.children() if target == "web" else ())]
        return int(self.rng.choice(family).pid)


@contextmanager
def supervised(household: "Household", database: Path) -> Iterator[None]:
    """Start again what dies, for as long as the context lasts."""
    from config.postgres import embedded_database_url, is_ready

    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            if not is_ready(database):
                embedded_database_url(database)
            household.tend()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        household.stop()


def give_frames(project: "Project") -> None:
    """Pixels for the scans that `create_tasks` made rows of: a bright spot in half of them."""
    import numpy as np
    from django.conf import settings

    from scans.framestore import write_frames
    from scans.models import Scan

    rng = np.random.default_rng(0)
    scans = list(Scan.objects.filter(archive=project.archive))
    for scan in scans:
        frame = rng.integers(0, 200, (64, 64)).astype(np.uint8)
        if rng.random() < 0.5:
            frame[20:30, 20:30] = 255
        header = {
            "dtype": "uint8", "rows": 64, "columns": 64, "samples": 1, "frame_count": 1,
            "slope": 1.0, "intercept": 0.0, "window": [127.5, 255.0], "inverted": False,
            "smallest": 0.0, "largest": 255.0,
        }  # fmt: skip
        scan.frames = write_frames(settings.FRAME_STORE, header, [frame])
        scan.geometry = header
    Scan.objects.bulk_update(scans, ["frames", "geometry"])


def upload(project: "Project", *, files: int) -> int:
    """Queue the taking in of so many pictures, as a browser's upload does; the ingest's id."""
    import io

    import numpy as np
    from PIL import Image

    from scans.services import begin_upload, finish_upload, receive_chunk

    rng = np.random.default_rng(1)
    ingest = begin_upload(archive=project.archive, user=project.created_by)
    for number in range(files):
        picture = io.BytesIO()
        Image.fromarray(rng.integers(0, 256, (384, 384), dtype=np.uint8)).save(picture, "PNG")
        data = picture.getvalue()
        receive_chunk(ingest=ingest, name=f"{number}.png", offset=0, data=data, total=len(data))
    finish_upload(ingest=ingest, project_id=project.pk)
    return int(ingest.pk)


def settle(project: "Project", ingest_id: int) -> float:
    """Seconds until the ingest is done and a ranking knows the last answer; inf if never."""
    from django.db import OperationalError, connection

    from annotator.models import Annotation
    from rounds.models import Ranking
    from scans.models import Ingest

    start = time.monotonic()
    while (waited := time.monotonic() - start) < SETTLE_SECONDS:
        try:
            last = Annotation.objects.filter(project=project).order_by("-pk").first()
            ranking = Ranking.objects.filter(project=project).order_by("-generation").first()
            taken = Ingest.objects.get(pk=ingest_id).state == Ingest.State.DONE
        except OperationalError:  # this process's own connection died with the server
            connection.close()
            time.sleep(0.5)
            continue
        seen = last is None or (ranking is not None and ranking.last_annotation >= last.pk)
        if taken and seen:
            return waited
        time.sleep(0.3)
    return float("inf")


def count(project: "Project", people: list[Patience], *, files: int) -> dict[str, object]:
    """What the database holds, against what the readers were told."""
    from annotator.models import Annotation, Task
    from scans.models import Scan

    rows = Annotation.objects.filter(project=project).values_list("unique_id", "pk", "task")
    kept = {str(unique_id): pk for unique_id, pk, _ in rows}
    acknowledged = {key: pk for person in people for key, pk in person.acknowledged.items()}
    answers = Counter(task for _, _, task in rows)
    pictures = Scan.objects.filter(archive=project.archive, name__endswith=".png")
    tasks = Task.objects.filter(project=project)
    return {
        "submissions": sum(len(person.sent) for person in people),
        "acknowledged": len(acknowledged),
        "retries": sum(person.retries for person in people),
        "lost": sum(kept.get(key) != pk for key, pk in acknowledged.items()),
        "doubled": len(rows) - len(kept) + sum(n - 1 for n in answers.values()),
        "miscounted_tasks": sum(task.answers != answers[task.pk] for task in tasks),
        "scans_missing": files - pictures.count(),
        "tasks_doubled": tasks.filter(scans__in=pictures).count() - pictures.count(),
    }


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument("--submissions", type=int, default=300)
    parser.add_argument("--readers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=24)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long the reading takes")
    parser.add_argument("--files", type=int, default=150, help="taken in by the worker meanwhile")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with installation() as here:
        from django.core.management import call_command

        from config.demo.processes import Household
        from config.web import web_command

        project, users = create_project(readers=arguments.readers, label_config=LABEL_CONFIG)
        create_tasks(project, count=arguments.submissions + 2 * arguments.readers)
        give_frames(project)
        call_command("collectstatic", interactive=False, verbosity=0)
        port, database = free_port(), here.folder / "postgres"
        household = Household(ROOT, here.folder / "logs", tell=lambda line: None)
        household.start("web", *web_command(port))
        for queue in ("worker", "learner"):
            household.start(queue, sys.executable, "manage.py", queue)
        with supervised(household, database):
            wait_until_served(port)
            pause = arguments.seconds * arguments.readers / arguments.submissions
            people = patient_readers(users, port=port, project=project.pk, pause=pause)
            rng = random.Random(arguments.seed)  # noqa: S311
            killer = Killer(household, database, arguments.seconds, arguments.kills, rng)
            ingest = upload(project, files=arguments.files)
            read_and_kill(people, killer, submissions=arguments.submissions)
            settled = settle(project, ingest)
        numbers = count(project, people, files=arguments.files)
        kills = {f"killed_{target}": killer.killed[target] for target in TARGETS}
        report({**numbers, **kills, "settled_s": settled}, arguments.json)
        if settled == float("inf"):
            print(logs_in(household.logs), file=sys.stderr)


def patient_readers(
    users: "list[User]", *, port: int, project: int, pause: float
) -> list[Patience]:
    """Everybody logged in, each with a pace of their own."""
    return [
        Patience(log_in(user, port=port, project=project), pause, random.Random(n))  # noqa: S311
        for n, user in enumerate(users)
    ]


def read_and_kill(people: list[Patience], killer: Killer, *, submissions: int) -> None:
    """Let everybody read until so many answers are given, and the killer do his work meanwhile."""
    turns = iter(range(submissions))  # shared: the next of a range is taken in one step
    stop = threading.Event()
    killing = threading.Thread(target=killer.run, args=(stop,))
    reading = [threading.Thread(target=person.read, args=(turns,)) for person in people]
    for thread in (killing, *reading):
        thread.start()
    for thread in reading:
        thread.join()
    stop.set()
    killing.join()


if __name__ == "__main__":
    main()
