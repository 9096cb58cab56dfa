"""MaxHerding: cover the pool as evenly as a few labels can (Bae et al. 2024, "Generalized
Coverage for More Robust Low-Budget Active Learning").

x* = argmax_x E_r max(k(x, r), max_{l labelled} k(l, r)), greedily; k a Gaussian kernel. Needs no
model, so it also serves before the first label.
"""

import numpy as np

from learner.strategies.coverage import (
    gaussian,
    greedy_cover,
    labelled_coverage,
    squared_distances,
)
from learner.strategies.pool import Chosen, Float32, Pool

_CANDIDATES = 1500  # a random part of the pool, so that the kernel matrix stays small
_REFERENCE = 1500


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy choice among a random part of the candidates, covering another random part."""
    m = len(pool.candidates)
    chosen_from = pool.candidates[rng.permutation(m)[: max(_CANDIDATES, batch)]]
    reference = pool.features[pool.candidates[rng.permutation(m)[:_REFERENCE]]]
    width = typical_distance(pool.features, rng)
    rows, gains = greedy_cover(
        gaussian(pool.features[chosen_from], reference, width),
        np.full(len(reference), 1 / max(len(reference), 1), dtype=np.float32),
        labelled_coverage(reference, pool.features[pool.labelled], width),
        batch,
    )
    return Chosen(chosen_from[rows], gains)


def typical_distance(features: Float32, rng: np.random.Generator) -> float:
    """Lower decile of the distances between random pairs of scans: a near, not next, neighbour."""
    sample = features[rng.permutation(len(features))[:200]]
    apart = squared_distances(sample, sample)[np.triu_indices(len(sample), 1)]
    return float(np.sqrt(np.quantile(apart, 0.1))) or 1.0 if len(apart) else 1.0
