"""BAIT for numbers (Ash et al. 2021, "Gone Fishing: Neural Active Learning with Fisher
Embeddings").

Of a linear model with Gaussian noise the Fisher information of a scan is x x', whatever its
label. The batch is to leave the least expected variance over the pool: argmin tr(A^-1 F), where
A = penalty I + the sum of x x' over labelled and chosen scans, F = the mean of x x' over the pool.
Greedily, with rank-one updates (Woodbury): adding x lowers the trace by
x' A^-1 F A^-1 x / (1 + x' A^-1 x).
"""

import numpy as np
from numpy.typing import NDArray

from learner.fitting import FIRST_PENALTY
from learner.strategies.pool import Chosen, Float32, Pool, answers_to, blocks

Float64 = NDArray[np.float64]


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Forward greedy; the score is by how much the trace falls."""
    answers_to(pool, "bait", "number")
    X, L = pool.vectors(pool.candidates), pool.vectors(pool.labelled).astype(np.float64)
    A: Float64 = L.T @ L + FIRST_PENALTY * np.eye(X.shape[1])
    F = _second_moment(X)
    inverse = np.asarray(np.linalg.inv(A), dtype=np.float64)
    M = inverse @ F @ inverse
    spread, gain = _forms(X, inverse), _forms(X, M)  # x' A^-1 x and x' M x of every candidate
    chosen = np.empty(min(batch, len(X)), dtype=np.int64)
    scores = np.empty(len(chosen), dtype=np.float32)
    for place in range(len(chosen)):
        value = gain / (1 + spread)
        value[chosen[:place]] = -np.inf
        row = int(value.argmax())
        chosen[place], scores[place] = row, value[row]
        v, w = inverse @ X[row], M @ X[row]
        s, variance = float(1 + X[row] @ v), float(v @ F @ v)
        inverse -= np.outer(v, v) / s
        M -= (np.outer(v, w) + np.outer(w, v)) / s - np.outer(v, v) * (variance / s**2)
        along = X @ np.stack([v, w], axis=1).astype(np.float32)  # [m, 2]
        spread -= along[:, 0] ** 2 / s
        gain -= 2 / s * along[:, 0] * along[:, 1] - (variance / s**2) * along[:, 0] ** 2
    return Chosen(pool.candidates[chosen], scores)


def _second_moment(X: Float32) -> Float64:
    found = np.zeros((X.shape[1], X.shape[1]))
    for rows in blocks(len(X)):
        found += X[rows].T @ X[rows]
    return found / max(len(X), 1)


def _forms(X: Float32, M: Float64) -> Float64:
    """x' M x of every row, [m, f] -> [m]."""
    found = np.empty(len(X))
    for rows in blocks(len(X)):
        found[rows] = np.einsum("mf,mf->m", X[rows] @ M.astype(np.float32), X[rows])
    return found
