"""The embedded database: private, durable, and there again after a SIGKILL."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured

from config.postgres import embedded_database_url, is_ready, server_pid, stop_embedded


@pytest.fixture
def folder() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="scout-pg-"))
    yield home / "postgres"
    stop_embedded(home / "postgres")
    shutil.rmtree(home)


def ask(url: str, question: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return str(row[0])


def test_it_keeps_an_acknowledged_row_when_the_server_is_killed(folder: Path) -> None:
    url = embedded_database_url(folder)
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE answers AS SELECT 'pneumonia' AS finding")
    os.kill(server_pid(folder), signal.SIGKILL)
    while is_ready(folder):
        time.sleep(0.01)

    assert embedded_database_url(folder) == url
    assert ask(url, "SELECT finding FROM answers") == "pneumonia"


def test_it_is_durable_and_listens_nowhere_but_in_its_private_folder(folder: Path) -> None:
    url = embedded_database_url(folder)

    assert ask(url, "SHOW fsync") == "on"
    assert ask(url, "SHOW synchronous_commit") == "on"
    assert ask(url, "SHOW full_page_writes") == "on"
    assert ask(url, "SHOW data_checksums") == "on"
    assert ask(url, "SHOW listen_addresses") == ""
    assert ask(url, "SHOW unix_socket_directories") == str(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / ".s.PGSQL.5432").stat().st_mode) == 0o700
    # Others may at most pass through the folder above it, never list it.
    assert stat.S_IMODE(folder.parent.stat().st_mode) & (stat.S_IRGRP | stat.S_IROTH) == 0


def test_it_starts_although_its_old_number_now_belongs_to_another_process(folder: Path) -> None:
    embedded_database_url(folder)
    record = (folder / "postmaster.pid").read_text()
    stop_embedded(folder)
    (folder / "postmaster.pid").write_text(record.replace(record.split()[0], str(os.getpid()), 1))

    assert ask(embedded_database_url(folder), "SELECT 1") == "1"


def test_it_begins_again_after_a_first_start_that_was_cut_off(folder: Path) -> None:
    folder.with_name("postgres.new").mkdir()
    (folder.with_name("postgres.new") / "PG_VERSION").write_text("18\n")

    assert ask(embedded_database_url(folder), "SHOW server_version_num").startswith("18")


def test_it_says_what_to_do_when_the_path_is_too_long() -> None:
    with pytest.raises(ImproperlyConfigured, match="Set SCOUT_DATA to a shorter folder"):
        embedded_database_url(Path("/tmp") / ("deep" * 30))


def test_two_processes_that_start_it_at_once_share_one_server(folder: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from config.postgres import embedded_database_url;"
        "embedded_database_url(Path(sys.argv[1]))"
    )
    starters = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder)],
            env={**os.environ, "PYTHONPATH": "platform"},
        )
        for _ in range(2)
    ]

    assert [starter.wait(60) for starter in starters] == [0, 0]
    assert ask(embedded_database_url(folder), "SELECT 1") == "1"


def test_stopping_ends_the_server(folder: Path) -> None:
    embedded_database_url(folder)

    stop_embedded(folder)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://postgres@/postgres?host={folder}")
