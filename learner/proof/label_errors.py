"""Which labels are worth a second look: those that heads which have not seen them contradict.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in
Dataset Labels"): a label is doubtful where a model that was not fitted to it holds another class
for likely, that is for at least as probable as that class is on average where it was given. Folds
are by patient. Labels of the audit sample are judged by heads of all others, and train none.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import norm

from learner.calibration import grouped_folds, sigmoid_temperatures, softmax_temperature
from learner.heads import softmax
from learner.proof.refits import Refits
from learner.questions import Question

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

FOLDS = 5
LEAST_LABELS = 30
DOUBTFUL_DEVIATIONS = 3.0  # of a number from what is predicted
_EDGE = 1e-6


@dataclass(frozen=True)
class Doubt:
    """A label that the model contradicts."""

    row: int
    question: str
    finding: str  # of several findings the one in doubt, else empty
    given: str
    suggested: str
    probability: float  # of what is suggested; of a number, that it differs by less in chance
    given_probability: float
    rank_by: float  # the smaller, the more doubtful


def find_label_errors(refits: Refits, question: Question, rng: np.random.Generator) -> list[Doubt]:
    """Doubtful labels of a question, most doubtful first; none before there are enough labels."""
    evidence = refits.evidence
    trained = evidence.answered(question, evidence.trained)
    if len(trained) < LEAST_LABELS:
        return []
    rows, predicted, spread = _out_of_fold(refits, question, trained, rng)
    y = evidence.targets[question.name][rows]
    if question.kind == "number":
        found = _far_numbers(question, rows, predicted[:, 0], y[:, 0], spread)
    elif question.kind == "single":
        found = _doubts(question, "", question.classes, rows, predicted, y)
    else:
        found = []
        for k, finding in enumerate(question.classes):
            asked = ~np.isnan(y[:, k])
            p = np.column_stack([1 - predicted[asked, k], predicted[asked, k]])
            given = np.column_stack([1 - y[asked, k], y[asked, k]])
            found += _doubts(question, finding, ("absent", "present"), rows[asked], p, given)
    return sorted(found, key=lambda doubt: doubt.rank_by)


def _out_of_fold(
    refits: Refits, question: Question, trained: Int64, rng: np.random.Generator
) -> tuple[Int64, Float32, Float32]:
    """Rows [l], calibrated predictions [l, c] by heads not fitted to them, deviations [l]."""
    evidence = refits.evidence
    audit = evidence.answered(question, evidence.audit)
    patients = evidence.patients[trained]
    parts: list[tuple[Int64, Int64]] = []
    if len(np.unique(patients)) >= FOLDS:
        folds = grouped_folds(patients, FOLDS, rng)
        parts = [(trained[folds != fold], trained[folds == fold]) for fold in range(FOLDS)]
    rows, predicted, spread = [], [], []
    for learnt, judged in [*parts, (trained, audit)]:
        head = refits.fit(question, learnt)
        if not head.fitted or not len(judged):
            continue
        rows.append(judged)
        predicted.append(refits.predict(head, judged))
        is_number = question.kind == "number"
        nothing = np.zeros(len(judged), dtype=np.float32)
        spread.append(refits.deviation(head, judged) if is_number else nothing)
    if not rows:
        empty = np.zeros((0, question.outputs), dtype=np.float32)
        return np.zeros(0, dtype=np.int64), empty, empty[:, 0]
    at, p = np.concatenate(rows), np.concatenate(predicted)
    return at, _calibrated(question, p, evidence.targets[question.name][at]), np.concatenate(spread)


def _calibrated(question: Question, p: Float32, y: Float32) -> Float32:
    if question.kind == "number":
        return p
    inside = np.clip(p, _EDGE, 1 - _EDGE)
    if question.kind == "single":
        logits = np.asarray(np.log(inside), dtype=np.float32)
        return softmax(logits / np.float32(softmax_temperature(logits, y)))
    logits = np.asarray(logit(inside), dtype=np.float32)
    return np.asarray(expit(logits / sigmoid_temperatures(logits, y)), dtype=np.float32)


def _doubts(
    question: Question, finding: str, names: tuple[str, ...], rows: Int64, p: Float32, y: Float32
) -> list[Doubt]:
    """The confident joint's off-diagonal labels of one choice, [l, c] each."""
    counts = y.sum(axis=0)
    mean = (p * y).sum(axis=0) / np.maximum(counts, 1)
    threshold = np.where(counts > 0, mean, np.inf)  # what nobody ever said is not suggested
    likely = p >= threshold
    likeliest = np.where(likely, p, -1).argmax(axis=1)
    given = y.argmax(axis=1)
    doubtful = np.flatnonzero(likely.any(axis=1) & (likeliest != given))
    return [
        Doubt(
            row=int(rows[at]),
            question=question.name,
            finding=finding,
            given=names[given[at]],
            suggested=names[likeliest[at]],
            probability=float(p[at, likeliest[at]]),
            given_probability=float(p[at, given[at]]),
            # The normalised margin, which finds most in practice.
            rank_by=float(p[at, given[at]] - p[at, likeliest[at]]),
        )
        for at in doubtful.tolist()
    ]


def _far_numbers(
    question: Question, rows: Int64, predicted: Float32, y: Float32, spread: Float32
) -> list[Doubt]:
    """Numbers more than three predictive deviations from what is predicted."""
    off = np.abs(y - predicted) / np.maximum(spread, _EDGE)
    found = []
    for at in np.flatnonzero(off > DOUBTFUL_DEVIATIONS).tolist():
        chance = 2 * float(norm.sf(off[at]))
        found.append(
            Doubt(
                row=int(rows[at]),
                question=question.name,
                finding="",
                given=f"{y[at]:g}",
                suggested=f"{predicted[at]:.3g}",
                probability=1 - chance,
                given_probability=chance,
                rank_by=chance - 1,
            )
        )
    return found
