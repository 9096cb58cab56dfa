"""What the learner says of tasks that are about to be served, as readers may be shown it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.predictions import OwnPrediction
from annotator.results import RESULT_TYPES
from projects.label_config import Question

Float32 = NDArray[np.float32]
_DIGITS = 4  # of a probability; more would say nothing
_LIKELY = 0.5  # from here on a finding is said to be there


def predictions_of(
    tasks: Sequence[int],
    opinions: Mapping[str, Float32],
    deviations: Mapping[str, Float32],
    questions: Sequence[Question],
) -> list[OwnPrediction]:
    """Label Studio results of the tasks, with every class's probability, or how far off a number
    may be, in each entry's `meta`. Of a finding that is NaN nothing is said.

    `opinions` are per question [n, c], rows in the order of `tasks` (`Ranker.opinions`), and
    `deviations` the numbers' standard deviations [n, 1]. No prediction where no question has one.
    """
    asked = [
        question
        for question in questions
        if question.name in opinions and not np.isnan(opinions[question.name]).all()
    ]
    if not asked:
        return []
    told = []
    for row, task in enumerate(tasks):
        entries = [
            _number_entry(question, opinions[question.name][row], deviations[question.name][row])
            if question.kind in ("number", "rating")
            else _entry(question, opinions[question.name][row])
            for question in asked
        ]
        sure = [entry["score"] for entry in entries if "score" in entry]
        told.append(OwnPrediction(task, entries, min(sure, default=None)))
    return told


def _addressed(question: Question) -> dict[str, Any]:
    return {
        "id": question.name,
        "from_name": question.name,
        "to_name": question.to_name,
        "type": RESULT_TYPES[question.kind],
    }


def _number_entry(question: Question, said: Float32, deviation: Float32) -> dict[str, Any]:
    """A number or a rating, with its standard deviation to two figures."""
    entry = _addressed(question)
    value = {entry["type"]: _number(question, float(said[0]))}
    return entry | {"value": value, "meta": {"deviation": float(f"{deviation[0]:.2g}")}}


def _entry(question: Question, said: Float32) -> dict[str, Any]:
    """One question's answer; its `score` is the probability that it is right."""
    entry = _addressed(question)
    answers = [option.answer for option in question.options]
    chances = {
        answer: round(float(p), _DIGITS)
        for answer, p in zip(answers, said, strict=True)
        if not np.isnan(p)
    }
    if question.kind == "single":
        best = max(chances, key=chances.__getitem__)
        chosen, score = [best], chances[best]
    else:
        chosen = [answer for answer, chance in chances.items() if chance >= _LIKELY]
        score = min(max(chance, 1 - chance) for chance in chances.values())
    meta = {"probabilities": chances}
    return entry | {"value": {"choices": chosen}, "score": round(score, _DIGITS), "meta": meta}


def _number(question: Question, value: float) -> float | int:
    """Within what the question takes, to three figures; stars are whole."""
    low = question.minimum if question.minimum is not None else -np.inf
    high = question.maximum if question.maximum is not None else np.inf
    if question.kind == "rating":
        return int(np.clip(round(value), max(low, 1), high))
    return float(np.clip(float(f"{value:.3g}"), low, high))
