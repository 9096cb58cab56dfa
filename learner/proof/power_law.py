"""Learning curves as inverse power laws, with what is not known about them.

score(n) = a - b n^-c, b >= 0, after n labels (Cortes et al. 1994; Figueroa et al. 2012, "Predicting
sample size required for classification performance"). The exponent lies on a grid with equal prior
odds; given one, a and b are a generalised least squares fit with the covariance of the points, and
the fits are weighed by their marginal likelihood. Draws from that posterior carry its uncertainty.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.stats import truncnorm

Float64 = NDArray[np.float64]

EXPONENTS = np.geomspace(0.1, 2.0, 24)
DRAWS = 2000
_LEAST_DEVIATION = 1e-3  # a tenth of a point: no curve is a power law to the last digit


@dataclass(frozen=True)
class Curve:
    """Draws of a learning curve, [draws] each."""

    a: Float64
    b: Float64
    c: Float64
    misfit: float  # squared distance of the best fit from the points, over its degrees of freedom

    def at(self, labels: float) -> Float64:
        """The score after so many labels, [draws]."""
        return np.asarray(self.a - self.b * labels**-self.c, dtype=np.float64)

    def labels_for(self, target: Float64) -> Float64:
        """Labels after which the score is `target` [draws], infinite where it never is."""
        left = self.a - target
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            found = (self.b / left) ** (1 / self.c)
        return np.where((left > 0) & (self.b > 0), found, np.inf)


def fit_curve(
    labels: NDArray[np.integer], scores: Float64, covariance: Float64, rng: np.random.Generator
) -> Curve:
    """Fit the curve to scores [k] after labels [k], whose errors have this covariance [k, k].

    ValueError: fewer than four points, from which nothing can be told.
    """
    k = len(labels)
    if k < 4:
        raise ValueError("a learning curve needs four points or more")
    noisy = covariance + np.eye(k) * _LEAST_DEVIATION**2
    factor = cho_factor(noisy, lower=True)
    n = labels.astype(np.float64)
    fits = [_fit(-(n**-c), scores, factor) for c in EXPONENTS]
    evidence = np.array([fit[2] for fit in fits])
    weights = np.exp(evidence - evidence.max())
    which = rng.choice(len(EXPONENTS), size=DRAWS, p=weights / weights.sum())
    a, b = np.empty(DRAWS), np.empty(DRAWS)
    for at in np.unique(which):
        chosen = np.flatnonzero(which == at)
        a[chosen], b[chosen] = _draw(fits[at][0], fits[at][1], len(chosen), rng)
    misfit = min(fit[3] for fit in fits) / (k - 3)
    return Curve(a, b, np.asarray(EXPONENTS[which], dtype=np.float64), misfit)


def _fit(
    falling: Float64, scores: Float64, factor: tuple[Float64, bool]
) -> tuple[Float64, Float64, float, float]:
    """Mean [2] and covariance [2, 2] of (a, b), log marginal likelihood and squared distance."""
    X = np.column_stack([np.ones(len(scores)), falling])
    precision = X.T @ cho_solve(factor, X)
    # A wide prior on b, so that exponents that need a huge one are not favoured by its flatness.
    precision[1, 1] += 1.0
    spread = np.linalg.inv(precision)
    mean = spread @ (X.T @ cho_solve(factor, scores))
    off = scores - X @ mean
    distance = float(off @ cho_solve(factor, off))
    likelihood = -0.5 * (distance + mean[1] ** 2) + 0.5 * float(np.linalg.slogdet(spread)[1])
    return mean, spread, likelihood, distance


def _draw(
    mean: Float64, spread: Float64, count: int, rng: np.random.Generator
) -> tuple[Float64, Float64]:
    """Draws of (a, b) with b >= 0: b from its truncated normal, then a given b."""
    deviation = float(np.sqrt(spread[1, 1]))
    b = _above_zero(float(mean[1]), deviation, count, rng)
    slope = float(spread[0, 1] / spread[1, 1])
    rest = float(np.sqrt(max(spread[0, 0] - slope * spread[0, 1], 0)))
    return mean[0] + slope * (b - mean[1]) + rng.normal(size=count) * rest, b


def _above_zero(mean: float, deviation: float, count: int, rng: np.random.Generator) -> Float64:
    low = -mean / deviation
    drawn = truncnorm.rvs(low, np.inf, loc=mean, scale=deviation, size=count, random_state=rng)
    return np.asarray(drawn, dtype=np.float64)
