"""Random order: the baseline, and the first labels of every project."""

import numpy as np

from learner.strategies.pool import Chosen, Pool


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Draw uniformly without replacement; every score is 0."""
    indices = rng.permutation(pool.candidates)[:batch]
    return Chosen(indices, np.zeros(len(indices), dtype=np.float32))
