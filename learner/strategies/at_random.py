"""Random order: the baseline, and the first labels of every project."""

import numpy as np

from learner.strategies.pool import Chosen, Pool, sample_rows


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Draw uniformly without replacement; every score is 0, each is in front with chance 1/m."""
    m = len(pool.candidates)
    indices = pool.candidates[sample_rows(m, batch, rng)]
    chance = np.full(len(indices), 1 / max(m, 1), dtype=np.float32)
    return Chosen(indices, np.zeros(len(indices), dtype=np.float32), chance)
