"""What the strategies with more mathematics are known to choose."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from learner.fitting import FIRST_PENALTY
from learner.strategies import load_strategy
from learner.strategies.badge import Gradients
from learner.strategies.badge import select as badge
from learner.strategies.coreset import farthest_first
from learner.strategies.distances import nearest, nearest_distance, squared_distances
from learner.strategies.epig import expected_gain
from learner.strategies.information import disagreement
from learner.strategies.pool import Answer, Float32, Int64, Pool, top_rows
from learner.strategies.prob_cover import pure_radius

HALVES = np.full(2, 0.5, np.float32)
ONES = np.ones(1, np.float32)
NONE = np.zeros(0, np.int64)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def two(p: list[float]) -> Float32:
    return np.stack([1 - np.array(p), np.array(p)], axis=1).astype(np.float32)


def choose(name: str, pool: Pool, batch: int, seed: int = 0) -> list[int]:
    found: list[int] = load_strategy(name)(pool, batch, rng(seed)).indices.tolist()
    return found


def number(m: int) -> tuple[Answer]:
    return (Answer("number", np.ones((m, 1), np.float32), ONES),)


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 40))
def test_the_top_rows_are_those_of_a_stable_sort(scores: list[int], count: int) -> None:
    given_ = np.array(scores, np.float32)
    assert top_rows(given_, count).tolist() == np.argsort(-given_, kind="stable")[:count].tolist()


@given(st.integers(0, 10**6), st.integers(0, 40))
@settings(max_examples=20)
def test_the_nearest_centre_is_the_one_of_the_whole_matrix(seed: int, centres: int) -> None:
    X, C = (rng(seed).normal(size=(k, 3)).astype(np.float32) for k in (50, centres))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("learner.strategies.distances._CENTRES", 7)
        patch.setattr("learner.strategies.distances._ROWS", 16)
        apart, which = nearest(X, C)
    if not centres:
        assert np.isinf(apart).all()
        return
    whole = ((X[:, None] - C[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(apart, whole.min(axis=1), atol=1e-4)
    np.testing.assert_allclose(whole[np.arange(50), which], whole.min(axis=1), atol=1e-4)


@given(st.integers(0, 10**6))
@settings(max_examples=20)
def test_coreset_by_bounds_is_coreset_by_all_distances(seed: int) -> None:
    X = rng(seed).normal(size=(60, 3)).astype(np.float32)
    near = nearest_distance(X, X[:2])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("learner.strategies.coreset._FRONT", 4)
        rows, apart = farthest_first(X, near, 9)
    for row, distance in zip(rows, apart, strict=True):
        assert distance == pytest.approx(near.max(), abs=1e-4)
        near = np.minimum(near, squared_distances(X, X[[row]])[:, 0])
    assert len(set(rows)) == 9


def test_power_margin_draws_as_often_as_its_propensity_says() -> None:
    p = [0.5, 0.6, 0.7, 0.8, 0.9]
    pool = Pool(
        np.eye(5, dtype=np.float32), np.arange(5), NONE, (Answer("single", two(p), HALVES),)
    )
    first = np.zeros(5)
    for seed in range(4000):
        first[choose("power_margin", pool, 1, seed)[0]] += 1 / 4000
    chosen = load_strategy("power_margin")(pool, 5, rng())
    assert chosen.propensity is not None
    told = np.empty(5)
    told[chosen.indices] = chosen.propensity
    assert told.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(told, np.array([1, 0.8, 0.6, 0.4, 0.2]) / 3, atol=1e-5)
    np.testing.assert_allclose(first, told, atol=0.03)


def test_random_order_puts_each_in_front_alike() -> None:
    chosen = load_strategy("random")(
        Pool(np.eye(8, dtype=np.float32), np.arange(8), NONE), 3, rng()
    )
    assert chosen.propensity is not None
    assert chosen.propensity.tolist() == [0.125] * 3


def test_what_a_strategy_leaves_to_no_chance_has_no_propensity() -> None:
    answer = Answer("single", two([0.5, 0.6]), HALVES)
    pool = Pool(np.eye(2, dtype=np.float32), np.arange(2), NONE, (answer,))
    assert load_strategy("margin")(pool, 1, rng()).propensity is None


def test_bald_follows_disagreement_not_doubt() -> None:
    # The first scan is doubtful to both heads; the second divides them.
    members = np.stack([two([0.5, 0.95, 0.9]), two([0.5, 0.05, 0.9])])
    answer = Answer("single", members.mean(axis=0), HALVES, members)
    pool = Pool(np.eye(3, dtype=np.float32), np.arange(3), NONE, (answer,))
    assert choose("bald", pool, 3)[0] == 1
    told = disagreement(members, answer)
    assert told[0] == pytest.approx(0, abs=1e-6)
    h = -(0.05 * np.log2(0.05) + 0.95 * np.log2(0.95))
    assert told[1] == pytest.approx(1 - h, abs=1e-5)


def test_bald_before_the_folds_is_entropy() -> None:
    answer = Answer("single", two([0.9, 0.6, 0.99]), HALVES)
    pool = Pool(np.eye(3, dtype=np.float32), np.arange(3), NONE, (answer,))
    assert choose("bald", pool, 3) == [1, 0, 2]


def posterior(table: Float32) -> Answer:
    """A posterior of few, equally likely opinions [s, m, c], drawn in turn."""

    def draw(rows: Int64, count: int, _: np.random.Generator) -> Float32:
        return np.asarray(table[np.arange(count) % len(table)][:, rows])

    return Answer("single", table.mean(axis=0), HALVES, draws=draw)


def test_bald_over_the_posterior_follows_its_draws() -> None:
    table = np.stack([two([0.5, 0.9, 0.9]), two([0.5, 0.1, 0.9])])
    pool = Pool(np.eye(3, dtype=np.float32), np.arange(3), NONE, (posterior(table),))
    assert choose("bald_laplace", pool, 1) == [1]


def test_epig_asks_what_tells_about_the_others() -> None:
    # All of 1..9 hang on one hidden fact, 0 on another by itself: BALD cannot tell them apart.
    a, b = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    p = np.where(np.stack([a, *[b] * 9], axis=1) == 1, 0.95, 0.05)
    table = np.stack([1 - p, p], axis=2).astype(np.float32)
    answer = posterior(table)
    bald = disagreement(table, answer)
    assert bald[0] == pytest.approx(bald[1], abs=1e-6)
    pool = Pool(np.eye(10, dtype=np.float32), np.arange(10), NONE, (answer,))
    assert choose("epig", pool, 10)[-1] == 0


def test_expected_gain_is_the_mutual_information_written_out() -> None:
    draws = [
        rng(k).dirichlet(np.ones(3), size=(50, n)).astype(np.float32) for k, n in ((1, 4), (2, 6))
    ]
    p, q = draws
    gain = expected_gain(p, q)
    for row in range(4):
        each = []
        for target in range(6):
            joint = p[:, row].T.astype(float) @ q[:, target] / 50
            product = np.outer(joint.sum(axis=1), joint.sum(axis=0))
            each.append((joint * np.log(joint / product)).sum())
        assert gain[row] == pytest.approx(np.mean(each), abs=1e-5)


def test_badge_draws_by_squared_distance_from_what_it_has() -> None:
    # Gradients of equal direction in c and lengths 3, 2, 1 along three axes.
    features = np.diag([3.0, 2.0, 1.0]).astype(np.float32)
    answer = Answer("single", two([0.5, 0.5, 0.5]), HALVES)
    pool = Pool(features, np.arange(3), NONE, (answer,))
    second = [badge(pool, 2, rng(seed)).indices.tolist() for seed in range(1500)]
    assert {first for first, _ in second} == {0}
    apart = np.array([0, 9 + 4, 9 + 1], float)
    share = np.mean([row == 1 for _, row in second])
    assert share == pytest.approx(apart[1] / apart.sum(), abs=0.05)


def test_badge_in_blocks_draws_the_third_by_the_distance_to_the_nearest() -> None:
    X = np.array([[4.0], [0.0], [1.0], [3.5]], np.float32)
    answer = Answer("single", np.tile(HALVES, (4, 1)), HALVES)
    pool = Pool(X, np.arange(4), NONE, (answer,))
    found: dict[tuple[int, ...], float] = {}
    for seed in range(6000):
        order = tuple(badge(pool, 3, rng(seed)).indices.tolist())
        found[order] = found.get(order, 0) + 1 / 6000
    far = Gradients.of(np.full((4, 1), 1, np.float32), X).apart(np.arange(4)).astype(float).T
    for (_, second, third), share in found.items():
        now = np.minimum(far[:, 0], far[:, second])
        expected = far[second, 0] / far[:, 0].sum() * now[third] / now.sum()
        assert share == pytest.approx(expected, abs=0.025)


def test_prob_cover_takes_one_of_each_crowd() -> None:
    centres = np.eye(10) * 20
    X = np.concatenate([centre + rng(1).normal(size=(20, 10)) * 0.1 for centre in centres])
    pool = Pool(X.astype(np.float32), np.arange(200), NONE)
    assert len({row // 20 for row in choose("prob_cover", pool, 10)}) >= 8
    half = [row for row in range(1, 200) if row < 20 or row % 20 < 10]  # crowd 0 is the largest
    labelled = Pool(X.astype(np.float32), np.array(half), np.arange(1))
    assert 0 not in {row // 20 for row in choose("prob_cover", labelled, 5)}


def test_the_radius_is_as_large_as_purity_lets_it_be() -> None:
    # Of 60 balls the 31 of those at 3 and 5 reach the other cluster at 2, the rest at 5.
    X = np.array([[0.0]] * 29 + [[3.0]] + [[5.0]] * 30, np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("learner.strategies.prob_cover._CLUSTERS", 2)
        patch.setattr(
            "learner.strategies.prob_cover.find_clusters",
            lambda rows, *_: (rows[:, 0] > 4).astype(int),
        )
        assert pure_radius(X, rng()) == pytest.approx(4)
    assert pure_radius(X[:30], rng()) >= 0


def trace(x: NDArray[np.float64], rows: list[int], moment: NDArray[np.float64]) -> float:
    A = x[rows].T @ x[rows] + FIRST_PENALTY * np.eye(x.shape[1])
    return float(np.trace(np.linalg.solve(A, moment)))


def test_bait_lowers_the_trace_as_the_whole_loop_does() -> None:
    X = rng().normal(size=(30, 4))
    pool = Pool(X.astype(np.float32), np.arange(25), np.arange(25, 30), number(25))
    chosen = load_strategy("bait")(pool, 6, rng())
    F = X[:25].T @ X[:25] / 25
    have = list(range(25, 30))
    for row, score in zip(chosen.indices.tolist(), chosen.scores, strict=True):
        before = trace(X, have, F)
        best = max(before - trace(X, [*have, k], F) for k in range(25) if k not in have)
        assert before - trace(X, [*have, row], F) == pytest.approx(best, rel=1e-3)
        assert score == pytest.approx(best, rel=1e-2, abs=1e-5)
        have.append(row)


def test_two_of_bait_are_nearly_the_best_pair() -> None:
    X = rng(3).normal(size=(14, 3))
    pool = Pool(X.astype(np.float32), np.arange(12), np.arange(12, 14), number(12))
    F = X[:12].T @ X[:12] / 12
    pairs = [trace(X, [12, 13, *pair], F) for pair in itertools.combinations(range(12), 2)]
    found = trace(X, [12, 13, *choose("bait", pool, 2)], F)
    assert found <= min(pairs) + 0.1 * (max(pairs) - min(pairs))


def test_lcmd_takes_the_farthest_of_the_largest_cluster_not_the_outlier() -> None:
    # Around the label at 0 stand many, up to 3 away; near the label at 100 only one, 5 away.
    line_ = np.array([[0.0], [100.0], [2.0], [2.5], [3.0], [2.8], [105.0]], np.float32)
    pool = Pool(line_, np.arange(2, 7), np.arange(2), number(5))
    chosen = load_strategy("lcmd")(pool, 2, rng())
    assert chosen.indices.tolist() == [4, 6]
    np.testing.assert_allclose(chosen.scores, [3, 5], atol=1e-4)
