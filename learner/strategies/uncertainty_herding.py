"""Uncertainty herding (Bae et al. 2025, "Uncertainty Herding: One Active Learning Method for All
Label Budgets").

x* = argmax_x sum_r U(r) max(0, k(x, r) - max_{l labelled} k(l, r)), greedily: cover what the
model is unsure of. The Gaussian kernel's width is the typical distance between a labelled scan
and its nearest labelled neighbour: wide with few labels (coverage), narrow with many, where the
choice becomes that of uncertainty sampling.

The paper leaves the kernel's space open. Here scans are apart by what they look like and by what
the model says of them: the squared distance of their directions, and `OPINION` squared times that
of the roots of their probabilities (twice the squared Hellinger distance). A label covers its like
as far as they are held to be the same.
"""

from collections.abc import Sequence

import numpy as np

from learner.strategies.coverage import (
    gaussian,
    greedy_cover,
    labelled_coverage,
    typical_distance,
)
from learner.strategies.distances import squared_distances
from learner.strategies.pool import Answer, Chosen, Float32, Int64, Pool, sample_rows, top_rows
from learner.strategies.uncertainty import pool_uncertainty, small_margin

# What the model says, beside a direction of length 1. docs/decisions/ has what others came to.
OPINION = 1.5
_CANDIDATES = 1000  # the most uncertain; the gain of a sure scan is next to nothing
_OTHERS = 1000  # random scans among the rest, which only have to be covered
_PAIRS_OF = 200  # scans among which the typical distance is found


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy choice among the most uncertain candidates, weighted by uncertainty."""
    uncertainty = pool_uncertainty(pool, small_margin)
    top = top_rows(uncertainty, max(_CANDIDATES, batch))
    others = _others(len(uncertainty), top, rng)
    both = np.concatenate([top, others])
    weights = uncertainty[both]
    if len(others):  # each stands for the scans that were not drawn
        weights[len(top) :] *= (len(uncertainty) - len(top)) / len(others)
    rows = pool.candidates[both]
    reference = np.hstack([pool.vectors(rows), *_said(pool.answers, both)])
    covered = np.hstack([pool.vectors(pool.covered), *_said(pool.answers, None)])
    width = label_spacing(covered, rng) if len(covered) > 1 else 0.0
    if not width:
        width = typical_distance(reference[sample_rows(len(reference), _PAIRS_OF, rng)])
    picked, gains = greedy_cover(
        gaussian(reference[: len(top)], reference, width),
        weights,
        labelled_coverage(reference, covered, width),
        batch,
    )
    return Chosen(rows[picked], gains)


def _others(count: int, top: Int64, rng: np.random.Generator) -> Int64:
    rest = np.ones(count, dtype=bool)
    rest[top] = False
    left = np.flatnonzero(rest)
    return np.asarray(left[sample_rows(len(left), _OTHERS, rng)])


def _said(answers: Sequence[Answer], rows: Int64 | None) -> list[Float32]:
    """What the heads say of these candidates (None: of the covered scans), as points [r, o].

    Of length `OPINION` over all questions of choice; a number's deviation is no opinion.
    """
    choices = [one for one in answers if one.kind != "number"]
    found = []
    for one in choices:
        if one.known is None:
            raise ValueError("uncertainty_herding needs what the model says of the labelled scans")
        p = one.known.values if rows is None else one.values[rows]
        each = p if one.kind == "single" else np.hstack([p, 1 - p]) * np.tile(one.weights, 2)
        found.append(np.sqrt(each) * np.float32(OPINION / np.sqrt(len(choices))))
    return found


def label_spacing(labelled: Float32, rng: np.random.Generator) -> float:
    """Median distance of a labelled scan to the nearest other one, [l, f] with l > 1.

    The paper takes the smallest distance; one near-duplicate pair would then switch coverage off.
    """
    asked = sample_rows(len(labelled), 500, rng)
    apart = squared_distances(labelled[asked], labelled)
    apart[np.arange(len(asked)), asked] = np.inf
    return float(np.sqrt(np.median(apart.min(axis=1))))
