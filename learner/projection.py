"""Embeddings as principal components: what the heads and the strategies compute with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Embeddings = NDArray[np.floating]  # float16, often memory mapped

DIVERSITY_COMPONENTS = 64  # that distances between scans are taken on
_ROWS = 8192  # read at once, so that a memory-mapped pool is never held whole in float64
_MOST_ROWS = 100_000  # that axes are found from; more of them turn no axis that a head could notice
_LEAST_VARIANCE = 1e-5  # of the largest: components below it are rounding of float16


@dataclass(frozen=True)
class Projection:
    """z = (x - mean) @ matrix: standardised features, turned onto their principal axes.

    Turning changes no L2-penalised head; it makes the features uncorrelated, which is what lets
    the heads converge in a few steps. Rows have a mean square length of 1.
    """

    mean: Float32  # [d]
    matrix: Float32  # [d, k], columns by falling variance

    def apply(self, embeddings: Embeddings) -> Float32:
        """[n, d] -> [n, k]; ValueError when an embedding holds NaN or infinity."""
        found = np.empty((len(embeddings), self.matrix.shape[1]), dtype=np.float32)
        for start in range(0, len(embeddings), _ROWS):
            block = np.asarray(embeddings[start : start + _ROWS], dtype=np.float32)
            found[start : start + _ROWS] = (block - self.mean) @ self.matrix
        if not np.isfinite(found).all():
            raise ValueError("embeddings hold NaN or infinity")
        return found

    def directions(
        self, embeddings: Embeddings, count: int, dtype: type[np.floating] = np.float32
    ) -> NDArray[np.floating]:
        """The leading `count` components of each row, at unit length, [n, d] -> [n, count]."""
        leading = Projection(self.mean, self.matrix[:, :count])
        found = np.empty((len(embeddings), leading.matrix.shape[1]), dtype=dtype)
        for start in range(0, len(embeddings), _ROWS):
            block = leading.apply(embeddings[start : start + _ROWS])
            length = np.linalg.norm(block, axis=1, keepdims=True)
            found[start : start + _ROWS] = block / np.maximum(length, 1e-6)
        return found


def fit_projection(embeddings: Embeddings) -> Projection:
    """Find mean, scale and axes of [n, d] embeddings, from sums that shards could add up.

    Of a larger pool, those of evenly spread rows.
    """
    embeddings = embeddings[:: -(-len(embeddings) // _MOST_ROWS) or 1]
    n, d = embeddings.shape
    if n == 0:
        raise ValueError("no embeddings")
    total, products = np.zeros(d), np.zeros((d, d))
    origin = np.asarray(embeddings[:_ROWS], dtype=np.float32).mean(axis=0)
    for start in range(0, n, _ROWS):
        block = np.asarray(embeddings[start : start + _ROWS], dtype=np.float32) - origin
        total += block.sum(axis=0, dtype=np.float64)
        products += block.T @ block
    if not np.isfinite(products).all():
        raise ValueError("embeddings hold NaN or infinity")
    shift = total / n
    covariance = products / n - np.outer(shift, shift)
    deviation = np.sqrt(np.maximum(np.diag(covariance), 0))
    varies = deviation > 1e-6
    scale = np.where(varies, 1 / np.where(varies, deviation, 1), 0.0)
    variances, axes = np.linalg.eigh(covariance * np.outer(scale, scale))
    kept = np.flatnonzero(variances > _LEAST_VARIANCE * variances[-1])[::-1]
    width = max(float(np.sqrt(variances[kept].sum())), 1e-6)
    matrix = (scale[:, None] * axes[:, kept] / width).astype(np.float32)
    return Projection((origin + shift).astype(np.float32), matrix)
