"""What several readers said together. Pure: answers and questions in, consensus out."""

import statistics
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from annotator.asked import Given, asks_by_silence
from annotator.results import RESULT_TYPES, Result
from projects.label_config import Question

# Of choices or labels that any reader was asked about, whether they are there; None: readers even.
Found = dict[str, bool | None]
# Single choice: the option. Multiple: what is found. Number and rating: the median. None: there is
# no consensus, or none is defined.
Consensus = str | float | Found | None


def answer_value(question: Question, answer: Given) -> Any:
    """What one reader's answer says to a question, as plain value.

    single: str; multiple: frozenset of str, empty where nothing was found; number, rating: float;
    text: str; points, boxes and all other marks: frozenset of the labels drawn. None: not answered,
    or not asked. A question asked of each mark says nothing of the task: `details_of` has its
    answers.
    """
    if question.per_region:
        return None
    values = [entry["value"] for entry in answer.result if entry["from_name"] == question.name]
    if not values and not (asks_by_silence(question) and question.name in answer.asked):
        return None
    key = RESULT_TYPES[question.kind]
    match question.kind:
        case "single":
            return values[0][key][0]
        case "number" | "rating":
            return float(values[0][key])
        case "text":
            return "\n".join(values[0]["text"])
        case _:
            return frozenset(label for value in values for label in value[key])


def details_of(question: Question, result: Result) -> dict[str, str]:
    """What one reader says to a question asked of each mark, as text by the mark's id."""
    key = {"text": "text"}.get(question.kind, RESULT_TYPES[question.kind])
    said = {}
    for entry in result:
        if entry["from_name"] == question.name:
            value = entry["value"][key]
            said[entry["id"]] = ", ".join(value) if isinstance(value, list) else f"{value:g}"
    return said


def marks_of(result: Result, names: Collection[str]) -> dict[str, str]:
    """The label of each mark that answers one of the questions `names`, by the mark's id."""
    return {
        entry["id"]: entry["value"][entry["type"]][0]
        for entry in result
        if entry["from_name"] in names and entry.get("id")
    }


def consensus(question: Question, answers: Sequence[Given]) -> Consensus:
    """What most of the readers said; `answers` are of those who could judge the task.

    single: the answer given most often, None where two are even. multiple: option by option, and
    None for all where nobody was asked. number, rating: the median. Free text and regions have no
    consensus.
    """
    if question.kind == "multiple":
        return found_by(question, answers)
    given = [value for one in answers if (value := answer_value(question, one)) is not None]
    if not given:
        return None
    match question.kind:
        case "single":
            return _most_frequent(given)
        case "number" | "rating":
            return float(statistics.median(given))
        case _:
            return None


def found_by(question: Question, answers: Sequence[Given]) -> Found | None:
    """Of a question of several choices, or of marks, what most of those who were asked found.

    Choices and labels that nobody was asked about are left out; None where nothing is left.
    """
    given = [
        (value, answer.asked.get(question.name, ()))
        for answer in answers
        if (value := answer_value(question, answer)) is not None
    ]
    found: Found = {}
    for option in (option.answer for option in question.options):
        votes = [option in said for said, asked in given if option in said or option in asked]
        if votes:
            found[option] = _majority(sum(votes), len(votes))
    return found or None


def _most_frequent(given: Sequence[str]) -> str | None:
    (first, most), *others = Counter(given).most_common(2)
    return None if others and others[0][1] == most else first


def _majority(named: int, readers: int) -> bool | None:
    return None if 2 * named == readers else 2 * named > readers
