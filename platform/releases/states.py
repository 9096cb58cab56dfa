"""What the answers to a task come to: their agreement, and the state of the task.

Pure: values in, values out.
"""

import re
from collections.abc import Collection, Mapping, Sequence

from django.utils.translation import gettext_noop

from annotator.agreement import answer_value, consensus, details_of, found_by, marks_of
from annotator.asked import Given, asks_by_silence
from annotator.results import Result
from projects.label_config import REGION_KINDS, Question, asked_of_task

# What an answer says to one question: a choice, several, a number, a text; of regions the labels
# drawn, each once. None: the question was left open.
Value = str | float | tuple[str, ...] | None

STATES = {
    "unread": gettext_noop("No reader has answered."),
    "not-judgeable": gettext_noop("More readers said that it cannot be judged than answered."),
    "disagreement": gettext_noop(
        "The readers' answers to a question of choice balance each other, or as many said that it "
        "cannot be judged as answered."
    ),
    "read-with-findings": gettext_noop(
        "The readers agree on an answer that is not among the normal ones, or on a region."
    ),
    "read-normal": gettext_noop(
        "The readers agree, and on nothing but normal answers; to a multiple choice, none is one."
    ),
    "read": gettext_noop(
        "Read and nothing found, but about some findings no reader was asked; or nothing is asked "
        "that tells normal from findings."
    ),
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
        for question in asked_of_task(questions)
        if question.kind in _CHOICES
    }


def value_of(question: Question, answer: Given) -> Value:
    """What an answer says to the question; several labels in the order of the label config."""
    value = answer_value(question, answer)
    return _in_order(question, value) if isinstance(value, frozenset) else value


def details_value(question: Question, questions: Sequence[Question], result: Result) -> Value:
    """What a result says to a question asked of each mark: "label: answer", mark by mark.

    None where it says nothing of any.
    """
    tags = {other.name for other in questions if other.kind in REGION_KINDS}
    details = details_of(question, result)
    marks = marks_of(result, tags)
    said = tuple(f"{label}: {details[mark]}" for mark, label in marks.items() if mark in details)
    return said or None


def _in_order(question: Question, labels: Collection[str]) -> tuple[str, ...]:
    return tuple(option.answer for option in question.options if option.answer in labels)


def state_of(
    questions: Sequence[Question], judged: Sequence[Given], *, cancelled: int
) -> tuple[str, dict[str, Value]]:
    """A task's state (one of STATES) and the consensus on each question.

    `judged` are the answers of the readers who could judge the task; `cancelled` could not.
    """
    if not judged and not cancelled:
        return "unread", {}
    if cancelled > len(judged):
        return "not-judgeable", {}
    agreed = {}
    is_even = cancelled == len(judged)
    for question in asked_of_task(questions):
        agreed[question.name], is_tied = _agreement(question, judged)
        is_even = is_even or is_tied
    if is_even:
        return "disagreement", agreed
    state = _finding_state(questions, agreed)
    is_whole = all(_was_asked(question, judged) for question in asked_of_task(questions))
    return "read" if state == "read-normal" and not is_whole else state, agreed


def _was_asked(question: Question, judged: Sequence[Given]) -> bool:
    """Whether each of what silence answers was asked of one reader or another."""
    asked = {offered for answer in judged for offered in answer.asked.get(question.name, ())}
    return not asks_by_silence(question) or asked >= {one.answer for one in question.options}


def _agreement(question: Question, judged: Sequence[Given]) -> tuple[Value, bool]:
    """What most said, and whether the readers' choices balance each other.

    Regions have no consensus; which labels most readers drew, anywhere, has one.
    """
    find = found_by if asks_by_silence(question) else consensus
    said = find(question, judged)
    if isinstance(said, dict):
        there = [option for option, is_there in said.items() if is_there]
        is_tied = None in said.values()
        return _in_order(question, there) or (None if is_tied else ()), is_tied
    answered = any(answer_value(question, answer) is not None for answer in judged)
    return said, said is None and answered and question.kind == "single"


def _finding_state(questions: Sequence[Question], agreed: Mapping[str, Value]) -> str:
    normal = normal_answers(questions)
    labels = [
        (question, value if isinstance(value, tuple) else (value,))
        for question in asked_of_task(questions)
        if question.kind in (*_CHOICES, *REGION_KINDS)
        and (value := agreed[question.name]) is not None
    ]
    if not labels:
        return "read"
    found = any(
        label not in normal.get(question.name, ()) for question, said in labels for label in said
    )
    return "read-with-findings" if found else "read-normal"
