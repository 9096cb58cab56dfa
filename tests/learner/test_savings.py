"""What the learner's order saves is claimed only where the arms differ."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from learner.proof.evidence import Evidence
from learner.proof.luck import Luck
from learner.proof.savings import (
    Amount,
    _bounds,
    _Curve,
    _needed,
    _side,
    _verdict,
    measure_savings,
)
from learner.questions import Question
from learner.scores import Score
from tests.learner.evidence import FINDINGS, SEX, SIZE, evidence, refits


def test_the_interval_holds_what_cannot_be_told_apart_and_is_open_at_its_ends() -> None:
    k, ahead = np.array([10.0, 20.0, 40.0, 80.0]), np.array([-0.3, -0.1, 0.1, 0.2])

    def bounds(*level: bool) -> tuple[float | None, float | None]:
        return _bounds(k, ahead, np.array(level))

    assert bounds(False, True, True, False) == (20.0, 40.0)
    assert bounds(True, True, False, False) == (None, 20.0)
    assert bounds(False, False, True, True) == (40.0, None)
    assert bounds(False, False, False, False) == (20.0, 40.0)
    nothing = np.zeros(4, dtype=bool)
    assert _bounds(k, np.full(4, 0.1), nothing) == (None, 10.0)
    assert _bounds(k, np.full(4, -0.1), nothing) == (80.0, None)


def test_few_labels_that_are_level_by_chance_end_nothing() -> None:
    k, early = np.array([10.0, 20.0, 40.0, 80.0]), np.array([True, True, False, False])
    assert _bounds(k, np.array([-0.3, 0.1, -0.2, -0.2]), early) == (None, None)
    assert _bounds(k, np.array([0.2, 0.2, 0.1, -0.1]), ~early) == (None, None)
    assert _bounds(k, np.array([-0.2, 0.2, 0.1, 0.2]), np.arange(4) == 2) == (10.0, 40.0)


def test_what_as_many_labels_show_says_on_which_side_of_them_the_interval_lies() -> None:
    k, ahead = np.array([10.0, 20.0, 40.0, 80.0]), np.array([0.1, -0.1, -0.1, 0.1])

    def side(r: int, *level: bool) -> list[float]:
        return [float(one) for one in k[_side(k, ahead, np.array(level), r)]]

    assert side(20, True, False, False, True) == [20.0, 40.0, 80.0]
    assert side(20, True, True, False, True) == k.tolist()
    assert side(80, True, False, True, False) == k.tolist()
    assert side(10, False, False, True, False) == [10.0]
    assert side(160, True, False, False, True) == k.tolist()


def test_half_of_an_odd_random_arm_is_a_level_that_is_compared() -> None:
    influence = np.linspace(-0.1, 0.1, 20, dtype=np.float64)

    def curve(labels: list[int], values: list[float]) -> _Curve:
        return _Curve(np.array(labels), tuple(Score(one, influence) for one in values))

    chosen = curve([2, 5, 10, 20, 40], [0.5, 0.6, 0.7, 0.8, 0.9])
    needed = [
        _needed(
            curve([2, 5, 10, 15, 21], [0.5, 0.55, half, 0.75, 0.8]),
            chosen,
            Luck(0.1, 1.0),
            np.arange(20),
        ).value
        for half in (0.6, 0.74)
    ]
    assert needed[0] is not None and needed[1] is not None
    assert needed[1] > 1.1 * needed[0]


def test_an_order_that_stays_behind_costs_labels_though_few_of_them_were_level() -> None:
    influence = np.linspace(-0.01, 0.01, 20, dtype=np.float64)

    def curve(labels: list[int], values: list[float]) -> _Curve:
        return _Curve(np.array(labels), tuple(Score(one, influence) for one in values))

    needed = _needed(
        curve([5, 10, 20, 28, 40], [0.5, 0.55, 0.6, 0.65, 0.7]),
        curve([5, 10, 20, 40, 200], [0.56, 0.56, 0.56, 0.56, 0.56]),
        Luck(0.1, 1.5),
        np.arange(20),
    )
    assert needed == Amount(None, 200.0, None)
    assert _verdict(needed, 40) == "cost"


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (20.0, 99.0, "saving"),
        (None, 99.0, "saving"),
        (20.0, 100.0, "no difference"),
        (None, None, "no difference"),
        (101.0, None, "cost"),
    ],
)
def test_a_difference_is_shown_only_where_the_interval_excludes_none(
    low: float | None, high: float | None, verdict: str
) -> None:
    assert _verdict(Amount(50.0, low, high), 100) == verdict


def test_what_is_missing_is_counted() -> None:
    of = evidence(audit=40, active=15, random=5)
    found = measure_savings(refits(of), SEX, np.random.default_rng(0))
    assert found.verdict == "not enough"
    assert tuple(map(str, found.missing)) == (
        "about 10 more audit patients",
        "about 15 more random-arm patients",
        "about 5 more actively chosen answers",
    )
    assert found.random_curve == ()


def test_one_class_alone_is_not_enough() -> None:
    of = evidence(audit=80, active=30, random=30)
    of.targets["sex"][of.random] = [1, 0]
    found = measure_savings(refits(of), SEX, np.random.default_rng(0))
    assert tuple(map(str, found.missing)) == ("more than one class in the random arm",)


def test_of_each_patient_of_the_random_arm_the_first_scan_counts() -> None:
    of = evidence(audit=80, active=30, random=60)
    of.patients[of.random] = 1000 + np.arange(60) % 30
    assert of.first_of_each_patient(of.random).tolist() == of.random[:30].tolist()
    found = measure_savings(refits(of), SEX, np.random.default_rng(0))
    assert found.random == 30
    of.patients[of.random] = 1000 + np.arange(60) % 5
    found = measure_savings(refits(of), SEX, np.random.default_rng(0))
    assert tuple(map(str, found.missing)) == ("about 15 more random-arm patients",)


@pytest.mark.parametrize("question", [SEX, FINDINGS, SIZE], ids=lambda question: question.kind)
def test_two_random_arms_show_no_difference(question: Question) -> None:
    of = evidence(audit=100, active=120, random=40)
    found = measure_savings(refits(of), question, np.random.default_rng(0))
    assert found.verdict == "no difference"
    assert (found.audit, found.random, found.active) == (100, 40, 120)
    assert [point.labels for point in found.random_curve] == [5, 10, 20, 28, 40]
    assert found.active_curve[-1].labels == 120
    for point in (*found.random_curve, *found.active_curve):
        assert 0 <= point.low <= point.value <= point.high
    low, high = found.ratio.low, found.ratio.high
    assert (low is None or low <= 1) and (high is None or high >= 1)


def with_labels_drawn_anew(of: Evidence, arm: NDArray[np.int64]) -> Evidence:
    """The answers of an arm replaced by chance: it teaches nothing."""
    sex = of.targets["sex"].copy()
    sex[arm] = np.eye(2, dtype=np.float32)[np.random.default_rng(0).integers(0, 2, len(arm))]
    return replace(of, targets={**of.targets, "sex": sex})


def test_an_arm_that_teaches_more_saves_labels_and_one_that_teaches_nothing_costs_some() -> None:
    of = evidence(audit=300, active=150, random=60)
    saves = measure_savings(
        refits(with_labels_drawn_anew(of, of.random)), SEX, np.random.default_rng(0)
    )
    assert saves.verdict == "saving"
    assert saves.needed.high is not None and saves.needed.high < 60
    assert saves.saved.low == pytest.approx(60 - saves.needed.high)
    assert saves.ratio.low == pytest.approx(60 / saves.needed.high)
    costs = measure_savings(
        refits(with_labels_drawn_anew(of, of.active)), SEX, np.random.default_rng(0)
    )
    assert costs.verdict == "cost"
    assert costs.needed.value is None
    assert costs.needed.low is not None and costs.needed.low > 60
