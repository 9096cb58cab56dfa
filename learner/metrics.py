"""How good predictions are on a test sample, with 95 % intervals that respect patients.

Undefined is None, never 0: a class that does not occur has no sensitivity, one class alone has no
ROC-AUC and no balanced accuracy. Numbers that cannot be predictions raise.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.calibration_error import calibration_error
from learner.intervals import (
    UNDEFINED,
    Estimate,
    Float64,
    Int64,
    area,
    design_effect,
    draw_resamples,
    mean_of_independent,
    mean_of_related,
    proportion,
    ratio,
    standard_errors,
    studentised,
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
    "accuracy", "balanced_accuracy", "sensitivity", "specificity", "roc_auc", "ece" (expected
    calibration error) and "classes" (sensitivity, specificity and area per class or finding, with
    its "n" and "positive"); number gives "mae", "mse", "r2", their
    intervals from resamples drawn with `seed`. Each estimate is {"value", "low", "high"}, those at
    the top also "n", the cases behind it. A finding is called at a probability of 0.5, a class when
    it is the likeliest. At the top, sensitivity, specificity and area are means over the classes;
    of two classes, those of the second. Balanced accuracy is the mean over the classes or findings
    that some cases have and others have not; where there are none, as with one class alone, None.
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
        estimates = _number(p, y, patients, draw_resamples(patients, np.random.default_rng(seed)))
    else:
        single = question.kind == "single"
        classes = _classes(p, y, patients, single=single)
        estimates = _choices(p, y, patients, classes, single=single)
        estimates["ece"] = _calibration(p, y, patients, single=single, seed=seed)
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


def _number(p: Float64, y: Float64, patients: Int64, W: Float64) -> dict[str, Estimate]:
    off, apart = p[:, 0] - y[:, 0], y[:, 0] - y.mean()
    cases, total = np.ones(len(off)), W.sum(axis=1)
    mae, mse = ratio(W @ np.abs(off), total), ratio(W @ off**2, total)
    variance = np.maximum(ratio(W @ apart**2, total) - ratio(W @ apart, total) ** 2, 0)
    variance[variance < 1e-12 * (1 + y.mean() ** 2)] = 0  # what is left of rounding
    # That the mean varies as well adds nothing to the first order.
    unexplained = studentised(ratio(mse, variance), standard_errors(W, off**2, apart**2, patients))
    return {
        "mae": studentised(mae, standard_errors(W, np.abs(off), cases, patients)),
        "mse": studentised(mse, standard_errors(W, off**2, cases, patients)),
        "r2": unexplained.below(1),
    }


def _classes(p: Float64, y: Float64, patients: Int64, *, single: bool) -> list[_Class]:
    called, present, absent = _table(p, y, single=single)
    return [
        _Class(
            n=int((present + absent)[:, k].sum()),
            positive=int(present[:, k].sum()),
            sensitivity=proportion((called * present)[:, k], present[:, k], patients),
            specificity=proportion(((1 - called) * absent)[:, k], absent[:, k], patients),
            roc_auc=_area(p[:, k], y[:, k], patients),
        )
        for k in range(y.shape[1])
    ]


def _area(p: Float64, y: Float64, patients: Int64) -> Estimate:
    """The area with as many positives and negatives as independent cases would vary as much."""
    value, influence = roc_auc_influence(p, y)
    if np.isnan(value):
        return UNDEFINED
    sizes = [int((y == kind).sum()) for kind in (1, 0)]
    least = [len(np.unique(patients[y == kind])) for kind in (1, 0)]
    excess = design_effect(influence, patients)
    return area(value, *(max(few, n / excess) for few, n in zip(least, sizes, strict=True)))


def _choices(
    p: Float64, y: Float64, patients: Int64, classes: list[_Class], *, single: bool
) -> dict[str, Estimate]:
    called, present, absent = _table(p, y, single=single)
    # A single choice is right or wrong as a whole; of findings each answer counts.
    right = called * present if single else called * present + (1 - called) * absent
    asked = present if single else present + absent
    # The cases of one class are not those of another, but the cases of two findings are the same.
    over_classes = mean_of_independent if single else mean_of_related
    # Half of a balanced accuracy is none: it would be high where nothing is ever called.
    told = [each for each in classes if 0 < each.positive < each.n]
    balanced = [mean_of_independent([each.sensitivity, each.specificity]) for each in told]
    shown = classes[1:] if single and len(classes) == 2 else classes
    return {
        "accuracy": proportion(right.sum(axis=1), asked.sum(axis=1), patients),
        "balanced_accuracy": over_classes(
            [each.sensitivity for each in told] if single else balanced
        ),
        "sensitivity": over_classes([each.sensitivity for each in shown]),
        "specificity": mean_of_related([each.specificity for each in shown]),
        "roc_auc": mean_of_related([each.roc_auc for each in shown]),
    }


def _calibration(p: Float64, y: Float64, patients: Int64, *, single: bool, seed: int) -> Estimate:
    """Of a single choice that of the likeliest class, of findings the mean of theirs.

    Without an interval: none is known that holds in samples of this size.
    """
    if single:
        called, present, _ = _table(p, y, single=True)
        pairs = [(np.minimum(p.max(axis=1), 1), (called * present).sum(axis=1), patients)]
    else:
        asked = ~np.isnan(y)
        pairs = [
            (p[asked[:, k], k], y[asked[:, k], k], patients[asked[:, k]]) for k in range(y.shape[1])
        ]
    each = [calibration_error(*pair, seed=seed) for pair in pairs]
    told = [error for error in each if error is not None]
    return Estimate(float(np.mean(told)), None, None) if told else UNDEFINED


def _table(p: Float64, y: Float64, *, single: bool) -> tuple[Float64, Float64, Float64]:
    """What is called, what is present and what is absent, each 0 or 1, [n, c]."""
    # Of equal probabilities the first class is called.
    likeliest = np.arange(p.shape[1]) == p.argmax(axis=1)[:, None]
    called = likeliest if single else p >= 0.5
    return called.astype(np.float64), (y == 1).astype(np.float64), (y == 0).astype(np.float64)


def roc_auc_influence(
    scores: NDArray[np.floating], y: NDArray[np.floating]
) -> tuple[float, Float64]:
    """Area under the ROC curve of scores [n] against y [n], and what each case adds to it, [n].

    The area is P(score of a positive > score of a negative) + P(equal) / 2 (Mann and Whitney 1947),
    NaN where a class is absent; NaN in y is left out. What cases add (DeLong et al. 1988) sums
    to 0.
    """
    influence = np.zeros(len(y))
    positive, negative = scores[y == 1], scores[y == 0]
    if not len(positive) or not len(negative):
        return float("nan"), influence
    above = _share_below(positive, np.sort(negative))
    value = float(above.mean())
    influence[y == 1] = (above - value) / len(positive)
    influence[y == 0] = (1 - _share_below(negative, np.sort(positive)) - value) / len(negative)
    return value, influence


def _share_below(scores: NDArray[np.floating], others: NDArray[np.floating]) -> Float64:
    """Share of the ordered others below each score, equal ones counted half."""
    below = np.searchsorted(others, scores, side="left")
    not_above = np.searchsorted(others, scores, side="right")
    return np.asarray((below + not_above) / (2 * len(others)), dtype=np.float64)
