"""What several readers said together. Pure: results and questions in, consensus out."""

import statistics
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from annotator.results import RESULT_TYPES, Result
from projects.label_config import Question

# Single choice: the option. Multiple: for each option whether it is there, None where the readers
# are even. Number and rating: the median. None where there is no consensus, or none is defined.
Consensus = str | float | dict[str, bool | None] | None


def answer_value(question: Question, result: Result) -> Any:
    """What one reader's result says to a question, as plain value.

    single: str; multiple: frozenset of str, empty where nothing was found; number, rating: float;
    text: str; points, boxes and all other marks: frozenset of the labels drawn. None: not answered.
    A question asked of each mark says nothing of the task: `details_of` has its answers.
    """
    if question.per_region:
        return None
    values = [entry["value"] for entry in result if entry["from_name"] == question.name]
    key = RESULT_TYPES[question.kind]
    match question.kind:
        case "single":
            return values[0][key][0] if values else None
        case "multiple":
            return frozenset(label for value in values for label in value[key])
        case "number" | "rating":
            return float(values[0][key]) if values else None
        case "text":
            return "\n".join(values[0]["text"]) if values else None
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


def consensus(question: Question, results: Sequence[Result]) -> Consensus:
    """What most of the readers answered; `results` are of those who could judge the task.

    single: the answer given most often, None where two are even. multiple: option by option, and
    None for all where nobody read the task. number, rating: the median. Free text and regions have
    no consensus.
    """
    given = [value for result in results if (value := answer_value(question, result)) is not None]
    if not given:
        return None
    match question.kind:
        case "single":
            return _most_frequent(given)
        case "multiple":
            options = [option.answer for option in question.options]
            return {
                option: _majority(sum(option in one for one in given), len(given))
                for option in options
            }
        case "number" | "rating":
            return float(statistics.median(given))
        case _:
            return None


def _most_frequent(given: Sequence[str]) -> str | None:
    (first, most), *others = Counter(given).most_common(2)
    return None if others and others[0][1] == most else first


def _majority(named: int, readers: int) -> bool | None:
    return None if 2 * named == readers else 2 * named > readers
