"""How much of the pool each labelled scan stands for.

A strategy reads what teaches most, which is not what the pool is like: labels crowd where classes
meet. Weighed by how many scans each is the nearest labelled one of, they are again a fair picture
of the pool, and heads, penalty and temperature are those of the pool (nearest neighbour importance
weighting: Loog 2012, "Nearest neighbor-based importance weighting", IEEE MLSP).
"""

import numpy as np
from numpy.typing import NDArray

from learner.strategies.pool import sample_rows

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_SAMPLE = 20_000  # scans that stand for the pool, which bounds the cost
_LABELS = 256  # compared with the sample at once


class Importance:
    """Which labelled scan is nearest to each of a sample of the pool, kept from label to label."""

    def __init__(self, features: NDArray[np.floating], rng: np.random.Generator) -> None:
        """`features` [n, f]: rows of unit length, where distance means unlikeness."""
        self._features = features
        rows = np.sort(sample_rows(len(features), _SAMPLE, rng))
        self._sample = np.asarray(features[rows], dtype=np.float32)  # [s, f]
        self._labelled: Int64 = np.zeros(0, dtype=np.int64)
        self._nearest = np.zeros(len(rows), dtype=np.int64)  # [s] rows of the features
        self._likeness = np.full(len(rows), -np.inf, dtype=np.float32)  # [s] cosine to them

    def weights(self, labelled: Int64) -> Float32:
        """Of the scans `labelled` [l], none twice: each and the sampled scans it is nearest to,
        counted, over the mean of them all, [l]."""
        if not len(labelled):
            return np.zeros(0, dtype=np.float32)
        if not np.isin(self._labelled, labelled).all():  # a label was taken back
            self._labelled = self._labelled[:0]
            self._likeness.fill(-np.inf)
        new = np.setdiff1d(labelled, self._labelled)
        for start in range(0, len(new), _LABELS):
            self._add(new[start : start + _LABELS])
        self._labelled = np.sort(labelled)
        counts = 1 + np.bincount(
            np.searchsorted(self._labelled, self._nearest), minlength=len(labelled)
        )
        each = counts[np.searchsorted(self._labelled, labelled)]
        return np.asarray(each / each.mean(), dtype=np.float32)

    def _add(self, rows: Int64) -> None:
        likeness = self._sample @ np.asarray(self._features[rows], dtype=np.float32).T
        best = likeness.argmax(axis=1)
        highest = likeness[np.arange(len(best)), best]
        nearer = highest > self._likeness
        self._nearest[nearer] = rows[best[nearer]]
        self._likeness[nearer] = highest[nearer]
