"""How good embeddings are, for heads on patients that they have not seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from learner.questions import Question
from learner.ranker import Ranker
from learner.training.data import Labelled, answered

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def held_out_loss(
    questions: Sequence[Question],
    embeddings: NDArray[np.floating],
    data: Labelled,
    *,
    learn: Int64,
    held_out: Int64,
) -> float:
    """How well fresh heads on these embeddings do on rows they have not seen; lower is better.

    Mean over the questions of log-loss, or for numbers squared error over variance.
    """
    ranker = Ranker(questions, embeddings, groups=data.patients)
    ranker.refit(answered(data, learn))
    predicted = ranker.predict(held_out)
    losses = []
    for question in questions:
        targets = data.targets[question.name][held_out]
        if question.name in predicted and not np.isnan(targets).all():
            spread = float(np.nanvar(data.targets[question.name][learn])) or 1.0
            losses.append(_loss(question, predicted[question.name], targets, spread))
    return float(np.mean(losses)) if losses else float("inf")


def _loss(question: Question, predicted: Float32, targets: Float32, variance: float) -> float:
    if question.kind == "number":
        return float(np.nanmean((predicted - targets) ** 2) / variance)
    p = np.clip(predicted.astype(np.float64), 1e-6, 1 - 1e-6)
    if question.kind == "single":
        return float(np.mean(-np.nansum(np.log(p) * targets, axis=1)))
    return float(np.nanmean(-(targets * np.log(p) + (1 - targets) * np.log(1 - p))))
