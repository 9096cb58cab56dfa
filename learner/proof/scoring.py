"""A score on the audit sample, with what each audit case contributes to it.

The contributions are empirical influence values: the variance of a score, of a difference of two
scores on the same cases, and how several vary together all come from their sums by patient (the
infinitesimal jackknife, Efron 1982; for areas it is DeLong's variance, DeLong et al. 1988, by
patient as in Obuchowski 1997). That is resampling patients, the same ones for every score, at its
limit of infinitely many resamples.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.metrics import roc_auc_influence
from learner.questions import Question
from learner.sentences import Unusable

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

MEASURES = {"single": "balanced_accuracy", "multiple": "roc_auc", "number": "mae"}


@dataclass(frozen=True)
class Score:
    """How good predictions are; more is better (of an absolute error, its negative)."""

    value: float
    influence: Float64  # [a], sums to 0


def score(question: Question, predicted: Float32 | None, targets: Float32) -> Score:
    """Balanced accuracy, macro ROC-AUC or minus the mean absolute error of [a, c].

    None, no head yet, scores as a guess. Classes and findings that the targets cannot tell are
    left out; where nothing is left, ValueError.
    """
    y = targets.astype(np.float64)
    if question.kind == "single":
        return _balanced_accuracy(predicted, y)
    if question.kind == "multiple":
        return _macro_auc(predicted, y)
    guess = np.full_like(y, np.nanmean(y)) if predicted is None else predicted
    off = -np.abs(guess[:, 0].astype(np.float64) - y[:, 0])
    return Score(float(off.mean()), (off - off.mean()) / len(off))


def _balanced_accuracy(predicted: Float32 | None, y: Float64) -> Score:
    counts = y.sum(axis=0)
    occur = counts > 0
    if occur.sum() < 2:
        raise Unusable("the audit sample holds one class only")
    if predicted is None:
        return Score(1 / float(occur.sum()), np.zeros(len(y)))
    right = (predicted.argmax(axis=1) == y.argmax(axis=1)).astype(np.float64)
    recall = (right @ y)[occur] / counts[occur]
    off = right[:, None] - recall  # [a, classes]
    influence = (y[:, occur] * off / counts[occur]).sum(axis=1) / occur.sum()
    return Score(float(recall.mean()), influence)


def _macro_auc(predicted: Float32 | None, y: Float64) -> Score:
    values: list[float] = []
    influences: list[Float64] = []
    for finding in range(y.shape[1]):
        if not {0.0, 1.0} <= set(y[:, finding]):
            continue
        if predicted is None:
            values.append(0.5)
            influences.append(np.zeros(len(y)))
            continue
        value, influence = roc_auc_influence(predicted[:, finding], y[:, finding])
        values.append(value)
        influences.append(influence)
    if not values:
        raise Unusable("no finding of the audit sample is both present and absent")
    return Score(float(np.mean(values)), np.mean(influences, axis=0))


def covariance(influences: Float64, patients: Int64) -> Float64:
    """How scores on the same cases vary together over patients, [k, a] -> [k, k]."""
    _, which = np.unique(patients, return_inverse=True)
    m = int(which.max()) + 1
    if m < 2:
        raise Unusable("the variance of a score needs two patients or more")
    of_patient = np.stack([np.bincount(which, row, minlength=m) for row in influences])  # [k, m]
    return np.asarray(m / (m - 1) * of_patient @ of_patient.T, dtype=np.float64)
