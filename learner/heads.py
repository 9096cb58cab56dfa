"""Linear heads on cached embeddings, small enough to be refitted after every label.

Shapes: l labelled rows, d features, c outputs. Heads are fitted in float32 products with float64
sums, by L-BFGS preconditioned with the diagonal of the Hessian: on decorrelated features
(`learner.ranker` gives principal components) that is nearly Newton's step, so a warm start needs
a handful of iterations.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve, solve_triangular
from scipy.optimize import minimize
from scipy.special import expit

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

# The intercept is all but free: this trace keeps it finite while only one class has been seen.
BIAS_PENALTY = 0.01
# Curvature of the logistic loss lies between 0 and 1/4; the preconditioner takes a middle value.
CURVATURE = 0.1
_LEAST_LEFT = 1e-3  # of a scan's residual that its own label leaves it


@dataclass(frozen=True)
class Linear:
    """Logits = X @ weights + bias. weights [d, c], bias [c]."""

    weights: Float32
    bias: Float32

    def logits(self, X: Float32) -> Float32:
        """[n, d] -> [n, c]."""
        return X @ self.weights + self.bias


def fit_softmax(
    X: Float32,
    Y: Float32,
    *,
    penalty: float,
    balance: float = 0.0,
    importance: Float32 | None = None,
    start: Linear | None = None,
) -> Linear:
    """Fit a multinomial logistic regression with an L2 penalty.

    Minimises sum_i w_i CE_i + penalty/2 ||W||^2 over X [l, d] and one-hot Y [l, c]; rows with
    NaN are unanswered and are left out. `balance` is the exponent of the inverse class frequency
    in w (0: as it comes, 1: every class weighs the same) and `importance` [l] a factor of it, by
    which a class's frequency is counted too; the weights keep a mean of 1.
    """
    answered = ~np.isnan(Y).any(axis=1)
    X, Y = X[answered], Y[answered]
    _check(X)
    importance = None if importance is None else importance[answered]
    weights = softmax_weights(Y, balance, importance)

    def loss(logits: Float32) -> tuple[float, Float32]:
        # Half of a fit is spent here: one exponential, where log_softmax and its exp are two.
        logits = logits - logits.max(axis=1, keepdims=True)
        p = np.exp(logits)
        total = p.sum(axis=1, keepdims=True)
        p /= total
        log_p = logits - np.log(total)
        value = -float((weights * Y * log_p).sum(dtype=np.float64))
        return value, weights * (p - Y)

    return _minimise(X, weights, loss, penalty=penalty, start=start)


def softmax_weights(Y: Float32, balance: float, importance: Float32 | None = None) -> Float32:
    """w_i of `fit_softmax` for answered rows Y [l, c], the same in every column, [l, c]."""
    each = np.ones(len(Y), dtype=np.float32) if importance is None else importance
    counts = each @ Y
    rarity = np.where(counts > 0, np.maximum(counts, 1e-6) ** -balance, 0.0)
    rows = (each * (Y @ rarity)).astype(np.float32)
    rows /= max(float(rows.mean()), 1e-12) if len(rows) else 1.0
    return np.repeat(rows[:, None], Y.shape[1], axis=1)


def fit_sigmoid(
    X: Float32,
    Y: Float32,
    *,
    penalty: float,
    balance: float = 0.0,
    importance: Float32 | None = None,
    start: Linear | None = None,
) -> Linear:
    """Fit one logistic regression per finding, each on the rows where it was answered.

    X [l, d]; Y [l, c] of 0, 1 or NaN (not answered: no loss, no gradient). `balance` and
    `importance` as in `fit_softmax`, between the positives and the negatives of each finding.
    """
    _check(X)
    T = np.nan_to_num(Y).astype(np.float32)
    W = sigmoid_weights(Y, balance, importance)

    def loss(logits: Float32) -> tuple[float, Float32]:
        value = W * (np.logaddexp(0, logits) - T * logits)
        return float(value.sum(dtype=np.float64)), W * (expit(logits) - T)

    return _minimise(X, W, loss, penalty=penalty, start=start)


def sigmoid_weights(Y: Float32, balance: float, importance: Float32 | None = None) -> Float32:
    """Weights of the loss of `fit_sigmoid`, 0 where Y [l, c] was not answered, [l, c]."""
    asked = ~np.isnan(Y)
    T = np.where(asked, Y, 0)
    n = np.maximum(asked.sum(axis=0), 1)
    each = np.ones(len(Y), dtype=np.float32) if importance is None else importance
    total = each @ asked
    positive, negative = each @ T, each @ (asked - T)
    rarity = [np.maximum(total, 1e-6) / (2 * np.maximum(one, 1e-6)) for one in (positive, negative)]
    W = np.where(T == 1, rarity[0] ** balance, rarity[1] ** balance) * asked * each[:, None]
    return np.asarray(W / np.maximum(W.sum(axis=0) / n, 1e-12), dtype=np.float32)


def _check(X: Float32) -> None:
    if not np.isfinite(X).all():
        raise ValueError("features hold NaN or infinity")


def _minimise(
    X: Float32,
    weights: Float32,
    loss: Callable[[Float32], tuple[float, Float32]],
    *,
    penalty: float,
    start: Linear | None,
) -> Linear:
    """Minimise loss(X @ W + b) + penalty/2 ||W||^2 + BIAS_PENALTY/2 ||b||^2 by L-BFGS.

    `weights` [l, c] are the weights of the loss, for the preconditioner alone. `loss` gives the
    value and its gradient by the logits [l, c].
    """
    if penalty <= 0:
        raise ValueError("the penalty must be positive")
    (n, d), c = X.shape, weights.shape[1]
    # Each variable is scaled by the inverse root of its curvature: u = w / scale.
    curve = CURVATURE * ((X * X).T @ weights) + penalty
    curve_bias = CURVATURE * weights.sum(axis=0, keepdims=True) + BIAS_PENALTY
    scale = 1 / np.sqrt(np.vstack([curve, curve_bias])).astype(np.float64)  # [d + 1, c]
    ridge = np.full((d + 1, 1), penalty)
    ridge[d] = BIAS_PENALTY

    def objective(u: Float64) -> tuple[float, Float64]:
        V = u.reshape(d + 1, c) * scale
        W = V.astype(np.float32)
        value, G = loss(X @ W[:d] + W[d])
        gradient = np.vstack([X.T @ G, G.sum(axis=0, keepdims=True)]) + ridge * V
        value += 0.5 * float((ridge * V * V).sum())
        return value / max(n, 1), (gradient * scale / max(n, 1)).ravel()

    first = np.zeros((d + 1, c))
    if start is not None:
        first = np.vstack([start.weights, start.bias]) / scale
    found = minimize(objective, first.ravel(), jac=True, method="L-BFGS-B", options=_LBFGS)
    solution = (found.x.reshape(d + 1, c) * scale).astype(np.float32)
    if not np.isfinite(solution).all():
        raise FloatingPointError("the head did not converge to finite weights")
    return Linear(solution[:d], solution[d])


_LBFGS = {"maxiter": 200, "maxcor": 10, "ftol": 1e-7, "gtol": 1e-5}


@dataclass(frozen=True)
class Ridge:
    """Bayesian ridge regression of one number: the mean and how far off it may be.

    Posterior of the weights: N(weights, noise^2 A^-1), A = X'X + penalty I (Bishop 2006, 3.3.2).
    """

    weights: Float32  # [d]
    bias: float
    centre: Float32  # [d], mean of the labelled features
    factor: Float32  # [d, d], lower Cholesky factor of A
    noise: float  # standard deviation of the residuals of patients left out
    labels: int

    @property
    def linear(self) -> Linear:
        """The mean as a head of one output."""
        return Linear(self.weights[:, None], np.array([self.bias], dtype=np.float32))

    @property
    def whitening(self) -> Linear:
        """x -> L^-1 (x - centre), whose squared length is x' A^-1 x."""
        inverse = solve_triangular(self.factor, np.eye(len(self.factor)), lower=True)
        weights = inverse.T.astype(np.float32)
        return Linear(weights, -self.centre @ weights)

    def deviation_of(self, squared_lengths: Float32) -> Float32:
        """Predictive standard deviation, noise sqrt(1 + 1/l + x' A^-1 x), [n] -> [n]."""
        spread = 1 + 1 / max(self.labels, 1) + squared_lengths
        return np.asarray(self.noise * np.sqrt(spread), dtype=np.float32)


def fit_ridge(X: Float32, y: Float32, *, penalty: float, patients: Int64 | None = None) -> Ridge:
    """Fit ridge regression of y [l] (NaN: not answered) on X [l, d], in closed form.

    `patients` [l]: the noise is what scans of other patients are missed by. None: other scans.
    """
    answered = ~np.isnan(y)
    patients = (np.arange(len(y)) if patients is None else patients)[answered]
    X, y = X[answered], y[answered].astype(np.float64)
    _check(X)
    if penalty <= 0:
        raise ValueError("the penalty must be positive")
    if len(y) < 2:
        raise ValueError("a number needs two answers before it can be predicted")
    centre, level = X.mean(axis=0), float(y.mean())
    C = X - centre
    A = C.T @ C
    A[np.diag_indices_from(A)] += np.float32(penalty)
    factor = cho_factor(A, lower=True)
    weights = cho_solve(factor, C.T @ (y - level).astype(np.float32))
    lower = np.tril(factor[0])
    half = solve_triangular(lower, C.T, lower=True)
    left_out = _left_out(half, y - level - C @ weights, patients)
    noise = float(np.sqrt(np.mean(left_out**2)))
    return Ridge(
        weights=weights.astype(np.float32),
        bias=level - float(centre @ weights),
        centre=centre.astype(np.float32),
        factor=lower.astype(np.float32),
        noise=noise,
        labels=len(y),
    )


def _left_out(half: Float32, residuals: Float64, patients: Int64) -> Float64:
    """Residuals [l] of heads fitted without the scan's patient, without refitting.

    (I - H_gg)^-1 e_g, H = half' half + 1/l the hat matrix, g the scans of a patient. One patient
    alone is left out scan by scan.
    """
    labels = len(residuals)
    hat = np.minimum(np.einsum("dn,dn->n", half, half) + 1 / labels, 1 - _LEAST_LEFT)
    found = residuals / (1 - hat)
    _, which, scans = np.unique(patients, return_inverse=True, return_counts=True)
    if len(scans) == 1:
        return np.asarray(found, dtype=np.float64)
    for patient in np.flatnonzero(scans > 1):
        g = np.flatnonzero(which == patient)
        H = half[:, g].T @ half[:, g] + 1 / labels
        found[g] = np.linalg.solve((1 + _LEAST_LEFT) * np.eye(len(g)) - H, residuals[g])
    return np.asarray(found, dtype=np.float64)


def softmax(logits: Float32) -> Float32:
    """[n, c] -> [n, c], rows sum to 1."""
    columns = np.ascontiguousarray(logits.T)  # few classes: a pass per class, not per row
    columns = np.exp(columns - columns.max(axis=0))
    columns /= columns.sum(axis=0)
    return np.asarray(columns.T, dtype=np.float32)


def sigmoid(logits: Float32) -> Float32:
    """[n, c] -> [n, c], each in [0, 1]."""
    return np.asarray(expit(logits), dtype=np.float32)
