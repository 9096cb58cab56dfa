"""Label Studio result JSON held against the label config: fast, and with a sentence for the client.

The format is https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks.
"""

import functools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from projects.errors import Refused
from projects.label_config import Kind, Question, parse

Result = list[dict[str, Any]]

# The result's type, which is also the key of its value where that is one list.
RESULT_TYPES: Mapping[Kind, str] = {
    "single": "choices",
    "multiple": "choices",
    "number": "number",
    "rating": "rating",
    "text": "textarea",
    "boxes": "rectanglelabels",
    "masks": "brushlabels",
}
REGION_KINDS: frozenset[Kind] = frozenset({"boxes", "masks"})

_MOST_ENTRIES = 2000
_MOST_CHARACTERS = 20_000  # of one text
_MOST_RLE = 16_000_000  # numbers of one mask
# PostgreSQL's jsonb ends at 256 MiB, where a byte of JSON may have become eight.
_MOST_JSON = 32 << 20  # characters


@functools.lru_cache(maxsize=256)
def questions_of(label_config: str) -> tuple[Question, ...]:
    """The questions of a kept label config, parsed once per process."""
    return parse(label_config)


def check_result(label_config: str, result: Result, *, complete: bool) -> None:
    """Raise Refused where the result answers something else than was asked.

    `complete` also demands an answer to every required question. No answer to a multiple choice
    and no region are answers too: read, and nothing found.
    """
    questions = {question.name: question for question in questions_of(label_config)}
    if len(result) > _MOST_ENTRIES:
        raise Refused(
            f"A result holds at most {_MOST_ENTRIES} entries; this one has {len(result)}."
        )
    _check_storable(result)
    for entry in result:
        _check_entry(entry, questions)
    given = Counter(entry["from_name"] for entry in result)
    for question in questions.values():
        if question.kind not in REGION_KINDS and given[question.name] > 1:
            raise Refused(
                f"“{question.name}” is answered {given[question.name]} times; answer once."
            )
    if complete:
        _check_required(questions.values(), result)


def _check_required(questions: Iterable[Question], result: Result) -> None:
    answered = {entry["from_name"] for entry in result if _says_something(entry["value"])}
    for question in questions:
        wanted = question.required and question.kind in ("single", "number", "rating", "text")
        if wanted and question.name not in answered:
            raise Refused(f"“{question.title}” is not answered; it is required.")


def _says_something(value: dict[str, Any]) -> bool:
    return "text" not in value or any(text.strip() for text in value["text"])


def _check_storable(result: Result) -> None:
    """PostgreSQL's jsonb takes no infinite number, no NUL and no half of a surrogate pair."""
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError as error:
        raise Refused("The result holds a number or a character that cannot be stored.") from error
    except RecursionError as error:
        raise Refused("The result is nested too deeply.") from error
    if len(text) > _MOST_JSON:
        raise Refused(f"The result is larger than {_MOST_JSON >> 20} MiB.")
    if "\\u0000" in text:
        raise Refused("The result holds the character NUL, which cannot be stored.")


def _check_entry(entry: dict[str, Any], questions: Mapping[str, Question]) -> None:
    name = entry.get("from_name")
    question = questions.get(name) if isinstance(name, str) else None
    if question is None:
        raise Refused(f"There is no question “{name}”; from_name is one of {', '.join(questions)}.")
    expected = RESULT_TYPES[question.kind]
    if entry.get("type") != expected:
        raise Refused(f"“{name}” is answered with type “{expected}”, not “{entry.get('type')}”.")
    if entry.get("to_name") != question.to_name:
        raise Refused(f"“{name}” is asked of “{question.to_name}”: set to_name to that.")
    value = entry.get("value")
    if not isinstance(value, dict):
        raise Refused(f"“{name}” has no value: an object is expected.")
    _CHECKS[question.kind](question, value)


def _check_choices(question: Question, value: dict[str, Any]) -> None:
    chosen = _labels(question, value, "choices")
    if question.kind == "single" and len(chosen) != 1:
        raise Refused(f"“{question.name}” takes exactly one choice; {len(chosen)} were given.")


def _labels(question: Question, value: dict[str, Any], key: str) -> list[str]:
    chosen = value.get(key)
    if not isinstance(chosen, list) or not all(isinstance(one, str) for one in chosen):
        raise Refused(f"“{question.name}” is answered with a list of texts under “{key}”.")
    offered = [option.answer for option in question.options]
    for one in chosen:
        if one not in offered:
            raise Refused(f"“{question.name}” does not offer “{one}”; it offers {_list(offered)}.")
    if len(set(chosen)) < len(chosen):
        raise Refused(f"“{question.name}” names a choice twice.")
    return chosen


def _list(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _check_number(question: Question, value: dict[str, Any]) -> None:
    number = _number(question, value, RESULT_TYPES[question.kind])
    low, high = question.minimum, question.maximum
    if low is not None and number < low:
        raise Refused(f"“{question.name}” is at least {low:g}; {number:g} was given.")
    if high is not None and number > high:
        raise Refused(f"“{question.name}” is at most {high:g}; {number:g} was given.")
    if question.kind == "rating" and number != int(number):
        raise Refused(f"“{question.name}” is a whole number of stars; {number:g} was given.")


def _number(question: Question, value: dict[str, Any], key: str) -> float:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Refused(f"“{question.name}” needs a number under “{key}”.")
    if not abs(number) <= 1e15:  # false for NaN as well
        raise Refused(f"“{question.name}” has no usable number under “{key}”.")
    return float(number)


def _check_text(question: Question, value: dict[str, Any]) -> None:
    texts = value.get("text")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refused(f"“{question.name}” is answered with a list of texts under “text”.")
    if sum(map(len, texts)) > _MOST_CHARACTERS:
        raise Refused(f"“{question.name}” takes at most {_MOST_CHARACTERS:,} characters.")


def _check_region(question: Question, value: dict[str, Any]) -> None:
    if len(_labels(question, value, RESULT_TYPES[question.kind])) != 1:
        raise Refused(f"Each region of “{question.name}” has exactly one label.")


def _check_box(question: Question, value: dict[str, Any]) -> None:
    _check_region(question, value)
    x, y, width, height = (_number(question, value, key) for key in ("x", "y", "width", "height"))
    # In percent of the image; a rounding error over its border is no mistake.
    if abs(_number(question, {"rotation": 0, **value}, "rotation")) > 360:
        raise Refused(f"A box of “{question.name}” is turned by more than 360 degrees.")
    inside = min(x, y) >= -0.01 and max(x + width, y + height) <= 100.01
    if not inside or min(width, height) <= 0:
        raise Refused(f"A box of “{question.name}” does not lie inside the image (0 to 100 %).")


def _check_mask(question: Question, value: dict[str, Any]) -> None:
    _check_region(question, value)
    rle = value.get("rle")
    if value.get("format") != "rle" or not isinstance(rle, list) or len(rle) > _MOST_RLE:
        raise Refused(f"A mask of “{question.name}” has format “rle” and a list of bytes.")
    if not all(type(byte) is int and 0 <= byte <= 255 for byte in rle):
        raise Refused(f"A mask of “{question.name}” holds something that is no byte.")


_CHECKS: Mapping[Kind, Callable[[Question, dict[str, Any]], None]] = {
    "single": _check_choices,
    "multiple": _check_choices,
    "number": _check_number,
    "rating": _check_number,
    "text": _check_text,
    "boxes": _check_box,
    "masks": _check_mask,
}
