"""Metrics have exact values, honest intervals, and None where they are undefined."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from learner.intervals import (
    area,
    design_effect,
    draw_resamples,
    mean_of_independent,
    mean_of_related,
    proportion,
    standard_errors,
    studentised,
    wilson,
)
from learner.metrics import evaluate, roc_auc_influence
from learner.questions import Question

SEX = Question("sex", "single", ("f", "m"))
FINDINGS = Question("findings", "multiple", ("nodule", "effusion"))
SIZE = Question("size", "number")


def report(*args: Any, **kwargs: Any) -> Any:
    return json.loads(json.dumps(evaluate(*args, **kwargs)))


def test_a_confusion_table_by_hand() -> None:
    targets = np.eye(2)[[0, 0, 0, 0, 0, 0, 1, 1, 1, 1]]
    called = np.eye(2)[[0, 0, 0, 0, 0, 1, 1, 1, 1, 0]] * 0.8 + 0.1
    found = report(SEX, called, targets)
    assert found["n"] == found["patients"] == 10
    assert found["accuracy"]["value"] == pytest.approx(0.8)
    assert found["balanced_accuracy"]["value"] == pytest.approx((5 / 6 + 3 / 4) / 2)
    assert found["classes"]["m"]["sensitivity"]["value"] == pytest.approx(3 / 4)
    assert found["classes"]["m"]["specificity"]["value"] == pytest.approx(5 / 6)
    assert found["classes"]["m"]["positive"] == 4
    # Positive ranks: three at the top tie with one negative, one at the bottom with five.
    assert found["classes"]["m"]["roc_auc"]["value"] == pytest.approx((3 * 5.5 + 2.5) / 24)


def test_wilson_is_that_of_the_textbook() -> None:
    # Newcombe 1998, table I, 81/263: 0.2553 to 0.3662 by the score method without correction.
    found = wilson(81, 263)
    assert found.low == pytest.approx(0.2553, abs=5e-5)
    assert found.high == pytest.approx(0.3662, abs=5e-5)
    assert wilson(0, 0).value is None
    assert wilson(0, 10).low == 0
    assert wilson(10, 10).high == pytest.approx(1)


def test_what_one_class_alone_leaves_undefined_is_none() -> None:
    found = report(SEX, np.full((5, 2), 0.5), np.eye(2)[[0] * 5])
    nothing = {"value": None, "low": None, "high": None}
    assert found["roc_auc"] == found["sensitivity"] == nothing | {"n": 5}
    assert found["classes"]["m"]["sensitivity"] == nothing
    assert found["classes"]["f"]["specificity"] == nothing
    assert found["classes"]["f"]["sensitivity"]["value"] == 1
    assert found["balanced_accuracy"] == nothing | {"n": 5}


def test_a_class_that_does_not_occur_leaves_the_balanced_accuracy_of_the_others() -> None:
    three = Question("view", "single", ("pa", "ap", "lateral"))
    targets = np.eye(3)[[0, 0, 1, 1]]
    found = report(three, np.eye(3)[[0, 0, 1, 2]], targets)
    assert found["balanced_accuracy"]["value"] == 0.75


def test_a_finding_that_nobody_has_does_not_raise_the_balanced_accuracy() -> None:
    many = Question("findings", "multiple", tuple("abcdefghijklmn"))
    targets = np.zeros((12, 14))
    targets[:6, :6] = np.eye(6)
    nothing_called = np.full((12, 14), 0.1)
    found = report(many, nothing_called, targets)
    assert found["balanced_accuracy"]["value"] == 0.5
    assert found["specificity"]["value"] == 1
    found = report(many, nothing_called, np.zeros((12, 14)))
    assert found["balanced_accuracy"] == {"value": None, "low": None, "high": None, "n": 12}


def test_of_two_classes_the_second_is_the_positive_one() -> None:
    targets = np.eye(2)[[0, 0, 1, 1]]
    found = report(SEX, np.eye(2)[[0, 0, 0, 1]] * 0.8 + 0.1, targets)
    assert found["sensitivity"]["value"] == 0.5
    assert found["specificity"]["value"] == 1
    assert found["sensitivity"]["n"] == 4


def test_nobody_tested_is_no_metric() -> None:
    assert report(SIZE, np.zeros((2, 1)), np.full((2, 1), np.nan)) == {"n": 0, "patients": 0}


def test_a_finding_not_answered_is_not_a_finding_absent() -> None:
    targets = np.array([[1, np.nan], [0, 1], [1, np.nan], [0, 0]])
    p = np.array([[0.9, 0.9], [0.8, 0.7], [0.2, 0.9], [0.1, 0.3]])
    found = report(FINDINGS, p, targets)
    assert found["classes"]["effusion"]["n"] == 2
    assert found["classes"]["effusion"]["specificity"]["value"] == 1
    assert found["classes"]["nodule"]["sensitivity"]["value"] == 0.5
    assert found["accuracy"]["value"] == pytest.approx(4 / 6)
    assert found["classes"]["nodule"]["roc_auc"]["value"] == pytest.approx(0.75)


def test_numbers_have_their_errors() -> None:
    found = report(SIZE, np.array([[1.0], [2], [6]]), np.array([[1.0], [4], [4]]))
    assert found["mae"]["value"] == pytest.approx(4 / 3)
    assert found["mse"]["value"] == pytest.approx(8 / 3)
    assert found["r2"]["value"] == pytest.approx(1 - 8 / 6)
    same = report(SIZE, np.array([[1.0], [2]]), np.array([[3.0], [3]]))
    assert same["r2"] == {"value": None, "low": None, "high": None, "n": 2}


def test_many_scans_of_few_patients_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    right = rng.random(20) < 0.7  # the model is right about a patient or wrong
    targets = np.eye(2)[rng.integers(0, 2, 200)]
    correct = np.repeat(right, 10)[:, None]
    p = np.where(correct, targets, 1 - targets)
    apart, together = report(SEX, p, targets), report(SEX, p, targets, np.repeat(np.arange(20), 10))

    def width(found: Any) -> float:
        return float(found["accuracy"]["high"] - found["accuracy"]["low"])

    assert width(together) > 2.5 * width(apart)


def test_perfection_on_few_patients_is_not_certainty() -> None:
    targets = np.eye(2)[[0, 1] * 10]
    found = report(SEX, targets, targets, np.repeat(np.arange(4), 5))
    assert found["accuracy"]["value"] == found["accuracy"]["high"] == 1
    assert found["accuracy"]["low"] == pytest.approx(wilson(4, 4).low)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    truth = {"mse": 0.25, "r2": 0.8}
    covered = dict.fromkeys(truth, 0)
    for seed in range(300):
        p = rng.normal(size=(40, 1))
        found = report(SIZE, p, p + rng.laplace(scale=0.125**0.5, size=p.shape), seed=seed)
        for name in truth:
            covered[name] += found[name]["low"] <= truth[name] <= found[name]["high"]
    assert all(276 <= held <= 294 for held in covered.values()), covered  # 92 to 98 %


@given(st.integers(0, 10**6), st.integers(2, 5))
@settings(max_examples=40)
def test_the_area_is_scikit_learns_ties_included(seed: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    y, scores = np.r_[0.0, 1.0, rng.integers(0, 2, 30)], rng.integers(0, levels, 32).astype(float)
    assert roc_auc_influence(scores, y)[0] == pytest.approx(roc_auc_score(y, scores))


def test_the_limits_of_an_area_solve_newcombes_equation() -> None:
    found = area(0.8, 6, 14)
    assert found.value == 0.8
    for limit in (found.low, found.high):
        assert limit is not None
        spread = (1 - limit) / (2 - limit) + limit / (1 + limit)
        variance = limit * (1 - limit) * (1 + (20 / 2 - 1) * spread) / (6 * 14)
        assert abs(limit - 0.8) == pytest.approx(1.959964 * variance**0.5, abs=1e-6)
    assert area(1.0, 3, 12).high == pytest.approx(1)
    assert area(float("nan"), 0, 5).value is None


@pytest.mark.parametrize(("positive", "negative"), [(3, 12), (8, 40), (20, 60)])
def test_the_interval_of_an_area_covers_the_truth_also_where_positives_are_few(
    positive: int, negative: int
) -> None:
    rng = np.random.default_rng(2)
    y = np.r_[np.ones(positive), np.zeros(negative)]
    truth, covered = 0.7602, 0  # of normal scores whose means lie one deviation apart
    for _ in range(400):
        found = area(roc_auc_influence(rng.normal(size=len(y)) + y, y)[0], positive, negative)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert 372 <= covered <= 396  # 93 to 99 %


@pytest.mark.parametrize("a_patient", [1, 4])
def test_the_interval_of_a_share_covers_the_truth_with_several_scans_a_patient(
    a_patient: int,
) -> None:
    rng = np.random.default_rng(4)
    covered = 0
    for _ in range(400):
        # Beta(4, 1): the chance to be right differs from patient to patient, 0.8 on average.
        chance = np.repeat(rng.beta(4, 1, size=40), a_patient)
        right = (rng.random(len(chance)) < chance).astype(float)
        found = proportion(right, np.ones_like(right), np.repeat(np.arange(40), a_patient))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.8 <= found.high
    assert 370 <= covered <= 392  # 92.5 to 98 %


def test_scans_of_one_patient_that_agree_count_as_one() -> None:
    influence = np.repeat([0.1, -0.1, 0.2, -0.2], 3)
    assert design_effect(influence, np.repeat(np.arange(4), 3)) == pytest.approx(3)
    assert design_effect(influence, np.arange(12)) == pytest.approx(1)
    assert design_effect(np.zeros(4), np.zeros(4, dtype=np.int64)) == 1


def test_the_influences_on_an_area_are_delongs() -> None:
    value, influence = roc_auc_influence(np.array([0.9, 0.4, 0.5, 0.1]), np.array([1, 1, 0, 0]))
    assert value == 0.75
    assert influence.tolist() == pytest.approx([0.125, -0.125, -0.125, 0.125])


@pytest.mark.parametrize("a_patient", [1, 3])
def test_the_interval_of_an_area_holds_with_several_scans_a_patient(a_patient: int) -> None:
    rng = np.random.default_rng(5)
    truth, covered = 0.7602, 0
    for _ in range(300):
        y = np.repeat(np.arange(60) % 2, a_patient)
        own = np.repeat(rng.normal(size=60), a_patient)
        score = y + np.sqrt(0.5) * (own + rng.normal(size=len(y)))
        p = 1 / (1 + np.exp(-score))
        patients = np.repeat(np.arange(60), a_patient)
        found = report(SEX, np.column_stack([1 - p, p]), np.eye(2)[y], patients)["roc_auc"]
        covered += found["low"] <= truth <= found["high"]
    assert 278 <= covered <= 296  # 92.7 to 98.7 %


def test_a_mean_error_has_the_standard_error_of_the_textbook() -> None:
    off, who = np.array([1.0, 2.0, 4.0, 5.0]), np.array([0, 1, 2, 3])
    W = np.ones((1, 4))
    one = np.ones(4)
    apart = standard_errors(W, off, one, who)[0]
    assert apart == pytest.approx(np.std(off, ddof=1) / 2)
    # Two patients of two: sums 3 and 9 about 6, over 4 cases.
    together = standard_errors(W, off, one, who // 2)[0]
    assert together == pytest.approx(np.sqrt(2 * 18) / 4)
    assert standard_errors(W, off, one, who * 0).tolist() == [0]


@pytest.mark.parametrize("patients", [1, 2, 3, 5, 9, 10, 12])
def test_few_patients_give_no_limit_that_is_no_number(patients: int) -> None:
    rng = np.random.default_rng(patients)
    for seed in range(40):
        p, y = rng.normal(size=(2, patients, 1))
        found = report(SIZE, p, y, seed=seed)
        json.dumps(found, allow_nan=False)
        assert (found["mae"]["low"] is None) is (patients < 10)


def test_equal_errors_have_no_interval() -> None:
    y = np.arange(20.0)[:, None] / 8
    for off in (0.1, 0.3, 0.7, 1.1):
        found = report(SIZE, y + off, y)
        assert found["mae"]["low"] is found["mse"]["low"] is None


def test_a_limit_beyond_all_numbers_is_none() -> None:
    found = studentised(np.r_[1.0, np.full(40, 0.5)], np.r_[1.0, np.full(40, 1e-4)])
    assert found.as_json() == {"value": 1.0, "low": None, "high": None}


def test_what_has_no_spread_has_no_interval() -> None:
    assert studentised(np.array([2.0, 2.0]), np.array([0.0, 0.0])).as_json() == {
        "value": 2.0,
        "low": None,
        "high": None,
    }
    assert studentised(np.array([np.nan]), np.array([1.0])).value is None


def test_the_interval_of_an_error_covers_the_truth_also_where_a_few_are_large() -> None:
    rng = np.random.default_rng(6)
    covered = 0
    for _ in range(300):
        off = np.abs(rng.laplace(size=40))
        W = draw_resamples(np.arange(40), rng, 300)
        mean = W @ off / W.sum(axis=1)
        found = studentised(mean, standard_errors(W, off, np.ones(40), np.arange(40)))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 1 <= found.high
    assert 273 <= covered <= 294  # 91 to 98 %


def test_means_of_the_same_cases_are_less_certain_than_means_of_different_ones() -> None:
    parts = [wilson(8, 10), wilson(30, 40)]
    apart, together = mean_of_independent(parts), mean_of_related(parts)
    assert apart.value == together.value == pytest.approx(0.775)
    assert together.low == pytest.approx(((parts[0].low or 0) + (parts[1].low or 0)) / 2)
    assert together.low is not None
    assert apart.low is not None
    assert apart.low > together.low


@pytest.mark.parametrize(
    ("p", "message"),
    [(np.nan, "NaN"), (np.inf, "NaN or inf"), (1.2, "between 0 and 1"), (-0.1, "between 0 and 1")],
)
def test_numbers_that_are_no_predictions_raise(p: float, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        evaluate(SEX, np.array([[p, 0.5]]), np.eye(2)[[0]])


def test_shapes_that_differ_raise() -> None:
    with pytest.raises(ValueError, match="predictions"):
        evaluate(SEX, np.zeros((3, 2)), np.eye(2))
    with pytest.raises(ValueError, match="groups"):
        evaluate(SEX, np.eye(2), np.eye(2), np.arange(3))
