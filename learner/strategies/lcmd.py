"""LCMD: largest cluster, maximum distance, for numbers (Holzmueller et al. 2022, "A Framework and
Benchmark for Deep Batch Active Learning for Regression").

Every scan belongs to the nearest labelled or chosen one; a cluster's size is the sum of its
squared distances. x* = the farthest scan of the largest cluster: as spread out as k-center, but
led by where the pool is, not by outliers. Of a large pool, a random part stands for it.
"""

import numpy as np

from learner.strategies.distances import Points, nearest
from learner.strategies.pool import Chosen, Pool, answers_to, sample_rows

_CANDIDATES = 10_000  # that are compared with every label


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy; a new centre takes the scans that are nearer to it. Scores are distances."""
    answers_to(pool, "lcmd", "number")
    asked = np.sort(sample_rows(len(pool.candidates), max(_CANDIDATES, batch), rng))
    candidates = pool.candidates[asked]
    points = Points.of(pool.vectors(candidates))
    m, labels = len(points.rows), len(pool.covered)
    count = min(batch, m)
    apart, cluster = nearest(points.rows, pool.vectors(pool.covered))
    if not labels:  # one cluster, around the origin
        apart, labels = points.lengths.copy(), 1
    sizes = np.bincount(cluster, apart, minlength=labels + count)
    free = np.ones(m, dtype=bool)
    chosen = np.empty(count, dtype=np.int64)
    scores = np.empty(count, dtype=np.float32)
    for place in range(count):
        # Where only copies of centres are left every size is 0: then whichever is free.
        inside = (cluster == sizes.argmax()) & free
        row = int(np.where(inside if inside.any() else free, apart, -1).argmax())
        chosen[place], scores[place], free[row] = row, np.sqrt(apart[row]), False
        closer = points.apart(row)
        moved = np.flatnonzero(closer < apart)
        sizes -= np.bincount(cluster[moved], apart[moved], minlength=len(sizes))
        cluster[moved], apart[moved] = labels + place, closer[moved]
        sizes[labels + place] = float(apart[moved].sum(dtype=np.float64))
    return Chosen(candidates[chosen], scores)
