"""Smallest margin.

x* = argmin p(first|x) - p(second|x) (Scheffer et al. 2001, "Active Hidden Markov Models for
Information Extraction"). Per finding for multiple choice; the predictive deviation for numbers.
"""

import numpy as np

from learner.strategies.pool import Chosen, Pool, first_by_score
from learner.strategies.uncertainty import pool_uncertainty, small_margin


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The most uncertain candidates first; `rng` is not used: ties keep the order of the pool."""
    return first_by_score(pool, pool_uncertainty(pool, small_margin), batch)
