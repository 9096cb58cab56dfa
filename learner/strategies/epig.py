"""EPIG: expected predictive information gain (Bickford Smith et al. 2023, "Prediction-Oriented
Bayesian Active Learning").

x* = argmax E_{x' ~ pool} I(y; y' | x, x'): what the label of x tells about the labels of others,
not about weights that may not matter. The inputs x' are drawn from the pool, the weights from the
last-layer Laplace posterior: p(y, y') = E_W p(y|x, W) p(y'|x', W).
"""

import numpy as np

from learner.strategies.information import drawn_disagreement, entropy_terms
from learner.strategies.pool import (
    Answer,
    Chosen,
    Float32,
    Int64,
    Pool,
    answers_to,
    blocks,
    sample_rows,
    top_rows,
)

_CANDIDATES = 1000
_TARGETS = 64
_DRAWS = 64
_FILTER_DRAWS = 16
_JOINT = 2_000_000  # numbers of the joint distributions at once


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The largest mean over the questions of choice; a number has no say.

    Of a large pool only the candidates of largest BALD are asked: I(y; y') <= I(y; W), so
    the rest cannot have much.
    """
    answers = answers_to(pool, "epig", "choice")
    rows: Int64 = np.arange(len(pool.candidates))
    if len(rows) > max(_CANDIDATES, batch):
        each = [drawn_disagreement(answer, "epig", _FILTER_DRAWS, rng) for answer in answers]
        rows = top_rows(np.mean(each, axis=0), max(_CANDIDATES, batch))
    targets = sample_rows(len(pool.candidates), _TARGETS, rng)
    found = np.mean([_gain(answer, rows, targets, rng) for answer in answers], axis=0)
    order = top_rows(found, batch)
    return Chosen(pool.candidates[rows[order]], found[order].astype(np.float32))


def _gain(answer: Answer, rows: Int64, targets: Int64, rng: np.random.Generator) -> Float32:
    if answer.draws is None:
        raise ValueError("epig needs a posterior to draw from")
    drawn = answer.draws(np.concatenate([rows, targets]), _DRAWS, rng)
    of_rows, of_targets = drawn[:, : len(rows)], drawn[:, len(rows) :]
    if answer.kind == "single":
        return expected_gain(of_rows, of_targets)
    each = [
        expected_gain(_both(of_rows[:, :, k]), _both(of_targets[:, :, k]))
        for k in range(drawn.shape[2])
    ]
    return np.asarray(answer.weights @ np.stack(each), dtype=np.float32)


def _both(p: Float32) -> Float32:
    return np.stack([1 - p, p], axis=2)


def expected_gain(p: Float32, q: Float32) -> Float32:
    """Mean over t of I(y; y'), from draws p [s, m, c] of the candidates and q [s, t, c] of targets.

    I = H(y) + H(y') - H(y, y'), in nats; [m].
    """
    draws, m, c = p.shape
    t = q.shape[1]
    flat = q.reshape(draws, t * c) / np.float32(draws)
    of_targets = entropy_terms(q.mean(axis=0)).sum(axis=1).mean()
    found = entropy_terms(p.mean(axis=0)).sum(axis=1) + of_targets
    for rows in blocks(m, max(1, _JOINT // (t * c * c))):
        some = p[:, rows]
        joint = some.reshape(draws, -1).T @ flat  # [rows * c, t * c]
        found[rows] -= entropy_terms(joint).reshape(some.shape[1], -1).sum(axis=1) / t
    return np.asarray(found, dtype=np.float32)
