"""What a rehearsal scores predictions with: one number per test set, more is better."""

import numpy as np
from numpy.typing import NDArray

from learner.metrics import roc_auc
from learner.questions import Question

Float32 = NDArray[np.float32]

MEASURES = {"single": "balanced_accuracy", "multiple": "roc_auc", "number": "r2"}
# Shares of the full-data score are taken of what lies above this. An area of 0.5 is worth nothing,
# and 95 % of a small one would be below it.
FLOORS = {"single": 0.0, "multiple": 0.5, "number": 0.0}


def score(question: Question, predicted: Float32 | None, targets: Float32) -> float:
    """Balanced accuracy (single), macro ROC-AUC (multiple) or R^2 (number) of [n, c].

    Without a head yet (None) it is that of a guess. Findings of one kind only in the test set are
    left out of the mean; where nothing is left, ValueError.
    """
    if question.kind == "single":
        return balanced_accuracy(predicted, targets)
    if question.kind == "multiple":
        return macro_auc(predicted, targets)
    spread = float(((targets - targets.mean()) ** 2).sum())
    if spread == 0:
        raise ValueError("the numbers of the test set are all the same")
    return 0.0 if predicted is None else 1 - float(((targets - predicted) ** 2).sum()) / spread


def balanced_accuracy(predicted: Float32 | None, targets: Float32) -> float:
    """Mean recall of the classes that occur in targets [n, c]."""
    counts = targets.sum(axis=0)
    if predicted is None:
        return 1 / int((counts > 0).sum())
    right = (predicted.argmax(axis=1) == targets.argmax(axis=1)) @ targets
    return float((right[counts > 0] / counts[counts > 0]).mean())


def macro_auc(predicted: Float32 | None, targets: Float32) -> float:
    """Mean area under the ROC curve of the findings that occur and are absent in targets."""
    findings = range(targets.shape[1])
    defined = [k for k in findings if 0 < targets[:, k].sum() < len(targets)]
    if not defined:
        raise ValueError("no finding of the test set is both present and absent")
    if predicted is None:
        return 0.5
    return float(np.mean([roc_auc(predicted[:, k], targets[:, k]) for k in defined]))


def mean_error(predicted: Float32 | None, targets: Float32) -> float:
    """Mean absolute error of a number, [n, 1], in its own unit; None guesses the test's median."""
    guess = np.median(targets) if predicted is None else predicted
    return float(np.abs(targets - guess).mean())
