"""BALD over a last-layer Laplace posterior (Houlsby et al. 2011, "Bayesian Active Learning for
Classification and Preference Learning"; the posterior: `learner.laplace`).

x* = argmax I(y; W | x) = H(E_W p(y|x, W)) - E_W H(p(y|x, W)), W drawn from the posterior of the
head's weights.
"""

import numpy as np

from learner.strategies.information import drawn_disagreement
from learner.strategies.pool import Chosen, Pool, answers_to, first_by_score

_DRAWS = 32


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The largest mean over the questions of choice; a number has no say."""
    answers = answers_to(pool, "bald_laplace", "choice")
    each = [drawn_disagreement(answer, "bald_laplace", _DRAWS, rng) for answer in answers]
    return first_by_score(pool, np.asarray(np.mean(each, axis=0), dtype=np.float32), batch)
