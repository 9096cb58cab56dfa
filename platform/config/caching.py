"""What browsers and proxies may keep."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse


def keep_nothing(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Pages and replies are not kept on a shared workstation, where a view does not say otherwise.

    Frames do: they are immutable, pseudonymous, and looked at again.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response

    return middleware
