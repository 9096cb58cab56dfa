"""Uncertainty herding (Bae et al. 2024, "Uncertainty Herding: One Active Learning Method for All
Label Budgets").

x* = argmax_x sum_r U(r) max(0, k(x, r) - max_{l labelled} k(l, r)), greedily: cover what the
model is unsure of. The Gaussian kernel's width is the typical distance between a labelled scan
and its nearest labelled neighbour: wide with few labels (coverage), narrow with many, where the
choice becomes that of uncertainty sampling.
"""

import numpy as np

from learner.strategies.coverage import (
    gaussian,
    greedy_cover,
    labelled_coverage,
    squared_distances,
)
from learner.strategies.max_herding import typical_distance
from learner.strategies.pool import Chosen, Float32, Pool
from learner.strategies.uncertainty import pool_uncertainty, small_margin

_CANDIDATES = 800  # the most uncertain; the gain of a sure scan is next to nothing
_OTHERS = 800  # random scans among the rest, which only have to be covered


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy choice among the most uncertain candidates, weighted by uncertainty."""
    uncertainty = pool_uncertainty(pool, small_margin)
    order = np.argsort(-uncertainty, kind="stable")
    top = order[: max(_CANDIDATES, batch)]
    rest = order[len(top) :]
    others = rest[rng.permutation(len(rest))[:_OTHERS]]
    weights = uncertainty[np.concatenate([top, others])]
    if len(others):  # each stands for the scans that were not drawn
        weights[len(top) :] *= len(rest) / len(others)
    rows = pool.candidates[np.concatenate([top, others])]
    labelled = pool.features[pool.labelled]
    width = label_spacing(labelled, rng) if len(labelled) > 1 else 0.0
    width = width or typical_distance(pool.features, rng)
    reference = pool.features[rows]
    picked, gains = greedy_cover(
        gaussian(reference[: len(top)], reference, width),
        weights,
        labelled_coverage(reference, labelled, width),
        batch,
    )
    return Chosen(rows[picked], gains)


def label_spacing(labelled: Float32, rng: np.random.Generator) -> float:
    """Median distance of a labelled scan to the nearest other one, [l, f] with l > 1.

    The paper takes the smallest distance; one near-duplicate pair would then switch coverage off.
    """
    asked = rng.permutation(len(labelled))[:500]
    apart = squared_distances(labelled[asked], labelled)
    apart[np.arange(len(asked)), asked] = np.inf
    return float(np.sqrt(np.median(apart.min(axis=1))))
