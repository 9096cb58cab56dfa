"""Pseudo-labels: what the model is sure of already, as if it had been read."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learner.questions import Question
from learner.ranker import Ranker
from learner.training.data import Labelled, answered

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

SURE = 0.95  # calibrated probability


def guess_labels(
    questions: Sequence[Question],
    embeddings: NDArray[np.floating],
    data: Labelled,
    *,
    learn: Int64,
    unlabelled: Int64,
) -> dict[str, Float32]:
    """Targets for those `unlabelled` rows that heads taught by the rows `learn` are sure of.

    `embeddings` [n, D] are the pool's. Pseudo-labelling (Lee 2013) at a threshold on the calibrated
    probability, as in FixMatch (arXiv:2001.07685). Of each class, and of its absence, the surest at
    most as many as there are labels of it, so that the frequent one does not drown the others.
    Shaped as the targets, NaN elsewhere; numbers are not guessed. The audit sample must be in
    neither.
    """
    ranker = Ranker(questions, embeddings, groups=data.patients)
    ranker.refit(answered(data, learn))
    predicted = ranker.predict(unlabelled)
    guesses = {}
    for question in questions:
        guesses[question.name] = np.full_like(data.targets[question.name], np.nan)
        if question.kind == "number" or question.name not in predicted:
            continue
        p, labels = predicted[question.name], data.targets[question.name][learn]
        guesses[question.name][unlabelled] = _surest(question, p, labels)
    return guesses


def _surest(question: Question, p: Float32, labels: Float32) -> Float32:
    """Probabilities [u, c] → 0 or 1 where sure, else NaN; labels [l, c] say how many of each."""
    found = np.full_like(p, np.nan)
    present = np.nansum(labels, axis=0).astype(int)
    absent = (~np.isnan(labels)).sum(axis=0) - present
    for k in range(question.outputs):
        yes = _first(p[:, k], present[k])
        if question.kind == "single":
            found[yes] = np.eye(question.outputs, dtype=np.float32)[k]
        else:
            found[yes, k] = 1
            found[_first(1 - p[:, k], absent[k]), k] = 0
    return found


def _first(p: Float32, most: int) -> Int64:
    order = np.argsort(-p, kind="stable")[:most]
    return order[p[order] >= SURE]
