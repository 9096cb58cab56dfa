"""Run an ingest, and look at what became of it."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Model
from django.utils import translation

from accounts.saying import said
from scans import queries, services
from scans.framestore import FrameFile, open_frames
from scans.models import Archive, Ingest, Instance, Patient, Scan, Series, Study


def ingested(archive: Archive, *paths: Path, **options: Any) -> Ingest:
    ingest = services.begin_ingest(archive=archive)
    services.ingest_paths(ingest=ingest, paths=paths, processes=1, **options)
    services.finish_ingest(ingest=ingest)
    return ingest


def report(ingest: Ingest) -> dict[str, tuple[str, str]]:
    """Outcome and reason by path; every reason is told in German too."""
    lines = list(queries.files_of(ingest=ingest))
    with translation.override("de"):
        assert [f.reason for f in lines if f.reason and said(f.reason) == f.reason] == []
    return {f.path: (f.outcome, f.reason) for f in lines}


def frames_of(scan: Scan) -> FrameFile:
    return open_frames(settings.FRAME_STORE, scan.frames)


def counts() -> list[int]:
    """How many patients, studies, series, scans and instances there are."""
    models: list[type[Model]] = [Patient, Study, Series, Scan, Instance]
    return [model._default_manager.count() for model in models]
