"""How good predictions are on a test sample, with 95 % intervals that respect patients.

Undefined is None, never 0: a class that does not occur has no sensitivity, one class alone has no
ROC-AUC. Numbers that cannot be predictions raise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.intervals import (
    Estimate,
    Float64,
    Int64,
    area,
    draw_resamples,
    mean_of_independent,
    mean_of_related,
    percentile,
    proportion,
    ratio,
)
from learner.questions import Question

Report = dict[str, object]  # JSON-able


@dataclass(frozen=True)
class _Class:
    """What there is to say of one class or finding."""

    n: int
    positive: int
    sensitivity: Estimate
    specificity: Estimate
    roc_auc: Estimate

    def as_json(self) -> Report:
        measures = ("sensitivity", "specificity", "roc_auc")
        estimates = {name: getattr(self, name).as_json() for name in measures}
        return {"n": self.n, "positive": self.positive, **estimates}


def evaluate(
    question: Question,
    predicted: NDArray[np.floating],
    targets: NDArray[np.floating],
    groups: NDArray[np.integer] | None = None,
    *,
    seed: int = 0,
) -> Report:
    """Metrics of predictions [n, c] against targets [n, c] (NaN: not answered), as JSON.

    `groups` [n] are patient numbers; None: every case is its own. single and multiple give
    "accuracy", "balanced_accuracy", "sensitivity", "specificity", "roc_auc" and "classes" (the last
    three per class or finding, with its "n" and "positive"); number gives "mae", "mse", "r2", their
    intervals from resamples drawn with `seed`. Each estimate is {"value", "low", "high"}, those at
    the top also "n", the cases behind it. A finding is called at a probability of 0.5, a class when
    it is the likeliest. At the top, sensitivity, specificity and area are means over the classes;
    of two classes, those of the second.
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
    if question.kind == "number":
        estimates = _number(p, y, draw_resamples(patients, np.random.default_rng(seed)))
    else:
        single = question.kind == "single"
        classes = _classes(p, y, patients, single=single)
        estimates = _choices(p, y, patients, classes, single=single)
        named = zip(question.classes, classes, strict=True)
        found["classes"] = {name: each.as_json() for name, each in named}
    return found | {name: each.as_json() | {"n": len(y)} for name, each in estimates.items()}


def _checked(question: Question, p: Float64, n: int) -> Float64:
    if p.shape != (n, question.outputs):
        raise ValueError(f"predictions {p.shape}, not [{n}, {question.outputs}]")
    if not np.isfinite(p).all():
        raise ValueError("predictions hold NaN or infinity")
    if question.kind != "number" and p.size and (p.min() < 0 or p.max() > 1 + 1e-5):
        raise ValueError("probabilities lie between 0 and 1")
    return p


def _number(p: Float64, y: Float64, W: Float64) -> dict[str, Estimate]:
    off = p[:, 0] - y[:, 0]
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


def _classes(p: Float64, y: Float64, patients: Int64, *, single: bool) -> list[_Class]:
    called, present, absent = _table(p, y, single=single)
    return [
        _Class(
            n=int((present + absent)[:, k].sum()),
            positive=int(present[:, k].sum()),
            sensitivity=proportion((called * present)[:, k], present[:, k], patients),
            specificity=proportion(((1 - called) * absent)[:, k], absent[:, k], patients),
            roc_auc=area(
                roc_auc(p[:, k], y[:, k]),
                len(np.unique(patients[present[:, k] > 0])),
                len(np.unique(patients[absent[:, k] > 0])),
            ),
        )
        for k in range(y.shape[1])
    ]


def _choices(
    p: Float64, y: Float64, patients: Int64, classes: list[_Class], *, single: bool
) -> dict[str, Estimate]:
    called, present, absent = _table(p, y, single=single)
    # A single choice is right or wrong as a whole; of findings each answer counts.
    right = called * present if single else called * present + (1 - called) * absent
    asked = present if single else present + absent
    sensitivities = [each.sensitivity for each in classes]
    # The cases of one class are not those of another, but the cases of two findings are the same.
    over_classes = mean_of_independent if single else mean_of_related
    balanced = [mean_of_independent([each.sensitivity, each.specificity]) for each in classes]
    shown = classes[1:] if single and len(classes) == 2 else classes
    return {
        "accuracy": proportion(right.sum(axis=1), asked.sum(axis=1), patients),
        "balanced_accuracy": over_classes(sensitivities if single else balanced),
        "sensitivity": over_classes([each.sensitivity for each in shown]),
        "specificity": mean_of_related([each.specificity for each in shown]),
        "roc_auc": mean_of_related([each.roc_auc for each in shown]),
    }


def _table(p: Float64, y: Float64, *, single: bool) -> tuple[Float64, Float64, Float64]:
    """What is called, what is present and what is absent, each 0 or 1, [n, c]."""
    # Of equal probabilities the first class is called.
    likeliest = np.arange(p.shape[1]) == p.argmax(axis=1)[:, None]
    called = likeliest if single else p >= 0.5
    return called.astype(np.float64), (y == 1).astype(np.float64), (y == 0).astype(np.float64)


def roc_auc(scores: NDArray[np.floating], y: NDArray[np.floating]) -> float:
    """Area under the ROC curve of scores [n] against y [n], NaN in y left out.

    P(score of a positive > score of a negative) + P(equal) / 2 (Mann and Whitney 1947); NaN where
    a class is absent.
    """
    positive, negative = scores[y == 1], np.sort(scores[y == 0])
    if not len(positive) or not len(negative):
        return float("nan")
    below = np.searchsorted(negative, positive, side="left")
    not_above = np.searchsorted(negative, positive, side="right")
    return float((below + not_above).mean() / (2 * len(negative)))
