"""BALD over the head ensemble (Houlsby et al. 2011, "Bayesian Active Learning for Classification
and Preference Learning"; ensembles: Beluch et al. 2018).

x* = argmax I(y; model | x) = H(mean_s p_s(y|x)) - mean_s H(p_s(y|x)), s over heads fitted without
one fold each: where the heads are sure, each by itself, and disagree.
"""

import numpy as np

from learner.strategies.information import disagreement
from learner.strategies.pool import (
    Answer,
    Chosen,
    Float32,
    Pool,
    answers_to,
    blocks,
    first_by_score,
)
from learner.strategies.uncertainty import answer_uncertainty, entropy


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The largest mean over the questions of choice; a number has no say."""
    each = [committee_information(answer) for answer in answers_to(pool, "bald", "choice")]
    return first_by_score(pool, np.asarray(np.mean(each, axis=0), dtype=np.float32), batch)


def committee_information(answer: Answer) -> Float32:
    """I(label; member), [m] in [0, 1].

    Before there are labels enough for folds it is the entropy, which is never less.
    """
    if answer.committee is None:
        return answer_uncertainty(answer, entropy)
    found = np.empty(len(answer.values), dtype=np.float32)
    for rows in blocks(len(found)):
        found[rows] = disagreement(answer.committee[:, rows], answer)
    return found
