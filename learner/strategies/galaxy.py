"""GALAXY for rare findings (Zhang et al. 2022, "GALAXY: Graph-based Active Learning at the
Extreme").

For every class the scans stand in a line by how much the model prefers it to the next best. Where
two labelled neighbours on the line differ (one is of the class, one is not) a cut lies between
them; the scan halfway is read, shortest gaps first, until the cut is found exactly; then the
scans nearest to a cut, which are of both sides, so that a rare class comes up as often as its
opposite. The paper reads one answer at a time; here a batch is chosen before any of its answers,
so both halves of a gap stay open, and every gap is halved once before any is halved again.

The classes take turns, the one with the fewest labels first. While none of a class has been found
its scan is the one most likely to be of it.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.strategies.pool import Answer, Chosen, Float32, Int64, Pool, answers_to, top_rows
from learner.strategies.uncertainty import two_largest


@dataclass(frozen=True)
class Line:
    """One class of one question against all others."""

    candidates: Float32  # [m], margin of the class over the next best
    known: Float32  # [l], the same of the scans whose answer is known
    positive: NDArray[np.bool_]  # [l], whether they are of the class

    @property
    def rarity(self) -> int:
        """How many labels its rarer side has."""
        of_class = int(self.positive.sum())
        return min(of_class, len(self.positive) - of_class)


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Round robin over the classes of the questions of choice.

    The score is 1 / length of the gap that is halved, or the margin while a class is unseen.
    """
    lines = [
        line for answer in answers_to(pool, "galaxy", "choice") for line in class_lines(answer)
    ]
    lines.sort(key=lambda line: line.rarity)
    turns = [queries(line) for line in lines]
    taken: dict[int, float] = {}
    count = min(batch, len(pool.candidates))
    while len(taken) < count:
        for turn in turns:
            new = next((query for query in turn if query[0] not in taken), None)
            if new is not None and len(taken) < count:
                taken[new[0]] = new[1]
    rows = np.fromiter(taken, dtype=np.int64, count=count)
    scores = np.fromiter(taken.values(), dtype=np.float32, count=count)
    return Chosen(pool.candidates[rows], scores)


def class_lines(answer: Answer) -> list[Line]:
    """The line of every class; of two classes that exclude each other one line serves both."""
    if answer.known is None:
        raise ValueError("galaxy needs the answers of the labelled scans")
    candidates = class_margins(answer.values, answer.kind)
    known, targets = class_margins(answer.known.values, answer.kind), answer.known.targets
    mirrored = answer.kind == "single" and targets.shape[1] == 2
    lines = []
    for k in range(1 if mirrored else targets.shape[1]):
        asked = ~np.isnan(targets[:, k])
        lines.append(Line(candidates[:, k], known[asked, k], targets[asked, k] == 1))
    return lines


def class_margins(p: Float32, kind: str) -> Float32:
    """How much more probable each class is than the likeliest other, [m, c] -> [m, c]."""
    if kind == "multiple":
        return 2 * p - 1
    first, second = two_largest(p)
    return np.asarray(p - np.where(p == first[:, None], second[:, None], first[:, None]))


def queries(line: Line) -> Iterator[tuple[int, float]]:
    """The candidates (row, score) in the order in which this class would have them read."""
    if line.rarity == 0:  # the likeliest of the side that has not been seen
        likely = line.candidates if not line.positive.any() else -line.candidates
        for row in top_rows(likely, len(likely)):
            yield int(row), float(likely[row])
        return
    m = len(line.candidates)
    order = np.argsort(np.concatenate([line.candidates, line.known]), kind="stable")
    labelled = np.flatnonzero(order >= m)
    sides = line.positive[order[labelled] - m]
    cuts = np.flatnonzero(sides[1:] != sides[:-1])
    gaps = np.stack([labelled[cuts], labelled[cuts + 1]], axis=1)
    for place, length in _halvings(gaps):
        yield int(order[place]), 1 / length
    for place, apart in _around(gaps, order < m):
        yield int(order[place]), 1 / (2 * apart)


def _halvings(gaps: Int64) -> Iterator[tuple[int, int]]:
    """The middle of every gap (first, last) [g, 2], then of the halves, ...; with its length."""
    open_ = [(0, last - first, first, last) for first, last in gaps.tolist() if last - first > 1]
    heapq.heapify(open_)
    while open_:
        depth, length, first, last = heapq.heappop(open_)
        middle = (first + last) // 2
        yield middle, length
        for half in ((first, middle), (middle, last)):
            if half[1] - half[0] > 1:
                heapq.heappush(open_, (depth + 1, half[1] - half[0], *half))


def _around(gaps: Int64, unlabelled: NDArray[np.bool_]) -> Iterator[tuple[int, float]]:
    """Every unlabelled place, the nearest to an end of a gap [g, 2] first; with its distance."""
    places = np.flatnonzero(unlabelled)
    ends = np.concatenate([[-np.inf], np.unique(gaps), [np.inf]])
    at = np.searchsorted(ends, places)
    apart = np.minimum(places - ends[at - 1], ends[at] - places)
    for nearest in np.argsort(apart, kind="stable"):
        yield int(places[nearest]), float(apart[nearest])
