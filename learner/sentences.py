"""What the learner says to people, kept so that whoever shows it can say it in their language."""

import json
from typing import NamedTuple

Value = str | int


class Words(NamedTuple):
    """An English text that names in braces what is put in, and that: in JSON a list of the two."""

    text: str
    values: dict[str, Value]

    def __str__(self) -> str:
        return self.text.format(**self.values)


def words(text: str, /, **values: Value) -> Words:
    return Words(text, values)


def announce(text: str, /, **values: Value) -> None:
    """Tell the process that started this one what is being done, in a line of JSON."""
    print(json.dumps(Words(text, values)), flush=True)  # noqa: T201


class Told(Exception):
    """An error that a person can mend: `words` say how."""

    def __init__(self, text: str, /, **values: Value) -> None:
        self.words = Words(text, values)
        super().__init__(text)

    def __str__(self) -> str:
        return str(self.words)


class Unusable(Told, ValueError):
    """What was named is not there or does not fit."""


class Unreachable(Told, ConnectionError):
    """What was named cannot be fetched."""


class NotInstalled(Told, ImportError):
    """What was named needs a package that is not here."""


class TooLittleMemory(Told, MemoryError):
    """The device's memory does not hold the least that must be there at once."""
