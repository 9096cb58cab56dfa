"""Temperatures: how far to trust a head's logits, from folds it was not fitted on."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# log T has a normal prior of this deviation: with a dozen labels the temperature stays near 1,
# with hundreds the labels decide.
PRIOR_DEVIATION = 0.5
_BOUNDS = (-2.5, 2.5)  # of log T


def softmax_temperature(logits: Float32, Y: Float32, importance: Float32 | None = None) -> Float32:
    """Find the T [1] that makes softmax(logits / T) most likely.

    Held-out logits and one-hot Y, both [n, c]. Temperature scaling (Guo et al. 2017, "On
    Calibration of Modern Neural Networks"), with a log-normal prior around T = 1.
    `importance` [n], of mean 1: how much each row counts. No rows: 1.
    """
    _check(logits, Y)
    weighed = Y if importance is None else Y * importance[:, None]

    def loss(log_t: float) -> float:
        return -float((weighed * log_softmax(logits * np.exp(-log_t), axis=1)).sum())

    return np.full(1, _most_likely(loss) if len(logits) else 1.0, dtype=np.float32)


def sigmoid_temperatures(logits: Float32, Y: Float32, importance: Float32 | None = None) -> Float32:
    """Find one T per finding, [n, c] -> [c]; NaN in Y was not answered, `importance` as above."""
    _check(logits, np.nan_to_num(Y))
    weights = np.ones(len(Y), dtype=np.float32) if importance is None else importance
    found = np.ones(logits.shape[1], dtype=np.float32)
    for finding in range(logits.shape[1]):
        asked = ~np.isnan(Y[:, finding])
        z, y, w = logits[asked, finding], Y[asked, finding], weights[asked]
        if not asked.any():
            continue

        def loss(log_t: float, z: Float32 = z, y: Float32 = y, w: Float32 = w) -> float:
            scaled = z * np.exp(-log_t)
            return float((w * (np.logaddexp(0, scaled) - y * scaled)).sum())

        found[finding] = _most_likely(loss)
    return found


def grouped_folds(groups: Int64, folds: int, rng: np.random.Generator) -> Int64:
    """Give every row of a pool a fold, all rows of a group (a patient) the same one.

    groups [n] -> [n] of 0..folds-1. Groups are dealt in random order, so the folds hold nearly
    equally many groups. Drawn once for the pool: a fold's head then only ever sees its own
    training folds and may start warm from its last fit without having seen what it is tested on.
    """
    if folds < 2:
        raise ValueError("cross-validation needs two folds or more")
    names, which = np.unique(groups, return_inverse=True)
    dealt = rng.permutation(len(names)) % folds
    return np.asarray(dealt[which], dtype=np.int64)


def _most_likely(loss: Callable[[float], float]) -> float:
    def penalised(log_t: float) -> float:
        return loss(log_t) + 0.5 * (log_t / PRIOR_DEVIATION) ** 2

    best = minimize_scalar(penalised, bounds=_BOUNDS, method="bounded", options={"xatol": 1e-3})
    return float(np.exp(best.x))


def _check(logits: Float32, Y: Float32) -> None:
    if logits.shape != Y.shape:
        raise ValueError(f"logits {logits.shape} and targets {Y.shape} differ in shape")
    if not (np.isfinite(logits).all() and np.isfinite(Y).all()):
        raise ValueError("logits or targets hold NaN or infinity")
