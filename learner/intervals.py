"""95 % intervals that respect patients: closed forms that hold in small samples, else resampling.

Audit samples are small, and findings in them rare. Resampling a handful of positive cases gives
intervals that are far too narrow, so proportions and areas have theirs in closed form.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

RESAMPLES = 1000
LEAST_PATIENTS = 10  # fewer hardly tell how far their errors spread
_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution
_BISECTIONS = 40
_ROUNDING = 1e-12  # of a sum of squares


@dataclass(frozen=True)
class Estimate:
    """A measured value with its 95 % interval; all None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None

    def below(self, most: float) -> "Estimate":
        """Of `most` minus what this is of."""
        value, low, high = (None if v is None else most - v for v in vars(self).values())
        return Estimate(value, high, low)

    def as_json(self) -> dict[str, float | None]:
        """{"value", "low", "high"}."""
        return {"value": self.value, "low": self.low, "high": self.high}


UNDEFINED = Estimate(None, None, None)


def wilson(successes: float, n: float) -> Estimate:
    """Wilson's score interval of a proportion (Wilson 1927); n = 0 is undefined."""
    if n == 0:
        return UNDEFINED
    p = successes / n
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return Estimate(p, max(0.0, float(centre - half)), min(1.0, float(centre + half)))


def proportion(right: Float64, counted: Float64, patients: Int64) -> Estimate:
    """Share of right among counted cases, [n] each: counts per case, and whose the case is.

    Wilson's interval for the number of independent cases that would vary as much as these, of
    which a patient may have several (Rao and Scott 1992): never more than there are, and as many
    as there are patients where all agree.
    """
    hits, n = float(right.sum()), float(counted.sum())
    if n == 0:
        return UNDEFINED
    _, who = np.unique(patients[counted > 0], return_inverse=True)
    of_patient = np.bincount(who, counted[counted > 0])  # [m]
    m, p = len(of_patient), hits / n
    if p in (0.0, 1.0) or m == 1:
        return wilson(p * m, m)
    off = np.bincount(who, right[counted > 0]) - p * of_patient
    variance = m / (m - 1) * float(off @ off) / n**2
    effective = min(n, p * (1 - p) / variance) if variance > 0 else n
    return wilson(p * effective, effective)


def design_effect(influence: Float64, patients: Int64) -> float:
    """How much more a statistic varies as patients have several cases, from influences [n].

    Its variance by patient over that of as many cases of different patients (Rao and Scott 1992),
    1 or more.
    """
    _, which = np.unique(patients, return_inverse=True)
    apart, together = float(influence @ influence), np.bincount(which, influence)
    return max(1.0, float(together @ together) / apart) if apart > 0 else 1.0


def area(value: float, positive: float, negative: float) -> Estimate:
    """Interval of an area under the ROC curve between so many independent positives and negatives.

    Solves |area - value| = z sd(area), whose variance is that of exponential scores, with half the
    sample in place of each side's size (Newcombe 2006, Statistics in Medicine 25:559, method 5).
    NaN is undefined.
    """
    if np.isnan(value):
        return UNDEFINED

    def off(theta: float) -> float:
        spread = (1 - theta) / (2 - theta) + theta / (1 + theta)
        half = (positive + negative) / 2 - 1
        variance = theta * (1 - theta) * (1 + half * spread) / (positive * negative)
        return abs(theta - value) - _Z * float(np.sqrt(variance))

    return Estimate(value, _root(off, value, 0.0), _root(off, value, 1.0))


def _root(off: Callable[[float], float], inside: float, outside: float) -> float:
    """Where `off`, not above 0 at `inside` and not below at `outside`, changes sign."""
    for _ in range(_BISECTIONS):
        middle = (inside + outside) / 2
        if off(middle) > 0:
            outside = middle
        else:
            inside = middle
    return (inside + outside) / 2


def mean_of_independent(estimates: Sequence[Estimate]) -> Estimate:
    """Mean of estimates on different cases, the undefined ones left out.

    Distances to the limits are added as squares (Zou and Donner 2008).
    """
    return _mean(estimates, power=2)


def mean_of_related(estimates: Sequence[Estimate]) -> Estimate:
    """Mean of estimates on the same cases, the undefined ones left out.

    How they vary together is unknown, so the distances to the limits are averaged: as wide as if
    they varied as one.
    """
    return _mean(estimates, power=1)


def _mean(estimates: Sequence[Estimate], *, power: int) -> Estimate:
    rows = [(e.value, e.low, e.high) for e in estimates if e.value is not None]
    if not rows:
        return UNDEFINED
    value, low, high = np.array(rows, dtype=np.float64).T
    mean, k = float(value.mean()), len(rows)
    below = float(((value - low) ** power).sum() ** (1 / power)) / k
    above = float(((high - value) ** power).sum() ** (1 / power)) / k
    return Estimate(mean, mean - below, mean + above)


def draw_resamples(groups: Int64, rng: np.random.Generator, count: int = RESAMPLES) -> Float64:
    """How often each case [n] counts when half as many patients as there are are drawn again.

    [1 + count, n]; row 0 is the sample itself, all ones (Field and Welsh 2007, cluster bootstrap).
    Below `LEAST_PATIENTS` nothing is drawn, and there is no interval.
    Half as many, since a small sample shows less of a long tail than there is: an interval by
    `studentised` is wider by it mostly where errors are skewed (m out of n bootstrap, Bickel,
    Goetze and van Zwet 1997; `benchmarks.simulations` has how often it holds the truth).
    """
    names, which = np.unique(groups, return_inverse=True)
    if len(names) < LEAST_PATIENTS:
        return np.ones((1, len(which)))
    half = (len(names) + 1) // 2
    drawn = rng.multinomial(half, np.full(len(names), 1 / len(names)), size=count)
    return np.vstack([np.ones(len(which)), drawn[:, which]]).astype(np.float64)


def studentised(values: Float64, errors: Float64) -> Estimate:
    """Estimate of what is above 0 from values and standard errors [1 + B], the sample's first.

    Bootstrap-t of the logarithm (Efron and Tibshirani 1993, section 12.5): where a percentile
    interval of a skewed sample falls short, this one holds. 0 or NaN in the sample, or no limit
    that a number could hold: no interval.
    """
    if np.isnan(values[0]):
        return UNDEFINED
    if values[0] <= 0 or not errors[0] > 0:
        return Estimate(float(values[0]), None, None)
    own = errors[0] / values[0]
    told = (values[1:] > 0) & (errors[1:] > 0)
    t = np.log(values[1:][told] / values[0]) * values[1:][told] / errors[1:][told]
    if len(t) <= (len(values) - 1) / 2:
        return Estimate(float(values[0]), None, None)
    low, high = np.quantile(t, (0.025, 0.975))
    with np.errstate(over="ignore"):
        limits = [float(values[0] * np.exp(-end * own)) for end in (high, low)]
    return Estimate(float(values[0]), *(limits if np.isfinite(limits).all() else (None, None)))


def standard_errors(W: Float64, above: Float64, below: Float64, patients: Int64) -> Float64:
    """Standard errors [1 + B] of W @ above / W @ below, [n] each, under the weights W [1 + B, n].

    By patient: the root of m / (m - 1) times the sum of squares of what each of m adds.
    """
    _, first, which = np.unique(patients, return_index=True, return_inverse=True)
    a, b = np.bincount(which, above), np.bincount(which, below)  # of each patient
    times = W[:, first]  # how often each patient was drawn
    m, value = times.sum(axis=1), ratio(W @ above, W @ below)
    aa, bb = times @ a**2, value**2 * (times @ b**2)
    squares = aa - 2 * value * (times @ (a * b)) + bb
    squares[squares < _ROUNDING * (aa + bb)] = 0
    spread = np.sqrt(squares * np.nan_to_num(ratio(m, m - 1)))
    return np.asarray(ratio(spread, W @ below), dtype=np.float64)


def ratio(above: Float64, below: Float64) -> Float64:
    """above / below, NaN where below is 0."""
    found = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found
