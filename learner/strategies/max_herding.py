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
    typical_distance,
)
from learner.strategies.pool import Chosen, Pool, sample_rows

_CANDIDATES = 1500  # a random part of the pool, so that the kernel matrix stays small
_REFERENCE = 1500
_PAIRS_OF = 200  # scans among which the typical distance is found


def select(pool: Pool, batch: int, rng: np.random.Generator) -> Chosen:
    """Greedy choice among a random part of the candidates, covering another random part."""
    m = len(pool.candidates)
    chosen_from = pool.candidates[sample_rows(m, max(_CANDIDATES, batch), rng)]
    reference = pool.vectors(pool.candidates[sample_rows(m, _REFERENCE, rng)])
    width = typical_distance(pool.vectors(sample_rows(len(pool.features), _PAIRS_OF, rng)))
    rows, gains = greedy_cover(
        gaussian(pool.vectors(chosen_from), reference, width),
        np.full(len(reference), 1 / max(len(reference), 1), dtype=np.float32),
        labelled_coverage(reference, pool.vectors(pool.covered), width),
        batch,
    )
    return Chosen(chosen_from[rows], gains)
