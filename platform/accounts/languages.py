"""The texts of the reading room and of the pages' scripts, in the language of the page."""

from functools import cache
from gettext import GNUTranslations
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, to_locale

_SOURCE = "en"


def script_catalogue() -> dict[str, str]:
    """Translations by their English texts, of the language in use; empty for English."""
    language = get_language() or _SOURCE
    return {} if language.startswith(_SOURCE) else _catalogue(to_locale(language))


@cache
def _catalogue(locale: str) -> dict[str, str]:
    (folder,) = settings.LOCALE_PATHS
    with (Path(folder) / locale / "LC_MESSAGES" / "djangojs.mo").open("rb") as file:
        read: Any = GNUTranslations(file)
    texts: dict[str, str] = read._catalog  # which has no other way to be listed
    # The empty text's translation is the file's header.
    return {text: translated for text, translated in texts.items() if text}
