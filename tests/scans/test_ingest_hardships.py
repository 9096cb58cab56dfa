"""Crashes, kills, hostile archives, broken files: each has its reason, and the rest goes in."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pydicom.data
import pytest
from django.conf import settings

from scans import ingesting, records, services
from scans.jobs import Source
from scans.models import Archive, IngestedFile
from tests.scans import decoders
from tests.scans.cast import dicom, written
from tests.scans.ingests import counts, ingested, report

pytestmark = pytest.mark.django_db
Outcome = IngestedFile.Outcome


def test_a_zip_is_opened_and_hostile_members_are_told(archive: Archive, tmp_path: Path) -> None:
    inner = written(dicom(), tmp_path / "a.dcm").read_bytes()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as opened:
        opened.writestr("p1/a.dcm", inner)
        opened.writestr("../evil.dcm", inner)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as opened:
        opened.write(tmp_path / "all.zip", "inner.zip")
    ingest = ingested(archive, tmp_path / "all.zip", tmp_path / "outer.zip")
    assert report(ingest) == {
        "all.zip/p1/a.dcm": (Outcome.ADDED, ""),
        "all.zip/../evil.dcm": (Outcome.REJECTED, "Its name points outside the zip file."),
        "outer.zip/inner.zip": (Outcome.REJECTED, "A zip inside a zip is not opened."),
    }
    assert not (Path(settings.STAGED_UPLOADS) / str(ingest.pk)).exists()


def test_killed_between_two_batches_it_goes_on_and_doubles_nothing(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        written(dicom(np.full((4, 4), number, np.uint16)), tmp_path / "in" / f"{number}.dcm")
    ingest = services.begin_ingest(archive=archive)
    monkeypatch.setattr(ingesting, "_FILES_PER_BATCH", 2)
    monkeypatch.setattr(ingesting, "_SECONDS_PER_BATCH", 600)
    save, saved = records.save, 0

    def killed(**arguments: Any) -> None:
        nonlocal saved
        saved += 1
        if saved == 3:
            raise KeyboardInterrupt
        save(**arguments)

    monkeypatch.setattr(records, "save", killed)
    with pytest.raises(KeyboardInterrupt):
        services.ingest_paths(ingest=ingest, paths=[tmp_path / "in"], processes=1)
    assert counts() == [1, 1, 1, 4, 4]
    monkeypatch.setattr(records, "save", save)
    services.ingest_paths(ingest=ingest, paths=[tmp_path / "in"], processes=1)
    assert counts() == [1, 1, 1, 6, 6]
    assert [outcome for outcome, _ in report(ingest).values()] == [Outcome.ADDED] * 6


def test_results_that_come_twice_are_written_once(archive: Archive, tmp_path: Path) -> None:
    """A worker that was frozen wakes beside its successor: both write the same results."""
    written(dicom(), tmp_path / "in" / "a.dcm")
    ingest = ingested(archive, tmp_path / "in")
    again = services.begin_ingest(archive=archive)
    batches: list[records.Batch] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "known_scans", lambda *_: {})
        patch.setattr(records, "save", lambda batch, **_: batches.append(batch))
        services.ingest_paths(ingest=again, paths=[tmp_path / "in"], processes=1)
    (batch,) = [batch for batch in batches if batch.decoded]
    for _ in range(2):
        records.save(ingest=again, sources=_sources(batch), batch=batch)
    assert counts() == [1, 1, 1, 1, 1]
    assert report(again) == {"a.dcm": (Outcome.DUPLICATE, "")}
    assert report(ingest) == {"a.dcm": (Outcome.ADDED, "")}


def _sources(batch: records.Batch) -> dict[int, Source]:
    return {
        f.source: Source(f.source, Path("a.dcm"), "a.dcm") for d in batch.decoded for f in d.files
    }


def test_a_file_that_crashes_its_decoder_is_reported(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(dicom(), tmp_path / "in" / "good.dcm")
    written(dicom(np.ones((4, 4), np.uint16)), tmp_path / "in" / "bad.dcm")
    monkeypatch.setattr(ingesting, "work", decoders.crash_at_bad)
    ingest = ingested(archive, tmp_path / "in")
    assert report(ingest) == {
        "good.dcm": (Outcome.ADDED, ""),
        "bad.dcm": (Outcome.REJECTED, "Its decoder crashed."),
    }


def test_a_header_that_the_database_cannot_hold_costs_nobody_else_a_file(
    archive: Archive, tmp_path: Path
) -> None:
    for number, name in enumerate(["good.dcm", "number.dcm", "space.dcm"]):
        written(
            dicom(np.full((4, 4), number, np.uint16), InstanceNumber=f"{number}99999999999"[:12]),
            tmp_path / "in" / name,
        )
    space = tmp_path / "in" / "space.dcm"
    space.write_bytes(space.read_bytes().replace(b"MONOCHROME2 ", b"MONO\0OME2 \xff "))
    found = report(ingested(archive, tmp_path / "in"))
    assert found["good.dcm"] == found["number.dcm"] == (Outcome.ADDED, "")
    assert found["space.dcm"][0] == Outcome.REJECTED and "\0" not in found["space.dcm"][1]


def test_every_test_file_of_pydicom_is_in_or_has_a_reason(archive: Archive) -> None:
    folder = Path(pydicom.data.__file__).parent / "test_files"
    ingest = services.begin_ingest(archive=archive)
    services.ingest_paths(ingest=ingest, paths=[folder], processes=2)
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    lines = report(ingest)
    zips = [name for name in files if name.endswith(".zip")]
    assert [name for name in files if name not in lines and name not in zips] == []
    assert all(reason for outcome, reason in lines.values() if outcome == Outcome.REJECTED)
    assert not any("decoder crashed" in reason for _, reason in lines.values())
    taken = [path for path, (outcome, _) in lines.items() if outcome != Outcome.REJECTED]
    assert len(taken) >= 80
    # No image is refused but the ones that are broken on purpose.
    broken = {
        path: reason for path, (_, reason) in lines.items() if "Error" in reason or "cut" in reason
    }
    assert sorted(broken) == ["JPEG2000-embedded-sequence-delimiter.dcm", "MR_truncated.dcm"]
