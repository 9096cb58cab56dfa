"""Language and theme of the pages, as the browser in use knows them.

Both lie in cookies, so that no request asks the database: set where a person chooses, and from
what is kept for them when they log in. The cookie of the language is Django's own.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from accounts.languages import script_catalogue
from accounts.models import Preferences, Theme

THEME_COOKIE = "scout_theme"
_YEAR = 365 * 24 * 3600


def appearance(request: HttpRequest) -> dict[str, object]:
    """For every template: theme and language in use, and what there is to choose from."""
    asked = request.COOKIES.get(THEME_COOKIE)
    theme = Theme(asked) if asked in Theme.values else Theme.DARK
    return {
        "theme": theme,
        "themes": Theme.choices,
        "languages": settings.LANGUAGES,
        "catalogue": script_catalogue(),
    }


def show_as_preferred(response: HttpResponse, preferences: Preferences) -> None:
    """Let the browser know what the person has chosen; no language means the browser's own."""
    _keep(response, THEME_COOKIE, preferences.theme)
    if preferences.language:
        _keep(response, settings.LANGUAGE_COOKIE_NAME, preferences.language)
    else:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=_YEAR, samesite="Lax", httponly=True, secure=settings.SCOUT_HTTPS
    )
