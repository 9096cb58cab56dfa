"""What active learning saves against random order, or that no difference is shown.

A small random arm is read beside the actively chosen one. The model is one ratio R: k active labels
teach as much as R k random ones. It is fitted to the upper part of the random arm's learning curve,
the levels that half to all of its r labels reach: there mean_j [S_active(j / R) - S_random(j)] is
to be 0. At the level of all r random labels, r / R active ones were needed.

The 95 % interval is found by inverting a test (Fieller 1954): it holds every R for which that mean
does not differ significantly from 0, and is open where it does not end with chosen labels that are
too few, or more than needed. Where R = 1 is rejected, it lies on the side that those r labels show:
what still fewer seem to teach is less sure. The variance is that of the scores over audit patients,
the same for both curves (`scoring.covariance`), plus that over which labels were drawn (`luck`).
Where R = 1 lies in the interval, no difference is shown. Scores come from the audit sample alone,
so nothing measured on chosen labels enters.
"""

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t
from sklearn.isotonic import isotonic_regression

from learner.proof.evidence import Evidence, Float32
from learner.proof.luck import Luck, fit_luck
from learner.proof.power_law import fit_curve
from learner.proof.refits import Refits, label_counts
from learner.proof.scoring import MEASURES, covariance
from learner.questions import Question
from learner.scores import Score
from learner.sentences import Words, words

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Verdict = Literal["saving", "cost", "no difference", "not enough"]

LEAST_RANDOM = 20  # patients of the random arm
LEAST_AUDIT = 30  # audit patients
LEAST_ACTIVE = 20
PARTS = (8, 4, 2)  # that an order of the random labels is cut into
ORDERS = 6  # random orders that the random arm's curve is averaged over
LOWEST_LEVEL = 2  # levels of the random curve are compared from r over this on
CANDIDATES = 40  # numbers of active labels that are tried
# Beyond this many times the labels of the random arm its curve is not believed.
FARTHEST = 10
_MOST_MISFIT = 2.0


@dataclass(frozen=True)
class Point:
    """A score after so many labels, with its 95 % interval."""

    labels: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Amount:
    """A quantity with its 95 % interval; None: beyond what the labels can tell."""

    value: float | None
    low: float | None
    high: float | None


NOTHING = Amount(None, None, None)


@dataclass(frozen=True)
class Savings:
    """What is shown for one question."""

    question: str
    measure: str
    verdict: Verdict
    missing: tuple[Words, ...]  # what is needed before anything can be said
    audit: int  # answers of each arm
    random: int  # the first one of each patient
    active: int
    needed: Amount = NOTHING  # active labels that reach the level of all random ones
    saved: Amount = NOTHING  # labels; negative where active learning cost some
    ratio: Amount = NOTHING
    extrapolated: Amount = NOTHING  # labels saved by now, if the random arm went on as its curve
    random_curve: tuple[Point, ...] = ()
    active_curve: tuple[Point, ...] = ()


@dataclass(frozen=True)
class _Curve:
    labels: Int64  # [k]
    scores: tuple[Score, ...]  # [k]

    @property
    def values(self) -> Float64:
        return np.array([one.value for one in self.scores])

    @property
    def matrix(self) -> Float64:
        """Each point's value and influences, [k, 1 + a]."""
        return np.stack([np.r_[one.value, one.influence] for one in self.scores])

    def between(self, labels: Float64) -> Float64:
        """`matrix` at other numbers of labels, linear in their logarithm, [m, 1 + a]."""
        at = np.interp(np.log(labels), np.log(self.labels), np.arange(len(self.labels)))
        below = np.minimum(at.astype(np.int64), len(self.labels) - 2)
        part = (at - below)[:, None]
        rows = self.matrix
        return np.asarray((1 - part) * rows[below] + part * rows[below + 1], dtype=np.float64)


def measure_savings(refits: Refits, question: Question, rng: np.random.Generator) -> Savings:
    """Compare the arms on one question."""
    evidence = refits.evidence
    audit, random, active = (
        evidence.answered(question, rows)
        for rows in (evidence.audit, evidence.random, evidence.active)
    )
    random = evidence.first_of_each_patient(random)
    missing = _missing(evidence, question, audit, random, active)
    counts = (len(audit), len(random), len(active))
    about = (question.name, MEASURES[question.kind])
    if missing:
        return Savings(*about, "not enough", missing, *counts)
    by_chance, luck = _random_curve(refits, question, random, audit, rng)
    grid = sorted({*label_counts(len(active)), min(len(random), len(active))})
    chosen = _Curve(np.array(grid), tuple(refits.score(question, active[:k], audit) for k in grid))
    patients = evidence.patients[audit]
    needed = _needed(by_chance, chosen, luck, patients)
    r, ends = len(random), (needed.value, needed.high, needed.low)
    # Of a number the mean absolute error is drawn, which is the less the better.
    drawn = (luck, patients, -refits.unit(question, audit) if question.kind == "number" else 1.0)
    return Savings(
        *about,
        _verdict(needed, r),
        (),
        *counts,
        needed=needed,
        saved=Amount(*(None if k is None else r - k for k in ends)),
        ratio=Amount(*(None if not k else r / k for k in ends)),
        extrapolated=_extrapolated(by_chance, chosen, luck, patients, rng),
        random_curve=_points(by_chance, *drawn),
        active_curve=_points(chosen, *drawn),
    )


def _missing(
    evidence: Evidence, question: Question, audit: Int64, random: Int64, active: Int64
) -> tuple[Words, ...]:
    """What there is too little of, in words."""
    more_audit = LEAST_AUDIT - len(np.unique(evidence.patients[audit]))
    wanted = (
        words("about {count} more audit patients", count=more_audit),
        words("about {count} more random-arm patients", count=LEAST_RANDOM - len(random)),
        words("about {count} more actively chosen answers", count=LEAST_ACTIVE - len(active)),
    )
    missing = [lack for lack in wanted if int(lack.values["count"]) > 0]
    if not missing and question.kind != "number":
        if not _tells_apart(question, evidence.targets[question.name][audit]):
            missing.append(words("more than one class in the audit sample"))
        if not _tells_apart(question, evidence.targets[question.name][random]):
            missing.append(words("more than one class in the random arm"))
    return tuple(missing)


def _tells_apart(question: Question, y: Float32) -> bool:
    """Of a single choice two classes are needed, of findings one that is present and absent."""
    seen, absent = (y == 1).sum(axis=0) > 1, (y == 0).sum(axis=0) > 1
    return bool(seen.sum() >= 2 if question.kind == "single" else (seen & absent).any())


def _random_curve(
    refits: Refits, question: Question, random: Int64, audit: Int64, rng: np.random.Generator
) -> tuple[_Curve, Luck]:
    """Mean curve over random orders, and how much depends on which labels were drawn."""
    r = len(random)
    scored = partial(refits.score, question, audit=audit)
    scores: dict[int, list[Score]] = {r // parts: [] for parts in PARTS}
    scores[round(0.71 * r)] = []
    apart: dict[int, list[float]] = {r // parts: [] for parts in PARTS}
    for _ in range(ORDERS):
        order = rng.permutation(random)
        for parts in PARTS:
            size = r // parts
            found = [scored(order[at * size : (at + 1) * size]) for at in range(parts)]
            scores[size] += found
            apart[size].append(float(np.var([one.value for one in found], ddof=1)))
        scores[round(0.71 * r)].append(scored(order[: round(0.71 * r)]))
    scores[r] = [scored(random)]
    means = tuple(
        Score(float(np.mean([s.value for s in each])), np.mean([s.influence for s in each], axis=0))
        for each in scores.values()
    )
    return _Curve(np.array(list(scores)), means), fit_luck(apart)


def _needed(by_chance: _Curve, chosen: _Curve, luck: Luck, patients: Int64) -> Amount:
    """Active labels that teach as much as all r random ones."""
    r = int(by_chance.labels[-1])
    levels = by_chance.labels >= r // LOWEST_LEVEL
    steps = by_chance.labels[levels] / r  # as shares of r
    random = by_chance.matrix[levels].mean(axis=0)
    first, last = chosen.labels[0] / steps[0], chosen.labels[-1]
    k = np.geomspace(first, max(last, first * 1.01), CANDIDATES)
    k = np.unique(np.r_[k, r] if first < r < last else k)
    means = np.stack([chosen.between(count * steps).mean(axis=0) - random for count in k])
    drawn = luck.averaged(r * steps, r).mean() + np.array(
        [luck.nested(count * steps).mean() for count in k]
    )
    measured = np.diag(covariance(means[:, 1:], patients))
    ahead = means[:, 0]
    is_level = np.abs(ahead) <= _half_width(measured, drawn, patients)
    side = _side(k, ahead, is_level, r)
    k, ahead, is_level = k[side], ahead[side], is_level[side]
    value = _crossing(k, np.asarray(isotonic_regression(ahead), dtype=np.float64))
    low, high = _bounds(k, ahead, is_level)
    return Amount(
        value,
        low if low is None or value is None else min(low, value),
        high if high is None or value is None else max(high, value),
    )


def _half_width(measured: Float64, drawn: Float64, patients: Int64) -> Float64:
    """Half a 95 % interval of two variances [k], over audit patients and over labels drawn.

    How sure each is goes into the degrees of freedom (Satterthwaite 1946); the latter is read off
    few parts.
    """
    total = measured + drawn
    unsure = measured**2 / (len(np.unique(patients)) - 1) + drawn**2 / ORDERS
    width = t.ppf(0.975, total**2 / unsure) * np.sqrt(total)
    return np.asarray(width, dtype=np.float64)


def _crossing(k: Float64, ahead: Float64) -> float | None:
    """Where a rising curve first reaches 0, between two points by ratio; None: nowhere."""
    reached = np.flatnonzero(ahead >= 0)
    if not len(reached):
        return None
    at = int(reached[0])
    if at == 0:
        return float(k[0])
    part = -ahead[at - 1] / (ahead[at] - ahead[at - 1])
    return float(k[at - 1] * (k[at] / k[at - 1]) ** part)


def _side(k: Float64, ahead: Float64, is_level: NDArray[np.bool_], r: int) -> slice:
    """What is left to ask: where r labels are behind only more of them, where ahead fewer."""
    at = min(int(np.searchsorted(k, r)), len(k) - 1)
    if is_level[at]:
        return slice(None)
    return slice(at, None) if ahead[at] < 0 else slice(at + 1)


def _bounds(
    k: Float64, ahead: Float64, is_level: NDArray[np.bool_]
) -> tuple[float | None, float | None]:
    """Up to where all numbers are too few, and from where on all are more than is needed.

    Between them lies all that cannot be told from level; None: open.
    """
    behind, beyond = ~is_level & (ahead < 0), ~is_level & (ahead > 0)
    return _end(k, is_level, behind), _end(k[::-1], is_level[::-1], beyond[::-1])


def _end(k: Float64, is_level: NDArray[np.bool_], is_out: NDArray[np.bool_]) -> float | None:
    """The first of k that is level if all before it are out, else the last of these."""
    out = len(k) if is_out.all() else int(np.argmin(is_out))  # so many, from the first on
    if out == 0:
        return None
    return float(k[out] if out < len(k) and is_level[out] else k[out - 1])


def _verdict(needed: Amount, r: int) -> Verdict:
    if needed.high is not None and needed.high < r:
        return "saving"
    if needed.low is not None and needed.low > r:
        return "cost"
    return "no difference"


def _extrapolated(
    by_chance: _Curve, chosen: _Curve, luck: Luck, patients: Int64, rng: np.random.Generator
) -> Amount:
    """Labels saved by now if the random arm went on along its curve; nothing where that is unsure.

    Random labels for the level of all l active ones, minus l.
    """
    k = by_chance.labels.astype(np.float64)
    r, active = k[-1], float(chosen.labels[-1])
    now = chosen.scores[-1]
    # Gains over the level now, so that what both curves share cancels.
    influences = np.stack([one.influence - now.influence for one in by_chance.scores])
    spread = covariance(influences, patients) + luck.averaged(k, int(r)) + luck.variance(active)
    curve = fit_curve(by_chance.labels, by_chance.values - now.value, spread, rng)
    wanted = np.quantile(
        curve.labels_for(np.zeros(len(curve.a))), (0.5, 0.025, 0.975), method="higher"
    )
    if curve.misfit > _MOST_MISFIT or not wanted[2] <= FARTHEST * r:
        return NOTHING
    return Amount(*(float(value - active) for value in wanted))


def _points(curve: _Curve, luck: Luck, patients: Int64, scale: float) -> tuple[Point, ...]:
    """As drawn, `scale` times the scores, with intervals."""
    measured = np.diag(covariance(np.stack([s.influence for s in curve.scores]), patients))
    half = abs(scale) * _half_width(measured, luck.variance(curve.labels), patients)
    most = 1.0 if scale > 0 else np.inf
    values = scale * curve.values
    lows, highs = np.maximum(values - half, 0), np.minimum(values + half, most)
    rows = zip(curve.labels.tolist(), values.tolist(), lows.tolist(), highs.tolist(), strict=True)
    return tuple(Point(*row) for row in rows)
