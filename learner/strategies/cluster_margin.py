"""Cluster-Margin (Citovsky et al. 2021, "Batch Active Learning at Scale").

Of the candidates of smallest margin, take one from each cluster in turn. The paper finds the
clusters once by agglomeration; here by k-means, which fits any pool. Where the paper goes from
the smallest cluster to the largest, we begin with the cluster of the most uncertain scan: a
ranking is renewed after every label, so what stands first must be worth most.
"""

import numpy as np

from learner.strategies.clusters import find_clusters
from learner.strategies.pool import Chosen, Int64, Pool, top_rows
from learner.strategies.uncertainty import pool_uncertainty, small_margin

_OVERSAMPLING = 10  # k_m / k_t of the paper
SCANS_PER_CLUSTER = 20
MOST_CLUSTERS = 500


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Round robin over the clusters of the most uncertain candidates."""
    uncertainty = pool_uncertainty(pool, small_margin)
    clusters = pool.clusters
    if clusters is None:
        count = min(MOST_CLUSTERS, max(1, len(pool.features) // SCANS_PER_CLUSTER))
        clusters = find_clusters(pool.features, count, rng)
    order = top_rows(uncertainty, batch * _OVERSAMPLING)
    turns = turn_in_cluster(clusters[pool.candidates[order]])
    chosen = order[np.argsort(turns, kind="stable")[:batch]]
    return Chosen(pool.candidates[chosen], uncertainty[chosen])


def turn_in_cluster(clusters: Int64) -> Int64:
    """How many before it are of the same cluster, [m] -> [m]: its turn in the round robin."""
    by_cluster = np.argsort(clusters, kind="stable")
    ordered = clusters[by_cluster]
    first = np.searchsorted(ordered, ordered, side="left")
    turns = np.empty(len(clusters), dtype=np.int64)
    turns[by_cluster] = np.arange(len(clusters)) - first
    return turns
