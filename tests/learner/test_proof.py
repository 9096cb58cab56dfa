"""What a proof rests on: evidence, scores and their luck, curves, and the labels to doubt."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.metrics import evaluate
from learner.proof.label_errors import find_label_errors
from learner.proof.luck import Luck, fit_luck
from learner.proof.power_law import fit_curve
from learner.proof.refits import Refits, label_counts
from learner.proof.report import prove
from learner.proof.savings import _crossing
from learner.proof.scoring import covariance, score
from learner.questions import Question
from tests.learner.evidence import FINDINGS, SEX, SIZE, evidence, refits


def test_a_scan_is_in_one_arm_alone() -> None:
    with pytest.raises(ValueError, match="two arms"):
        replace(evidence(audit=5, active=5, random=5), random=np.array([5]))
    with pytest.raises(ValueError, match="outside the pool"):
        replace(evidence(audit=5, active=5, random=5), random=np.array([15]))
    with pytest.raises(ValueError, match="patients"):
        replace(evidence(audit=5, active=5, random=5), patients=np.zeros(3, dtype=np.int64))


def test_the_arms_are_put_side_by_side_for_training() -> None:
    of = evidence(audit=2, active=6, random=2)
    assert of.trained.tolist() == [2, 3, 4, 8, 5, 6, 7, 9]
    brought = replace(of, active=of.active[:5], given=np.array([7]))
    assert brought.trained.tolist()[0] == 7
    assert sorted(brought.trained.tolist()) == list(range(2, 10))


def test_an_unanswered_question_counts_nowhere() -> None:
    of = evidence(audit=2, active=6, random=2)
    of.targets["findings"][3] = np.nan
    assert of.answered(FINDINGS, of.active).tolist() == [2, 4, 5, 6, 7]


@pytest.mark.parametrize("question", [SEX, FINDINGS, SIZE], ids=lambda question: question.kind)
def test_a_score_is_the_metric_of_that_name(question: Question) -> None:
    of = evidence(audit=60, active=40, random=0)
    y = of.targets[question.name][of.audit]
    ours = refits(of)
    predicted = ours.predict(ours.fit(question, of.active), of.audit)
    found = score(question, predicted, y)
    name = {"single": "balanced_accuracy", "multiple": "roc_auc", "number": "mae"}[question.kind]
    report = evaluate(question, predicted, y)[name]
    assert isinstance(report, dict)
    assert abs(found.value) == pytest.approx(report["value"])
    assert found.influence.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("question", [SEX, FINDINGS, SIZE], ids=lambda question: question.kind)
def test_influences_give_the_variance_that_resampling_patients_does(question: Question) -> None:
    of = evidence(audit=400, active=30, random=0)
    ours, rng = refits(of), np.random.default_rng(1)
    predicted = ours.predict(ours.fit(question, of.active), of.audit)
    y, patients = of.targets[question.name][of.audit], of.patients[of.audit]
    again = []
    for _ in range(400):
        drawn = rng.integers(200, size=200)
        rows = (2 * drawn[:, None] + [0, 1]).ravel()  # patients have two scans each
        again.append(score(question, predicted[rows], y[rows]).value)
    found = score(question, predicted, y)
    variance = covariance(found.influence[None], patients)[0, 0]
    assert np.sqrt(variance) == pytest.approx(np.std(again), rel=0.15)


def test_without_a_head_a_score_is_that_of_a_guess() -> None:
    of = evidence(audit=30, active=0, random=0)
    assert score(SEX, None, of.targets["sex"]).value == 0.5
    assert score(FINDINGS, None, of.targets["findings"]).value == 0.5
    y = of.targets["size"]
    assert score(SIZE, None, y).value == pytest.approx(-np.abs(y - y.mean()).mean(), rel=1e-5)


def test_a_score_of_one_class_is_none() -> None:
    with pytest.raises(ValueError, match="one class only"):
        score(SEX, None, np.eye(2, dtype=np.float32)[[0, 0]])
    with pytest.raises(ValueError, match="present and absent"):
        score(FINDINGS, None, np.ones((3, 2), dtype=np.float32))
    with pytest.raises(ValueError, match="two patients"):
        covariance(np.zeros((1, 2)), np.array([4, 4]))


def test_numbers_of_labels_are_evenly_spaced_by_ratio() -> None:
    assert label_counts(80, points=5) == [5, 10, 20, 40, 80]
    assert label_counts(3) == [3]
    assert label_counts(0) == []


def test_luck_is_read_off_the_parts() -> None:
    found = fit_luck({10: [0.04, 0.04], 20: [0.02, 0.02], 40: [0.01, 0.01]})
    assert found.scale == pytest.approx(0.4)
    assert found.power == pytest.approx(1.0)
    assert found.variance(100) == pytest.approx(0.004)
    # However little the parts tell: no slower than a mean, no faster than its square.
    assert fit_luck({10: [0.01], 20: [0.01]}).power == 1.0
    assert fit_luck({10: [0.1], 20: [0.001]}).power == 2.0


def test_luck_is_shared_along_an_order_and_averaged_over_orders() -> None:
    luck = Luck(scale=1.0, power=1.0)
    assert luck.nested(np.array([10.0, 40.0])).tolist() == [[0.1, 0.025], [0.025, 0.025]]
    # Of a mean, averaging over orders leaves the variance of all labels.
    assert luck.averaged(np.array([10.0, 40.0]), 40) == pytest.approx(np.full((2, 2), 0.025))


@given(st.floats(0.2, 1.5), st.floats(0.1, 0.6))
@settings(max_examples=20)
def test_a_power_law_is_found_again(exponent: float, scale: float) -> None:
    labels = np.array([20, 40, 80, 160, 320, 640])
    scores = 0.9 - scale * labels**-exponent
    curve = fit_curve(labels, scores, np.eye(6) * 1e-8, np.random.default_rng(0))
    assert np.median(curve.at(300)) == pytest.approx(0.9 - scale * 300**-exponent, abs=3e-3)
    assert (curve.b >= 0).all()
    there = curve.labels_for(curve.at(200.0))
    assert there[curve.b > 1e-9] == pytest.approx(200, rel=1e-3)


def test_what_a_curve_never_reaches_takes_for_ever() -> None:
    labels = np.array([20, 40, 80, 160])
    flat = fit_curve(labels, np.full(4, 0.8), np.eye(4) * 1e-8, np.random.default_rng(0))
    assert np.isinf(flat.labels_for(np.full(len(flat.a), 0.9))).all()
    with pytest.raises(ValueError, match="four points"):
        fit_curve(labels[:3], np.full(3, 0.8), np.eye(3), np.random.default_rng(0))


def test_a_level_is_reached_between_two_points() -> None:
    k = np.array([10.0, 40.0])
    assert _crossing(k, np.array([-0.1, 0.1])) == pytest.approx(20.0)
    assert _crossing(k, np.array([0.1, 0.2])) == 10.0
    assert _crossing(k, np.array([-0.2, -0.1])) is None


def test_planted_flips_are_doubted_in_every_kind_of_question() -> None:
    of = evidence(audit=60, active=200, random=40)
    sex, findings, size = (of.targets[question.name].copy() for question in of.questions)
    plain = of.active[np.abs(of.embeddings[of.active, 0]) > 1][:6]
    sex[plain] = 1 - sex[plain]
    plain_audit = of.audit[of.embeddings[of.audit, 1] > 1.5][:1]
    findings[plain_audit, 0] = 0
    size[of.active[7]] += 40
    wrong = replace(of, targets={"sex": sex, "findings": findings, "size": size})
    ours, rng = refits(wrong), np.random.default_rng(0)
    doubts = find_label_errors(ours, SEX, rng)
    assert set(plain) <= {doubt.row for doubt in doubts[:12]}
    first = doubts[0]
    assert {first.given, first.suggested} == {"f", "m"}
    assert first.probability > first.given_probability
    by_row = {doubt.row: doubt for doubt in find_label_errors(ours, FINDINGS, rng)}
    found = by_row[int(plain_audit[0])]
    assert (found.finding, found.given, found.suggested) == ("nodule", "absent", "present")
    far = find_label_errors(ours, SIZE, rng)
    assert far[0].row == of.active[7]
    assert far[0].probability == pytest.approx(1, abs=1e-3)


def test_a_label_never_speaks_for_itself() -> None:
    """Heads that judge a label have seen neither it nor another of the same patient."""
    of = evidence(audit=40, active=100, random=0)
    seen: list[tuple[set[int], set[int]]] = []

    class Watched(Refits):
        def fit(self, question, rows):  # type: ignore[no-untyped-def]
            self.learnt = set(of.patients[rows].tolist())
            return super().fit(question, rows)

        def predict(self, head, rows):  # type: ignore[no-untyped-def]
            seen.append((self.learnt, set(of.patients[rows].tolist())))
            return super().predict(head, rows)

    find_label_errors(Watched(of, np.random.default_rng(0)), SEX, np.random.default_rng(0))
    assert len(seen) == 6  # five folds, and the audit sample by all
    assert not any(learnt & judged for learnt, judged in seen)
    assert set().union(*(judged for _, judged in seen)) == set(range(70))


def test_too_few_labels_are_not_doubted() -> None:
    of = evidence(audit=5, active=20, random=5)
    assert find_label_errors(refits(of), SEX, np.random.default_rng(0)) == []


def test_the_same_evidence_gives_the_same_proof() -> None:
    of = evidence(audit=64, active=50, random=24, unread=50)
    first, second = prove(of, seed=3), prove(of, seed=3)
    assert first == second
    told = first.as_json()
    assert [one["question"] for one in told["savings"]] == ["sex", "findings", "size"]
    assert [one["question"] for one in told["stopping"]] == ["sex", "findings", "size"]
    ranks = [one["rank_by"] for one in told["label_errors"]]
    assert ranks == sorted(ranks)  # type: ignore[type-var]
