"""What a scanner adds to every scan no longer tells scans apart; what is in them still does."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from learner.attention import FrameBags, least_sure_frames
from learner.harmonising import LEAST_TASKS, MOST_SCALE, UNKNOWN, find_harmony
from learner.questions import Question

Array = NDArray[Any]


def in_parts(pool: Array, rows: int = 64) -> Iterator[tuple[slice, Array]]:
    for start in range(0, len(pool), rows):
        yield slice(start, start + rows), pool[start : start + rows]


def harmonised(pool: Array, sites: Array) -> Array:
    harmony = find_harmony(in_parts(pool), sites)
    return pool if harmony is None else harmony.apply(pool, np.arange(len(pool)))


def scans(offset: float, scale: float = 1.0) -> tuple[Array, Array, Array]:
    """Embeddings, sites and classes of 400 scans: the class is in feature 0, the site in all."""
    rng = np.random.default_rng(0)
    classes, sites = rng.integers(2, size=400), rng.integers(2, size=400)
    E = rng.normal(size=(400, 8))
    E[:, 0] += 3 * classes
    E = np.where(sites[:, None] == 1, E * scale + offset, E)
    return E.astype(np.float16), sites, classes


def accuracy(features: Array, y: Array) -> float:
    """Of a linear model fitted to one half, on the other."""
    return float(LogisticRegression().fit(features[:200], y[:200]).score(features[200:], y[200:]))


def carried(features: Array, sites: Array, classes: Array) -> float:
    """Accuracy at the one site of what is learned at the other."""
    model = LogisticRegression().fit(features[sites == 0], classes[sites == 0])
    return float(model.score(features[sites == 1], classes[sites == 1]))


def test_a_site_is_hardly_told_any_more_and_a_class_is() -> None:
    E, sites, classes = scans(offset=9.0, scale=1.5)
    after = harmonised(E, sites)

    def apart(features: Array) -> float:
        return float(np.abs(features[sites == 0].mean(0) - features[sites == 1].mean(0)).mean())

    assert apart(E) > 9 and apart(after) < 1
    assert accuracy(after, classes) > 0.9


def test_what_is_learned_at_one_site_holds_at_the_other() -> None:
    E, sites, classes = scans(offset=5.0)
    assert carried(E, sites, classes) < 0.6
    assert carried(harmonised(E, sites), sites, classes) > 0.9


def test_a_finding_that_is_common_at_one_site_alone_stays() -> None:
    """Means that differ by as much as prevalence makes them: taken out, much of it is lost."""
    rng = np.random.default_rng(0)
    sites = np.arange(600) // 300
    classes = (rng.random(600) < np.where(sites == 0, 0.2, 0.7)).astype(int)
    E = rng.normal(size=(600, 32))
    E[:, 0] += 3 * classes
    assert harmonised(E, sites) is E


@pytest.mark.parametrize(
    "sites",
    [np.zeros(400, int), np.arange(400) // 399, np.where(np.arange(400) < 200, UNKNOWN, 3)],
    ids=["all of one site", "one scan of another", "others that do not say"],
)
def test_nothing_is_read_where_there_is_one_site(sites: Array) -> None:
    embeddings = in_parts(np.eye(400))
    assert find_harmony(embeddings, sites) is None
    assert next(embeddings)[0] == slice(0, 64)


def test_small_sites_and_scans_of_unknown_origin_stay_as_they_are() -> None:
    E, sites, _ = scans(offset=5.0)
    sites[:LEAST_TASKS] = UNKNOWN
    sites[-LEAST_TASKS + 1 :] = 7
    after = harmonised(E, sites)
    np.testing.assert_array_equal(after[sites == UNKNOWN], E[sites == UNKNOWN])
    np.testing.assert_array_equal(after[sites == 7], E[sites == 7])
    assert np.abs(after - E)[sites == 1].min() > 1


@pytest.mark.parametrize(
    ("tasks", "offset", "share"),
    [(20, 1.0, 20 / 21 * 0.91), (200, 1.0, 200 / 201 * 0.91), (20, 5.0, 20 / 20.04 * 0.9964)],
)
def test_the_fewer_its_tasks_and_the_smaller_its_offset_the_less_a_site_is_moved(
    tasks: int, offset: float, share: float
) -> None:
    one = np.where(np.arange(tasks) % 2, 1.0, -1.0)[:, None]  # mean 0, variance 1
    E = np.concatenate([one - offset, one + offset])
    after = harmonised(E, np.repeat([0, 1], tasks))
    left = (1 - share) * offset
    np.testing.assert_allclose(after, np.concatenate([one - left, one + left]), atol=1e-5)


def test_a_feature_that_a_site_does_not_have_is_not_blown_up() -> None:
    E, sites, _ = scans(offset=5.0)
    E[sites == 1, 3] = 0
    harmony = find_harmony(in_parts(E), sites)
    assert harmony is not None
    assert harmony.scale.max() == MOST_SCALE
    assert np.isfinite(harmony.apply(E, np.arange(400))).all()


@given(st.integers(0, 1000), st.floats(2, 50))
def test_a_shift_of_a_whole_site_makes_little_difference(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    E, sites = rng.normal(size=(4000, 2)), np.repeat([0, 1], 2000)
    after = harmonised(E + shift * sites[:, None], sites)
    between = after[sites == 0].mean(axis=0) - after[sites == 1].mean(axis=0)
    # The offset of each site is half the shift: of that, (LEAST_OFFSET / offset)² stays.
    assert np.abs(between).max() <= 0.5 / shift + 0.05


def test_how_the_parts_are_cut_makes_no_difference() -> None:
    E, sites, _ = scans(offset=5.0)
    one, many = find_harmony(in_parts(E, 400), sites), find_harmony(in_parts(E, 7), sites)
    assert one is not None and many is not None
    np.testing.assert_allclose(one.scale, many.scale, atol=1e-5)
    np.testing.assert_allclose(one.shift, many.shift, atol=1e-4)


def test_weights_on_what_is_left_are_told_for_the_embedding_itself() -> None:
    E, sites, _ = scans(offset=5.0, scale=2.0)
    harmony = find_harmony(in_parts(E), sites)
    assert harmony is not None
    weights = np.arange(8, dtype=np.float32)
    task = int(np.flatnonzero(sites == 1)[0])
    step = np.eye(8, dtype=np.float32)
    before = harmony.apply(E[[task]], np.array([task])) @ weights
    after = harmony.apply(E[[task]] + step, np.full(8, task)) @ weights
    np.testing.assert_allclose(harmony.weights(weights, task), after - before, atol=1e-2)


def volumes(offset: float) -> tuple[FrameBags, Array]:
    """60 volumes of 1 to 3 frames at two sites, the same at each but for an offset."""
    rng = np.random.default_rng(0)
    counts = np.tile(rng.integers(1, 4, size=30), 2)
    half = int(counts[:30].sum())
    frames = rng.normal(size=(half, 4))
    features = np.concatenate([frames, frames + offset]).astype(np.float16)
    bags = FrameBags(features, np.cumsum(counts) - counts, counts)
    return bags, np.repeat([0, 1], 30)


def test_bags_of_some_of_a_pool_are_pooled_as_in_the_whole() -> None:
    bags, sites = volumes(offset=8.0)
    bags = bags.harmonised(sites)
    pooled = bags.pooled()
    assert np.abs(pooled[:30] - pooled[30:]).max() < 3
    single = np.flatnonzero(bags.counts == 1)  # alone they would be pooled to half the width
    for rows in (single, np.array([50, 3, 41])):
        np.testing.assert_array_equal(bags.of(rows).pooled(), pooled[rows])


def test_bags_of_one_site_are_exactly_what_they_were() -> None:
    bags, _ = volumes(offset=8.0)
    assert bags.harmonised(None) is bags
    same = bags.harmonised(np.zeros(60, dtype=np.int64))
    np.testing.assert_array_equal(same.pooled(), bags.pooled())


def test_frames_are_looked_at_without_what_their_site_adds() -> None:
    asked: list[Array] = []

    def predict(rows: NDArray[np.float32]) -> Mapping[str, NDArray[np.float32]]:
        asked.append(rows)
        return {"lesion": np.full((len(rows), 2), 0.5, np.float32)}

    bags, sites = volumes(offset=8.0)
    question = Question("lesion", "single", ("No", "Yes"))
    least_sure_frames(bags.harmonised(sites), [question], predict)
    rows = asked[0][:, :4]
    half = len(rows) // 2
    assert np.abs(rows[:half] - rows[half:]).max() < 3
