"""Labels are counted on curves, and strategies compared on the same seeds."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner.comparison import Compared, cold_start, compare, geometric_means, penalties
from learner.curve_report import ratio_in_words
from learner.curves import Curves, area, crossings, labels_to, smoothed, stack, summarise
from learner.questions import Question
from learner.replays import (
    Replay,
)
from learner.scores import macro_auc, mean_error, score


def test_labels_needed_are_read_off_the_mean_curve() -> None:
    curves = Curves(np.array([10, 20, 30]), np.array([[0.5, 0.7, 0.78], [0.7, 0.95, 0.95]]))
    full = np.array([0.8, 1.0])
    found = summarise(curves, full)
    # The mean is 0.6, 0.825, 0.865; wanted are 0.81, 0.855 and 0.882.
    assert found["labels_to_90"] == 20  # 19.3
    assert found["labels_to_95"] == 28  # 27.5
    assert found["labels_to_98"] is None
    assert found["labels_to_95_interval"] == [20, 28]
    assert found["area"] == pytest.approx((0.6 / 2 + 0.825 + 0.865 / 2) / 2, abs=1e-5)
    curve = found["curve"]
    assert isinstance(curve, list)
    assert curve[0][:2] == [10, 0.6]
    assert curve[0][2] < 0.6 < curve[0][3]
    assert labels_to(curves, full, 0.95)[0] == pytest.approx(27.5)
    # Above 0.5 there is 0.4 to be had, 0.36 of it is wanted.
    assert labels_to(curves, full, 0.9, floor=0.5)[0] == pytest.approx(20 + 10 * 0.035 / 0.04)
    # Where all labels are no better than a guess, no number of them is nearly as good.
    assert labels_to(curves, np.array([-0.1, 0.05]), 0.9)[0] == np.inf


def test_a_wobble_brings_no_crossing_forward_and_puts_none_off() -> None:
    counts = np.array([10, 20, 30, 40, 50])
    # The first curve is first above 0.76 at 29 labels and last below it at 42.
    wobbles, steady_ = [0.5, 0.6, 0.78, 0.72, 0.9], [0.5, 0.6, 0.7, 0.8, 0.9]
    smooth = smoothed(np.array([wobbles, steady_]))
    assert smooth[0] == pytest.approx([0.5, 0.6, 0.75, 0.75, 0.9])
    assert smooth[1] == pytest.approx(steady_)
    assert crossings(counts, smooth, np.full(2, 0.76)) == pytest.approx([40 + 10 / 15, 36])
    assert crossings(counts, smooth, np.array([0.1, 0.91])).tolist() == [10, np.inf]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.floats(0.01, 1))
def test_less_is_never_needed_for_more(scores: list[float], target: float) -> None:
    counts = np.arange(1, len(scores) + 1) * 5
    smooth = smoothed(np.array([scores, scores]))
    less, more = crossings(counts, smooth, np.array([0.9 * target, target]))
    assert counts[0] <= less <= more
    assert more <= counts[-1] or np.isinf(more)


def steady(curve: list[float], seeds: int = 8, noise: float = 0.0, seed: int = 0) -> Curves:
    """Curves around a mean; at label counts 10, 20, 40, 80."""
    rng = np.random.default_rng(seed)
    scores = np.array(curve) + noise * rng.normal(size=(seeds, 4))
    return Curves(np.array([10, 20, 40, 80]), scores)


def test_strategies_are_compared_with_chance_on_the_same_seeds() -> None:
    shift = np.random.default_rng(1).normal(0, 0.05, (8, 1))  # of a seed's split, shared by all
    chance = steady([0.5, 0.6, 0.8, 0.95])
    better = steady([0.48, 0.8, 0.95, 1.0])
    curves = {
        "random": Curves(chance.labels, chance.scores + shift),
        "auto": Curves(better.labels, better.scores + shift),
    }
    found = compare(Compared(curves, np.ones(8) + shift[:, 0]))
    auto, baseline = found["auto"], found["random"]
    assert baseline["ratio_95"] == baseline["ratio_95_low"] == 1
    assert auto["ratio_95"] == pytest.approx(80 / 40, rel=0.02)
    low, high = auto["ratio_95_low"], auto["ratio_95_high"]
    assert isinstance(low, float) and isinstance(high, float)
    assert 1.9 < low <= 2.0 <= high < 2.3
    assert auto["worst_deficit"] == pytest.approx(2.0)
    assert (auto["worst_deficit_at"], auto["worst_deficit_beyond_noise"]) == (10, True)
    assert (auto["wins"], baseline["wins"]) == (3, 1)
    assert baseline["worst_deficit"] == 0 and not baseline["worst_deficit_beyond_noise"]
    gain = cold_start(curves["auto"], curves["random"])
    assert list(gain) == ["20", "50"]
    assert gain["20"]["difference"] == pytest.approx(20)
    assert gain["50"]["difference"] == pytest.approx(15 - 2.5)


def test_a_strategy_that_never_gets_there_counts_with_all_that_was_read() -> None:
    curves = {"random": steady([0.5, 0.6, 0.99, 1.0]), "coreset": steady([0.5, 0.6, 0.7, 0.8])}
    found = compare(Compared(curves, np.ones(8)))["coreset"]
    assert found["labels_to_95"] is None and found["reached_95"] is False
    assert found["ratio_95"] == pytest.approx((20 + 20 * 0.35 / 0.39) / 80, abs=1e-3)


def test_what_is_not_reached_leaves_the_ratio_open() -> None:
    quick, slow = steady([0.5, 0.97, 0.99, 1.0]), steady([0.5, 0.6, 0.7, 0.8])
    nearly = steady([0.5, 0.6, 0.9, 0.95], noise=0.01)  # in about half of the resamples
    for by_chance, asked, words in (
        (slow, quick, r"at least 4\.\d\d \(4\.\d\d to open\)"),
        (quick, slow, r"at most 0\.2\d \(open to 0\.2\d\)"),
        (slow, slow, "unknown: neither got there"),
        (quick, quick, r"1\.00 \(1\.00 to 1\.00\)"),
        (nearly, quick, r"(at least )?4\.\d\d \(3\.\d\d to open\)"),
    ):
        found = compare(Compared({"random": by_chance, "auto": asked}, np.ones(8)))["auto"]
        assert re.fullmatch(words, ratio_in_words(found)), ratio_in_words(found)


def test_the_geometric_mean_is_over_the_tables() -> None:
    chance, better = steady([0.5, 0.6, 0.8, 0.95]), steady([0.5, 0.6, 0.95, 1.0])
    tables = [
        Compared({"random": chance, "auto": better, "margin": chance}, np.ones(8)),
        Compared({"random": chance, "auto": chance}, np.ones(8)),
    ]
    found = geometric_means(tables)
    assert set(found) == {"random", "auto"}
    assert found["auto"]["mean"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert found["auto"]["low"] <= found["auto"]["mean"] <= found["auto"]["high"]
    assert found["auto"]["against"] == 1
    assert found["random"]["against"] == pytest.approx(np.sqrt(2), rel=1e-3)


def test_who_beats_whom_is_counted_by_paired_tests() -> None:
    curves = {
        "random": steady([0.5, 0.6, 0.7, 0.8], noise=0.005, seed=1),
        "auto": steady([0.5, 0.7, 0.8, 0.8], noise=0.005, seed=2),
    }
    compared = Compared(curves, np.ones(8))
    assert compared.budgets == [10, 20, 40, 80]
    found = penalties([compared, compared])
    assert found["strategies"] == ["random", "auto"]
    assert found["matrix"] == [[0, 0], [1, 0]]  # at two budgets of four, on two tables
    assert found["mean_loss"] == {"random": 0.5, "auto": 0}
    alike = Compared({"random": curves["random"], "auto": curves["random"]}, np.ones(8))
    assert penalties([alike])["matrix"] == [[0, 0], [0, 0]]


def test_curves_end_where_the_shortest_replay_ends() -> None:
    order = np.arange(6)
    longer = Replay("margin", 0, np.array([2, 4, 6]), np.array([0.1, 0.2, 0.3]), order)
    shorter = Replay("margin", 1, np.array([2, 4]), np.array([0.3, 0.4]), order)
    found = stack([longer, shorter])
    assert found.labels.tolist() == [2, 4]
    assert found.mean.tolist() == [0.2, pytest.approx(0.3)]
    assert area(found) == pytest.approx(0.25)


def test_scores_by_hand() -> None:
    single, number = Question("s", "single", ("a", "b")), Question("n", "number")
    targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]]
    p = np.array([[0.9, 0.1]] * 2 + [[0.2, 0.8]] * 2, np.float32)
    assert score(single, p, targets) == pytest.approx((2 / 3 + 1) / 2)
    assert score(single, None, targets) == 0.5
    y = np.array([[1], [2], [3]], np.float32)
    assert score(number, y, y) == 1
    assert score(number, None, y) == 0
    assert score(number, y + 1, y) == pytest.approx(1 - 3 / 2)
    with pytest.raises(ValueError, match="all the same"):
        score(number, y, y * 0)
    assert mean_error(y + np.float32(0.5), y) == 0.5
    assert mean_error(None, y) == pytest.approx(2 / 3)
    findings = np.array([[1, 0], [0, 0], [1, 0]], np.float32)
    ranked = np.array([[0.5, 0], [0.5, 0], [0.9, 0]], np.float32)
    assert macro_auc(ranked, findings).value == pytest.approx(0.75)
    assert macro_auc(None, findings).value == 0.5
    with pytest.raises(ValueError, match="present and absent"):
        macro_auc(ranked, findings * 0)
