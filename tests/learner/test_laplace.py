"""The posterior of a head's weights, against the Hessian written out."""

import numpy as np
import pytest
from numpy.typing import NDArray

from learner.heads import (
    BIAS_PENALTY,
    Linear,
    fit_sigmoid,
    fit_softmax,
    sigmoid,
    sigmoid_weights,
    softmax,
    softmax_weights,
)
from learner.laplace import Posterior, fit_posterior

PENALTY = 0.3
ONE = np.ones(1, dtype=np.float32)
Float32 = NDArray[np.float32]


def rows(l: int = 30, d: int = 4, seed: int = 0) -> Float32:  # noqa: E741
    return np.random.default_rng(seed).normal(size=(l, d)).astype(np.float32)


def classes(x: Float32, c: int) -> Float32:
    return np.asarray(np.eye(c)[(x[:, :c] + 0.3).argmax(axis=1)], dtype=np.float32)


def hessian(x: Float32, blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """sum_i L_i (x) x_i x_i' + penalties, [c (d + 1), c (d + 1)], from L [l, c, c]."""
    wide = np.hstack([x, np.ones((len(x), 1))])
    d, c = wide.shape[1], blocks.shape[1]
    whole = np.einsum("lab,li,lj->aibj", blocks, wide, wide).reshape(c * d, c * d)
    return np.asarray(whole + np.diag(np.tile([PENALTY] * (d - 1) + [BIAS_PENALTY], c)))


def covariance(posterior: Posterior, draws: int = 60_000) -> NDArray[np.float64]:
    weights, biases = posterior.weights(draws, np.random.default_rng(0))
    drawn = np.concatenate([weights, biases[:, :, None]], axis=2).transpose(1, 0, 2)
    return np.cov(drawn.reshape(draws, -1).T)


def drawn_by(posterior: Posterior, x: Float32) -> Float32:
    return posterior.probabilities(posterior.sample(200, np.random.default_rng(0)).logits(x))


@pytest.mark.parametrize(("labels", "balance"), [(3, 0), (30, 0), (30, 1)])
def test_two_classes_have_the_exact_covariance(labels: int, balance: float) -> None:
    X = rows(labels)
    Y = classes(X, 2)
    head, weights = fit_softmax(X, Y, penalty=PENALTY, balance=balance), softmax_weights(Y, balance)
    p = softmax(head.logits(X)).astype(np.float64)
    blocks = np.einsum("lc,cb->lcb", p, np.eye(2)) - np.einsum("la,lb->lab", p, p)
    blocks *= weights[:, :1, None]
    posterior = fit_posterior(head, X, weights, single=True, temperature=ONE, penalty=PENALTY)
    exact = np.linalg.inv(hessian(X, blocks))
    np.testing.assert_allclose(covariance(posterior), exact, atol=0.03 * np.abs(exact).max())


def test_one_finding_has_the_exact_covariance_of_the_rows_that_answered() -> None:
    X = rows()
    Y = classes(X, 2)[:, :1]
    Y[::3] = np.nan
    head = fit_sigmoid(X, Y, penalty=PENALTY)
    asked = ~np.isnan(Y)
    p = sigmoid(head.logits(X)).astype(np.float64)
    posterior = fit_posterior(
        head, X, sigmoid_weights(Y, 0), single=False, temperature=ONE, penalty=PENALTY
    )
    exact = np.linalg.inv(hessian(X, (p * (1 - p) * asked)[:, :, None]))
    np.testing.assert_allclose(covariance(posterior), exact, atol=0.03 * np.abs(exact).max())


def test_the_draws_are_probabilities_around_the_heads_own() -> None:
    X = np.concatenate([rows(3000), 30 * rows(5)])
    head = fit_softmax(X, classes(X, 3), penalty=PENALTY)
    posterior = fit_posterior(
        head, X, np.ones((len(X), 3), np.float32), single=True, temperature=2 * ONE, penalty=PENALTY
    )
    drawn = drawn_by(posterior, X)
    assert drawn.shape == (200, len(X), 3)
    np.testing.assert_allclose(drawn.sum(axis=2), 1, atol=1e-5)
    expected = softmax(head.logits(X) / (2 * ONE))
    np.testing.assert_allclose(drawn.mean(axis=0), expected, atol=0.05)
    alone = drawn_by(posterior, X[7:9])
    np.testing.assert_allclose(alone, drawn[:, 7:9], atol=1e-5)


def test_far_from_every_label_opinions_differ_most() -> None:
    X = rows(200, 6)
    X[:, 5] = 0  # a direction that no label speaks of
    head = fit_softmax(X, classes(X, 3), penalty=PENALTY)
    posterior = fit_posterior(
        head, X, np.ones((200, 3), np.float32), single=True, temperature=ONE, penalty=PENALTY
    )
    new = np.concatenate([np.zeros((1, 6)), 3 * np.eye(6)[5:]]).astype(np.float32)
    drawn = drawn_by(posterior, new)
    near, far = drawn.std(axis=0).mean(axis=1)
    assert far > 3 * near


def test_a_posterior_refuses_what_it_cannot_be_fitted_to() -> None:
    head, X = Linear(np.zeros((4, 2), np.float32), np.zeros(2, np.float32)), rows(5)
    for shape, penalty, message in (((5, 2), 0.0, "positive"), ((5, 3), 1.0, "weights")):
        with pytest.raises(ValueError, match=message):
            fit_posterior(
                head, X, np.ones(shape, np.float32), single=True, temperature=ONE, penalty=penalty
            )
