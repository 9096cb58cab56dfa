"""The calibration error is what is left when chance is taken out."""

import numpy as np
import pytest
from numpy.typing import NDArray

from learner.calibration_error import calibration_error
from learner.metrics import evaluate
from learner.questions import Question


def of(p: NDArray[np.float64], seed: int, *, a_patient: int = 1) -> float:
    """The error of probabilities p stated where the truth is a half."""
    rng = np.random.default_rng(seed)
    right = (rng.random(len(p)) < 0.5).astype(float)
    found = calibration_error(p, right, np.arange(len(p)) // a_patient)
    assert found is not None
    return found


def test_a_gap_that_chance_does_not_explain_is_the_error() -> None:
    assert of(np.full(4000, 0.9), seed=0) == pytest.approx(0.4, abs=0.02)


def test_calibrated_probabilities_have_none_however_few_the_cases() -> None:
    rng = np.random.default_rng(0)
    found, plain = [], []
    for seed in range(60):
        p = rng.uniform(0.5, 1, 100)
        right = (rng.random(100) < p).astype(float)
        error = calibration_error(p, right, np.arange(100), seed=seed)
        assert error is not None
        found.append(error)
        parts = np.array_split(np.argsort(p), 5)
        plain.append(np.mean([abs((right[part] - p[part]).mean()) for part in parts]))
    assert np.median(found) < 0.015
    assert np.median(plain) > 0.05


def test_chance_is_by_patient() -> None:
    """Ten scans of one patient that are all right are one surprise, not ten."""
    p = np.full(200, 0.8)
    right = np.repeat(np.random.default_rng(3).permutation([1.0] * 13 + [0.0] * 7), 10)
    apart = calibration_error(p, right, np.arange(200))
    together = calibration_error(p, right, np.arange(200) // 10)
    assert apart is not None and together is not None
    assert together < apart


def test_fewer_than_twenty_cases_tell_nothing() -> None:
    assert calibration_error(np.full(19, 0.9), np.ones(19), np.arange(19)) is None


def test_it_stands_among_the_metrics_without_an_interval() -> None:
    question = Question("sex", "single", ("f", "m"))
    y = np.eye(2)[np.arange(200) % 2]
    sure = np.where(y == 1, 0.99, 0.01)
    sure[:100] = 1 - sure[:100]
    report = evaluate(question, sure, y)
    found = report["ece"]
    assert isinstance(found, dict)
    assert found["value"] == pytest.approx(0.49, abs=0.03)
    assert (found["low"], found["high"], found["n"]) == (None, None, 200)
    findings = Question("findings", "multiple", ("nodule", "mass"))
    targets = np.column_stack([y[:, 0], np.full(200, np.nan)])
    told = evaluate(findings, np.full((200, 2), 0.5), targets)["ece"]
    assert isinstance(told, dict)
    assert told["value"] == pytest.approx(0, abs=0.02)
