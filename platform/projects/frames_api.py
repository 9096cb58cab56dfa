"""The pixels of a scan: one frame's bytes, sent as they lie in the frame store."""

import functools
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.http import person_of
from projects.queries import frames_of_scan
from scans.framestore import FrameFile, open_frames


class AnyAccepted(BaseContentNegotiation):
    """Pictures are bytes whatever the client says it accepts; errors are JSON."""

    def select_parser(self, request: Request, parsers: object) -> None:
        return None

    def select_renderer(
        self, request: Request, renderers: object, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return JSONRenderer(), JSONRenderer.media_type


class FrameView(APIView):
    content_negotiation_class = AnyAccepted

    @extend_schema(
        operation_id="scan_frame",
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, project_id: str, scan_id: str, number: str) -> HttpResponse:
        """Raw little-endian samples, row-major, compressed with gzip; what they mean is said in
        the scan's geometry."""
        found = frames_of_scan(
            user=person_of(request), project_id=int(project_id), scan_id=int(scan_id)
        )
        if found is None or int(number) >= found[1]:
            raise Http404(gettext("There is no such frame in a project of yours."))
        digest = found[0]
        etag = f'"{digest}-{int(number)}"'
        unchanged = get_conditional_response(request._request, etag=etag)
        response = unchanged or _frame(digest, int(number))
        response["ETag"] = etag
        response["Cache-Control"] = "private, max-age=31536000, immutable"
        return response


def _frame(digest: str, number: int) -> HttpResponse:
    content = _opened(settings.FRAME_STORE, digest).frame_bytes(number)
    response = HttpResponse(content, content_type="application/octet-stream")
    response["Content-Encoding"] = "gzip"
    return response


@functools.lru_cache(maxsize=256)
def _opened(root: Path, digest: str) -> FrameFile:
    """Headers of the scans being read. A frame file never changes, so what is kept stays true."""
    return open_frames(root, digest)
