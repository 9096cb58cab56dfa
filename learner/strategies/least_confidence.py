"""Least confidence.

x* = argmax 1 - max_c p(c|x) (Lewis and Gale 1994, "A Sequential Algorithm for Training Text
Classifiers"). Per finding for multiple choice; the predictive deviation for numbers.
"""

import numpy as np

from learner.strategies.pool import Chosen, Pool, first_by_score
from learner.strategies.uncertainty import least_confidence, pool_uncertainty


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The most uncertain candidates first; `rng` is not used: ties keep the order of the pool."""
    return first_by_score(pool, pool_uncertainty(pool, least_confidence), batch)
