"""k-means on the features, for the strategies that spread their choice over clusters."""

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_ROUNDS = 8  # Lloyd's algorithm gains little after; the clusters only serve to spread a choice
_FIT_ROWS = 20_000  # centres are found on a sample of this many rows


def find_clusters(features: Float32, count: int, rng: np.random.Generator) -> Int64:
    """Assign every row to one of at most `count` clusters, [n, f] -> [n].

    Lloyd's k-means from `count` random rows (Lloyd 1982); an emptied cluster keeps its centre.
    """
    n = len(features)
    count = min(count, n)
    if count < 1:
        return np.zeros(n, dtype=np.int64)
    sample = features[rng.permutation(n)[:_FIT_ROWS]]
    centres = sample[:count].copy()
    for _ in range(_ROUNDS):
        nearest = nearest_centre(sample, centres)
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, sample)
        sizes = np.bincount(nearest, minlength=count)[:, None]
        centres = np.where(sizes > 0, sums / np.maximum(sizes, 1), centres).astype(np.float32)
    return nearest_centre(features, centres)


def nearest_centre(features: Float32, centres: Float32) -> Int64:
    """Index of the nearest centre of each row, [n, f] x [k, f] -> [n]."""
    half = 0.5 * (centres * centres).sum(axis=1)
    found = np.empty(len(features), dtype=np.int64)
    for start in range(0, len(features), 8192):  # bounds the [rows, k] matrix
        rows = slice(start, start + 8192)
        found[rows] = (features[rows] @ centres.T - half).argmax(axis=1)
    return found
