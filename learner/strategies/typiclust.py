"""TypiClust (Hacohen et al. 2022, "Active Learning on a Budget: Opposite Strategies Suit High and
Low Budgets").

Cluster the pool into as many clusters as there will be labels; from the largest clusters without
a label take the most typical scan: typicality = 1 / mean distance to its nearest neighbours.
Needs no model.
"""

import numpy as np

from learner.strategies.clusters import find_clusters
from learner.strategies.coverage import squared_distances
from learner.strategies.pool import Chosen, Float32, Int64, Pool

_NEIGHBOURS = 20
_MOST_CLUSTERS = 500  # as in the paper
_MOST_MEMBERS = 2000  # a larger cluster is judged by a random part of it


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The most typical candidate of each cluster, those with fewest labels and most scans first."""
    count = min(_MOST_CLUSTERS, len(pool.labelled) + batch)
    clusters = find_clusters(pool.features, max(count, 1), rng)
    labels = np.bincount(clusters[pool.labelled], minlength=count)
    of_candidates = clusters[pool.candidates]
    sizes = np.bincount(of_candidates, minlength=count)
    ranked: list[tuple[int, int, float, int]] = []
    for cluster in np.flatnonzero(sizes):
        members = rng.permutation(pool.candidates[of_candidates == cluster])[:_MOST_MEMBERS]
        scores = typicality(pool.features[members])
        # The second of a cluster comes after the first of every cluster, as if it were labelled.
        for turn, at in enumerate(np.argsort(-scores, kind="stable")[:batch]):
            place = (int(labels[cluster]) + turn, -int(sizes[cluster]))
            ranked.append((*place, float(scores[at]), int(members[at])))
    ranked.sort(key=lambda entry: entry[:2])
    return _chosen(ranked[:batch])


def _chosen(ranked: list[tuple[int, int, float, int]]) -> Chosen:
    indices: Int64 = np.array([entry[3] for entry in ranked], dtype=np.int64)
    return Chosen(indices, np.array([entry[2] for entry in ranked], dtype=np.float32))


def typicality(X: Float32) -> Float32:
    """1 / mean distance to the nearest neighbours within X, [m, f] -> [m]; alone: 1."""
    if len(X) == 1:
        return np.ones(1, dtype=np.float32)
    neighbours = min(_NEIGHBOURS, len(X) - 1)
    apart = np.sqrt(squared_distances(X, X))
    np.fill_diagonal(apart, np.inf)
    near = np.partition(apart, neighbours - 1, axis=1)[:, :neighbours].mean(axis=1)
    return np.asarray(1 / np.maximum(near, 1e-6), dtype=np.float32)
