"""What every format is: a name and a function from a dataset to the pieces of one text file."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from releases.records import Dataset


@dataclass(frozen=True)
class Format:
    name: str  # as the command line and the interface call it
    title: str
    file_name: str
    content_type: str
    export_type: str  # Label Studio's name for it
    # May iterate over the dataset several times; yields text that is joined without separators.
    pieces: Callable[[Dataset], Iterator[str]]


def stable_json(value: Any) -> str:
    """JSON whose text depends on the value alone: keys sorted, no spaces."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def json_array(items: Iterator[Any]) -> Iterator[str]:
    """The pieces of a JSON array, one item a line."""
    separator = "[\n"
    for item in items:
        yield separator + stable_json(item)
        separator = ",\n"
    yield "[]" if separator == "[\n" else "\n]"


def reader_name(user_id: int) -> str:
    """What a release calls a reader: the same in every release, and no name or address."""
    return f"reader-{user_id}"


def utc_text(moment: Any) -> str:
    return f"{moment.isoformat()[:-6]}Z"
