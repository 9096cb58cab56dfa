"""Distances between scans, kept and only lowered, for the strategies that spread their choice."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.strategies.pool import blocks

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_CENTRES = 512  # at once: with the blocks of rows it bounds the [rows, centres] matrix
_ROWS = 8192
_IN_CACHE = 2**17  # numbers that stay in a core's cache from one step to the next


def squared_lengths(A: Float32) -> Float32:
    """[a, f] -> [a]."""
    return np.asarray(np.einsum("af,af->a", A, A))


def squared_distances(A: Float32, B: Float32) -> Float32:
    """[a, f] x [b, f] -> [a, b], never negative."""
    found = np.empty((len(A), len(B)), dtype=np.float32)
    of_a, of_b = squared_lengths(A)[:, None], squared_lengths(B)
    for rows in blocks(len(A), max(1, _IN_CACHE // max(len(B), 1))):
        block = found[rows]
        np.matmul(A[rows], B.T, out=block)
        block *= -2
        block += of_a[rows]
        block += of_b
        np.maximum(block, 0, out=block)
    return found


@dataclass(frozen=True)
class Points:
    """Rows and their squared lengths, so that a distance costs one product."""

    rows: Float32  # [m, f]
    lengths: Float32  # [m]

    @classmethod
    def of(cls, rows: Float32) -> "Points":
        """The points of [m, f]."""
        return cls(rows, squared_lengths(rows))

    def apart(self, row: int) -> Float32:
        """Squared distance of every point to one of them, [m]."""
        found = self.rows @ self.rows[row]
        found *= -2
        found += self.lengths
        found += self.lengths[row]
        return np.asarray(np.maximum(found, 0, out=found))


def nearest(X: Float32, centres: Float32) -> tuple[Float32, Int64]:
    """Squared distance of each row to its nearest centre, and which, [m, f] -> [m], [m].

    Infinity and 0 without centres.
    """
    least = np.full(len(X), np.inf, dtype=np.float32)
    which = np.zeros(len(X), dtype=np.int64)
    for rows in blocks(len(X), _ROWS):
        for some in blocks(len(centres), _CENTRES):
            apart = squared_distances(X[rows], centres[some])
            at = apart.argmin(axis=1)
            found = apart[np.arange(len(apart)), at]
            nearer = found < least[rows]
            which[rows][nearer] = at[nearer] + some.start
            np.minimum(least[rows], found, out=least[rows])
    return least, which


def nearest_distance(X: Float32, centres: Float32) -> Float32:
    """Squared distance of each row to its nearest centre, [m, f] -> [m]; inf without centres."""
    return nearest(X, centres)[0]
