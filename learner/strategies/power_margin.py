"""Power margin (Kirsch et al. 2021, "Stochastic Batch Acquisition: A Simple Baseline for Deep
Active Learning").

Where the best few by margin are near copies of each other, a draw is as good and more diverse:
each candidate comes next with probability proportional to s^beta, s = 1 - (p_1st - p_2nd). Drawn
without replacement by the Gumbel trick: the largest log s + Gumbel noise / beta first.
"""

import numpy as np

from learner.strategies.pool import Chosen, Pool, top_rows
from learner.strategies.uncertainty import pool_uncertainty, small_margin

BETA = 1.0  # the paper's default; larger is nearer to taking the top
_LEAST = 1e-6  # a score of 0 has no logarithm


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Draw by s^beta; the score is s, the propensity is the chance to be drawn first."""
    scores = np.maximum(pool_uncertainty(pool, small_margin), np.float32(_LEAST))
    noise = rng.gumbel(size=len(scores)).astype(np.float32)
    order = top_rows(np.log(scores) + noise / np.float32(BETA), batch)
    mass = scores.astype(np.float64) ** BETA
    propensity = (mass[order] / mass.sum()).astype(np.float32)
    return Chosen(pool.candidates[order], scores[order], propensity)
