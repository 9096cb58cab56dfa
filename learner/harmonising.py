"""Embeddings of several sites made comparable: what a scanner adds to every scan is taken out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

UNKNOWN = -1  # the site of a scan that does not say what it was made with
# The mean of so many tasks is off by 0.22 standard deviations by chance, well below LEAST_OFFSET.
LEAST_TASKS = 20
# A spread is known worse than a mean: as if so many more tasks had that of all sites together.
PRIOR_TASKS = 10.0
# In standard deviations inside a site, root mean square over the features. A finding that is common
# at one site and rare at another moves few features far; a scanner moves nearly all of them. Chest
# radiographs: 70 instead of 20 in 100 with pneumonia 0.16, blur 0.46, another gamma 0.8.
LEAST_OFFSET = 0.3
# A feature that hardly varies at a site says nothing of its scanner's gain.
MOST_SCALE = 3.0


@dataclass(frozen=True)
class Harmony:
    """x · scale + shift, for each site of a pool and each feature."""

    places: Int64  # [n], the row of the tables below for each task; the last one changes nothing
    scale: Float32  # [s + 1, d]
    shift: Float32  # [s + 1, d]

    def of(self, rows: Int64) -> "Harmony":
        """The same for these tasks of the pool alone."""
        return replace(self, places=self.places[rows])

    def apply(self, embeddings: NDArray[np.floating], tasks: slice | Int64) -> Float32:
        """What is left of the embeddings [k, d] of these tasks."""
        at = self.places[tasks]
        return np.asarray(embeddings * self.scale[at] + self.shift[at], dtype=np.float32)

    def weights(self, weights: Float32, task: int) -> Float32:
        """Weights [d] on what is left of a task's embedding, as weights on the embedding itself."""
        return np.asarray(weights * self.scale[self.places[task]], dtype=np.float32)


def find_harmony(
    embeddings: Iterable[tuple[slice, NDArray[np.floating]]], sites: Int64
) -> Harmony | None:
    """What makes the sites of a pool alike in mean and spread; None where there is nothing to do.

    `sites` [n] are numbers, UNKNOWN for none; `embeddings` are parts of [n, d] and where they lie,
    read only where two sites or more have LEAST_TASKS. Others are left as they are.

    Location and scale for each feature, drawn towards those of all sites together by n / (n + k) as
    ComBat does by empirical Bayes (Johnson, Li & Rabinovic 2007, doi:10.1093/biostatistics/kxj037),
    k = 1 / offset² being the variance inside a site over that between its features' offsets; and by
    1 - (LEAST_OFFSET / offset)², so that a smaller offset stays.

    No labels are looked at, and so it cannot know why sites differ: where a scanner's offset and a
    finding go together, some of the finding is taken out with it. A scanner that changes only the
    spread of its scans, and not their mean, is left as it is.
    """
    numbers, inverse, counts = np.unique(sites, return_inverse=True, return_counts=True)
    enough = (counts >= LEAST_TASKS) & (numbers != UNKNOWN)
    if enough.sum() < 2:
        return None
    places = np.where(enough, np.cumsum(enough) - 1, -1)[inverse]
    n = counts[enough].astype(np.float64)[:, None]
    means, variances = _moments(embeddings, places, n)
    mean, within = (n * means).sum(axis=0) / n.sum(), (n * variances).sum(axis=0) / n.sum()
    varies = np.maximum(within, 1e-12)
    offset = np.sqrt(((means - mean) ** 2 / varies).mean(axis=1, keepdims=True)).clip(1e-6)
    trust = n / (n + offset**-2) * np.maximum(0, 1 - (LEAST_OFFSET / offset) ** 2)
    if not trust.any():
        return None
    here = mean + trust * (means - mean)
    spread = np.maximum(within + trust * n / (n + PRIOR_TASKS) * (variances - within), 1e-12)
    scale = np.where(trust > 0, np.sqrt(varies / spread).clip(1 / MOST_SCALE, MOST_SCALE), 1.0)
    shift = mean - here * scale
    nothing = np.ones((1, len(mean)))
    return Harmony(
        places,
        np.concatenate([scale, nothing]).astype(np.float32),
        np.concatenate([shift, 0 * nothing]).astype(np.float32),
    )


def _moments(
    embeddings: Iterable[tuple[slice, NDArray[np.floating]]], places: Int64, n: Float64
) -> tuple[Float64, Float64]:
    """Mean and variance of each site's features, [s, d] both, from sums that shards could add."""
    origin = totals = squares = None
    for some, part in embeddings:
        block = np.asarray(part, dtype=np.float32)
        if origin is None or totals is None or squares is None:
            origin = block.mean(axis=0)
            totals, squares = np.zeros((2, len(n), block.shape[1]))
        for place in np.unique(places[some]):
            if place >= 0:
                rows = block[places[some] == place] - origin
                totals[place] += rows.sum(axis=0, dtype=np.float64)
                squares[place] += np.einsum("nd,nd->d", rows, rows)
    assert origin is not None and totals is not None and squares is not None  # noqa: S101
    from_origin = totals / n
    return origin + from_origin, np.maximum(squares / n - from_origin**2, 0)
