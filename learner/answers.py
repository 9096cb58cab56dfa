"""What the heads say of the candidates, as the strategies are given it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.fitting import QuestionHead
from learner.space import Space
from learner.strategies import Needs
from learner.strategies.pool import Answer, Draw, Known

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """Of which rows of the pool something is to be said."""

    space: Space
    candidates: Int64  # [m]
    labelled: Int64  # [l], rising
    pending: Int64  # [p], in a reader's hand


def answer_of(
    head: QuestionHead, asked: Asked, answered: tuple[Int64, Float32], needs: Needs
) -> Answer:
    """What one head says, with what the strategy needs besides; `answered` is what it learned from:
    rows [a] and their targets [a, c]."""
    space, candidates = asked.space, asked.candidates
    if not needs.values:
        return _unsaid(head, len(candidates))
    if head.question.kind == "number":
        lengths = space.squared_lengths(head.ridge.whitening, candidates)
        deviation = head.ridge.deviation_of(lengths)[:, None]
        return Answer("number", deviation, np.ones(1, dtype=np.float32))
    values = head.predicted(space.logits(head.linear, candidates))
    weights = np.ones(values.shape[1])
    if head.question.kind == "multiple":
        # Rare findings count more: by the inverse root of how often they were seen. What was asked
        # about one that came in later is nothing to be unsure of yet.
        weights = (head.seen + head.absent > 0) / np.sqrt(head.seen + 1)
    committee = None
    if needs.committee and head.members:
        each = [head.predicted(space.logits(one, candidates)) for one in head.members]
        committee = np.stack(each)
    return Answer(
        head.question.kind,
        values,
        (weights / weights.sum()).astype(np.float32),
        committee,
        _draws(head, asked, *answered) if needs.draws else None,
        _known(head, asked, *answered) if needs.known else None,
    )


def _unsaid(head: QuestionHead, count: int) -> Answer:
    """That the question has a head, for a strategy that asks for no more."""
    c = head.question.outputs
    weights = np.full(c, 1 / c, dtype=np.float32)
    return Answer(head.question.kind, np.zeros((count, c), dtype=np.float32), weights)


def _known(head: QuestionHead, asked: Asked, at: Int64, targets: Float32) -> Known:
    covered = np.concatenate([asked.labelled, asked.pending])
    said = np.full((len(covered), targets.shape[1]), np.nan, dtype=np.float32)
    said[np.searchsorted(asked.labelled, at)] = targets
    return Known(head.predicted(asked.space.logits(head.linear, covered)), said)


def _draws(head: QuestionHead, asked: Asked, at: Int64, targets: Float32) -> Draw:
    posterior = head.posterior(asked.space.rows(at), targets)

    def draws(rows: Int64, count: int, rng: np.random.Generator) -> Float32:
        heads = posterior.sample(count, rng)
        return posterior.probabilities(asked.space.logits(heads, asked.candidates[rows]))

    return draws
