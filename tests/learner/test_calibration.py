"""Temperatures and the folds they come from."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax

from learner.calibration import grouped_folds, sigmoid_temperatures, softmax_temperature


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(true_temperature: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3)).astype(np.float32) * 2
    p = softmax(logits / true_temperature, axis=1)
    y = (rng.random((len(p), 1)) > p.cumsum(axis=1)[:, :-1]).sum(axis=1)
    found = softmax_temperature(logits, np.eye(3, dtype=np.float32)[y])
    assert found == pytest.approx(true_temperature, rel=0.05)


def test_each_finding_has_its_own_temperature() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(20_000, 2)).astype(np.float32) * 2
    Y = (rng.random(logits.shape) < expit(logits / np.array([1, 4]))).astype(np.float32)
    Y[::3, 0] = np.nan
    np.testing.assert_allclose(sigmoid_temperatures(logits, Y), [1, 4], rtol=0.1)


def test_without_labels_the_logits_are_trusted_as_they_are() -> None:
    assert softmax_temperature(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.float32)) == 1
    Y = np.full((4, 2), np.nan, np.float32)
    assert sigmoid_temperatures(np.ones((4, 2), np.float32), Y).tolist() == [1, 1]


def test_a_handful_of_labels_moves_the_temperature_little() -> None:
    logits = np.array([[9, 0], [0, 9], [9, 0]], np.float32)
    right = np.array([[1, 0], [0, 1], [1, 0]], np.float32)
    assert 0.5 < softmax_temperature(logits, right) < 1.01


@given(seed=st.integers(0, 1000), groups=st.integers(4, 60), folds=st.integers(2, 4))
@settings(max_examples=30)
def test_no_patient_is_in_two_folds(seed: int, groups: int, folds: int) -> None:
    rng = np.random.default_rng(seed)
    patients = rng.integers(0, groups, 200)
    dealt = grouped_folds(patients, folds, rng)
    for patient in np.unique(patients):
        assert len(np.unique(dealt[patients == patient])) == 1
    sizes = [len(np.unique(patients[dealt == fold])) for fold in range(folds)]
    assert max(sizes) - min(sizes) <= 1


def test_bad_numbers_raise() -> None:
    ones = np.ones((2, 2), np.float32)
    with pytest.raises(ValueError, match="NaN"):
        softmax_temperature(ones * np.nan, ones)
    with pytest.raises(ValueError, match="shape"):
        sigmoid_temperatures(ones, ones[:1])
    with pytest.raises(ValueError, match="two folds"):
        grouped_folds(np.arange(4), 1, np.random.default_rng(0))
