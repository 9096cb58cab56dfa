"""The walk of one annotation, end to end, with a real web server and a real learner process.

Alice manages, Bob reads. Scans go in; Bob reads them over HTTP; each answer makes the learner rank
the pool anew; what Bob is served next follows that ranking; Alice takes the labelled data out.
"""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from accounts.models import User
from annotator.models import Annotation, Claim, Task
from benchmarks.environment import free_port
from benchmarks.reading import Reader, wait_until_served
from config.demo.content import __file__ as demo_content
from config.postgres import embedded_database_url
from config.web import web_command
from projects.models import Project
from projects.services import create_project
from rounds.models import Ranking
from scans.framestore import open_frames
from scans.phantom import write_phantoms

ROOT = Path(__file__).resolve().parent.parent
LABEL_CONFIG = (Path(demo_content).parent / "radiographs.xml").read_text()
PATIENCE = 180.0  # seconds for the learner to start and to rank, on a machine that is busy
ANSWERS = [["Nodule"], [], ["Effusion"], [], ["Nodule", "Effusion"], ["Cardiomegaly"], []]


@dataclass(frozen=True)
class House:
    project: Project
    port: int


@pytest.fixture
def house(transactional_db: None, tmp_path: Path) -> Iterator[House]:
    """A project of 24 phantoms, a web server and a learner, on the test's own database."""
    alice = User.objects.create_user("alice@scout.test", "alice's own", may_create_projects=True)
    User.objects.create_user("bob@scout.test", "bob's own")
    project = create_project(
        creator=alice, title="Walk", label_config=LABEL_CONFIG, readers=["bob@scout.test"],
        audit_share=0.0,
        random_share=0.0,
    )  # fmt: skip
    write_phantoms(tmp_path / "phantoms", radiographs=24, volumes=0, processes=1)
    call_command("ingest", str(tmp_path / "phantoms" / "radiographs"), project=str(project.pk))
    # A process of its own: in this one the tests' plain static files are set.
    spawn([sys.executable, "manage.py", "collectstatic", "--noinput"], settings.SCOUT_DATA).wait()
    port = free_port()
    commands = [web_command(port), [sys.executable, "manage.py", "learner"]]
    processes = [spawn(command, settings.SCOUT_DATA) for command in commands]
    try:
        wait_until_served(port)
        yield House(project, port)
    finally:
        for process in processes:
            os.killpg(process.pid, signal.SIGTERM)
        for process in processes:
            process.wait(30)
        print((settings.SCOUT_DATA / "walk.log").read_text())  # noqa: T201  shown where it failed


def spawn(command: list[str], data: Path) -> subprocess.Popen[bytes]:
    embedded = embedded_database_url(data / "postgres")
    url = embedded.replace("/postgres?", f"/{connection.settings_dict['NAME']}?", 1)
    with (data / "walk.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "DATABASE_URL": url, "PYTHONPATH": f"{ROOT}:{ROOT / 'platform'}"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def log_in(house: House, email: str, password: str) -> Reader:
    """As a browser does: the form, its secret, the session that comes back."""
    reader = Reader(house.port, house.project.pk, "", "")
    reader.connection.request("GET", "/account/login/")
    form = reader.connection.getresponse()
    cookie = str(form.getheader("Set-Cookie")).split(";")[0]
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.read().decode())
    assert found is not None
    body = {"login": email, "password": password, "csrfmiddlewaretoken": found[1]}
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    reader.connection.request("POST", "/account/login/", urlencode(body), headers)
    answer = reader.connection.getresponse()
    answer.read()
    assert answer.status == 302
    cookies = dict(
        value.split(";")[0].split("=", 1)
        for name, value in answer.getheaders()
        if name.lower() == "set-cookie"
    )
    reader.cookies = "; ".join(f"{name}={value}" for name, value in cookies.items())
    reader.csrf_token = cookies["csrftoken"]
    return reader


def frame_of(reader: Reader, task: dict[str, Any]) -> "np.ndarray[Any, Any]":
    """The pixels of the task's first frame, as the browser gets them."""
    scan = task["scans"][0]
    path = scan["frame_url"].replace("{frame}", "0")
    reader.connection.request("GET", path, headers={"Cookie": reader.cookies})
    reply = reader.connection.getresponse()
    assert (reply.status, reply.getheader("Content-Encoding")) == (200, "gzip")
    samples = np.frombuffer(gzip.decompress(reply.read()), scan["geometry"]["dtype"])
    return samples.reshape(scan["rows"], scan["columns"])


def submit(reader: Reader, task: dict[str, Any], findings: list[str]) -> dict[str, Any]:
    result = {
        "id": "walk", "from_name": "findings", "to_name": "image", "type": "choices",
        "value": {"choices": findings},
    }  # fmt: skip
    body = {"result": [result], "lead_time": 4.2, "unique_id": str(uuid.uuid4())}
    return reader.post(f"/api/tasks/{task['id']}/annotations/", body)


def wait_for(what: Callable[[], bool], sentence: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, sentence
        time.sleep(0.1)


@pytest.fixture
def bob(house: House) -> Iterator[Reader]:
    reader = log_in(house, "bob@scout.test", "bob's own")
    yield reader
    reader.connection.close()


def test_the_walk_of_one_annotation(house: House, bob: Reader, tmp_path: Path) -> None:
    task = bob.post(f"/api/projects/{house.project.pk}/next/")["task"]
    stored = Task.objects.get(pk=task["id"]).scans.get()
    kept = open_frames(settings.FRAME_STORE, stored.frames).frame(0)
    assert np.array_equal(frame_of(bob, task), kept)

    generations = []
    for findings in ANSWERS:
        task = submit(bob, task, findings)["next"]["task"]
        answer = Annotation.objects.filter(project=house.project).latest("pk")
        rankings = Ranking.objects.filter(project=house.project, last_annotation__gte=answer.pk)
        wait_for(rankings.exists, f"no ranking knows of the answer {findings}")
        generations.append(rankings.latest("generation").generation)
        # What was claimed with the reply was claimed in the order before; Bob gives it back, and
        # is served what the new ranking puts first.
        Claim.objects.all().delete()
        task = bob.post(f"/api/projects/{house.project.pk}/next/")["task"]
        claim = Claim.objects.get()
        # A newer ranking may follow of its own, when more scans have been embedded.
        assert claim.generation is not None
        assert claim.generation >= generations[-1]
        assert claim.rank == 1 - (claim.generation << 20)  # the first place of that ranking
        assert claim.task_id == task["id"]
    assert generations == sorted(set(generations))

    call_command("release", str(house.project.pk), by="alice@scout.test", out=tmp_path / "r.zip")
    with zipfile.ZipFile(tmp_path / "r.zip") as release:
        name = next(name for name in release.namelist() if name.endswith("manifest.json"))
        manifest = json.loads(release.read(name))
    assert manifest["counts"]["annotations"] == len(ANSWERS)
