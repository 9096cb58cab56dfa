"""What a strategy is given, and what it gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


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

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or not np.isfinite(self.values).all():
            raise ValueError("predictions must be finite and [m, c]")
        if self.weights.shape != (self.values.shape[1],):
            raise ValueError("a weight for every output is needed")
        if self.values.size and self.values.min() < 0:
            raise ValueError("a negative probability or deviation")
        if self.kind != "number" and self.values.size and self.values.max() > 1 + 1e-5:
            raise ValueError("a probability above 1")


@dataclass(frozen=True)
class Pool:
    """Everything that can be read next, and what is known about it.

    n scans in all, m candidates (open, unlabelled, in nobody's hand), l labelled ones.
    """

    features: Float32  # [n, f], rows of unit length, where distance means unlikeness
    candidates: Int64  # [m] rows of features, none twice
    labelled: Int64  # [l] rows of features
    answers: tuple[Answer, ...] = ()  # one per question; none while there is no head
    clusters: Int64 | None = None  # [n] cluster of every scan, found once for many choices

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or not np.isfinite(self.features).all():
            raise ValueError("features must be finite and [n, f]")
        for rows in (self.candidates, self.labelled):
            if len(rows) and not (rows.min() >= 0 and rows.max() < len(self.features)):
                raise ValueError("a row outside the pool")
        if len(np.unique(self.candidates)) != len(self.candidates):
            raise ValueError("a candidate is given twice")
        if any(len(answer.values) != len(self.candidates) for answer in self.answers):
            raise ValueError("predictions and candidates differ in number")


@dataclass(frozen=True)
class Chosen:
    """The choice, the scan to read first in front."""

    indices: Int64  # [b] rows of features, all of them candidates, none twice
    scores: Float32  # [b] what the strategy valued each at; comparable within one choice only


Strategy = Callable[[Pool, int, np.random.Generator], Chosen]


def first_by_score(pool: Pool, scores: Float32, batch: int) -> Chosen:
    """The `batch` candidates of highest score [m], in falling order; ties in pool order."""
    order = np.argsort(-scores, kind="stable")[:batch]
    return Chosen(pool.candidates[order], scores[order].astype(np.float32))
