"""How good predictions are on a test sample, with 95 % intervals that respect patients.

Undefined is None, never 0: a class that does not occur has no sensitivity, one class alone has no
ROC-AUC. Numbers that cannot be predictions raise.
"""

import warnings

import numpy as np
from numpy.typing import NDArray

from learner.intervals import (
    RESAMPLES,
    Estimate,
    Float64,
    Resamples,
    draw_resamples,
    percentile,
    proportion,
    ratio,
)
from learner.questions import Question

Report = dict[str, object]  # JSON-able


def evaluate(
    question: Question,
    predicted: NDArray[np.floating],
    targets: NDArray[np.floating],
    groups: NDArray[np.integer] | None = None,
    *,
    seed: int = 0,
    intervals: bool = True,
) -> Report:
    """Metrics of predictions [n, c] against targets [n, c] (NaN: not answered), as JSON.

    `groups` [n] are patient numbers; None: every case is its own. single and multiple give
    "accuracy", "balanced_accuracy", "sensitivity", "specificity", "roc_auc" and "classes" (the last
    three per class or finding, with its "n" and "positive"); number gives "mae", "mse", "r2". Each
    estimate is {"value", "low", "high"}, those at the top also "n", the cases behind it. A finding
    is called at a probability of 0.5, a class when it is the likeliest. At the top, sensitivity,
    specificity and area are means over the classes; of two classes, those of the second.
    `intervals` False saves the resampling: "low" and "high" are None where they would come of it.
    ValueError: shapes that differ, non-finite predictions, probabilities outside [0, 1].
    """
    y = question.check_targets(targets).astype(np.float64)
    p = _checked(question, np.asarray(predicted, dtype=np.float64), len(y))
    patients = np.arange(len(y)) if groups is None else np.asarray(groups, dtype=np.int64)
    if patients.shape != (len(y),):
        raise ValueError(f"{patients.shape} groups for {len(y)} cases")
    answered = ~np.isnan(y).all(axis=1)
    y, p, patients = y[answered], p[answered], patients[answered]
    found: Report = {"n": len(y), "patients": len(np.unique(patients))}
    if not len(y):
        return found
    rng = np.random.default_rng(seed)
    resamples = draw_resamples(patients, rng, RESAMPLES if intervals else 0)
    if question.kind == "number":
        estimates = _number(p, y, resamples)
    else:
        W = resamples.weights
        areas = np.stack([roc_auc(p[:, k], y[:, k], W) for k in range(y.shape[1])], axis=1)
        estimates = _choices(question, p, y, areas, resamples)
        found["classes"] = _per_class(question, p, y, areas, resamples)
    return found | {name: each.as_json() | {"n": len(y)} for name, each in estimates.items()}


def _checked(question: Question, p: Float64, n: int) -> Float64:
    if p.shape != (n, question.outputs):
        raise ValueError(f"predictions {p.shape}, not [{n}, {question.outputs}]")
    if not np.isfinite(p).all():
        raise ValueError("predictions hold NaN or infinity")
    if question.kind != "number" and p.size and (p.min() < 0 or p.max() > 1 + 1e-5):
        raise ValueError("probabilities lie between 0 and 1")
    return p


def _number(p: Float64, y: Float64, resamples: Resamples) -> dict[str, Estimate]:
    off, W = p[:, 0] - y[:, 0], resamples.weights
    total = W.sum(axis=1)
    mse = ratio(W @ off**2, total)
    mean = ratio(W @ y[:, 0], total)
    variance = np.maximum(ratio(W @ y[:, 0] ** 2, total) - mean**2, 0)
    variance[variance < 1e-12 * (1 + mean**2)] = 0  # what is left of rounding
    return {
        "mae": percentile(ratio(W @ np.abs(off), total)),
        "mse": percentile(mse),
        "r2": percentile(1 - ratio(mse, variance)),
    }


def _choices(
    question: Question, p: Float64, y: Float64, areas: Float64, resamples: Resamples
) -> dict[str, Estimate]:
    single = question.kind == "single"
    called, present, absent = _table(p, y, single=single)
    right = called * present + (1 - called) * absent
    W = resamples.weights
    recalls = ratio(W @ (called * present), W @ present)  # [1 + B, c]
    rejections = ratio(W @ ((1 - called) * absent), W @ absent)
    balanced = recalls if single else (recalls + rejections) / 2
    if single and p.shape[1] == 2:
        sensitivity = proportion(called[:, 1], present[:, 1], resamples)
        specificity = proportion(1 - called[:, 1], absent[:, 1], resamples)
    else:
        sensitivity = percentile(_mean_over_classes(recalls))
        specificity = percentile(_mean_over_classes(rejections))
    if single:
        accuracy = proportion((called * present).sum(axis=1), np.ones(len(p)), resamples)
    else:  # of all answers about findings, the share that is right
        answers = (present + absent).sum(axis=1)
        accuracy = percentile(ratio(W @ right.sum(axis=1), W @ answers))
    return {
        "accuracy": accuracy,
        "balanced_accuracy": percentile(_mean_over_classes(balanced)),
        "sensitivity": sensitivity,
        "specificity": specificity,
        "roc_auc": percentile(_mean_over_classes(areas)),
    }


def _per_class(
    question: Question, p: Float64, y: Float64, areas: Float64, resamples: Resamples
) -> Report:
    called, present, absent = _table(p, y, single=question.kind == "single")
    found: Report = {}
    for k, name in enumerate(question.classes):
        found[name] = {
            "n": int((present + absent)[:, k].sum()),
            "positive": int(present[:, k].sum()),
            "sensitivity": proportion(called[:, k], present[:, k], resamples).as_json(),
            "specificity": proportion(1 - called[:, k], absent[:, k], resamples).as_json(),
            "roc_auc": percentile(areas[:, k]).as_json(),
        }
    return found


def _table(p: Float64, y: Float64, *, single: bool) -> tuple[Float64, Float64, Float64]:
    """What is called, what is present and what is absent, each 0 or 1, [n, c]."""
    # Of equal probabilities the first class is called.
    likeliest = np.arange(p.shape[1]) == p.argmax(axis=1)[:, None]
    called = likeliest if single else p >= 0.5
    return called.astype(np.float64), (y == 1).astype(np.float64), (y == 0).astype(np.float64)


def _mean_over_classes(values: Float64) -> Float64:
    """Mean of [1 + B, c] over the classes defined there; NaN where none is."""
    defined = ~np.isnan(values[0])
    if not defined.any():
        return np.full(len(values), np.nan)
    with warnings.catch_warnings():
        # A resample may lack a rare class: its mean is then over the others, or undefined.
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return np.asarray(np.nanmean(values[:, defined], axis=1))


def roc_auc(scores: Float64, y: Float64, weights: Float64) -> Float64:
    """Weighted area under the ROC curve, scores [n], y [n] (NaN left out), weights [b, n] -> [b].

    P(score of a positive > score of a negative) + P(equal) / 2 (Mann and Whitney 1947); NaN where
    a class has no weight.
    """
    asked = ~np.isnan(y)
    order = np.argsort(scores[asked], kind="stable")
    scores, y, weights = scores[asked][order], y[asked][order], weights[:, asked][:, order]
    if not len(y):
        return np.full(len(weights), np.nan)
    starts = np.flatnonzero(np.r_[True, np.diff(scores) > 0])  # of each run of equal scores
    positive = np.add.reduceat(weights * y, starts, axis=1)
    negative = np.add.reduceat(weights * (1 - y), starts, axis=1)
    below = np.cumsum(negative, axis=1) - negative
    area = (positive * (below + 0.5 * negative)).sum(axis=1)
    return ratio(area, positive.sum(axis=1) * negative.sum(axis=1))
