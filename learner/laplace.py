"""Laplace posterior of a linear head's weights: how far its opinion could still turn.

Around the fitted weights the loss is a quadratic, so the weights are normally distributed with the
inverse Hessian as covariance (MacKay 1992). The Hessian of softmax is
sum_i L_i (x) x_i x_i' + penalty I, L_i = w_i (diag(p_i) - p_i p_i') ([c, c]), w_i the weight of
the row's loss; that of sigmoids has L_i = diag(w_i p_i (1 - p_i)). Whole it is [d c, d c] (10,240
squared at d = 512, c = 20), so it is factored (Ritter et al. 2018, "A Scalable Laplace
Approximation for Neural Networks"):

    sum_i L_i (x) x_i x_i'  ~  B (x) A,  A = sum_i tr(L_i) x_i x_i',  B = sum_i L_i / sum_i tr(L_i).

Weighting A by the curvature of each row makes this exact wherever the L_i are multiples of one
matrix: for two classes and for a single finding. A is kept as its eigenvectors of an eigenvalue
above 0, at most one per labelled row; beyond them the posterior is the prior. With few labels they
come from an [l, l] matrix, and nearly nothing is computed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from learner.heads import BIAS_PENALTY, Linear, sigmoid, softmax

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

_LEAST_STRENGTH = 1e-9  # of the largest: below it is rounding


@dataclass(frozen=True)
class Posterior:
    """Weights ~ N(mean, (B (x) A + penalty I)^-1), the bias being the last of the d + 1 rows.

    The bias has a penalty of its own; it is drawn as the weight of a constant feature of height
    `bias_scale`, which makes its penalty the common one.
    """

    mean: Linear
    single: bool  # softmax, else a sigmoid per output
    temperature: Float32  # [1] or [c], by which logits are divided
    basis: Float32  # [d + 1, r], orthonormal columns: the directions the labels speak of
    strengths: Float64  # [r], eigenvalues of A along them
    axes: Float32  # [c, c], eigenvectors of B, in columns
    curvatures: Float64  # [c], its eigenvalues
    penalty: float
    bias_scale: float

    def weights(self, draws: int, rng: np.random.Generator) -> tuple[Float32, Float32]:
        """Draw weights [c, draws, d] and biases [c, draws]."""
        rows, c = self.basis.shape[0], len(self.curvatures)
        Z = rng.standard_normal((c, draws, rows), dtype=np.float32)
        prior = np.float32(self.penalty**-0.5)
        precision = self.curvatures[:, None] * self.strengths + self.penalty  # [c, r]
        shrink = (precision**-0.5).astype(np.float32) - prior
        along = (Z @ self.basis) * shrink[:, None, :]  # [c, draws, r]
        Z *= prior
        Z += along @ self.basis.T
        drawn = np.tensordot(self.axes, Z, axes=1)
        weights = drawn[:, :, :-1] + self.mean.weights.T[:, None, :]
        return weights, drawn[:, :, -1] * np.float32(self.bias_scale) + self.mean.bias[:, None]

    def sample(self, draws: int, rng: np.random.Generator) -> Linear:
        """Draw heads, as one of c * draws outputs: those of class 0 first; temperature included."""
        weights, biases = self.weights(draws, rng)
        temperature = np.broadcast_to(self.temperature, len(biases))[:, None]
        flat = (weights / temperature[:, None]).reshape(biases.size, -1)
        return Linear(np.ascontiguousarray(flat.T), (biases / temperature).ravel())

    def probabilities(self, logits: Float32) -> Float32:
        """What drawn heads say, from the logits of `sample`: [n, c * draws] -> [draws, n, c]."""
        classes = len(self.curvatures)
        found = np.ascontiguousarray(logits.T).reshape(classes, -1, len(logits))
        if not self.single:
            return sigmoid(found).transpose(1, 2, 0)
        found -= found.max(axis=0)
        np.exp(found, out=found)
        found /= found.sum(axis=0)
        return found.transpose(1, 2, 0)


def fit_posterior(
    head: Linear,
    X: Float32,
    loss_weights: Float32,
    *,
    single: bool,
    temperature: Float32,
    penalty: float,
) -> Posterior:
    """The posterior of a head fitted to X [l, d] with this penalty.

    `loss_weights` [l, c] are those of the fit: 0 where an output had no target, for softmax the
    same in every column. ValueError: a penalty that is not positive, shapes that differ.
    """
    if penalty <= 0:
        raise ValueError("the penalty must be positive")
    if loss_weights.shape != (len(X), len(head.bias)):
        raise ValueError(f"weights {loss_weights.shape}, not [{len(X)}, {len(head.bias)}]")
    p = (softmax if single else sigmoid)(head.logits(X)).astype(np.float64)
    slopes = p * (1 - p) * loss_weights  # [l, c], the diagonals of L_i
    traces = slopes.sum(axis=1)
    bias_scale = float(np.sqrt(penalty / BIAS_PENALTY))
    root = np.hstack([X, np.full((len(X), 1), bias_scale, dtype=np.float32)])
    root *= np.sqrt(traces)[:, None].astype(np.float32)
    strengths, basis = _directions(root.astype(np.float64))
    curvature = _curvature(p, loss_weights, single=single)
    curvatures, axes = np.linalg.eigh(curvature / max(float(traces.sum()), 1e-12))
    return Posterior(
        mean=head,
        single=single,
        temperature=temperature,
        basis=basis.astype(np.float32),
        strengths=strengths,
        axes=axes.astype(np.float32),
        curvatures=np.maximum(curvatures, 0),
        penalty=penalty,
        bias_scale=bias_scale,
    )


def _curvature(p: Float64, loss_weights: Float32, *, single: bool) -> Float64:
    """B [c, c], the sum of the L_i, from probabilities and loss weights [l, c]."""
    if not single:
        return np.diag((p * (1 - p) * loss_weights).sum(axis=0))
    weighted = p * loss_weights
    return np.asarray(np.diag(weighted.sum(axis=0)) - weighted.T @ p)


def _directions(root: Float64) -> tuple[Float64, Float64]:
    """Eigenvalues [r] above 0 and eigenvectors [d, r] of root' root, root [l, d]."""
    wide = root.shape[0] < root.shape[1]
    values, vectors = np.linalg.eigh(root @ root.T if wide else root.T @ root)
    kept = values > _LEAST_STRENGTH * max(float(values.max(initial=0)), 1e-12)
    values, vectors = values[kept], vectors[:, kept]
    return values, (root.T @ vectors) / np.sqrt(values) if wide else vectors
