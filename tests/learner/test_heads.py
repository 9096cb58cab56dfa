"""Heads: what they minimise, what they ignore, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from learner.heads import (
    BIAS_PENALTY,
    Float32,
    Linear,
    fit_ridge,
    fit_sigmoid,
    fit_softmax,
    sigmoid,
    softmax,
)
from learner.questions import Question


def sample(seed: int, n: int, d: int = 6, c: int = 3) -> tuple[Float32, Float32]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)).astype(np.float32)
    Y = np.eye(c, dtype=np.float32)[rng.integers(0, c, n)]
    return X, Y


@given(seed=st.integers(0, 10**6), penalty=st.floats(0.1, 10))
@settings(max_examples=25)
def test_the_gradient_of_the_softmax_head_vanishes_at_the_fit(seed: int, penalty: float) -> None:
    X, Y = sample(seed, 40)
    head = fit_softmax(X, Y, penalty=penalty)
    error = softmax(head.logits(X)) - Y
    assert np.abs(X.T @ error + penalty * head.weights).max() < 0.02
    assert np.abs(error.sum(axis=0) + BIAS_PENALTY * head.bias).max() < 0.02


def test_two_classes_agree_with_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 5)).astype(np.float32)
    y = (X[:, 0] + 0.5 * rng.normal(size=200) > 0).astype(int)
    ours = fit_softmax(X, np.eye(2, dtype=np.float32)[y], penalty=1.0)
    # Two weight vectors share the penalty: theirs, on the difference, is half of it.
    theirs = LogisticRegression(C=2.0, tol=1e-8).fit(X, y)
    np.testing.assert_allclose(softmax(ours.logits(X)), theirs.predict_proba(X), atol=5e-3)


def test_a_warm_start_ends_where_a_cold_one_does() -> None:
    X, Y = sample(2, 120)
    warm = fit_softmax(X, Y, penalty=1.0, start=fit_softmax(X[:100], Y[:100], penalty=1.0))
    cold = fit_softmax(X, Y, penalty=1.0)
    np.testing.assert_allclose(warm.logits(X), cold.logits(X), atol=0.01)


def test_unanswered_rows_change_nothing() -> None:
    X, Y = sample(3, 50)
    holes = Y.copy()
    holes[40:] = np.nan
    with_holes = fit_softmax(X, holes, penalty=1.0)
    without = fit_softmax(X[:40], Y[:40], penalty=1.0)
    np.testing.assert_allclose(with_holes.weights, without.weights, atol=1e-5)


def test_each_finding_is_fitted_on_the_rows_where_it_was_answered() -> None:
    rng = np.random.default_rng(4)
    X = rng.normal(size=(80, 4)).astype(np.float32)
    Y = (rng.random((80, 2)) < 0.4).astype(np.float32)
    Y[50:, 1] = np.nan
    both = fit_sigmoid(X, Y, penalty=1.0)
    alone = fit_sigmoid(X[:50], Y[:50, 1:], penalty=1.0)
    np.testing.assert_allclose(both.logits(X)[:, 1], alone.logits(X)[:, 0], atol=0.01)
    error = expit(both.logits(X)[:, 0]) - Y[:, 0]
    assert np.abs(X.T @ error + both.weights[:, 0]).max() < 0.02


def test_one_class_alone_stays_finite_and_likely() -> None:
    X, _ = sample(5, 12)
    Y = np.tile(np.array([[1, 0, 0]], dtype=np.float32), (12, 1))
    p = softmax(fit_softmax(X, Y, penalty=1.0).logits(X))
    assert np.isfinite(p).all()
    assert (p[:, 0] > 0.9).all()


def test_balance_gives_the_rare_class_its_weight() -> None:
    X = np.zeros((100, 2), dtype=np.float32)
    Y = np.eye(2, dtype=np.float32)[np.r_[np.zeros(90, int), np.ones(10, int)]]
    as_it_comes = softmax(fit_softmax(X, Y, penalty=1.0).logits(X[:1]))
    balanced = softmax(fit_softmax(X, Y, penalty=1.0, balance=1.0).logits(X[:1]))
    np.testing.assert_allclose(as_it_comes, [[0.9, 0.1]], atol=2e-3)
    np.testing.assert_allclose(balanced, [[0.5, 0.5]], atol=2e-3)
    findings = fit_sigmoid(X, Y[:, 1:], penalty=1.0, balance=1.0)
    np.testing.assert_allclose(sigmoid(findings.logits(X[:1])), [[0.5]], atol=2e-3)


def test_ridge_is_the_closed_form_with_a_free_intercept() -> None:
    X = np.array([[0.0], [1.0], [2.0], [3.0]], dtype=np.float32)
    y = np.array([1.0, 3.0, 5.0, 7.0], dtype=np.float32)
    head = fit_ridge(X, y, penalty=5.0)
    # sum (x - 1.5)(y - 4) = 10, sum (x - 1.5)^2 = 5: the slope is 10 / (5 + 5).
    np.testing.assert_allclose(head.weights, [1.0], rtol=1e-5)
    np.testing.assert_allclose(head.linear.logits(X)[:, 0], [2.5, 3.5, 4.5, 5.5], rtol=1e-5)


def test_ridge_knows_its_leave_one_out_error() -> None:
    rng = np.random.default_rng(6)
    X = rng.normal(size=(30, 4)).astype(np.float32)
    y = (X[:, 0] + rng.normal(size=30)).astype(np.float32)
    off = []
    for i in range(30):
        keep = np.arange(30) != i
        off.append(y[i] - fit_ridge(X[keep], y[keep], penalty=2.0).linear.logits(X[i])[0])
    assert fit_ridge(X, y, penalty=2.0).noise == pytest.approx(
        np.sqrt(np.mean(np.square(off))), 0.02
    )


def test_ridge_knows_its_error_on_other_patients() -> None:
    rng = np.random.default_rng(6)
    patients = np.repeat(np.arange(12), [1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 5])
    own = rng.normal(size=(12, 5)).astype(np.float32)[patients]
    X = own[:, :4] + np.float32(0.1) * rng.normal(size=(30, 4)).astype(np.float32)
    y = X[:, 0] + own[:, 4]
    off = []
    for patient in range(12):
        out = patients == patient
        head = fit_ridge(X[~out], y[~out], penalty=2.0)
        off += (y[out] - head.linear.logits(X[out])[:, 0]).tolist()
    noise = fit_ridge(X, y, penalty=2.0, patients=patients).noise
    assert noise == pytest.approx(np.sqrt(np.mean(np.square(off))), 0.02)
    assert noise > 1.1 * fit_ridge(X, y, penalty=2.0).noise
    one = fit_ridge(X, y, penalty=2.0, patients=np.zeros(30, dtype=np.int64))
    assert one.noise == fit_ridge(X, y, penalty=2.0).noise


def test_a_number_is_less_sure_far_from_its_labels() -> None:
    X = np.random.default_rng(7).normal(size=(30, 2)).astype(np.float32)
    head = fit_ridge(X, X[:, 0] + np.float32(0.1) * X[:, 1] ** 2, penalty=1.0)
    whitened = head.whitening.logits(np.array([[0, 0], [50, 50]], dtype=np.float32))
    near, far = head.deviation_of((whitened**2).sum(axis=1))
    assert far > 3 * near > 0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_features_raise(bad: float) -> None:
    X, Y = sample(8, 10)
    X[3, 1] = bad
    for fit in (fit_softmax, fit_sigmoid):
        with pytest.raises(ValueError, match="NaN or infinity"):
            fit(X, Y, penalty=1.0)
    with pytest.raises(ValueError, match="NaN or infinity"):
        fit_ridge(X, Y[:, 0], penalty=1.0)


def test_a_penalty_of_nothing_is_refused() -> None:
    X, Y = sample(9, 10)
    with pytest.raises(ValueError, match="penalty"):
        fit_softmax(X, Y, penalty=0.0)
    with pytest.raises(ValueError, match="penalty"):
        fit_ridge(X, Y[:, 0], penalty=0.0)


def test_one_answer_is_too_few_for_a_number() -> None:
    with pytest.raises(ValueError, match="two answers"):
        fit_ridge(np.ones((2, 3), np.float32), np.array([1, np.nan], np.float32), penalty=1.0)


def test_logits_are_affine() -> None:
    head = Linear(np.array([[2.0], [0.5]], np.float32), np.array([1.0], np.float32))
    assert head.logits(np.array([[1, 2]], np.float32)).tolist() == [[4.0]]


def test_probabilities_are_probabilities() -> None:
    logits = np.array([[1000, 0, -1000], [0, 0, 0]], np.float32)
    expected = np.array([[3, 0, 0], [1, 1, 1]], np.float32) / 3
    np.testing.assert_allclose(softmax(logits), expected, atol=1e-6)
    np.testing.assert_allclose(sigmoid(logits), [[1, 0.5, 0], [0.5, 0.5, 0.5]], atol=1e-6)


def test_a_question_refuses_what_cannot_be_an_answer() -> None:
    sex = Question("sex", "single", ("f", "m"))
    assert sex.outputs == 2
    assert Question("age", "number").outputs == 1
    assert sex.check_targets(np.array([[1, 0], [np.nan, np.nan]])).dtype == np.float32
    for bad in ([[1, 1]], [[0, 0]], [[1, np.nan]], [[0.5, 0.5]], [[np.inf, 0]], [[1, 0, 0]]):
        with pytest.raises(ValueError, match="sex"):
            sex.check_targets(np.array(bad))
    with pytest.raises(ValueError, match="classes"):
        Question("sex", "single", ("f",))
    with pytest.raises(ValueError, match="twice"):
        Question("sex", "single", ("f", "f"))
    with pytest.raises(ValueError, match="one of"):
        Question("sex", "text", ())  # type: ignore[arg-type]
