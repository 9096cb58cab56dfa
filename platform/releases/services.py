"""Making releases and building their files."""

import logging
import os
import shutil
import tempfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext

from accounts.models import User
from accounts.sentences import Sentence, system_error
from projects.errors import Refused
from projects.jobs import defer_once
from projects.models import Project
from releases.archive import file_digest
from releases.build import build_archive
from releases.formats import FORMATS
from releases.models import Release
from releases.queries import contents_of, last_annotation_of

BUILD_JOB = "releases.build"
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    release: Release
    is_new: bool  # False where the newest release holds the same


def known_formats(names: Collection[str]) -> list[str]:
    """The formats, each once and in one order. Raises Refused."""
    unknown = sorted(set(names) - FORMATS.keys())
    if unknown or not names:
        offered = ", ".join(FORMATS)
        if not unknown:
            raise Refused(
                gettext("No format was chosen; choose among {offered}.").format(offered=offered)
            )
        raise Refused(
            gettext("There is no format {unknown}; choose among {offered}.").format(
                unknown=", ".join(unknown), offered=offered
            )
        )
    return [name for name in FORMATS if name in names]


@transaction.atomic
def create_release(
    *, project: Project, user: User, formats: Collection[str], enqueue: bool = True
) -> Made:
    """Fix what a new release holds, and leave its file to a worker.

    The newest release is given instead where it is in the same formats and nothing was read,
    withdrawn or added since: asking twice makes one. Raises Refused for formats that there are not.
    """
    names = known_formats(formats)
    # Whoever else makes a release of the project waits here, so that the numbers have no gap.
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    contents = contents_of(project=project)
    newest = Release.objects.filter(project=project).order_by("-number").first()
    if newest is not None and _is_same(newest, names, contents):
        return Made(newest, is_new=False)
    release = Release.objects.create(
        project=project,
        number=(newest.number if newest else 0) + 1,
        formats=names,
        contents=contents,
        last_annotation=last_annotation_of(contents),
        created_by=user,
    )
    if enqueue:
        _enqueue(release)
    return Made(release, is_new=True)


def _is_same(release: Release, formats: list[str], contents: dict[str, object]) -> bool:
    """Whether a release made now would hold the same data; which rounds there were aside."""
    return (
        release.state != Release.State.FAILED
        and release.formats == formats
        and all(
            release.contents[key] == contents[key]
            for key in ("scout", "project", "tasks", "annotations")
        )
    )


@transaction.atomic
def build_again(*, release: Release) -> None:
    """Have a release that failed, or whose file was lost, built once more."""
    Release.objects.filter(pk=release.pk, state=Release.State.FAILED).update(
        state=Release.State.QUEUED, error=""
    )
    _enqueue(release)


def _enqueue(release: Release) -> None:
    lock = f"release-{release.pk}"
    defer_once(BUILD_JOB, queue="default", lock=lock, queueing_lock=lock, release_id=release.pk)


def release_path(release: Release) -> Path:
    """Where the finished file lies, by its digest."""
    return Path(settings.RELEASE_STORE) / release.digest[:2] / f"{release.digest}.zip"


def build_release(*, release_id: int) -> Release:
    """Build the file and publish it: rename first, then one conditional update.

    May run any number of times, also twice at once: the bytes are the same. Raises what the build
    raises, after the release says so; ValueError where an earlier file had other bytes.
    """
    release = Release.objects.get(pk=release_id)
    if release.state == Release.State.DONE and release_path(release).exists():
        return release
    try:
        _build(release)
    except Exception as error:
        logger.exception("Release %s could not be built", release_id)
        Release.objects.filter(pk=release_id).exclude(state=Release.State.DONE).update(
            state=Release.State.FAILED, error=_told(error)
        )
        raise
    return Release.objects.get(pk=release_id)


def _told(error: Exception) -> str:
    """What people are told; the rest may quote paths and answers, and stands in the log alone."""
    if isinstance(error, OSError) and error.strerror:
        return Sentence("The file could not be written: {error}.", error=system_error(error))
    return Sentence("Something broke while the file was built; the log of the worker says what.")


def _build(release: Release) -> None:
    building = Path(settings.RELEASE_STORE) / "building"
    building.mkdir(parents=True, exist_ok=True, mode=0o700)
    prefix = f"release-{release.pk}-"
    _sweep(building, prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=building) as folder:
        file, manifest = build_archive(release, folder=Path(folder))
        digest = file_digest(file)
        if release.digest and release.digest != digest:
            raise ValueError(f"The file was {release.digest} and would now be {digest}.")
        size = file.stat().st_size
        release.digest = digest
        _publish(file, release_path(release))
    Release.objects.filter(pk=release.pk).update(
        state=Release.State.DONE, digest=digest, size=size, manifest=manifest, error=""
    )


def _sweep(building: Path, prefix: str) -> None:
    """Remove what an earlier build of this release left when it was killed."""
    for left in building.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)


def _publish(file: Path, target: Path) -> None:
    """Put the file in its place, whole or not at all, also when the power fails."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _sync(file)
    file.replace(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
