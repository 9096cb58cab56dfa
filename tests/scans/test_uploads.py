"""Files arrive in chunks, in any fashion a browser and a bad network produce."""

import stat
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import QuerySet
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from scans import services, staging
from scans.models import Ingest
from scans.staging import UploadRefused

pytestmark = pytest.mark.django_db


@pytest.fixture
def ingest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ingest:
    monkeypatch.setattr(settings, "STAGED_UPLOADS", tmp_path / "uploads")
    alice = User.objects.create_user("alice@example.org")
    return services.begin_upload(archive=services.create_archive(name="A", user=alice), user=alice)


def folder(ingest: Ingest) -> Path:
    return Path(settings.STAGED_UPLOADS) / str(ingest.pk)


def sent(ingest: Ingest, name: str, content: bytes, *, size: int = 4) -> None:
    for offset in range(0, len(content), size):
        services.receive_chunk(
            ingest=ingest,
            name=name,
            offset=offset,
            data=content[offset : offset + size],
            total=len(content),
        )


def staged(ingest: Ingest) -> dict[str, bytes]:
    return {one.name: one.path.read_bytes() for one in staging.staged_files(folder(ingest))}


def test_chunks_become_the_file_again(ingest: Ingest) -> None:
    sent(ingest, "p1/a.dcm", b"0123456789")
    sent(ingest, "p2/a.dcm", b"abc")
    assert staged(ingest) == {"p1/a.dcm": b"0123456789", "p2/a.dcm": b"abc"}


def test_a_chunk_sent_again_changes_nothing(ingest: Ingest) -> None:
    sent(ingest, "a", b"0123456789")
    received = services.receive_chunk(ingest=ingest, name="a", offset=4, data=b"4567", total=10)
    assert received == 10
    assert staged(ingest) == {"a": b"0123456789"}
    ingest.refresh_from_db()
    assert ingest.announced_bytes == 10


def test_staged_files_are_private_and_never_named_by_the_sender(ingest: Ingest) -> None:
    sent(ingest, "Doe^Jane/a.dcm", b"0123")
    assert stat.S_IMODE(folder(ingest).stat().st_mode) == 0o700
    assert not any("Doe" in path.name for path in folder(ingest).rglob("*"))
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in folder(ingest).iterdir())


@pytest.mark.parametrize("name", ["../a", "/etc/passwd", "", "a/../../b", "C:\\a", "a\0b", ".."])
def test_a_name_that_points_outside_is_refused(ingest: Ingest, name: str) -> None:
    with pytest.raises(UploadRefused, match="inside the folder"):
        sent(ingest, name, b"0123")
    assert not folder(ingest).exists()


def test_a_missing_chunk_is_asked_for(ingest: Ingest) -> None:
    sent(ingest, "a", b"0123")
    services.receive_chunk(ingest=ingest, name="b", offset=0, data=b"0123", total=12)
    with pytest.raises(UploadRefused, match="send on from byte 4"):
        services.receive_chunk(ingest=ingest, name="b", offset=8, data=b"89ab", total=12)


def test_more_than_was_announced_is_refused(ingest: Ingest) -> None:
    with pytest.raises(UploadRefused, match="longer than the 3 bytes"):
        services.receive_chunk(ingest=ingest, name="a", offset=0, data=b"0123", total=3)


def test_a_delivery_beyond_the_limit_is_refused_before_it_is_stored(
    ingest: Ingest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MAX_DELIVERY_BYTES", 10)
    sent(ingest, "a", b"01234567")
    with pytest.raises(UploadRefused, match="send the rest in another one"):
        sent(ingest, "b", b"012")
    sent(ingest, "c", b"01")
    assert sorted(staged(ingest)) == ["a", "c"]


def jobs_of(ingest: Ingest) -> QuerySet[ProcrastinateJob]:
    """Jobs outlive the tests that commit: what an earlier one left is not counted."""
    return ProcrastinateJob.objects.filter(args__ingest_id=ingest.pk)


def test_an_incomplete_file_keeps_the_upload_open(ingest: Ingest) -> None:
    services.receive_chunk(ingest=ingest, name="a", offset=0, data=b"01", total=4)
    with pytest.raises(UploadRefused, match="a has 2 of 4 bytes"):
        services.finish_upload(ingest=ingest, project_id=1)
    assert not jobs_of(ingest).exists()


def test_an_upload_finished_twice_is_one_job(ingest: Ingest) -> None:
    sent(ingest, "a", b"0123")
    for _ in range(2):
        services.finish_upload(ingest=ingest, project_id=7)
    job = jobs_of(ingest).get()
    assert (job.task_name, job.args) == (
        "annotator.ingest",
        {"ingest_id": ingest.pk, "project_id": 7},
    )
    assert ingest.state == Ingest.State.QUEUED
    with pytest.raises(UploadRefused, match="closed"):
        sent(ingest, "b", b"0123")


def test_a_cancelled_upload_leaves_nothing(ingest: Ingest) -> None:
    sent(ingest, "a", b"0123")
    services.cancel_upload(ingest=ingest)
    assert not folder(ingest).exists()
