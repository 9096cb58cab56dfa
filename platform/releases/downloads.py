"""Answers that are files."""

from collections.abc import Iterator

from django.http import FileResponse, Http404, StreamingHttpResponse
from django.utils.translation import gettext

from annotator.looks import note_look_at_all
from projects.models import Membership
from releases.formats.shape import Format
from releases.models import Release
from releases.queries import contents_of
from releases.records import Dataset
from releases.services import release_path

# Pieces are lines; a packet of the network holds hundreds of them.
_CHUNK = 1 << 16


def release_response(release: Release, *, membership: Membership) -> FileResponse:
    """The ZIP, for the member: it tells them what others answered.

    Raises Http404 where it is not built, or its file is gone.
    """
    path = release_path(release)
    if release.state != Release.State.DONE or not path.exists():
        raise Http404(
            gettext("The file of this release is not there; the page of releases says why.")
        )
    note_look_at_all(membership, last=release.last_annotation)
    name = f"scout-project-{release.project_id}-release-{release.number}.zip"
    response = FileResponse(path.open("rb"), as_attachment=True, filename=name)
    response["ETag"] = f'"{release.digest}"'
    response["Cache-Control"] = "private, no-cache"
    return response


def export_response(
    chosen: Format, *, membership: Membership, everything: bool
) -> StreamingHttpResponse:
    """The data as it is now, written as it is read; it tells the member what others answered."""
    project = membership.project
    note_look_at_all(membership)
    dataset = Dataset(
        contents_of(project=project), only_answered=not everything, names_completed_by=True
    )
    response = StreamingHttpResponse(
        _chunks(chosen.pieces(dataset)), content_type=chosen.content_type
    )
    response["Content-Disposition"] = (
        f'attachment; filename="project-{project.pk}-{chosen.file_name}"'
    )
    response["Cache-Control"] = "private, no-store"
    return response


def _chunks(pieces: Iterator[str]) -> Iterator[bytes]:
    gathered: list[str] = []
    size = 0
    for piece in pieces:
        gathered.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield "".join(gathered).encode()
            gathered, size = [], 0
    yield "".join(gathered).encode()
