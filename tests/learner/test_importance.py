"""How many scans of the pool a labelled one stands for, and what heads make of it."""

import numpy as np
import pytest

import learner.importance
from learner.heads import fit_sigmoid, fit_softmax
from learner.importance import Importance
from learner.proof.evidence import Evidence
from learner.proof.refits import Refits
from learner.questions import Question
from learner.ranker import Ranker
from learner.strategies.pool import Float32


def around_the_circle(*degrees: float) -> Float32:
    angles = np.deg2rad(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def test_a_label_counts_as_often_as_it_is_the_nearest() -> None:
    features = around_the_circle(0, 10, 20, 30, 180, 190)
    importance = Importance(features, np.random.default_rng(0))
    found = importance.weights(np.array([4, 1]))  # 2 of the pool and 4, and each itself
    np.testing.assert_allclose(found, np.array([3, 5]) / 4)
    found = importance.weights(np.array([4, 3, 1]))  # two of the four are nearer to 30 degrees
    np.testing.assert_allclose(found, np.array([3, 2, 4]) / 3, rtol=1e-6)


def test_what_is_kept_from_label_to_label_is_what_would_be_found_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(learner.importance, "_LABELS", 3)
    rng = np.random.default_rng(1)
    features = rng.normal(size=(200, 4)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    kept = Importance(features, np.random.default_rng(0))
    order = rng.permutation(200)
    for labelled in (order[:0], order[:1], order[:20], order[:50], order[5:40], order[::-1]):
        anew = Importance(features, np.random.default_rng(0)).weights(labelled)
        np.testing.assert_allclose(kept.weights(labelled), anew)


@pytest.mark.parametrize("fit", [fit_softmax, fit_sigmoid])
def test_a_row_of_importance_two_is_that_row_twice(fit: object) -> None:
    assert callable(fit)
    rng = np.random.default_rng(2)
    X = rng.normal(size=(30, 5)).astype(np.float32)
    Y = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 30)]
    twice = np.concatenate([np.arange(30), np.arange(10)])
    importance = np.where(np.arange(30) < 10, 2, 1).astype(np.float32)
    for balance in (0.0, 1.0):
        # The weights have a mean of 1, so the penalty is shared by more rows where they are there.
        weighed = fit(X, Y, penalty=0.3, balance=balance, importance=importance)
        repeated = fit(X[twice], Y[twice], penalty=0.4, balance=balance)
        np.testing.assert_allclose(weighed.weights, repeated.weights, atol=2e-3)


DIAGNOSIS = Question("diagnosis", "single", ("no", "yes"))
LARGE, SMALL, OTHER = np.arange(900), np.arange(900, 1000), np.arange(1000, 2000)
ODD = np.concatenate([LARGE[:20], SMALL[:60], OTHER[:65]])


def crowds_apart() -> tuple[Float32, Float32]:
    """Embeddings and targets: one class has a LARGE crowd at -3 and a SMALL one at 3, where nearly
    all its ODD labels are. Where these weigh alike, the whole of the large crowd is told wrong."""
    rng = np.random.default_rng(3)
    E = rng.normal(0, [1, 0.5, 0.5], (2000, 3))
    E[LARGE, 0] -= 3
    E[SMALL, 0] += 3
    return E.astype(np.float32), np.eye(2, dtype=np.float32)[np.repeat([0, 1], 1000)]


@pytest.mark.parametrize("weigh", [True, False])
def test_labels_of_a_few_odd_scans_do_not_outweigh_the_pool(*, weigh: bool) -> None:
    E, Y = crowds_apart()
    ranker = Ranker([DIAGNOSIS], E, weigh=weigh)
    ranker.refit({"diagnosis": (ODD, Y[ODD])})
    told = ranker.predict(LARGE)["diagnosis"].argmax(axis=1) == 0
    assert told.mean() > 0.5 if weigh else not told.any()


def test_the_proof_weighs_labels_as_the_ranker_does() -> None:
    E, Y = crowds_apart()
    nothing = np.zeros(0, dtype=np.int64)
    of = Evidence((DIAGNOSIS,), E, {"diagnosis": Y}, np.arange(2000), nothing, ODD, nothing)
    refits = Refits(of, np.random.default_rng(0), unread=2000)
    head = refits.fit(DIAGNOSIS, ODD)
    told = refits.predict(head, refits.unread[refits.unread < 900]).argmax(axis=1) == 0
    assert told.mean() > 0.5
