"""What a strategy is given, and what it gives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from learner.strategies import KINDS

Float16 = NDArray[np.float16]
Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
# (rows among the candidates [r], how many, rng) -> probabilities [draws, r, c]. Within a call all
# rows share each draw of the weights; the same state of rng gives the same weights.
Draw = Callable[[Int64, int, np.random.Generator], Float32]

_BLOCK = 16_384  # rows at once, where a row needs more than its own few numbers


@dataclass(frozen=True)
class Known:
    """What is known of the v covered scans (`Pool.covered`) under one question."""

    values: Float32  # [v, c], what the head says of them, as `Answer.values`
    targets: Float32  # [v, c], what was read, as in `learner.questions`; NaN is not answered (yet)


@dataclass(frozen=True)
class Answer:
    """What the head of one question says of the m candidates.

    values: probabilities [m, classes] (single: rows sum to 1; multiple: each finding by itself),
    or the predictive standard deviation [m, 1] (number).
    """

    kind: Literal["single", "multiple", "number"]
    values: Float32
    weights: Float32  # [c], sum 1: how much each finding counts (rare ones more)
    committee: Float32 | None = None  # [members, m, c], the same by heads fitted on fewer rows
    draws: Draw | None = None  # from the posterior of the head's weights
    known: Known | None = None

    def __post_init__(self) -> None:
        # A NaN makes the least and the most of them NaN too.
        least, most = self.values.min(initial=0), self.values.max(initial=0)
        if self.values.ndim != 2 or not (np.isfinite(least) and np.isfinite(most)):
            raise ValueError("predictions must be finite and [m, c]")
        if self.weights.shape != (self.values.shape[1],):
            raise ValueError("a weight for every output is needed")
        if least < 0:
            raise ValueError("a negative probability or deviation")
        if self.kind != "number" and most > 1 + 1e-5:
            raise ValueError("a probability above 1")


@dataclass(frozen=True)
class Pool:
    """Everything that can be read next, and what is known about it.

    n scans in all, m candidates (open, unlabelled, in nobody's hand), l labelled ones.
    """

    features: Float32 | Float16  # [n, f], rows of unit length, where distance means unlikeness
    candidates: Int64  # [m] rows of features, none twice
    labelled: Int64  # [l] rows of features
    answers: tuple[Answer, ...] = ()  # one per question; none while there is no head
    clusters: Int64 | None = None  # [n] cluster of every scan, found once for many choices
    pending: Int64 = field(default_factory=lambda: np.zeros(0, dtype=np.int64))  # in a hand now

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or not _all_finite(self.features):
            raise ValueError("features must be finite and [n, f]")
        for rows in (self.candidates, self.labelled, self.pending):
            if len(rows) and not (rows.min() >= 0 and rows.max() < len(self.features)):
                raise ValueError("a row outside the pool")
        seen = np.zeros(len(self.features), dtype=bool)
        seen[self.candidates] = True
        if np.count_nonzero(seen) != len(self.candidates):
            raise ValueError("a candidate is given twice")
        if any(len(answer.values) != len(self.candidates) for answer in self.answers):
            raise ValueError("predictions and candidates differ in number")

    @property
    def covered(self) -> Int64:
        """Rows that are read or about to be: what else is chosen should be unlike them."""
        return np.concatenate([self.labelled, self.pending])

    def vectors(self, rows: Int64) -> Float32:
        """The features of these rows, in float32 whatever they are kept in, [r] -> [r, f]."""
        return np.asarray(self.features[rows], dtype=np.float32)


@dataclass(frozen=True)
class Chosen:
    """The choice, the scan to read first in front."""

    indices: Int64  # [b] rows of features, all of them candidates, none twice
    scores: Float32  # [b] what the strategy valued each at; comparable within one choice only
    # [b] how probable it was that the strategy's own draw put this one in front; None where
    # the strategy leaves that to no chance, or to one that cannot be told.
    propensity: Float32 | None = None


Strategy = Callable[[Pool, int, np.random.Generator], Chosen]


def blocks(count: int, size: int = _BLOCK) -> Iterator[slice]:
    """Slices that cut `count` rows into blocks, so that no work array is as long as the pool."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def answers_to(
    pool: Pool, strategy: str, asked: Literal["any", "choice", "number"]
) -> list[Answer]:
    """The answers a strategy can use; ValueError where there is none."""
    found = [one for one in pool.answers if one.kind in KINDS[asked]]
    if not found:
        what = "" if asked == "any" else f" of a {asked}"
        raise ValueError(f"{strategy} needs a fitted head{what}")
    return found


def first_by_score(pool: Pool, scores: Float32, batch: int) -> Chosen:
    """The `batch` candidates of highest score [m], in falling order; ties in pool order."""
    order = top_rows(scores, batch)
    return Chosen(pool.candidates[order], scores[order].astype(np.float32))


def top_rows(scores: Float32, count: int) -> Int64:
    """Rows of the `count` largest scores [m], in falling order; ties in order. No full sort."""
    rows = np.arange(len(scores))
    if count < len(scores):
        least = np.partition(scores, len(scores) - count)[len(scores) - count]
        above = np.flatnonzero(scores > least)
        level = np.flatnonzero(scores == least)[: count - len(above)]
        rows = np.sort(np.concatenate([above, level]))
    return np.asarray(rows[np.argsort(-scores[rows], kind="stable")], dtype=np.int64)


def sample_rows(count: int, most: int, rng: np.random.Generator) -> Int64:
    """At most `most` of `count` rows, drawn without replacement, in random order."""
    return np.asarray(rng.choice(count, min(most, count), replace=False), dtype=np.int64)


def _all_finite(features: Float32 | Float16) -> bool:
    if features.dtype == np.float16:  # infinite and NaN have every bit of the exponent set
        bits = features.view(np.uint16)
        return not any(((bits[at] & 0x7C00) == 0x7C00).any() for at in blocks(len(bits), 65_536))
    return all(np.isfinite(features[at]).all() for at in blocks(len(features), 65_536))
