"""modAL's strategies choose what modAL itself chooses."""

from types import SimpleNamespace

import numpy as np
import pytest

from learner.strategies import load_strategy
from learner.strategies.pool import Answer, Pool

M = 25


def pool_of(kind: str = "single") -> Pool:
    rng = np.random.default_rng(0)
    members = rng.dirichlet(np.ones(3), size=(4, M)).astype(np.float32)
    weights = np.full(3, 1 / 3, np.float32)
    answers = {
        "single": Answer("single", members.mean(axis=0), weights, members),
        "multiple": Answer("multiple", members[0], weights, members),
        "number": Answer("number", members[0][:, :1], weights[:1] * 3),
    }
    features = rng.normal(size=(M + 5, 4)).astype(np.float32)
    return Pool(features, np.arange(M), np.arange(M, M + 5), (answers[kind],))


@pytest.mark.parametrize("name", ["uncertainty_sampling", "margin_sampling", "entropy_sampling"])
def test_uncertainty_is_modals(name: str) -> None:
    from modAL import uncertainty

    pool = pool_of()
    p = pool.answers[0].values
    theirs, _ = getattr(uncertainty, name)(SimpleNamespace(predict_proba=lambda _: p), p, 8)
    ours = load_strategy(f"modal:{name}")(pool, 8, np.random.default_rng(0)).indices
    assert set(ours.tolist()) == set(theirs.tolist())


def test_the_most_uncertain_comes_first() -> None:
    pool = pool_of()
    ours = load_strategy("modal:margin_sampling")(pool, M, np.random.default_rng(0))
    two = np.sort(pool.answers[0].values, axis=1)[:, -2:]
    assert ours.indices[0] == (two[:, 1] - two[:, 0]).argmin()
    assert (np.diff(ours.scores) <= 0).all()


def test_the_ranked_batch_is_modals_pick_by_pick() -> None:
    from modAL.batch import uncertainty_batch_sampling

    pool = pool_of()
    p = pool.answers[0].values
    learner = SimpleNamespace(
        predict_proba=lambda _: p,
        X_training=pool.features[pool.labelled],
        on_transformed=False,
    )
    theirs, _ = uncertainty_batch_sampling(learner, pool.features[pool.candidates], 12)
    ours = load_strategy("modal:uncertainty_batch_sampling")(pool, 12, np.random.default_rng(0))
    assert ours.indices.tolist() == theirs.tolist()


def test_committees_vote_with_the_fold_heads() -> None:
    pool = pool_of()
    members = pool.answers[0].committee
    assert members is not None
    votes = members.argmax(axis=2)
    shares = np.stack([(votes == k).mean(axis=0) for k in range(3)], axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        entropies = -np.nansum(np.where(shares > 0, shares * np.log(shares), 0), axis=1)
    ours = load_strategy("modal:vote_entropy_sampling")(pool, M, np.random.default_rng(0))
    np.testing.assert_allclose(np.sort(ours.scores), np.sort(entropies), atol=1e-6)
    for name in ("consensus_entropy_sampling", "max_disagreement_sampling"):
        assert load_strategy(f"modal:{name}")(pool, 3, np.random.default_rng(0)).scores[0] > 0


def test_findings_are_scored_by_the_least_certain_one() -> None:
    pool = pool_of("multiple")
    ours = load_strategy("modal:uncertainty_sampling")(pool, 1, np.random.default_rng(0))
    assert ours.indices[0] == np.abs(pool.answers[0].values - 0.5).min(axis=1).argmin()


def test_a_number_has_the_largest_deviation_first() -> None:
    pool = pool_of("number")
    ours = load_strategy("modal:max_std_sampling")(pool, 1, np.random.default_rng(0))
    assert ours.indices[0] == pool.answers[0].values.argmax()


def test_a_question_of_the_wrong_kind_is_refused_not_hidden() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="head of a number"):
        load_strategy("modal:max_std_sampling")(pool_of(), 2, rng)
    with pytest.raises(ValueError, match="head of a choice"):
        load_strategy("modal:entropy_sampling")(pool_of("number"), 2, rng)


def test_nothing_of_scikit_learn_or_numpy_is_patched() -> None:
    from inspect import signature

    from sklearn.utils import check_X_y

    load_strategy("modal:entropy_sampling")(pool_of(), 2, np.random.default_rng(0))
    assert "force_all_finite" not in signature(check_X_y).parameters
    assert not hasattr(np, "float")
