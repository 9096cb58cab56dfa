"""TypiClust (Hacohen et al. 2022, "Active Learning on a Budget: Opposite Strategies Suit High and
Low Budgets").

Cluster the pool into as many clusters as there will be labels; from the largest clusters without
a label take the most typical scan: typicality = 1 / mean distance to its nearest neighbours.
Needs no model.
"""

import heapq
from collections.abc import Iterator

import numpy as np

from learner.strategies.clusters import find_clusters
from learner.strategies.distances import squared_distances
from learner.strategies.pool import Chosen, Float32, Int64, Pool, sample_rows

_NEIGHBOURS = 20
_MOST_CLUSTERS = 500  # as in the paper
_MOST_MEMBERS = 1000  # a larger cluster is judged by a random part of it


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """The most typical candidate of each cluster, those with fewest labels and most scans first."""
    count = max(1, min(_MOST_CLUSTERS, len(pool.covered) + batch))
    clusters = find_clusters(pool.features, count, rng)
    labels = np.bincount(clusters[pool.covered], minlength=count)
    of_candidates = clusters[pool.candidates]
    sizes = np.bincount(of_candidates, minlength=count)
    # A chosen scan counts as a label: the second of a cluster comes after the first of others.
    waiting = [(int(labels[k]), -int(sizes[k]), int(k)) for k in np.flatnonzero(sizes)]
    heapq.heapify(waiting)
    members: dict[int, Iterator[tuple[int, float]]] = {}
    taken: list[tuple[int, float]] = []
    while waiting and len(taken) < batch:
        labelled, size, cluster = heapq.heappop(waiting)
        if cluster not in members:
            inside = pool.candidates[of_candidates == cluster]
            members[cluster] = _most_typical(pool, inside, rng)
        found = next(members[cluster], None)
        if found is not None:
            taken.append(found)
            heapq.heappush(waiting, (labelled + 1, size, cluster))
    rows = np.array([row for row, _ in taken], dtype=np.int64)
    return Chosen(rows, np.array([score for _, score in taken], dtype=np.float32))


def _most_typical(
    pool: Pool, inside: Int64, rng: np.random.Generator
) -> Iterator[tuple[int, float]]:
    judged = inside[sample_rows(len(inside), _MOST_MEMBERS, rng)]
    scores = typicality(pool.vectors(judged))
    order = np.argsort(-scores, kind="stable")
    yield from zip(judged[order].tolist(), scores[order].tolist(), strict=True)


def typicality(X: Float32) -> Float32:
    """1 / mean distance to the nearest neighbours within X, [m, f] -> [m]; alone: 1."""
    if len(X) == 1:
        return np.ones(1, dtype=np.float32)
    neighbours = min(_NEIGHBOURS, len(X) - 1)
    apart = np.sqrt(squared_distances(X, X))
    np.fill_diagonal(apart, np.inf)
    near = np.partition(apart, neighbours - 1, axis=1)[:, :neighbours].mean(axis=1)
    return np.asarray(1 / np.maximum(near, 1e-6), dtype=np.float32)
