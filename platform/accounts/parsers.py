"""How a request's body, and any other JSON that somebody sends, is read."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext
from rest_framework import parsers
from rest_framework.exceptions import ParseError

# Python reads some hundreds, fewer the deeper it is called from; nothing here needs ten.
MOST_LEVELS = 100
# To its end where it has none: each character is looked at once.
_TEXTS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACKETS = re.compile(r"[\[\]{}]")
_HALF_CHARACTER = re.compile(r"\\ud[89a-f]", re.IGNORECASE)  # of a surrogate pair, if alone


class UnreadableJSON(ValueError):
    """The message is a sentence for the person who sent it."""


def read_json(text: str) -> Any:
    """What the JSON says. Raises UnreadableJSON for what is none, or can be kept in no database."""
    if _levels(text) > MOST_LEVELS:
        raise UnreadableJSON(gettext("The JSON is nested too deeply."))
    try:
        found = json.loads(text, parse_constant=_refuse)
        if _HALF_CHARACTER.search(text):
            json.dumps(found, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise UnreadableJSON(
            gettext(
                "This is no JSON: a bracket, comma or quote is amiss "
                "(line %(line)d, column %(column)d)."
            )
            % {"line": error.lineno, "column": error.colno}
        ) from error
    except ValueError as error:
        raise UnreadableJSON(
            gettext("The JSON holds a number or a character that cannot be stored.")
        ) from error
    return found


def _levels(text: str) -> int:
    """How many brackets are open at once, those in texts left out."""
    level = deepest = 0
    for bracket in _BRACKETS.finditer(_TEXTS.sub("", text)):
        level += 1 if bracket.group() in "[{" else -1
        deepest = max(deepest, level)
    return deepest


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is no number of JSON.")


class JSONParser(parsers.JSONParser):
    """JSON, and a sentence where it cannot be read."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        encoding = (parser_context or {}).get("encoding", settings.DEFAULT_CHARSET)
        try:
            return read_json(stream.read().decode(encoding))
        except UnreadableJSON as error:
            raise ParseError(str(error)) from error
        except (LookupError, UnicodeError) as error:
            raise ParseError(gettext("The request is no text in %s.") % encoding) from error
