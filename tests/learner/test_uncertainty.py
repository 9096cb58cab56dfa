"""Measures of uncertainty, and how questions and findings count in their sum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.strategies.pool import Answer, Pool
from learner.strategies.uncertainty import (
    answer_uncertainty,
    entropy,
    least_confidence,
    pool_uncertainty,
    small_margin,
)

ONES = np.ones(1, np.float32)
HALVES = np.full(2, 0.5, np.float32)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [(least_confidence, [0.6, 1.0, 0.0]), (small_margin, [0.7, 1.0, 0.0])],
)
def test_measures_have_known_values(measure: object, expected: list[float]) -> None:
    p = np.array([[0.6, 0.3, 0.1], [1 / 3] * 3, [1, 0, 0]], np.float32)
    assert callable(measure)
    np.testing.assert_allclose(measure(p), expected, atol=1e-6)


def test_entropy_is_one_where_nothing_is_known() -> None:
    p = np.array([[0.25] * 4, [1, 0, 0, 0], [0.5, 0.5, 0, 0]], np.float32)
    np.testing.assert_allclose(entropy(p), [1, 0, 0.5], atol=1e-6)


@given(st.integers(0, 10**6), st.integers(2, 6))
@settings(max_examples=40)
def test_every_measure_lies_between_nothing_and_one(seed: int, classes: int) -> None:
    p = np.random.default_rng(seed).dirichlet(np.ones(classes), 50).astype(np.float32)
    for measure in (least_confidence, small_margin, entropy):
        assert measure(p).min() >= -1e-6
        assert measure(p).max() <= 1 + 1e-6
        shuffled = measure(p[:, ::-1].copy())
        np.testing.assert_allclose(measure(p), shuffled, atol=1e-5)


def test_a_rare_finding_counts_more() -> None:
    p = np.array([[0.5, 1.0], [0.0, 0.5]], np.float32)
    answer = Answer("multiple", p, np.array([0.2, 0.8], np.float32))
    np.testing.assert_allclose(answer_uncertainty(answer, entropy), [0.2, 0.8], atol=1e-6)


def test_questions_count_alike() -> None:
    single = Answer("single", np.array([[0.5, 0.5], [1, 0]], np.float32), HALVES)
    number = Answer("number", np.array([[1.0], [4.0]], np.float32), ONES)
    pool = Pool(np.eye(2, dtype=np.float32), np.arange(2), np.arange(0), (single, number))
    np.testing.assert_allclose(pool_uncertainty(pool, small_margin), [0.625, 0.5])
