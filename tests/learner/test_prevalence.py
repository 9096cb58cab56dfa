"""Probabilities told to people are at the frequency with which classes really occur."""

import numpy as np
import pytest

from learner.calibration_error import calibration_error
from learner.prevalence import CHOSEN_WEIGHT, findings_at, prevalence, single_at
from learner.questions import Question
from learner.ranker import Ranker

FINDINGS = Question("findings", "multiple", ("nodule",))
DIAGNOSIS = Question("diagnosis", "single", ("normal", "mass"))
N, RARE = 4000, 0.1


def test_labels_drawn_by_chance_outweigh_those_that_were_chosen() -> None:
    drawn = np.repeat(np.array([[1.0], [0.0]], dtype=np.float32), [4, 36], axis=0)
    chosen = np.repeat(np.array([[1.0], [0.0], [np.nan]], dtype=np.float32), [50, 50, 7], axis=0)
    every = np.concatenate([drawn, chosen])
    found = prevalence(drawn, every, np.ones(len(every), np.float32))
    share = (4 + 50) / 140
    assert found[0] == pytest.approx((4 + CHOSEN_WEIGHT * share) / (40 + CHOSEN_WEIGHT))
    nobody = np.full((2, 1), np.nan, np.float32)
    assert np.isnan(prevalence(drawn[:0], nobody, np.ones(2, np.float32))).all()


def test_labels_count_in_the_prevalence_as_they_weigh_for_the_heads() -> None:
    every = np.array([[1.0], [0.0], [1.0]], dtype=np.float32)
    found = prevalence(every[:0], every, np.array([1, 8, 1], np.float32))
    assert found[0] == pytest.approx(0.2)


def test_probabilities_move_with_the_prevalence() -> None:
    even = np.array([[0.5, 0.5], [0.9, 0.1]], dtype=np.float32)
    moved = single_at(even, np.array([0.1, 0.9]))
    assert moved.tolist() == [pytest.approx([0.1, 0.9]), pytest.approx([0.5, 0.5])]
    finding = findings_at(even[:1, :1], np.array([0.5]), np.array([0.2]))
    assert finding.tolist() == [[pytest.approx(0.2)]]


@pytest.mark.parametrize("question", [DIAGNOSIS, FINDINGS])
def test_what_is_told_comes_true_as_often_as_it_says(question: Question) -> None:
    """A rare class, sought out by the strategy: half of the labels have it, a tenth of the pool."""
    rng = np.random.default_rng(3)
    rare = rng.random(N) < RARE
    E = rng.normal(size=(N, 8))
    E[:, 0] += 1.5 * rare
    Y = np.stack([~rare, rare], axis=1) if question.kind == "single" else rare[:, None]
    by_chance = np.arange(N) < 200
    sought = np.flatnonzero(rare & ~by_chance)[:150], np.flatnonzero(~rare & ~by_chance)[:150]
    labelled = np.concatenate([np.flatnonzero(by_chance), *sought])
    ranker = Ranker([question], E)
    ranker.refit({question.name: (labelled, Y[labelled].astype(np.float32))})
    rest = np.setdiff1d(np.arange(N), labelled)
    before = ranker.predict(rest)[question.name][:, -1].astype(np.float64)
    told = ranker.opinions(rest, by_chance)[question.name][:, -1].astype(np.float64)
    right = rare[rest].astype(np.float64)
    errors = calibration_error(before, right, rest), calibration_error(told, right, rest)
    assert errors[0] is not None and errors[0] > 0.1
    assert errors[1] is not None and errors[1] < 0.05


@pytest.mark.parametrize("question", [DIAGNOSIS, FINDINGS])
def test_labels_crowded_where_the_rare_class_is_do_not_make_it_common(question: Question) -> None:
    """A strategy goes by what it sees of a scan, never by its answer."""
    rng = np.random.default_rng(5)
    E = rng.normal(size=(N, 4))
    rare = E[:, 0] + 0.7 * rng.normal(size=N) > 1.6
    Y = np.stack([~rare, rare], axis=1) if question.kind == "single" else rare[:, None]
    by_chance = np.arange(N) < 40
    crowd = np.flatnonzero((E[:, 0] > 1) & ~by_chance)[:160]
    labelled = np.concatenate([np.flatnonzero(by_chance), crowd])
    ranker = Ranker([question], E)
    ranker.refit({question.name: (labelled, Y[labelled].astype(np.float32))})
    rest = np.setdiff1d(np.arange(N), labelled)
    told = ranker.opinions(rest, by_chance)[question.name][:, -1]
    assert rare[labelled].mean() > 3 * rare[rest].mean()
    assert told.mean() == pytest.approx(rare[rest].mean(), abs=0.03)


def test_nothing_is_told_before_there_are_labels_to_calibrate_with() -> None:
    rng = np.random.default_rng(0)
    ranker = Ranker([DIAGNOSIS], rng.normal(size=(50, 4)))
    at, Y = np.arange(10), np.eye(2, dtype=np.float32)[np.arange(10) % 2]
    ranker.refit({"diagnosis": (at[:9], Y[:9])})
    assert ranker.predict(at) != {}
    assert ranker.opinions(at, np.ones(50, dtype=bool)) == {}
    ranker.refit({"diagnosis": (at, Y)})
    assert set(ranker.opinions(at, np.ones(50, dtype=bool))) == {"diagnosis"}


def test_of_a_finding_with_few_answers_nothing_is_told() -> None:
    rng = np.random.default_rng(0)
    findings = Question("findings", "multiple", ("nodule", "mass", "fracture"))
    ranker = Ranker([findings], rng.normal(size=(50, 4)))
    at, Y = np.arange(20), np.tile(np.arange(20)[:, None] % 2, 3).astype(np.float32)
    Y[9:, 1], Y[:, 2] = np.nan, np.nan
    ranker.refit({"findings": (at, Y)})
    assert np.isfinite(ranker.predict(at)["findings"]).all()
    told = ranker.opinions(at, np.ones(50, dtype=bool))["findings"]
    assert np.isnan(told).tolist() == [[False, True, True]] * 20


def test_a_number_is_told_with_how_far_off_it_may_be() -> None:
    rng = np.random.default_rng(3)
    X = rng.normal(size=(900, 4)).astype(np.float32)
    truth = 10 * X[:, 0] + rng.normal(scale=2.0, size=900)
    size = Question("size", "number")
    ranker = Ranker([size], X)
    at, rest = np.arange(200), np.arange(200, 900)
    ranker.refit({"size": (at, truth[at, None].astype(np.float32))})
    told = ranker.opinions(rest, np.zeros(900, dtype=bool))["size"]
    deviation = ranker.deviations(rest)["size"]
    assert deviation.shape == told.shape == (700, 1)
    off = np.abs(told[:, 0] - truth[rest]) / deviation[:, 0]
    # Of a normal distribution: 68 % within one, 95 % within two.
    assert [np.mean(off < far) for far in (1, 2)] == pytest.approx([0.683, 0.954], abs=0.05)
    assert deviation.mean() == pytest.approx(2.0, abs=0.2)
