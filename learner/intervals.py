"""95 % intervals: by resampling patients, and in closed form where one exists."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

RESAMPLES = 1000
_Z = 1.959963984540054  # 97.5 % quantile of the normal distribution


@dataclass(frozen=True)
class Estimate:
    """A measured value with its 95 % interval; all None where it is undefined."""

    value: float | None
    low: float | None
    high: float | None

    def as_json(self) -> dict[str, float | None]:
        """{"value", "low", "high"}."""
        return {"value": self.value, "low": self.low, "high": self.high}


UNDEFINED = Estimate(None, None, None)


@dataclass(frozen=True)
class Resamples:
    """Patients drawn with replacement (Field and Welsh 2007, cluster bootstrap).

    weights [1 + B, n]: how often each case counts. Row 0 is the sample itself, all ones.
    """

    weights: Float64
    groups: Int64  # [n]
    clustered: bool  # whether any patient has more than one case


def draw_resamples(groups: Int64, rng: np.random.Generator, count: int = RESAMPLES) -> Resamples:
    """Draw `count` times as many patients as there are, [n] -> weights [1 + count, n]."""
    names, which = np.unique(groups, return_inverse=True)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=count)
    weights = np.vstack([np.ones(len(which)), drawn[:, which]]).astype(np.float64)
    return Resamples(weights, np.asarray(which, dtype=np.int64), len(names) < len(which))


def percentile(values: Float64) -> Estimate:
    """Estimate from [1 + B] values, the sample's first; NaN is "undefined in this resample".

    Undefined in the sample: all None. Undefined in more than half of the resamples: no interval.
    """
    if np.isnan(values[0]):
        return UNDEFINED
    again = values[1:][~np.isnan(values[1:])]
    if not len(again) or len(again) < (len(values) - 1) / 2:
        return Estimate(float(values[0]), None, None)
    low, high = np.quantile(again, (0.025, 0.975))
    return Estimate(float(values[0]), float(low), float(high))


def wilson(successes: float, n: float) -> Estimate:
    """Wilson's score interval of a proportion (Wilson 1927); n = 0 is undefined."""
    if n == 0:
        return UNDEFINED
    p = successes / n
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(p * (1 - p) / n + _Z**2 / (4 * n**2))
    return Estimate(p, max(0.0, float(centre - half)), min(1.0, float(centre + half)))


def proportion(right: Float64, counted: Float64, resamples: Resamples) -> Estimate:
    """Share of right among counted cases, both [n] of weights in [0, 1].

    Independent cases: Wilson. Several cases a patient: cluster bootstrap; where every case is
    right or every one wrong that would be an interval of no width, so Wilson over patients.
    """
    hits, n = float((right * counted).sum()), float(counted.sum())
    if n == 0:
        return UNDEFINED
    if not resamples.clustered:
        return wilson(hits, n)
    if hits in (0.0, n):
        patients = len(np.unique(resamples.groups[counted > 0]))
        return wilson(hits / n * patients, patients)
    return percentile(ratio(resamples.weights @ (right * counted), resamples.weights @ counted))


def ratio(above: Float64, below: Float64) -> Float64:
    """above / below, NaN where below is 0."""
    found = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=found, where=below > 0)
    return found
