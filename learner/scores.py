"""How good predictions are on cases that were not learned from: more is better, but of an error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.metrics import roc_auc_influence
from learner.questions import Question
from learner.sentences import Unusable

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

MEASURES = {"single": "balanced_accuracy", "multiple": "roc_auc", "number": "r2"}
# Shares of the full-data score are taken of what lies above this. An area of 0.5 is worth nothing,
# and 95 % of a small one would be below it.
FLOORS = {"single": 0.0, "multiple": 0.5, "number": 0.0}
FLOORS_OF_MEASURES = {MEASURES[kind]: floor for kind, floor in FLOORS.items()}


@dataclass(frozen=True)
class Score:
    """A score of n cases, and what each contributes to it."""

    value: float
    influence: Float64  # [n], empirical influence values, which sum to 0


def score(question: Question, predicted: Float32 | None, targets: Float32) -> float:
    """What a rehearsal scores predictions [n, c] with, one number per test set.

    Balanced accuracy (single), macro ROC-AUC (multiple) or R^2 (number). Without a head yet (None)
    it is that of a guess. ValueError where the test set cannot tell good from bad.
    """
    if question.kind == "single":
        return balanced_accuracy(predicted, targets).value
    if question.kind == "multiple":
        return macro_auc(predicted, targets).value
    spread = float(((targets - targets.mean()) ** 2).sum())
    if spread == 0:
        raise Unusable("the numbers of the test set are all the same")
    return 0.0 if predicted is None else 1 - float(((targets - predicted) ** 2).sum()) / spread


def balanced_accuracy(predicted: Float32 | None, targets: Float32) -> Score:
    """Mean recall of the classes that occur in targets [n, c]; None guesses."""
    y = targets.astype(np.float64)
    counts = y.sum(axis=0)
    occur = counts > 0
    if predicted is None:
        return Score(1 / float(occur.sum()), np.zeros(len(y)))
    right = (predicted.argmax(axis=1) == y.argmax(axis=1)).astype(np.float64)
    recall = (right @ y)[occur] / counts[occur]
    off = right[:, None] - recall  # [n, classes]
    influence = (y[:, occur] * off / counts[occur]).sum(axis=1) / occur.sum()
    return Score(float(recall.mean()), influence)


def macro_auc(predicted: Float32 | None, targets: Float32) -> Score:
    """Mean area under the ROC curve of the findings that targets [n, c] tell; None guesses.

    ValueError where no finding is both present and absent.
    """
    told = told_findings(targets)
    if not len(told):
        raise Unusable("no finding of the test set is both present and absent")
    if predicted is None:
        return Score(0.5, np.zeros(len(targets)))
    areas = [roc_auc_influence(predicted[:, k], targets[:, k]) for k in told]
    influences = [influence for _, influence in areas]
    return Score(float(np.mean([area for area, _ in areas])), np.mean(influences, axis=0))


def told_findings(targets: Float32) -> Int64:
    """The findings of targets [n, c] that are both present and absent."""
    return np.flatnonzero((targets == 1).any(axis=0) & (targets == 0).any(axis=0))


def mean_error(predicted: Float32 | None, targets: Float32) -> float:
    """Mean absolute error of a number, [n, 1], in its own unit; None guesses the test's median."""
    guess = np.median(targets) if predicted is None else predicted
    return float(np.abs(targets - guess).mean())
