"""Greedy kernel coverage, shared by the herding strategies and ProbCover."""

import heapq

import numpy as np
from numpy.typing import NDArray

from learner.strategies.distances import squared_distances
from learner.strategies.pool import blocks

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def gaussian(A: Float32, B: Float32, width: float) -> Float32:
    """k(a, b) = exp(-|a - b|^2 / width^2), [a, f] x [b, f] -> [a, b]."""
    found = squared_distances(A, B)
    found *= np.float32(-1 / width**2)
    np.exp(found, out=found)
    return found


def greedy_cover(
    kernel: Float32, weights: Float32, covered: Float32, batch: int
) -> tuple[Int64, Float32]:
    """Pick rows that cover the most weight: argmax_x sum_r w_r max(0, k(x, r) - covered_r).

    kernel [m, r] of candidates and reference points, weights [r] >= 0, covered [r] by what is
    labelled already. Returns rows [b] and the gain of each [b], which never grows.

    The gain is submodular, so a gain computed earlier is an upper bound now: only the candidate
    on top of the heap is computed anew (lazy greedy, Minoux 1978). Same choice as the full loop.
    """
    covered = covered.copy()
    gains = np.concatenate(
        [np.maximum(kernel[at] - covered, 0) @ weights for at in blocks(len(kernel), 64)]
        or [np.zeros(0, dtype=np.float32)]
    )
    heap = [(-gain, row) for row, gain in enumerate(gains.tolist())]
    heapq.heapify(heap)
    rows: list[int] = []
    found: list[float] = []
    while heap and len(rows) < batch:
        _, row = heap[0]
        gain = float(np.maximum(kernel[row] - covered, 0) @ weights)
        heapq.heapreplace(heap, (-gain, row))
        if heap[0][1] != row:
            continue
        heapq.heappop(heap)
        rows.append(row)
        found.append(gain)
        np.maximum(covered, kernel[row], out=covered)
    return np.array(rows, dtype=np.int64), np.array(found, dtype=np.float32)


def labelled_coverage(reference: Float32, labelled: Float32, width: float) -> Float32:
    """max_l k(r, l) for each reference point, [r, f] x [l, f] -> [r]; 0 without labels."""
    if not len(labelled):
        return np.zeros(len(reference), dtype=np.float32)
    return np.asarray(gaussian(reference, labelled, width).max(axis=1))


def typical_distance(features: Float32) -> float:
    """Lower decile of the distances between the rows, [r, f]: a near, not the next, neighbour."""
    apart = squared_distances(features, features)[np.triu_indices(len(features), 1)]
    return float(np.sqrt(np.quantile(apart, 0.1))) or 1.0 if len(apart) else 1.0
