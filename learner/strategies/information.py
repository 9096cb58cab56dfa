"""What a label would tell about the model, from several opinions of it."""

import numpy as np
from numpy.typing import NDArray

from learner.strategies.pool import Answer, blocks

Float32 = NDArray[np.float32]

_TINY = np.float32(1e-12)


def entropy_terms(p: Float32) -> Float32:
    """-p log p, elementwise, 0 at 0."""
    return np.asarray(-p * np.log(np.maximum(p, _TINY)), dtype=np.float32)


def disagreement(opinions: Float32, answer: Answer) -> Float32:
    """H(mean of the opinions) - mean of H(opinion), [s, m, c] -> [m]: I(label; model).

    Each finding of a multiple choice is a choice of two, and they are weighted. In units of the
    largest entropy, so that questions compare.
    """
    mean = opinions.mean(axis=0)
    found = _entropies(mean, answer)
    for opinion in opinions:
        found -= _entropies(opinion, answer) / len(opinions)
    return np.maximum(found, 0)


def drawn_disagreement(
    answer: Answer, strategy: str, draws: int, rng: np.random.Generator
) -> Float32:
    """`disagreement` of draws from the head's posterior, for every candidate, [m]."""
    if answer.draws is None:
        raise ValueError(f"{strategy} needs a posterior to draw from")
    seed = rng.integers(2**63)
    found = np.empty(len(answer.values), dtype=np.float32)
    for rows in blocks(len(found)):
        at = np.arange(rows.start, rows.stop)
        # The same weights for every block: the candidates are judged by the same opinions.
        opinions = answer.draws(at, draws, np.random.default_rng(seed))
        found[rows] = disagreement(opinions, answer)
    return found


def _entropies(p: Float32, answer: Answer) -> Float32:
    if answer.kind == "single":
        return np.asarray(entropy_terms(p).sum(axis=1) / np.float32(np.log(p.shape[1])))
    both = entropy_terms(p) + entropy_terms(1 - p)
    return np.asarray(both @ answer.weights / np.float32(np.log(2)))
