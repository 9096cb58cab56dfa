"""The simulations of the proof, small: what the whole run measures holds in a few samples too."""

from collections import Counter

import numpy as np

from benchmarks.simulated.advice import Moment, false_stops
from benchmarks.simulated.coverage import Scenario, coverage
from benchmarks.simulated.flips import planted_flips
from benchmarks.simulated.meter import Reading, run, verdicts
from benchmarks.simulated.worlds import World

# So many audit cases that which labels were drawn is what differs.
SMALL = Reading(audit=400, random=32, active=60)


def test_an_order_that_saves_nothing_shows_no_difference() -> None:
    found = verdicts(SMALL, order="random", runs=40)
    assert found["no_difference"] >= 0.85  # of 95 %: with chance 1 in 400 below
    assert found["saving"] <= 0.05
    assert found["interval_holds_the_ratio"] >= 0.85


def test_an_order_that_saves_is_worth_more_on_average() -> None:
    large = Reading(audit=400, random=120, active=150)
    ratios = [run(large, order="margin", seed=seed).ratio.value for seed in range(6)]
    assert np.median([ratio or 0 for ratio in ratios]) > 1.3
    said = Counter(run(large, order="margin", seed=seed).verdict for seed in range(6))
    assert said["cost"] == 0


def test_an_order_that_costs_labels_is_told_so_and_never_a_saving() -> None:
    found = verdicts(SMALL, order="shortcut", runs=40)
    assert found["saving"] == 0
    assert found["cost"] >= 0.6
    assert found["interval_holds_the_ratio"] >= 0.85


def test_the_intervals_hold_the_truth() -> None:
    found = coverage(Scenario(patients=80, scans=2, prevalence=0.3), samples=80, seed=3)
    assert set(found) == {
        "accuracy", "sensitivity", "specificity", "balanced_accuracy", "roc_auc", "mae", "mse", "r2"
    }  # fmt: skip
    assert all(share >= 0.87 for share in found.values()), found
    assert np.mean(list(found.values())) <= 0.99


def test_nobody_is_told_to_stop_while_much_is_to_be_gained() -> None:
    found = false_stops(4, (Moment(World(64, 0.1), labels=100), Moment(World(8, 0.5), labels=600)))
    steep, flat = found["moments"]
    assert steep["true_gain"] > 1 > flat["true_gain"]
    assert found["false_stop_rate"] == 0
    assert flat["may_stop"] >= 0.5


def test_planted_flips_are_among_the_most_doubtful_labels() -> None:
    assert planted_flips(2)["500"] >= 0.5
