"""No request is larger than anything that Scout asks for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext

# A chunk of an upload has 32 MiB at most, and a result with many masks as much.
MOST_BYTES = 40 << 20


def limit_request_size(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: Django's own limits are for forms, and do not see what a program sends as JSON.

    A body without a length is empty to WSGI, so the header is all there is to look at.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdigit() and int(length) > MOST_BYTES:
            sentence = gettext(
                "A request may have {most} MiB at most; send less at a time."
            ).format(most=MOST_BYTES >> 20)
            return JsonResponse({"detail": sentence}, status=413)
        return get_response(request)

    return middleware
