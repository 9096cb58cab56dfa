"""How much a score depends on which labels happened to be drawn.

The variance over training samples falls as a power of their size. It is read off disjoint parts of
labels in random order, which are training samples independent of each other, of several sizes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Float64 = NDArray[np.float64]

# A mean over l labels varies as 1 / l; a score that nears its best, faster.
SLOWEST, FASTEST = 1.0, 2.0
_LEAST_VARIANCE = 1e-6  # a thousandth squared: scores are never quite the same


@dataclass(frozen=True)
class Luck:
    """The variance scale / l^power of a score over training samples of l labels."""

    scale: float
    power: float

    def variance(self, labels: ArrayLike) -> Float64:
        """Of a score after so many labels."""
        return np.asarray(self.scale * np.asarray(labels, dtype=np.float64) ** -self.power)

    def nested(self, labels: Float64) -> Float64:
        """Covariance [k, k] of scores along one order: the smaller sample is part of the larger."""
        return self.variance(np.maximum.outer(labels, labels))

    def averaged(self, labels: Float64, total: int) -> Float64:
        """Covariance [k, k], at most, of scores averaged over many orders of `total` labels.

        Averaging leaves of the variance at l labels what comes from each label by itself, the
        share l / total (Hoeffding 1948).
        """
        deviation = np.sqrt(self.variance(labels) * labels / total)
        return np.outer(deviation, deviation)


def fit_luck(apart: Mapping[int, Sequence[float]]) -> Luck:
    """Fit the power law to variances between disjoint parts, by their size, one per order."""
    sizes = np.log(np.array(list(apart), dtype=np.float64))
    levels = np.log([max(float(np.mean(each)), _LEAST_VARIANCE) for each in apart.values()])
    # Twice as many parts of half the size: their variance is twice as sure.
    weights = np.exp(-sizes)
    weights /= weights.sum()
    centred = sizes - weights @ sizes
    slope = -float(weights @ (centred * levels) / (weights @ centred**2))
    power = float(np.clip(slope, SLOWEST, FASTEST))
    return Luck(float(np.exp(weights @ (levels + power * sizes))), power)
