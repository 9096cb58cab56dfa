"""Largest entropy.

x* = argmax -sum_c p(c|x) log p(c|x) (Shannon 1948; Settles 2009, "Active Learning Literature
Survey", 3.1). Per finding for multiple choice; the predictive deviation for numbers.
"""

import numpy as np

from learner.strategies.pool import Chosen, Pool, first_by_score
from learner.strategies.uncertainty import entropy, pool_uncertainty


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The most uncertain candidates first; `rng` is not used: ties keep the order of the pool."""
    return first_by_score(pool, pool_uncertainty(pool, entropy), batch)
