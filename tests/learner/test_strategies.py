"""One contract for every strategy, and what each of ours is known to choose."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.questions import Question
from learner.ranker import Ranker
from learner.strategies import (
    MODEL_FREE,
    check_fits,
    check_strategy,
    load_strategy,
    strategy_names,
)
from learner.strategies.badge import error_direction
from learner.strategies.cluster_margin import turn_in_cluster
from learner.strategies.clusters import find_clusters
from learner.strategies.coverage import greedy_cover
from learner.strategies.pool import Answer, Draw, Float32, Int64, Known, Pool

ALL = [name for name in strategy_names() if name != "auto"]
ONES = np.ones(1, np.float32)
HALVES = np.full(2, 0.5, np.float32)


def drawn(p: Float32) -> Draw:
    """Draws around p [m, c] that all rows share, as a posterior's are."""

    def draw(rows: Int64, count: int, rng: np.random.Generator) -> Float32:
        shift = rng.normal(size=(count, 1, p.shape[1])).astype(np.float32)
        odds = p[rows] * np.exp(shift * np.linspace(-1, 1, len(p), dtype=np.float32)[rows, None])
        return np.asarray(odds / (odds + 1 - p[rows]), dtype=np.float32)

    return draw


def said(candidates: list[float], covered: list[float]) -> Answer:
    """A choice of two, by the probability of the first."""
    p, known = (np.array([[q, 1 - q] for q in each], np.float32) for each in (candidates, covered))
    return Answer("single", p, HALVES, known=Known(known, np.full(known.shape, np.nan, np.float32)))


def known_of(labelled: int, c: int, rng: np.random.Generator, *, single: bool) -> Known:
    p = rng.dirichlet(np.ones(c), labelled) if single else rng.random((labelled, c))
    targets = np.eye(c)[rng.integers(c, size=labelled)] if single else p > rng.random((labelled, c))
    return Known(p.astype(np.float32), targets.astype(np.float32))


def answers_of(m: int, seed: int = 0, labelled: int = 20) -> tuple[Answer, ...]:
    rng = np.random.default_rng(seed)
    members = rng.dirichlet(np.ones(3), size=(4, m)).astype(np.float32)
    p, findings = members.mean(axis=0), rng.random((m, 2)).astype(np.float32)
    third, two = np.full(3, 1 / 3, np.float32), np.array([0.7, 0.3], np.float32)
    said = [known_of(labelled, c, rng, single=c == 3) for c in (3, 2)]
    return (
        Answer("single", p, third, members, drawn(p), said[0]),
        Answer("multiple", findings, two, findings[None], drawn(findings), said[1]),
        Answer("number", rng.random((m, 1)).astype(np.float32), ONES),
    )


def pool_of(n: int = 120, m: int = 90, labelled: int = 20, seed: int = 0) -> Pool:
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(n, 8)).astype(np.float32)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    order = rng.permutation(n)
    return Pool(features, order[:m], order[m : m + labelled], answers_of(m, seed, labelled))


@pytest.mark.parametrize("name", ALL)
def test_a_choice_is_a_part_of_the_candidates_without_repetition(name: str) -> None:
    pool = pool_of()
    chosen = load_strategy(name)(pool, 10, np.random.default_rng(0))
    assert chosen.indices.shape == chosen.scores.shape == (10,)
    assert len(set(chosen.indices.tolist())) == 10
    assert set(chosen.indices.tolist()) <= set(pool.candidates.tolist())
    assert np.isfinite(chosen.scores).all()
    if chosen.propensity is not None:
        assert chosen.propensity.shape == (10,)
        assert (chosen.propensity > 0).all()
        assert chosen.propensity.sum() <= 1 + 1e-5


@pytest.mark.parametrize("name", ALL)
def test_features_kept_in_half_precision_serve_too(name: str) -> None:
    pool = replace(pool_of(), features=pool_of().features.astype(np.float16))
    found = load_strategy(name)(pool, 10, np.random.default_rng(0)).indices
    assert len(set(found.tolist()) & set(pool.candidates.tolist())) == 10


@pytest.mark.parametrize("name", ALL)
def test_the_ranker_gives_a_strategy_what_it_needs(name: str) -> None:
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(80, 6)).astype(np.float32)
    classes = np.eye(3, dtype=np.float32)[embeddings[:, :3].argmax(axis=1)]
    questions = [Question("class", "single", ("a", "b", "c")), Question("size", "number")]
    ranker = Ranker(questions, embeddings, name)
    at = np.arange(40)
    ranker.refit({"class": (at, classes[at]), "size": (at[::2], embeddings[at[::2], 3:4])})
    ranked = ranker.rank(np.arange(40, 80), 5)
    assert ranked.strategy == name
    assert len(set(ranked.indices.tolist())) == 5


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_makes_the_same_choice(name: str) -> None:
    first, again = (load_strategy(name)(pool_of(), 10, np.random.default_rng(3)) for _ in range(2))
    assert first.indices.tolist() == again.indices.tolist()
    assert first.scores.tolist() == again.scores.tolist()


@pytest.mark.parametrize("name", ALL)
def test_a_batch_larger_than_the_pool_takes_all_of_it(name: str) -> None:
    pool = pool_of(m=7)
    chosen = load_strategy(name)(pool, 50, np.random.default_rng(0))
    assert sorted(chosen.indices.tolist()) == sorted(pool.candidates.tolist())


@pytest.mark.parametrize("name", ALL)
def test_identical_scans_are_chosen_all_the_same(name: str) -> None:
    m = 12
    features = np.tile(np.array([[0.6, 0.8]], np.float32), (m + 1, 1))
    members = np.full((4, m, 2), 0.5, np.float32)
    one = Known(members[0, :1], np.array([[1, 0]], np.float32))
    pool = Pool(
        features,
        np.arange(m),
        np.array([m]),
        (
            Answer("single", members[0], HALVES, members, drawn(members[0]), one),
            Answer("number", np.zeros((m, 1), np.float32), ONES),
        ),
    )
    chosen = load_strategy(name)(pool, 5, np.random.default_rng(0))
    assert len(set(chosen.indices.tolist())) == 5


@pytest.mark.parametrize("name", ALL)
def test_the_ranker_ranks_embeddings_that_are_all_the_same(name: str) -> None:
    embeddings = np.full((30, 6), 0.5, np.float32)
    questions = [
        Question("class", "single", ("a", "b", "c")),
        Question("findings", "multiple", ("nodule", "effusion")),
        Question("size", "number"),
    ]
    ranker = Ranker(questions, embeddings, name)
    at = np.arange(20)
    classes, findings = np.eye(3, dtype=np.float32)[at % 3], np.eye(2, dtype=np.float32)[at % 2]
    size = np.linspace(0, 1, 20, dtype=np.float32)[:, None]
    ranker.refit({"class": (at, classes), "findings": (at, findings), "size": (at, size)})
    ranked = ranker.rank(np.arange(20, 30), 5)
    assert len(set(ranked.indices.tolist())) == 5
    assert np.isfinite(ranked.scores).all()


@pytest.mark.parametrize("name", ALL)
def test_the_pool_is_left_as_it_was(name: str) -> None:
    pool, same = pool_of(), pool_of()
    for array in (pool.features, pool.candidates, pool.labelled):
        array.setflags(write=False)
    for answer in pool.answers:
        answer.values.setflags(write=False)
    load_strategy(name)(pool, 10, np.random.default_rng(0))
    assert (pool.features == same.features).all()


@pytest.mark.parametrize("name", sorted(MODEL_FREE))
def test_a_strategy_without_a_model_works_before_the_first_label(name: str) -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 4)).astype(np.float32)
    pool = Pool(features, np.arange(40), np.zeros(0, np.int64))
    assert len(load_strategy(name)(pool, 6, rng).indices) == 6


@pytest.mark.parametrize("name", sorted(set(ALL) - MODEL_FREE))
def test_a_strategy_with_a_model_refuses_to_go_without(name: str) -> None:
    pool = Pool(np.eye(4, dtype=np.float32), np.arange(4), np.zeros(0, np.int64))
    with pytest.raises(ValueError, match="needs a"):
        load_strategy(name)(pool, 2, np.random.default_rng(0))


def test_an_unknown_name_is_answered_with_the_valid_ones() -> None:
    with pytest.raises(ValueError, match=r"'best'; choose from auto, random, .*modal:entropy_samp"):
        check_strategy("best")
    with pytest.raises(ValueError, match="policy"):
        load_strategy("auto")


def test_a_strategy_that_cannot_use_the_questions_is_refused_in_words() -> None:
    for name in ("bait", "lcmd", "modal:max_std_sampling"):
        check_fits(name, ["single", "number"])
        with pytest.raises(
            ValueError, match=f"'{name}' needs a question that asks for a number; c"
        ):
            check_fits(name, ["single", "multiple"])
    for name in ("bald", "epig", "galaxy", "modal:margin_sampling"):
        check_fits(name, ["multiple"])
        with pytest.raises(ValueError, match="asks for a choice"):
            check_fits(name, ["number"])
    for name in ("auto", "random", "margin", "badge"):
        check_fits(name, ["number"])


def test_the_names_are_had_without_torch() -> None:
    code = (
        "import sys; from learner.strategies import strategy_names; strategy_names();"
        "sys.exit(any(name in sys.modules for name in ('torch', 'modAL', 'sklearn', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@given(st.integers(0, 10**6))
@settings(max_examples=30)
def test_lazy_greedy_covers_as_the_full_loop_does(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kernel, weights = rng.random((15, 20), np.float32), rng.random(20, np.float32)
    covered = rng.random(20, np.float32) * np.float32(0.5)
    rows, gains = greedy_cover(kernel, weights, covered, 6)
    now = covered.copy()
    for row, gain in zip(rows, gains, strict=True):
        full = np.maximum(kernel - now, 0) @ weights
        assert gain == pytest.approx(full.max(), abs=1e-4)
        now = np.maximum(now, kernel[row])
    assert (np.diff(gains) <= 1e-5).all()


def test_coreset_takes_the_farthest_scan() -> None:
    line = np.array([[0.0], [1.0], [2.0], [9.0], [4.0]], np.float32)
    pool = Pool(line, np.arange(1, 5), np.array([0]))
    chosen = load_strategy("coreset")(pool, 3, np.random.default_rng(0))
    assert chosen.indices.tolist() == [3, 4, 2]
    np.testing.assert_allclose(chosen.scores, [9, 4, 2])


def test_cluster_margin_goes_round_the_clusters() -> None:
    p = np.array([0.50, 0.51, 0.52, 0.60, 0.90], np.float32)
    pool = Pool(
        np.eye(5, dtype=np.float32),
        np.arange(5),
        np.arange(0),
        (Answer("single", np.stack([p, 1 - p], axis=1), HALVES),),
        np.array([7, 7, 7, 2, 4]),
    )
    chosen = load_strategy("cluster_margin")(pool, 4, np.random.default_rng(0))
    assert chosen.indices.tolist() == [0, 3, 4, 1]
    assert turn_in_cluster(np.array([7, 2, 7, 7, 2])).tolist() == [0, 0, 1, 2, 1]


def test_uncertainty_herding_does_not_read_the_same_doubt_twice() -> None:
    # Three near copies of one doubtful scan and one other, slightly less doubtful.
    features = np.array([[1, 0], [1, 0.01], [1, -0.01], [0, 1], [-1, 0], [0, -1]], np.float32)
    answers = (said([0.5, 0.5, 0.5, 0.6], [1, 0]),)
    pool = Pool(features, np.arange(4), np.array([4, 5]), answers)
    chosen = load_strategy("uncertainty_herding")(pool, 2, np.random.default_rng(0))
    assert sorted({*chosen.indices.tolist()} & {3}) == [3]
    assert len({*chosen.indices.tolist()} & {0, 1, 2}) == 1


@pytest.mark.parametrize("covered", [[0.6, 0.9], [0.9, 0.6]])
def test_what_is_read_or_in_a_hand_covers_what_is_held_to_be_the_same(
    covered: list[float],
) -> None:
    # All look alike. Two are held for what one says, the third is doubtful too, but otherwise.
    features = np.ones((5, 1), np.float32)
    answers = (said([0.55, 0.55, 0.45], covered),)
    pool = Pool(features, np.arange(3), np.array([3]), answers, pending=np.array([4]))
    chosen = load_strategy("uncertainty_herding")(pool, 1, np.random.default_rng(0))
    assert chosen.indices.tolist() == [2]


def test_max_herding_begins_in_the_largest_crowd() -> None:
    rng = np.random.default_rng(0)
    crowd = rng.normal(size=(60, 2)) * 0.05 + [1, 0]
    few = rng.normal(size=(10, 2)) * 0.05 + [-1, 0]
    pool = Pool(np.vstack([crowd, few]).astype(np.float32), np.arange(70), np.arange(0))
    first, *others = load_strategy("max_herding")(pool, 12, rng).indices
    assert first < 60
    assert max(others) >= 60


def test_typiclust_takes_one_of_each_cluster() -> None:
    rng = np.random.default_rng(0)
    centres = np.eye(4) * 10
    features = np.concatenate([centre + rng.normal(size=(30, 4)) * 0.1 for centre in centres])
    pool = Pool(features.astype(np.float32), np.arange(120), np.arange(0))
    found = {load_strategy("typiclust")(pool, 8, rng).indices[0] // 30 for _ in range(3)}
    assert found <= {0, 1, 2, 3}
    clusters = find_clusters(pool.features, 30, rng)
    assert all(len(set((np.flatnonzero(clusters == k) // 30).tolist())) <= 1 for k in range(30))


def test_badge_distances_are_those_of_the_whole_gradient() -> None:
    pool = pool_of(m=6)
    A = np.concatenate([error_direction(answer) for answer in pool.answers], axis=1)
    X = pool.features[pool.candidates]
    whole = np.einsum("mc,md->mcd", A, X).reshape(6, -1)
    chosen = load_strategy("badge")(pool, 1, np.random.default_rng(0))
    longest = (whole**2).sum(axis=1)
    assert chosen.indices[0] == pool.candidates[longest.argmax()]
    assert chosen.scores[0] == pytest.approx(longest.max(), rel=1e-5)


def test_a_pool_refuses_what_it_cannot_be() -> None:
    eye, none = np.eye(3, dtype=np.float32), np.zeros(0, np.int64)
    for features, candidates, message in (
        (eye * np.nan, np.arange(3), "finite"),
        (np.full((3, 3), np.inf, np.float16), np.arange(3), "finite"),
        (eye, np.array([0, 3]), "outside"),
        (eye, np.array([-1]), "outside"),
        (eye, np.array([1, 1]), "twice"),
    ):
        with pytest.raises(ValueError, match=message):
            Pool(features, candidates, none)
    with pytest.raises(ValueError, match="differ in number"):
        Pool(eye, np.arange(3), none, answers_of(2))
    for values, message in (([[np.nan]], "finite"), ([[-0.1]], "negative"), ([[1.2]], "above 1")):
        with pytest.raises(ValueError, match=message):
            Answer("multiple", np.array(values, np.float32), ONES)
    with pytest.raises(ValueError, match="every output"):
        Answer("multiple", np.zeros((1, 2), np.float32), ONES)
