"""The demo's people, its own scans, and the sentences with which it refuses to start."""

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from accounts.models import Role, User
from config.demo import content, people
from projects.models import Membership, Project
from scans.phantom import write_phantoms

ROOT = Path(__file__).resolve().parent.parent.parent


def test_passwords_are_made_once_and_kept_private(tmp_path: Path) -> None:
    made = people.passwords(tmp_path / "demo.json")

    assert people.passwords(tmp_path / "demo.json") == made
    assert stat.S_IMODE((tmp_path / "demo.json").stat().st_mode) == 0o600
    assert sorted(made) == sorted(people.ROLES)
    assert len(set(made.values())) == 4
    assert json.loads((tmp_path / "demo.json").read_text()) == made


@pytest.fixture
def passwords(db: None, tmp_path: Path) -> dict[str, str]:
    made = people.passwords(tmp_path / "demo.json")
    people.make_accounts(made)
    return made


def test_everybody_has_their_role_in_every_project(passwords: dict[str, str]) -> None:
    content.make_synthetic_projects()
    content.make_synthetic_projects()  # a second start

    roles = Membership.objects.values_list("project__title", "user__email", "role")
    assert sorted(roles) == sorted(
        (title, email, role)
        for title in (content.RADIOGRAPHS, content.VOLUMES, content.MAMMOGRAMS)
        for email, role in people.ROLES.items()
    )
    assert User.objects.get(email="reader@demo.local").check_password(
        passwords["reader@demo.local"]
    )
    assert Role.MANAGER in people.ROLES.values()


@pytest.mark.django_db(transaction=True)
def test_scans_are_filled_in_and_a_second_start_adds_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "FIRST", 3)
    monkeypatch.setattr(content, "REST", 2)
    monkeypatch.setattr(content, "SERIES", 1)
    monkeypatch.setattr(content, "WOMEN", 1)
    people.make_accounts(people.passwords(tmp_path / "demo.json"))
    content.make_synthetic_projects()
    told: list[str] = []

    content.fill_with_phantoms(tell=told.append)
    content.fill_with_phantoms(tell=told.append)

    assert told == [
        "Chest radiographs (synthetic): 3 scans, 0 files not taken",
        "ready",
        "Chest CT (synthetic): 1 scans, 0 files not taken",
        "Mammograms (synthetic): 4 scans, 0 files not taken",
        "Chest radiographs (synthetic): 5 scans, 0 files not taken",
        "ready",
    ]
    assert [project.tasks.count() for project in Project.objects.order_by("pk")] == [5, 1, 1]
    assert not (Path(settings.STAGED_UPLOADS) / "phantoms").exists()


@pytest.mark.django_db(transaction=True)
def test_scans_of_your_own_become_a_project(tmp_path: Path) -> None:
    people.make_accounts(people.passwords(tmp_path / "demo.json"))
    write_phantoms(tmp_path / "clinic", radiographs=2, volumes=0, processes=1)
    told: list[str] = []

    content.fill_with_folder(
        folder=tmp_path / "clinic",
        label_config=(ROOT / "platform/projects/label_configs/severity.xml").read_text(),
        tell=told.append,
    )

    assert Project.objects.get(title="clinic").tasks.count() == 2
    assert told[0] == "clinic: 2 scans, 1 files not taken"
    assert told[1].startswith("  labels.csv: ")


def demo(*options: str, **variables: Any) -> str:
    """What `manage.py demo` says before it ends by itself."""
    finished = subprocess.run(
        [sys.executable, "manage.py", "demo", *options],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert finished.returncode == 1
    return finished.stderr


@pytest.fixture
def elsewhere(tmp_path: Path) -> str:
    """A folder for an installation of its own; the database it starts is stopped by the demo."""
    return str(tmp_path / "var")


def test_a_port_in_use_is_named_with_the_way_out(elsewhere: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        said = demo(SCOUT_DATA=elsewhere, SCOUT_PORT=str(port))

    assert f"Port {port} cannot be used" in said
    assert f"SCOUT_PORT={port + 1} make demo" in said
    assert not (Path(elsewhere) / "postgres" / "postmaster.pid").exists()


def test_scans_without_questions_are_refused(elsewhere: str, tmp_path: Path) -> None:
    assert "go together" in demo("--scans", str(tmp_path), SCOUT_DATA=elsewhere, SCOUT_PORT="0")


def test_a_second_demo_is_refused_and_leaves_the_first_alone(elsewhere: str) -> None:
    import fcntl

    from config.postgres import embedded_database_url, is_ready, stop_embedded

    database = Path(elsewhere) / "postgres"
    embedded_database_url(database)
    with (Path(elsewhere) / "demo.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)

        assert "A demo is already running" in demo(SCOUT_DATA=elsewhere)

    assert is_ready(database)
    stop_embedded(database)
