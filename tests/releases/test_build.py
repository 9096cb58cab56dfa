"""A release's bytes: decided when it is made, the same however often it is built."""

import errno
import hashlib
import json
import os
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from annotator.models import Annotation, Task
from projects.errors import Refused
from releases.models import Release
from releases.services import (
    build_again,
    build_release,
    create_release,
    release_path,
)
from releases.tasks import build
from rounds.models import Ranking, Round
from tests.releases.cast import Cast, findings, quality

ALL = ("labelstudio", "csv", "coco")


def make(cast: Cast, *formats: str) -> Release:
    return create_release(project=cast.project, user=cast.alice, formats=formats or ALL).release


def built(release: Release) -> Release:
    return build_release(release_id=release.pk)


def members(release: Release) -> dict[str, bytes]:
    with zipfile.ZipFile(release_path(release)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forget_file(release: Release) -> bytes:
    """Take the file away, so that the next build writes it anew; what it held."""
    content = release_path(release).read_bytes()
    release_path(release).unlink()
    return content


def test_the_archive_names_every_file_and_its_checksum(cast: Cast) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    release = built(make(cast))
    files = members(release)
    assert list(files) == [
        "coco.json",
        "labelstudio.json",
        "manifest.json",
        "readers.csv",
        "tasks.csv",
    ]
    manifest = json.loads(files["manifest.json"])
    assert manifest == release.manifest
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
        if name != "manifest.json"
    }
    assert release.digest == hashlib.sha256(release_path(release).read_bytes()).hexdigest()
    assert release.size == release_path(release).stat().st_size
    assert release.state == Release.State.DONE


def test_the_manifest_counts_every_state_and_split(cast: Cast) -> None:
    cast.answer(cast.task("a.png", patient="p1"), cast.bob, findings("Nodule"))
    cast.answer(cast.task("b.png", patient="p2"), cast.bob, quality("No artefact"))
    blurred = cast.task("c.png", patient="p3", arm=Task.Arm.AUDIT)
    cast.answer(blurred, cast.bea, was_cancelled=True, skip_reason="Blurred")
    cast.task("d.png", patient="p3")
    counts = built(make(cast)).manifest["counts"]
    assert counts["states"] == {
        "unread": 1,
        "not-judgeable": 1,
        "disagreement": 0,
        "read-with-findings": 1,
        "read-normal": 1,
        "read": 0,
    }
    assert counts["arms"] == {"pool": 3, "audit": 1, "random": 0}
    assert (counts["tasks"], counts["annotations"], counts["readers"]) == (4, 3, 2)
    # p3 has a task in the audit sample: both its tasks are in test.
    assert counts["splits"]["test"]["tasks"] >= 2
    assert sum(split["patients"] for split in counts["splits"].values()) == 3


def test_what_comes_later_is_not_in_it(cast: Cast) -> None:
    task = cast.task("a.png")
    cast.answer(task, cast.bob, findings("Nodule"))
    release = make(cast, "csv")
    cast.answer(task, cast.bea, findings("Effusion"))
    cast.task("later.png")
    table = members(built(release))["tasks.csv"].decode()
    assert "Nodule" in table
    assert "Effusion" not in table
    assert "later.png" not in table


def test_an_answer_withdrawn_before_the_build_stays_in(cast: Cast) -> None:
    kept = cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    gone = cast.answer(cast.task("b.png"), cast.bob, findings("Effusion"))
    Annotation.objects.filter(pk=gone.pk).update(withdrawn_at=timezone.now())
    release = make(cast, "csv")
    Annotation.objects.filter(pk=kept.pk).update(withdrawn_at=timezone.now())
    table = members(built(release))["tasks.csv"].decode()
    assert "Nodule" in table
    assert "Effusion" not in table


def test_building_again_gives_the_same_bytes(cast: Cast) -> None:
    task = cast.task("a.png")
    cast.answer(task, cast.bob, findings("Nodule"))
    release = built(make(cast))
    before = forget_file(release)
    # All that goes on in a running project meanwhile.
    Annotation.objects.update(withdrawn_at=timezone.now())
    Task.objects.update(rank=-5, generation=3, score=0.5, strategy="margin", propensity=0.5)
    cast.answer(task, cast.bea, findings("Effusion"))
    type(cast.project).objects.update(title="Renamed")
    assert release_path(built(release)).read_bytes() == before


@pytest.mark.django_db(transaction=True)
def test_another_process_with_another_locale_and_hash_gives_the_same_bytes(cast: Cast) -> None:
    for number in range(3):
        cast.answer(cast.task(f"ä{number}.png", patient=f"p{number}"), cast.bob, findings("Nodule"))
    release = built(make(cast))
    before = forget_file(release)
    in_another_process(release, PYTHONHASHSEED="7", LC_ALL="C", TZ="Asia/Tokyo")
    assert release_path(release).read_bytes() == before


BUILD = """
import os, signal, sys
sys.path[:0] = ["platform", "."]
import django
django.setup()
from django.conf import settings
from releases import services
settings.RELEASE_STORE = sys.argv[2]
killed_at = sys.argv[3]
done = getattr(services, killed_at, None)
if killed_at == "_publish":
    services._publish = lambda *given: (done(*given), os.kill(os.getpid(), signal.SIGKILL))
if killed_at == "file_digest":
    services.file_digest = lambda *given: os.kill(os.getpid(), signal.SIGKILL)
services.build_release(release_id=int(sys.argv[1]))
"""


def in_another_process(release: Release, killed_at: str = "", **environment: str) -> int:
    """Build in a fresh interpreter; its exit status. `killed_at`: it dies there by SIGKILL."""
    folder = Path(settings.SCOUT_DATA) / "postgres"
    address = f"postgresql://postgres@/{connection.settings_dict['NAME']}?host={folder}"
    given = [str(release.pk), str(settings.RELEASE_STORE), killed_at]
    finished = subprocess.run(
        [sys.executable, "-c", BUILD, *given],
        env={**os.environ, "DATABASE_URL": address, **environment},
        cwd=settings.BASE_DIR,
        check=not killed_at,
    )
    return finished.returncode


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("killed_at", ["file_digest", "_publish"])
def test_a_worker_killed_in_the_middle_leaves_one_release(cast: Cast, killed_at: str) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    release = make(cast)
    assert in_another_process(release, killed_at) == -signal.SIGKILL
    release.refresh_from_db()
    assert (release.state, release.digest) == (Release.State.QUEUED, "")
    built(release)
    store = Path(settings.RELEASE_STORE)
    release.refresh_from_db()
    assert release.state == Release.State.DONE
    assert list(store.glob("*/*.zip")) == [release_path(release)]
    assert list((store / "building").iterdir()) == []


def test_building_twice_writes_once(cast: Cast) -> None:
    release = built(make(cast, "csv"))
    written = release_path(release).stat().st_mtime_ns
    assert built(release).digest == release.digest
    assert release_path(release).stat().st_mtime_ns == written


def test_making_a_release_leaves_one_job(cast: Cast) -> None:
    release = make(cast, "csv")
    make(cast, "csv")
    job = ProcrastinateJob.objects.get(task_name="releases.build")
    assert (job.queue_name, job.args) == ("default", {"release_id": release.pk})


def test_the_worker_knows_the_job(cast: Cast) -> None:
    release = make(cast, "csv")
    build.func(release_id=release.pk)
    release.refresh_from_db()
    assert release.state == Release.State.DONE


def test_asking_twice_makes_one_until_something_changes(cast: Cast) -> None:
    task = cast.task("a.png")
    first = make(cast, "csv", "coco")
    assert make(cast, "coco", "csv") == first
    assert make(cast, "csv").number == 2
    cast.answer(task, cast.bob, findings())
    assert make(cast, "csv").number == 3


def test_a_failed_build_says_why_and_can_be_tried_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = make(cast, "csv")
    with monkeypatch.context() as broken:
        broken.setattr("releases.services.build_archive", _no_space)
        with pytest.raises(OSError, match="No space"):
            built(release)
    release.refresh_from_db()
    assert release.state == Release.State.FAILED
    assert release.error == "The file could not be written: No space left on device."
    build_again(release=release)
    release.refresh_from_db()
    assert release.state == Release.State.QUEUED
    assert built(release).state == Release.State.DONE


def _no_space(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_that_would_have_other_bytes_is_not_published(cast: Cast) -> None:
    release = built(make(cast, "csv"))
    forget_file(release)
    Release.objects.filter(pk=release.pk).update(digest="0" * 64)
    with pytest.raises(ValueError, match="would now be"):
        built(release)


def test_no_format_and_an_unknown_one_are_refused(cast: Cast) -> None:
    with pytest.raises(Refused, match="No format was chosen"):
        create_release(project=cast.project, user=cast.alice, formats=[])
    with pytest.raises(Refused, match="no format voc"):
        create_release(project=cast.project, user=cast.alice, formats=["csv", "voc"])


def test_an_empty_project_makes_a_release_too(cast: Cast) -> None:
    files = members(built(make(cast)))
    assert json.loads(files["labelstudio.json"]) == []
    assert json.loads(files["coco.json"])["images"] == []


def test_the_manifest_names_rounds_and_strategies(cast: Cast) -> None:
    first = Round.objects.create(project=cast.project, number=1, state="done", labels=0)
    Round.objects.create(project=cast.project, number=2, state="done", labels=50, parent=first)
    Round.objects.create(project=cast.project, number=3, state="running", labels=90)
    for generation, strategy in enumerate(("random", "random", "uncertainty", "random"), start=1):
        Ranking.objects.create(
            project=cast.project,
            generation=generation,
            strategy=strategy,
            labels=generation,
            placed=1,
            milliseconds=5,
        )
    manifest = built(make(cast, "csv")).manifest
    assert [(row["number"], row["parent"], row["labels"]) for row in manifest["rounds"]] == [
        (1, None, 0),
        (2, 1, 50),
    ]
    assert manifest["rankings"] == [
        {"strategy": "random", "first_generation": 1, "last_generation": 2},
        {"strategy": "uncertainty", "first_generation": 3, "last_generation": 3},
        {"strategy": "random", "first_generation": 4, "last_generation": 4},
    ]
