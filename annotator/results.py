"""Label Studio result JSON held against the label config: fast, and with a sentence for the client.

The format is https://labelstud.io/guide/export#Label-Studio-JSON-format-of-annotated-tasks.
"""

import functools
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from accounts.saying import said
from accounts.sentences import Sentence
from annotator.region_checks import REGION_CHECKS, REGION_TYPES
from annotator.values import labels_of, number_of, number_text
from projects.errors import Refused
from projects.label_config import REGION_KINDS, Kind, Question, parse

Result = list[dict[str, Any]]

# The result's type, which is also the key of its value where that is one list.
RESULT_TYPES: Mapping[Kind, str] = {
    "single": "choices",
    "multiple": "choices",
    "number": "number",
    "rating": "rating",
    "text": "textarea",
    **REGION_TYPES,
}

_ONE_ANSWER: frozenset[Kind] = frozenset({"single", "number", "rating", "text"})

MOST_ENTRIES = 2000
_MOST_CHARACTERS = 20_000  # of one text
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
    check_entries(result)
    _check_storable(result)
    for entry in result:
        _check_entry(entry, questions)
    marks = _marks_of(result, questions)
    _check_once(result, questions, marks)
    if complete:
        _check_required(questions.values(), result, marks)


def check_entries(result: Sequence[object]) -> None:
    """Raise Refused where there are too many entries, or one is no object."""
    if len(result) > MOST_ENTRIES:
        raise Refused(
            gettext("A result holds at most {most} entries; this one has {count}.").format(
                most=MOST_ENTRIES, count=len(result)
            )
        )
    for number, entry in enumerate(result, start=1):
        if not isinstance(entry, dict):
            raise Refused(
                gettext("Entry {number} of the result is no object.").format(number=number)
            )


def _marks_of(result: Result, questions: Mapping[str, Question]) -> dict[Any, tuple[str, str]]:
    """The question and the label of each mark, by its id; a mark without one cannot be referred to.

    Where an id stands twice, the first mark has it.
    """
    marks: dict[Any, tuple[str, str]] = {}
    for entry in result:
        name = entry["from_name"]
        if questions[name].kind in REGION_KINDS and isinstance(entry.get("id"), str):
            marks.setdefault(entry["id"], (name, entry["value"][entry["type"]][0]))
    return marks


def _check_once(
    result: Result, questions: Mapping[str, Question], marks: Mapping[Any, tuple[str, str]]
) -> None:
    """A question has one answer; one asked of each mark has one for each of these marks."""
    given: Counter[tuple[str, str]] = Counter()
    for entry in result:
        question = questions[entry["from_name"]]
        if question.kind in REGION_KINDS:
            continue
        given[
            question.name, _mark_asked(question, entry, marks) if question.per_region else ""
        ] += 1
    for (name, mark), times in given.items():
        if times > 1:
            text = (
                gettext("“{name}” is answered {times} times of mark “{mark}”; answer once.")
                if mark
                else gettext("“{name}” is answered {times} times; answer once.")
            )
            raise Refused(text.format(name=name, times=times, mark=mark))


def _mark_asked(
    question: Question, entry: dict[str, Any], marks: Mapping[Any, tuple[str, str]]
) -> str:
    """The id of the mark that the answer is about. Raises Refused where there is no such mark."""
    mark = entry.get("id")
    if not isinstance(mark, str) or mark not in marks:
        raise Refused(
            gettext(
                "“{name}” is asked of each mark: its id is that of a mark of this result, "
                "which “{mark}” is not."
            ).format(name=question.name, mark=mark)
        )
    tag, label = marks[mark]
    if not question.is_asked_of(tag=tag, label=label):
        raise Refused(
            gettext("“{name}” is not asked of marks of “{tag}” with label “{label}”.").format(
                name=question.name, tag=tag, label=label
            )
        )
    return mark


def _check_required(
    questions: Iterable[Question], result: Result, marks: Mapping[Any, tuple[str, str]]
) -> None:
    said = [entry for entry in result if _says_something(entry["value"])]
    answered = {entry["from_name"] for entry in said}
    of_mark = {(entry["from_name"], entry.get("id")) for entry in said}
    for question in questions:
        if not question.required:
            continue
        if question.per_region:
            asked = [
                m for m, (tag, label) in marks.items() if question.is_asked_of(tag=tag, label=label)
            ]
            if any((question.name, mark) not in of_mark for mark in asked):
                raise Refused(
                    gettext("“{title}” is not answered of every mark; it is required.").format(
                        title=question.title
                    )
                )
        elif question.kind in _ONE_ANSWER and question.name not in answered:
            raise Refused(
                gettext("“{title}” is not answered; it is required.").format(title=question.title)
            )


def _says_something(value: dict[str, Any]) -> bool:
    return "text" not in value or any(text.strip() for text in value["text"])


def _check_storable(result: Result) -> None:
    """PostgreSQL's jsonb takes no infinite number, no NUL and no half of a surrogate pair."""
    try:
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
        text.encode()
    except ValueError as error:
        raise Refused(
            gettext("The result holds a number or a character that cannot be stored.")
        ) from error
    except RecursionError as error:
        raise Refused(gettext("The result is nested too deeply.")) from error
    if len(text) > _MOST_JSON:
        raise Refused(
            gettext("The result is larger than {most} MiB.").format(most=_MOST_JSON >> 20)
        )
    if "\\u0000" in text:
        raise Refused(gettext("The result holds the character NUL, which cannot be stored."))


def _check_entry(entry: dict[str, Any], questions: Mapping[str, Question]) -> None:
    name = entry.get("from_name")
    question = questions.get(name) if isinstance(name, str) else None
    if question is None:
        raise Refused(
            gettext("There is no question “{name}”; from_name is one of {questions}.").format(
                name=name, questions=", ".join(questions)
            )
        )
    expected = RESULT_TYPES[question.kind]
    if entry.get("type") != expected:
        raise Refused(
            gettext("“{name}” is answered with type “{expected}”, not “{type}”.").format(
                name=name, expected=expected, type=entry.get("type")
            )
        )
    if entry.get("to_name") != question.to_name:
        raise Refused(
            gettext("“{name}” is asked of “{to_name}”: set to_name to that.").format(
                name=name, to_name=question.to_name
            )
        )
    if not isinstance(entry.get("id", ""), str):
        raise Refused(gettext("The id of an answer to “{name}” is no text.").format(name=name))
    value = entry.get("value")
    if not isinstance(value, dict):
        raise Refused(gettext("“{name}” has no value: an object is expected.").format(name=name))
    _CHECKS[question.kind](question, value)


def _check_choices(question: Question, value: dict[str, Any]) -> None:
    chosen = labels_of(question, value, "choices")
    if question.kind == "single" and len(chosen) != 1:
        raise Refused(
            gettext("“{name}” takes exactly one choice; {count} were given.").format(
                name=question.name, count=len(chosen)
            )
        )


def _check_number(question: Question, value: dict[str, Any]) -> None:
    number = number_of(question, value, RESULT_TYPES[question.kind])
    low, high = question.minimum, question.maximum
    if low is not None and number < low:
        raise Refused(
            gettext("“{name}” is at least {low}; {number} was given.").format(
                name=question.name, low=number_text(low), number=number_text(number)
            )
        )
    if high is not None and number > high:
        raise Refused(
            gettext("“{name}” is at most {high}; {number} was given.").format(
                name=question.name, high=number_text(high), number=number_text(number)
            )
        )
    if question.kind == "rating" and number != int(number):
        raise Refused(
            gettext("“{name}” is a whole number of stars; {number} was given.").format(
                name=question.name, number=number_text(number)
            )
        )


def _check_text(question: Question, value: dict[str, Any]) -> None:
    texts = value.get("text")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise Refused(
            gettext("“{name}” is answered with a list of texts under “text”.").format(
                name=question.name
            )
        )
    if sum(map(len, texts)) > _MOST_CHARACTERS:
        raise Refused(
            said(
                Sentence(
                    "“{name}” takes at most {most} characters.",
                    name=question.name,
                    most=_MOST_CHARACTERS,
                )
            )
        )


_CHECKS: Mapping[Kind, Callable[[Question, dict[str, Any]], None]] = {
    "single": _check_choices,
    "multiple": _check_choices,
    "number": _check_number,
    "rating": _check_number,
    "text": _check_text,
    **REGION_CHECKS,
}
