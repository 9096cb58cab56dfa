"""Sentences that are written down before it is known in which language they will be read.

Without Django, so that processes that only decode scans can say why they refuse one.
"""

import errno
import json
import re
from string import Formatter
from typing import Any, Self

Value = str | int | float

# PostgreSQL keeps no NUL, and nothing half a surrogate pair.
_NOT_KEPT = re.compile("[\0\ud800-\udfff]")


class Sentence(str):
    """An English sentence that knows the text it was made of and what was put in.

    `text` is what the catalogues translate, and names its `values` in braces. Whole numbers are put
    in with their thousands apart, others with two decimals; a value may be a sentence itself.
    """

    text: str
    values: dict[str, Value]

    def __new__(cls, text: str, /, **values: Value) -> Self:
        clean = {name: _storable(value) for name, value in values.items()}
        made = super().__new__(cls, text.format(**{n: _english(v) for n, v in clean.items()}))
        made.text, made.values = str(text), clean
        return made

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Value]]:
        return (self.text,), self.values


_SYSTEM_ERRORS = {
    errno.ENOSPC: Sentence("No space left on device"),
    errno.EDQUOT: Sentence("Disk quota exceeded"),
    errno.EROFS: Sentence("Read-only file system"),
    errno.EACCES: Sentence("Permission denied"),
    errno.ENOENT: Sentence("No such file or directory"),
    errno.EIO: Sentence("Input/output error"),
}


def system_error(error: OSError) -> str:
    """What the system says of a file, in its words for the errors that one meets."""
    known = _SYSTEM_ERRORS.get(error.errno or 0)
    return known or error.strerror or Sentence("damaged")


def joined(sentences: list[str] | tuple[str, ...]) -> str:
    """Sentences one after the other, as one."""
    values = {f"s{number}": one for number, one in enumerate(sentences)}
    side_by_side = " ".join(f"{{{name}}}" for name in values)
    return Sentence(side_by_side, **values)


def kept(said: str) -> str:
    """What a text column holds of a sentence: its text, or its JSON where something was put in.

    A plain text that would be read as such JSON is put into one.
    """
    if isinstance(said, Sentence):
        return json.dumps(_json(said)) if said.values else said.text
    return json.dumps(["{text}", {"text": said}]) if isinstance(read(said), Sentence) else said


def read(column: str) -> str:
    """The sentence that `kept` wrote; anything else as it is."""
    if not column.startswith('["'):
        return column
    try:
        text, values = json.loads(column)
        found: str = sentence([text, dict(values)])
        return found
    except (ValueError, TypeError, LookupError, RecursionError):
        return column


def sentence(json_of_it: Any) -> Any:
    """A sentence from its JSON, [text, values], as the learner gives it too; others unchanged.

    Raises ValueError where the text has more in its braces than names.
    """
    if not isinstance(json_of_it, list | tuple):
        return json_of_it
    text, values = json_of_it
    for _, name, how, conversion in Formatter().parse(text):
        if how or conversion or not (name or "name").isidentifier():
            raise ValueError(f"{text!r} is not the text of a sentence.")
    return Sentence(text, **{name: sentence(value) for name, value in values.items()})


def _json(value: Value) -> Any:
    if not isinstance(value, Sentence):
        return value
    return [value.text, {name: _json(inner) for name, inner in value.values.items()}]


def _storable(value: Value) -> Value:
    """Sentences may quote what a broken file holds, or its name."""
    if isinstance(value, str) and _NOT_KEPT.search(value):
        return _NOT_KEPT.sub("\N{REPLACEMENT CHARACTER}", value)
    return value


def _english(value: Value) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"
