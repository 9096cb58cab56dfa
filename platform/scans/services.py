"""Takes scans in: from paths on this machine, or from a browser in chunks."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext
from procrastinate.contrib.django import app

from accounts.models import User
from accounts.saying import said
from accounts.sentences import Sentence
from scans import delivery, records, staging
from scans.ingesting import ingest_sources
from scans.models import Archive, Ingest
from scans.pool import SECONDS_PER_FILE
from scans.staging import UploadRefused

State = Ingest.State

UNASSIGNED = "Unassigned"


def create_archive(*, name: str, user: User | None = None) -> Archive:
    return Archive.objects.create(name=name, created_by=user)


def get_default_archive() -> Archive:
    """Where scans go that are ingested without a project."""
    with transaction.atomic():
        found = Archive.objects.filter(name=UNASSIGNED, projects=None).order_by("pk").first()
        return found or create_archive(name=UNASSIGNED)


def begin_ingest(*, archive: Archive, user: User | None = None) -> Ingest:
    """An ingest of files that this process can read itself."""
    return Ingest.objects.create(archive=archive, state=State.QUEUED, created_by=user)


def ingest_paths(
    *,
    ingest: Ingest,
    paths: Sequence[Path],
    processes: int | None = None,
    patients: Mapping[str, str] | None = None,
    seconds_per_file: float = SECONDS_PER_FILE,
) -> None:
    """Take files, folders and zip files into the ingest's archive, each with a line in its report.

    `patients` gives a patient's identifier by the file's label (see delivery.labelled_files).
    Without one, a DICOM file's patient is the one in its header, and every other file is a patient
    of its own. Run again after a crash it goes on where it was. Ends with `finish_ingest`.
    """
    _take(
        ingest=ingest,
        files=list(delivery.labelled_files(paths)),
        processes=processes,
        patients=patients or {},
        seconds_per_file=seconds_per_file,
    )


def ingest_staged(*, ingest: Ingest) -> None:
    """Take what a browser uploaded, as `ingest_paths` takes paths."""
    files = [(one.name, one.path) for one in staging.staged_files(_folder(ingest))]
    _take(
        ingest=ingest,
        files=files,
        processes=None,
        patients={},
        seconds_per_file=SECONDS_PER_FILE,
    )


def _take(
    *,
    ingest: Ingest,
    files: Sequence[tuple[str, Path]],
    processes: int | None,
    patients: Mapping[str, str],
    seconds_per_file: float,
) -> None:
    _set_state(ingest, State.RUNNING)
    unpacked = _folder(ingest) / "unpacked"
    delivered = delivery.collect(files, unpack_to=unpacked, patients=patients)
    records.save_refused(ingest=ingest, refused=delivered.refused)
    ingest_sources(
        ingest=ingest,
        sources=delivered.sources,
        processes=processes or os.cpu_count() or 1,
        seconds_per_file=seconds_per_file,
    )


def finish_ingest(*, ingest: Ingest) -> None:
    """Everything is taken: staged files go, and the report stands."""
    staging.remove(_folder(ingest))
    ingest.finished_at = timezone.now()
    _set_state(ingest, State.DONE)


def fail_ingest(*, ingest: Ingest, error: str) -> None:
    """The ingest itself broke, not one of its files. Staged files stay: it can be run again."""
    ingest.error = error
    ingest.finished_at = timezone.now()
    _set_state(ingest, State.FAILED)


def begin_upload(*, archive: Archive, user: User) -> Ingest:
    """An ingest that waits for `receive_chunk` and ends with `finish_upload`."""
    return Ingest.objects.create(archive=archive, created_by=user)


def receive_chunk(*, ingest: Ingest, name: str, offset: int, data: bytes, total: int) -> int:
    """Keep one chunk of the file `name`, a path inside what is uploaded; its bytes received so far.

    The same chunk may come again. Raises UploadRefused with a sentence that says what to do.
    """
    if ingest.state != State.RECEIVING:
        raise UploadRefused(gettext("This upload has been closed; begin a new one."))
    staging.check_sizes(total=total, chunk=len(data), offset=offset)
    name = staging.checked_name(name)
    folder = _folder(ingest)
    description = staging.stage(folder, name, total)
    if description is not None and not _announce(ingest, total):
        description.unlink()
        gigabytes = staging.MAX_DELIVERY_BYTES >> 30
        raise UploadRefused(
            gettext("An upload may have {gigabytes} GiB; send the rest in another one.").format(
                gigabytes=gigabytes
            )
        )
    return staging.write_chunk(folder, name, offset, data)


def _announce(ingest: Ingest, total: int) -> bool:
    """Count a file into the delivery's size, unless that would grow beyond the limit."""
    room = staging.MAX_DELIVERY_BYTES - total
    counted = Ingest.objects.filter(pk=ingest.pk, announced_bytes__lte=room)
    return counted.update(announced_bytes=F("announced_bytes") + total) == 1


def finish_upload(*, ingest: Ingest, project_id: int) -> None:
    """Every file is here: have a worker take them and make tasks of them in the project.

    Done twice it is done once. Raises UploadRefused while files are incomplete.
    """
    missing = [one for one in staging.staged_files(_folder(ingest)) if one.received < one.total]
    if missing and ingest.state == State.RECEIVING:
        one = missing[0]
        raise UploadRefused(
            said(
                Sentence(
                    "{count} files are incomplete; {name} has {received} of {total} bytes.",
                    count=len(missing),
                    name=one.name,
                    received=one.received,
                    total=one.total,
                )
            )
        )
    with transaction.atomic():
        waiting = Ingest.objects.filter(pk=ingest.pk, state=State.RECEIVING)
        if waiting.update(state=State.QUEUED) == 1:
            app.configure_task("annotator.ingest", lock=f"ingest-{ingest.pk}").defer(
                ingest_id=ingest.pk, project_id=project_id
            )
    ingest.refresh_from_db()


def cancel_upload(*, ingest: Ingest) -> None:
    """Give an upload up: what was sent is removed."""
    waiting = Ingest.objects.filter(pk=ingest.pk, state=State.RECEIVING)
    if (
        waiting.update(state=State.FAILED, error=Sentence("Cancelled."), finished_at=timezone.now())
        == 1
    ):
        staging.remove(_folder(ingest))


def _folder(ingest: Ingest) -> Path:
    return Path(settings.STAGED_UPLOADS) / str(ingest.pk)


def _set_state(ingest: Ingest, state: Ingest.State) -> None:
    ingest.state = state
    ingest.save(update_fields=["state", "error", "finished_at"])
