"""ProbCover (Yehuda et al. 2022, "Active Learning Through a Covering Lens").

Every scan covers the ball of a radius around it; x* = the one that covers most of what no labelled
scan covers, greedily. The radius is the largest at which balls are pure, that is, hold one class,
with clusters in the place of the classes nobody knows yet. Needs no model.
"""

import numpy as np

from learner.strategies.clusters import find_clusters
from learner.strategies.coverage import greedy_cover
from learner.strategies.distances import nearest_distance, squared_distances
from learner.strategies.pool import Chosen, Float32, Pool, sample_rows

_CANDIDATES = 1500  # a random part of the pool, so that the matrix stays small
_PURITY = 0.95  # as in the paper
_CLUSTERS = 10  # kinds of pictures to be told apart


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy choice among a random part of the candidates, which is also what is to be covered."""
    part = sample_rows(len(pool.candidates), max(_CANDIDATES, batch), rng)
    rows = pool.candidates[part]
    X = pool.vectors(rows)
    radius = pure_radius(X, rng)
    inside = squared_distances(X, X) <= radius
    covered = nearest_distance(X, pool.vectors(pool.covered)) <= radius
    picked, gains = greedy_cover(
        inside.astype(np.float32),
        np.full(len(X), 1 / max(len(X), 1), dtype=np.float32),
        covered.astype(np.float32),
        batch,
    )
    return Chosen(rows[picked], gains)


def pure_radius(X: Float32, rng: np.random.Generator) -> float:
    """Squared radius at which the share of balls that hold one cluster alone is _PURITY, [m, f].

    A ball is pure up to the distance of its centre to the nearest scan of another cluster, so the
    radius is a low quantile of those distances; with one cluster only, the largest distance.
    """
    clusters = find_clusters(X, _CLUSTERS, rng)
    pure = np.empty(len(X), dtype=np.float32)
    for cluster in np.unique(clusters):
        inside = clusters == cluster
        pure[inside] = nearest_distance(X[inside], X[~inside])
    known = pure[np.isfinite(pure)]
    return float(np.quantile(known, 1 - _PURITY)) if len(known) else np.inf
