"""k-means on the features, for the strategies that spread their choice over clusters."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from learner.strategies.pool import Float16, blocks, sample_rows

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_ROUNDS = 8  # Lloyd's algorithm gains little after; the clusters only serve to spread a choice
_FIT_ROWS = 20_000  # centres are found on a sample of this many rows


def find_clusters(features: Float32 | Float16, count: int, rng: np.random.Generator) -> Int64:
    """Assign every row to one of at most `count` clusters, [n, f] -> [n].

    Lloyd's k-means from `count` random rows (Lloyd 1982); an emptied cluster keeps its centre.
    """
    n = len(features)
    count = min(count, n)
    if count < 1:
        return np.zeros(n, dtype=np.int64)
    sample = np.asarray(features[sample_rows(n, _FIT_ROWS, rng)], dtype=np.float32)
    centres = sample[:count].copy()
    for _ in range(_ROUNDS):
        found = nearest_centre(sample, centres)
        # Row r of this matrix holds a 1 in the column of its cluster: sums are one product.
        member = csr_array(
            (np.ones(len(sample), dtype=np.float32), found, np.arange(len(sample) + 1)),
            shape=(len(sample), count),
        )
        sizes = np.bincount(found, minlength=count)[:, None]
        moved = (member.T @ sample) / np.maximum(sizes, 1)
        centres = np.where(sizes > 0, moved, centres).astype(np.float32)
    return nearest_centre(features, centres)


def nearest_centre(features: Float32 | Float16, centres: Float32) -> Int64:
    """Index of the nearest centre of each row, [n, f] x [k, f] -> [n]."""
    half = 0.5 * (centres * centres).sum(axis=1)
    found = np.empty(len(features), dtype=np.int64)
    for rows in blocks(len(features), 8192):  # bounds the [rows, k] matrix
        block = np.asarray(features[rows], dtype=np.float32)
        found[rows] = (block @ centres.T - half).argmax(axis=1)
    return found
