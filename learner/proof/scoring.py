"""A score on the audit sample, with what each audit case contributes to it.

The contributions are empirical influence values: the variance of a score, of a difference of two
scores on the same cases, and how several vary together all come from their sums by patient (the
infinitesimal jackknife, Efron 1982; for areas it is DeLong's variance, DeLong et al. 1988, by
patient as in Obuchowski 1997). That is resampling patients, the same ones for every score, at its
limit of infinitely many resamples.
"""

import numpy as np
from numpy.typing import NDArray

from learner import scores
from learner.questions import Question
from learner.scores import Score, balanced_accuracy, macro_auc, told_findings
from learner.sentences import Unusable

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

MEASURES = scores.MEASURES | {"number": "mae"}


def score(question: Question, predicted: Float32 | None, targets: Float32) -> Score:
    """Balanced accuracy, macro ROC-AUC or minus the mean absolute error of [a, c].

    None, no head yet, scores as a guess. Classes and findings that the targets cannot tell are
    left out; where nothing is left, ValueError.
    """
    if question.kind == "single":
        if (targets.sum(axis=0) > 0).sum() < 2:
            raise Unusable("the audit sample holds one class only")
        return balanced_accuracy(predicted, targets)
    if question.kind == "multiple":
        if not len(told_findings(targets)):
            raise Unusable("no finding of the audit sample is both present and absent")
        return macro_auc(predicted, targets)
    y = targets.astype(np.float64)
    guess = np.full_like(y, np.nanmean(y)) if predicted is None else predicted
    off = -np.abs(guess[:, 0].astype(np.float64) - y[:, 0])
    return Score(float(off.mean()), (off - off.mean()) / len(off))


def covariance(influences: Float64, patients: Int64) -> Float64:
    """How scores on the same cases vary together over patients, [k, a] -> [k, k]."""
    _, which = np.unique(patients, return_inverse=True)
    m = int(which.max()) + 1
    if m < 2:
        raise Unusable("the variance of a score needs two patients or more")
    of_patient = np.stack([np.bincount(which, row, minlength=m) for row in influences])  # [k, m]
    return np.asarray(m / (m - 1) * of_patient @ of_patient.T, dtype=np.float64)
