"""What several readers said together. Pure: results and questions in, consensus out."""

import statistics
from collections import Counter
from collections.abc import Sequence
from typing import Any

from annotator.results import RESULT_TYPES, Result
from projects.label_config import Question

# Single choice: the option. Multiple: for each option whether it is there, None where the readers
# are even. Number and rating: the median. None where there is no consensus, or none is defined.
Consensus = str | float | dict[str, bool | None] | None


def answer_value(question: Question, result: Result) -> Any:
    """What one reader's result says to a question, as plain value.

    single: str; multiple: frozenset of str, empty where nothing was found; number, rating: float;
    text: str; boxes, masks: frozenset of the labels drawn. None: not answered.
    """
    values = [entry["value"] for entry in result if entry["from_name"] == question.name]
    key = RESULT_TYPES[question.kind]
    match question.kind:
        case "single":
            return values[0][key][0] if values else None
        case "multiple" | "boxes" | "masks":
            return frozenset(label for value in values for label in value[key])
        case "number" | "rating":
            return float(values[0][key]) if values else None
        case "text":
            return "\n".join(values[0]["text"]) if values else None


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
