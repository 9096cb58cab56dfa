"""The ranker: what it remembers between labels, and whom it lets to the front."""

import numpy as np
import pytest
from numpy.typing import NDArray

from learner.fitting import FIRST_PENALTY
from learner.projection import fit_projection
from learner.questions import Question
from learner.ranker import Ranker

DIAGNOSIS = Question("diagnosis", "single", ("normal", "nodule", "mass"))
FINDINGS = Question("findings", "multiple", ("nodule", "effusion"))
SIZE = Question("size", "number")
N = 400


def scans(seed: int = 0) -> tuple[NDArray[np.float16], NDArray[np.float32]]:
    """Embeddings of three crowds, float16, and the one-hot diagnosis of each scan."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, N)
    E = rng.normal(size=(N, 20))
    E[:, :3] += 3 * np.eye(3)[y]
    return E.astype(np.float16), np.eye(3, dtype=np.float32)[y]


def was_cold(ranker: Ranker) -> bool:
    return ranker.rank(np.arange(N), 1).strategy in ("random", "max_herding")


def warm(strategy: str = "auto", seed: int = 0, labels: int = 60) -> Ranker:
    E, Y = scans()
    ranker = Ranker([DIAGNOSIS], E, strategy, seed)
    ranker.refit({"diagnosis": (np.arange(labels), Y[:labels])})
    return ranker


def test_a_new_project_is_read_so_that_the_pool_is_covered() -> None:
    E, Y = scans()
    ranker = Ranker([DIAGNOSIS], E)
    assert ranker.rank(np.arange(N), 50).strategy == "random"
    at = np.flatnonzero(Y[:, 1])[:4]  # of one class
    ranker.refit({"diagnosis": (at[:3], Y[at[:3]])})
    assert ranker.rank(np.setdiff1d(np.arange(N), at), 50).strategy == "random"
    ranker.refit({"diagnosis": (at, Y[at])})
    ranked = ranker.rank(np.setdiff1d(np.arange(N), at), 50)
    assert ranked.strategy == "max_herding"
    assert len(set(ranked.indices.tolist())) == 50


@pytest.mark.parametrize(
    ("named", "first"), [("margin", "random"), ("typiclust", "typiclust"), ("lcmd", "random")]
)
def test_a_named_strategy_begins_when_there_are_labels_for_it(named: str, first: str) -> None:
    E, Y = scans()
    ranker = Ranker([DIAGNOSIS, SIZE], E, named)
    assert ranker.rank(np.arange(N), 5).strategy == first
    at, sizes = np.arange(60), E[:60, :1].astype(np.float32)
    ranker.refit({"diagnosis": (at[:9], Y[:9]), "size": (at[:9], sizes[:9])})
    assert ranker.rank(at + 60, 5).strategy == first
    # What a strategy does not ask about does not help it.
    ranker.refit({"diagnosis": (at, Y[at])})
    assert ranker.rank(at + 60, 5).strategy == ("random" if named == "lcmd" else named)
    ranker.refit({"size": (at, sizes)})
    assert ranker.rank(at + 60, 5).strategy == named


def test_numbers_alone_are_read_by_chance_until_there_are_enough() -> None:
    E, _ = scans()
    ranker = Ranker([SIZE], E)
    at, sizes = np.arange(10), E[:10, :1].astype(np.float32)
    ranker.refit({"size": (at[:9], sizes[:9])})
    assert ranker.rank(at + 10, 5).strategy == "random"
    ranker.refit({"size": (at, sizes)})
    assert ranker.rank(at + 10, 5).strategy == "lcmd"


def test_patients_of_one_class_each_say_nothing_about_the_penalty() -> None:
    E, Y = scans()
    patients = np.arange(N)
    for k in range(3):  # no fold's head has seen the class of the patient that it left out
        patients[np.flatnonzero(Y[:, k])[:4]] = N + k
    ranker = Ranker([DIAGNOSIS], E, groups=patients)
    folds = ranker._heads["diagnosis"]._folds
    at = np.flatnonzero(patients >= N)
    assert len(set(folds[at].tolist())) == 3
    ranker.refit({"diagnosis": (at, Y[at])})
    assert ranker._heads["diagnosis"].penalty == FIRST_PENALTY


def test_labels_taken_back_leave_nothing_that_was_found_by_them() -> None:
    E, Y = scans()
    ranker, fresh = warm(labels=60), Ranker([DIAGNOSIS], E)
    head = ranker._heads["diagnosis"]
    assert head.members
    for one in (ranker, fresh):
        one.refit({"diagnosis": (np.arange(8), Y[:8])})
    assert not head.members
    told, anew = (one.predict(np.arange(N))["diagnosis"] for one in (ranker, fresh))
    np.testing.assert_allclose(told, anew, atol=1e-2)


def test_labels_of_one_class_leave_nothing_that_was_found_by_two() -> None:
    _, Y = scans()
    ranker, one_class = warm(labels=60), np.flatnonzero(Y[:, 0])[:20]
    ranker.refit({"diagnosis": (one_class, Y[one_class])})
    assert not ranker._heads["diagnosis"].members


@pytest.mark.parametrize("strategy", ["max_herding", "uncertainty_herding"])
def test_what_is_in_a_hand_is_kept_away_from(strategy: str) -> None:
    ranker = warm(strategy)
    rest = np.arange(60, N)
    alone = ranker.rank(rest, 1).indices
    others = np.setdiff1d(rest, alone)
    beside = ranker.rank(others, 1, pending=alone)
    assert beside.scores[0] < ranker.rank(others, 1).scores[0]


def test_a_strategy_that_no_question_feeds_is_refused() -> None:
    with pytest.raises(ValueError, match="asks for a number"):
        Ranker([DIAGNOSIS], scans()[0], "bait")


def test_order_follows_doubt_once_two_answers_were_seen() -> None:
    E, Y = scans()
    ranker = Ranker([DIAGNOSIS], E)
    at = np.concatenate([np.flatnonzero(Y[:, 0])[:3], np.flatnonzero(Y[:, 1])[:1]])
    ranker.refit({"diagnosis": (at, Y[at])})
    ranked = ranker.rank(np.setdiff1d(np.arange(N), at), 20)
    assert ranked.strategy == "uncertainty_herding"
    assert not set(ranked.indices.tolist()) & set(at.tolist())


def test_order_follows_findings_once_one_was_seen_and_missed() -> None:
    E, _ = scans()
    ranker = Ranker([FINDINGS], E)
    for rows, cold in (([[1, 0]] * 8, True), ([[1, 0]] * 3 + [[0, 0]], False)):
        at = np.arange(len(rows))
        ranker.refit({"findings": (at, np.array(rows, np.float32))})
        assert was_cold(ranker) is cold


def test_a_finding_that_came_in_later_is_calibrated_by_its_own_answers() -> None:
    E, Y = scans()
    at = np.arange(300)
    findings = np.stack([Y[:, 1], np.random.default_rng(1).integers(0, 2, N)], axis=1)
    findings = findings.astype(np.float32)
    findings[80:, 1] = np.nan  # noise, asked of eighty scans
    before = findings.copy()
    before[:, 1] = np.nan
    grown, anew = Ranker([FINDINGS], E), Ranker([FINDINGS], E)
    grown.refit({"findings": (at, before[at])})
    grown.refit({"findings": (at, findings[at])})
    anew.refit({"findings": (at, findings[at])})
    there, told = (one._heads["findings"].temperature for one in (anew, grown))
    assert there[1] > 1.2
    np.testing.assert_allclose(told, there, rtol=0.05)


def test_nobody_is_unsure_of_a_finding_that_nobody_was_asked_about() -> None:
    E, Y = scans()
    at = np.arange(60)
    findings = Y[:, 1:].copy()
    findings[:, 1] = np.nan
    both = Ranker([FINDINGS], E)
    both.refit({"findings": (at, findings[at])})
    (answer,) = both._pool(np.arange(60, N), at[:0], "uncertainty_herding").answers
    assert answer.weights.tolist() == [1, 0]


def test_of_many_findings_so_many_are_read_by_chance() -> None:
    E, _ = scans()
    ranker = Ranker([Question("findings", "multiple", tuple("abcdef"))], E)
    for labels, cold in ((5, True), (6, False)):
        targets = np.eye(6, dtype=np.float32)[:labels]
        ranker.refit({"findings": (np.arange(labels), targets)})
        assert was_cold(ranker) is cold


def test_a_question_of_many_classes_is_not_waited_for() -> None:
    E, Y = scans()
    many = Question("kind", "single", tuple(f"k{k}" for k in range(60)))
    beside, alone = Ranker([DIAGNOSIS, many], E), Ranker([many], E)
    beside.refit({"diagnosis": (np.arange(6), Y[:6])})
    alone.refit({"kind": (np.arange(20), np.eye(60, dtype=np.float32)[:20])})
    assert not was_cold(beside)
    assert not was_cold(alone)


def test_two_numbers_have_no_say_in_what_is_doubtful() -> None:
    E, Y = scans()
    with_, without = Ranker([DIAGNOSIS, SIZE], E), Ranker([DIAGNOSIS], E)
    at, rest = np.arange(12), np.arange(12, N)
    with_.refit({"diagnosis": (at, Y[at]), "size": (at[:2], E[:2, :1].astype(np.float32))})
    without.refit({"diagnosis": (at, Y[at])})
    assert with_.rank(rest, 9).indices.tolist() == without.rank(rest, 9).indices.tolist()


def test_a_scan_in_a_second_hand_is_the_same_scan() -> None:
    ranker, rest = warm("uncertainty_herding"), np.arange(60, N)
    again = ranker.rank(rest, 9, pending=np.arange(60))
    assert again.indices.tolist() == ranker.rank(rest, 9).indices.tolist()


def test_a_named_strategy_waits_until_every_class_has_two_labels() -> None:
    E, Y = scans()
    ranker = Ranker([DIAGNOSIS], E, "margin")
    one, two, three = (np.flatnonzero(Y[:, k])[:2] for k in range(3))
    nearly = np.concatenate([one, two, three[:1]])
    ranker.refit({"diagnosis": (nearly, Y[nearly])})
    assert was_cold(ranker)
    every = np.concatenate([one, two, three])
    ranker.refit({"diagnosis": (every, Y[every])})
    assert not was_cold(ranker)


def test_a_class_that_never_comes_does_not_keep_the_project_cold() -> None:
    E, Y = scans()
    common = np.flatnonzero(Y[:, 2] == 0)
    most = 5 * len(DIAGNOSIS.classes)
    ranker = Ranker([DIAGNOSIS], E, "margin")
    ranker.refit({"diagnosis": (common[: most - 1], Y[common[: most - 1]])})
    assert was_cold(ranker)
    ranker.refit({"diagnosis": (common[:most], Y[common[:most]])})
    assert not was_cold(ranker)


@pytest.mark.parametrize(
    "other", [Question("size", "number"), Question("grade", "single", ("a", "b"))]
)
def test_a_question_that_nobody_answers_does_not_keep_the_project_cold(other: Question) -> None:
    E, Y = scans()
    ranker = Ranker([DIAGNOSIS, other], E, "margin")
    most = 5 * len(DIAGNOSIS.classes)
    ranker.refit({"diagnosis": (np.arange(most), Y[:most])})
    assert not was_cold(ranker)


def test_findings_need_two_present_and_two_absent() -> None:
    E, _ = scans()
    ranker = Ranker([FINDINGS], E, "margin")
    for rows, cold in (([[1, 1]] * 8, True), ([[1, 1]] * 2 + [[0, 0]] * 2, False)):
        at = np.arange(len(rows))
        ranker.refit({"findings": (at, np.array(rows, np.float32))})
        assert was_cold(ranker) is cold


def test_absence_is_counted_where_the_finding_was_asked() -> None:
    E, _ = scans()
    ranker = Ranker([FINDINGS], E, "margin")
    rows = np.array([[1, 1], [1, 1], [0, np.nan], [0, np.nan], [0, np.nan]], np.float32)
    ranker.refit({"findings": (np.arange(5), rows)})
    assert was_cold(ranker)


def test_the_same_labels_and_seed_give_the_same_order() -> None:
    rest = np.arange(60, N)
    first, again = warm().rank(rest, 30), warm().rank(rest, 30)
    assert first.indices.tolist() == again.indices.tolist()
    assert first.scores.tolist() == again.scores.tolist()


def test_the_order_changes_with_every_label() -> None:
    E, Y = scans()
    ranker = Ranker([DIAGNOSIS], E)
    before: list[int] = []
    for labels in range(30, 40):
        ranker.refit({"diagnosis": (np.arange(labels), Y[:labels])})
        now = ranker.rank(np.arange(40, N), 20).indices.tolist()
        assert now != before
        before = now


def test_a_refit_from_the_last_one_ends_where_a_fresh_fit_does() -> None:
    E, Y = scans()
    step_by_step = Ranker([DIAGNOSIS], E)
    # The penalty is looked for with 20, 30, 45 and 68 labels.
    for labels in range(20, 69):
        step_by_step.refit({"diagnosis": (np.arange(labels), Y[:labels])})
    a, b = step_by_step.predict()["diagnosis"], warm(labels=68).predict()["diagnosis"]
    np.testing.assert_allclose(a, b, atol=0.03)  # temperatures date from slightly fewer labels
    assert (a.argmax(axis=1) == b.argmax(axis=1)).mean() > 0.99


def test_an_answer_taken_back_is_forgotten() -> None:
    _, Y = scans()
    ranker = warm(labels=60)
    ranker.refit({"diagnosis": (np.arange(59), Y[:59])})
    assert 59 in ranker.rank(np.arange(59, N), N).indices
    ranker.refit({})
    assert ranker.predict() == {}
    assert was_cold(ranker)


def test_predictions_are_right_calibrated_and_of_all_questions() -> None:
    E, Y = scans()
    size = (E[:, :1].astype(np.float32) * 2 + 5).astype(np.float32)
    findings = Y[:, 1:].copy()
    findings[::4, 1] = np.nan
    at = np.arange(150)
    ranker = Ranker([DIAGNOSIS, FINDINGS, SIZE], E, groups=np.arange(N) // 2)
    ranker.refit({"diagnosis": (at, Y[at]), "findings": (at, findings[at]), "size": (at, size[at])})
    test = np.arange(150, N)
    found = ranker.predict(test)
    assert {name: p.shape for name, p in found.items()} == {
        "diagnosis": (250, 3),
        "findings": (250, 2),
        "size": (250, 1),
    }
    assert (found["diagnosis"].argmax(axis=1) == Y[test].argmax(axis=1)).mean() > 0.9
    assert ((found["findings"] > 0.5) == (Y[test, 1:] == 1)).mean() > 0.9
    assert np.abs(found["size"] - size[test]).mean() < 0.3
    likelihood = np.log(found["diagnosis"][Y[test] == 1]).mean()
    assert likelihood > -0.35
    assert not was_cold(ranker)
    assert len(ranker.rank(test, 10).indices) == 10


def test_numbers_alone_are_ranked_by_how_far_off_they_may_be() -> None:
    E, _ = scans()
    E = E.copy()
    E[399] *= 4
    ranker = Ranker([SIZE], E, "entropy")
    ranker.refit({"size": (np.arange(50), E[:50, :1].astype(np.float32))})
    assert ranker.rank(np.arange(300, N), 5).indices[0] == 399


@pytest.mark.parametrize(
    "strategy", ["margin", "cluster_margin", "badge", "coreset", "modal:consensus_entropy_sampling"]
)
def test_a_named_strategy_is_the_one_that_chooses(strategy: str) -> None:
    ranked = warm(strategy).rank(np.arange(60, N), 12)
    assert ranked.strategy == strategy
    assert len(set(ranked.indices.tolist())) == 12


def test_nothing_left_to_read_is_an_empty_ranking() -> None:
    assert warm().rank(np.zeros(0, np.int64), 10).indices.tolist() == []


def test_memory_mapped_embeddings_will_do(tmp_path: object) -> None:
    E, Y = scans()
    path = f"{tmp_path}/pool.npy"
    np.save(path, E)
    mapped = Ranker([DIAGNOSIS], np.load(path, mmap_mode="r"))
    mapped.refit({"diagnosis": (np.arange(60), Y[:60])})
    rest = np.arange(60, N)
    assert mapped.rank(rest, 9).indices.tolist() == warm().rank(rest, 9).indices.tolist()


def test_what_cannot_be_is_refused() -> None:
    E, Y = scans()
    ranker, three = Ranker([DIAGNOSIS], E), np.arange(3)
    for labels, message in (
        ({"age": (three, Y[:3])}, "no question age"),
        ({"diagnosis": (three + N, Y[:3])}, "outside"),
        ({"diagnosis": (three * 0, Y[:3])}, "twice"),
        ({"diagnosis": (three, Y[:2])}, "indices"),
        ({"diagnosis": (three, Y[:3] * 2)}, "0, 1 or NaN"),
    ):
        with pytest.raises(ValueError, match=message):
            ranker.refit(labels)
    with pytest.raises(ValueError, match="choose from auto"):
        Ranker([DIAGNOSIS], E, "best")
    with pytest.raises(ValueError, match="name of its own"):
        Ranker([DIAGNOSIS, DIAGNOSIS], E)
    with pytest.raises(ValueError, match="groups"):
        Ranker([DIAGNOSIS], E, groups=three)
    with pytest.raises(ValueError, match="NaN"):
        Ranker([DIAGNOSIS], np.full((4, 3), np.nan, np.float16))
    with pytest.raises(ValueError, match="at least one"):
        ranker.rank(three, 0)
    with pytest.raises(ValueError, match="outside"):
        ranker.rank(three + N, 2)


def test_the_projection_keeps_angles_and_drops_what_is_constant() -> None:
    rng = np.random.default_rng(0)
    E = np.hstack([rng.normal(size=(200, 5)) * [1, 2, 3, 4, 100], np.full((200, 3), 7.0)])
    Z = fit_projection(E.astype(np.float32)).apply(E.astype(np.float32))
    assert Z.shape == (200, 5)
    standardised = (E[:, :5] - E[:, :5].mean(axis=0)) / E[:, :5].std(axis=0) / np.sqrt(5)
    np.testing.assert_allclose(Z @ Z.T, standardised @ standardised.T, atol=1e-3)
    assert (Z**2).sum(axis=1).mean() == pytest.approx(1, abs=1e-4)
    covariance = np.cov(Z.T)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 1e-4


def test_identical_scans_have_no_directions_and_no_errors() -> None:
    ranker = Ranker([DIAGNOSIS], np.ones((20, 6), np.float16))
    ranker.refit({"diagnosis": (np.arange(6), np.tile(np.eye(3, dtype=np.float32), (2, 1)))})
    np.testing.assert_allclose(ranker.predict()["diagnosis"], 1 / 3, atol=0.02)
    assert len(ranker.rank(np.arange(6, 20), 5).indices) == 5


def test_a_few_labels_do_not_move_the_penalty_far() -> None:
    """Labels that nothing tells apart want the strongest; a dozen of them may be chance."""
    rng = np.random.default_rng(0)
    E = rng.normal(size=(N, 20))
    by_chance, by_rule = rng.integers(0, 3, N), E[:, :3].argmax(axis=1)
    ranker = Ranker([DIAGNOSIS], E)
    ranker.refit({"diagnosis": (np.arange(12), np.eye(3, dtype=np.float32)[by_chance[:12]])})
    assert 0.05 <= ranker._heads["diagnosis"].penalty <= 1
    ranker.refit({"diagnosis": (np.arange(N), np.eye(3, dtype=np.float32)[by_rule])})
    assert ranker._heads["diagnosis"].penalty < 0.2
