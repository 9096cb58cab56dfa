"""What the answers to a task come to: their agreement, and the state of the task.

Pure: values in, values out.
"""

import re
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from annotator.results import REGION_KINDS, RESULT_TYPES
from projects.label_config import Question

# What an answer says to one question: a choice, several, a number, a text; of regions the labels
# drawn, each once. None: the question was left open.
Value = str | float | tuple[str, ...] | None

STATES = {
    "unread": "No reader has answered.",
    "not-judgeable": "More readers said that it cannot be judged than answered.",
    "disagreement": "The readers' answers to a question of choice balance each other, or as many "
    "said that it cannot be judged as answered.",
    "read-with-findings": "The readers agree on an answer that is not among the normal ones, or "
    "on a region.",
    "read-normal": "The readers agree, and on nothing but normal answers; to a multiple choice, "
    "none is one.",
    "read": "Read, and nothing is asked that tells normal from findings.",
}
_CHOICES = ("single", "multiple")
_NORMAL = re.compile(
    r"(normal|negative|none|absent|healthy|unremarkable|0|no|nofindings?|notumou?rs?)([^\w].*)?"
    r"|no[ _-].*",
    re.IGNORECASE | re.DOTALL,
)


def is_normal(answer: str) -> bool:
    """Whether an option, by its words, says that nothing is found: "Normal", "No pneumonia"."""
    return _NORMAL.fullmatch(answer.strip()) is not None


def normal_answers(questions: Sequence[Question]) -> dict[str, list[str]]:
    """The options that count as normal, for the manifest to name."""
    return {
        question.name: [
            option.answer
            for option in question.options
            if is_normal(option.answer) or is_normal(option.value)
        ]
        for question in questions
        if question.kind in _CHOICES
    }


def value_of(question: Question, result: Sequence[Mapping[str, Any]]) -> Value:
    """What a result says to the question; several labels in the order of the label config."""
    entries = [entry["value"] for entry in result if entry["from_name"] == question.name]
    if question.kind in REGION_KINDS or question.kind == "multiple":
        key = RESULT_TYPES[question.kind]
        said = {label for value in entries for label in value[key]}
        return tuple(option.answer for option in question.options if option.answer in said)
    if not entries:
        return None
    return _single_value(question, entries[0])


def _single_value(question: Question, value: Mapping[str, Any]) -> Value:
    if question.kind == "single":
        chosen: str = value["choices"][0]
        return chosen
    if question.kind == "text":
        return "\n".join(value["text"])
    number: float = value[RESULT_TYPES[question.kind]]
    return int(number) if question.kind == "rating" else float(number)


def consensus(question: Question, values: Sequence[Value]) -> Value:
    """What most of the readers said: of labels each by its own majority, of numbers the median."""
    if not values:
        return None
    if question.kind in ("number", "rating"):
        return statistics.median(value for value in values if isinstance(value, float | int))
    if question.kind in REGION_KINDS or question.kind == "multiple":
        counts = _said(values)
        return tuple(o.answer for o in question.options if 2 * counts[o.answer] > len(values))
    (value, most), *others = Counter(values).most_common(2)
    return value if not others or most > others[0][1] else None


def is_tied(question: Question, values: Sequence[Value]) -> bool:
    """Whether the readers' choices balance each other, so that there is no majority."""
    if question.kind in REGION_KINDS or question.kind == "multiple":
        return any(2 * count == len(values) for count in _said(values).values())
    return question.kind == "single" and bool(values) and consensus(question, values) is None


def _said(values: Sequence[Value]) -> Counter[str]:
    return Counter(label for value in values if isinstance(value, tuple) for label in value)


def state_of(
    questions: Sequence[Question], judged: Sequence[Mapping[str, Value]], *, cancelled: int
) -> tuple[str, dict[str, Value]]:
    """A task's state (one of STATES) and the consensus on each question.

    `judged` are the readers' values by question; `cancelled` readers said it cannot be judged.
    """
    if not judged and not cancelled:
        return "unread", {}
    if cancelled > len(judged):
        return "not-judgeable", {}
    values = {
        question.name: [
            value for answer in judged if (value := answer.get(question.name)) is not None
        ]
        for question in questions
    }
    agreed = {question.name: consensus(question, values[question.name]) for question in questions}
    if cancelled == len(judged) or any(is_tied(q, values[q.name]) for q in questions):
        return "disagreement", agreed
    return _finding_state(questions, agreed), agreed


def _finding_state(questions: Sequence[Question], agreed: Mapping[str, Value]) -> str:
    normal = normal_answers(questions)
    labels = [
        (question, value if isinstance(value, tuple) else (value,))
        for question in questions
        if question.kind in (*_CHOICES, *REGION_KINDS)
        and (value := agreed[question.name]) is not None
    ]
    if not labels:
        return "read"
    found = any(
        label not in normal.get(question.name, ()) for question, said in labels for label in said
    )
    return "read-with-findings" if found else "read-normal"
