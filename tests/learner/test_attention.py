"""A bag's embedding shows what one of its frames shows, and names the frame to look at."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.special import expit

from learner.attention import LOOKED_AT, Attention, FrameBags, least_sure_frames, pool_bags
from learner.metrics import roc_auc_influence
from learner.questions import Question
from learner.ranker import Ranker
from learner.training import fit_attention

torch.set_num_threads(1)
Float32 = NDArray[np.float32]
LESION = Question("lesion", "single", ("absent", "present"))
FINDINGS = Question("findings", "multiple", ("Nodule",))
AGE = Question("age", "number")
FRAMES = 64


def attention(width: int = 4, seed: int = 0) -> Attention:
    rng = np.random.default_rng(seed)
    shapes = ((width, 3), (3,), (width, 3), (3,), (3,))
    return Attention(*(rng.normal(size=shape).astype(np.float32) for shape in shapes))


def test_a_bag_is_its_mean_and_what_stands_out_of_it() -> None:
    features = np.array([[1, 5], [2, 2], [4, 0]], dtype=np.float16)
    pooled = pool_bags(features, np.array([0, 1]), np.array([1, 2]))
    assert pooled.tolist() == [[1, 5, 0, 0], [3, 1, 1, 1]]


def test_where_every_bag_has_one_frame_its_features_are_the_embedding() -> None:
    features = np.array([[1, 5], [2, 2], [4, 0]], dtype=np.float16)
    one = np.ones(3, dtype=np.int64)
    assert pool_bags(features, np.arange(3), one, attention(2)) is not None
    assert pool_bags(features, np.arange(3), one, attention(2)).tolist() == features.tolist()
    assert pool_bags(features, np.array([2, 0]), one[:2]).tolist() == [[4, 0], [1, 5]]


def test_a_bag_without_frames_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        pool_bags(np.ones((2, 2), np.float16), np.array([0, 2]), np.array([2, 0]))


@given(
    arrays(np.float32, (7, 4), elements=st.floats(-8, 8, width=16)),
    st.sampled_from([[1, 2, 4], [4, 2, 1], [7], [3, 4]]),
)
def test_attention_is_a_share_of_the_bag(frames: Float32, counts: list[int]) -> None:
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    weights = attention().weights(frames, starts)
    assert (weights >= 0).all()
    np.testing.assert_allclose(np.add.reduceat(weights, starts), 1, rtol=1e-5)
    pooled = pool_bags(frames, starts, np.array(counts), attention())
    for bag, (start, count) in enumerate(zip(starts, counts, strict=True)):
        mine = slice(start, start + count)
        wanted = weights[mine] @ frames[mine] - frames[mine].mean(axis=0)
        if pooled.shape[1] == 12:
            np.testing.assert_allclose(pooled[bag, 8:], wanted, atol=0.02)


def test_the_order_of_a_bags_frames_does_not_matter() -> None:
    frames = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float16)
    bag = np.array([0]), np.array([6])
    there = pool_bags(frames, *bag, attention())
    np.testing.assert_array_equal(there, pool_bags(frames[::-1], *bag, attention()))


def test_attention_is_kept_beside_the_weights(tmp_path: Path) -> None:
    assert Attention.load(None) is None
    assert Attention.load(tmp_path) is None
    attention().save(tmp_path)
    kept = Attention.load(tmp_path)
    assert kept is not None
    assert all((vars(kept)[name] == value).all() for name, value in vars(attention()).items())


def lesions(bags: int, seed: int, *, each: int = FRAMES) -> tuple[FrameBags, NDArray[np.int64]]:
    """Noise, 64 frames a bag; one frame of every second bag is off in one fixed direction."""
    rng = np.random.default_rng(seed)
    frames = rng.normal(size=(bags, each, 16))
    direction = np.random.default_rng(99).normal(size=16)
    at = rng.integers(each, size=bags)
    frames[np.arange(1, bags, 2), at[1::2]] += 5 * direction / np.linalg.norm(direction)
    firsts, counts = np.arange(bags) * each, np.full(bags, each)
    return FrameBags(frames.reshape(-1, 16).astype(np.float16), firsts, counts), at


def area_of_head(embeddings: NDArray[np.floating], learn: int) -> float:
    """ROC-AUC of the learner's own head on the bags behind those it learned from."""
    rows = np.arange(len(embeddings))
    ranker = Ranker([LESION], embeddings, "random", 0)
    ranker.refit({"lesion": (rows[:learn], np.eye(2, dtype=np.float32)[rows[:learn] % 2])})
    predicted = ranker.predict(rows[learn:])["lesion"][:, 1]
    return roc_auc_influence(predicted, rows[learn:] % 2.0)[0]


def test_one_frame_of_64_is_not_diluted() -> None:
    bags, at = lesions(280, seed=1)
    learn = np.arange(160)
    targets = {"lesion": np.eye(2, dtype=np.float32)[np.arange(280) % 2]}
    targets["lesion"][160:] = np.nan
    mean = bags.pooled()[:, :16]
    assert area_of_head(mean, 160) < 0.7
    found = fit_attention(bags, [LESION], targets, np.arange(280), learn, seconds=3600)
    seeing = FrameBags(bags.features, bags.firsts, bags.counts, found)
    assert area_of_head(seeing.pooled(), 160) > 0.9
    weights = found.weights(bags.features.astype(np.float32), bags.firsts).reshape(280, FRAMES)
    assert (weights[161::2].argmax(axis=1) == at[161::2]).mean() > 0.8


def test_attention_wants_a_patient_for_each_start() -> None:
    bags, _ = lesions(6, seed=0)
    targets = {"lesion": np.eye(2, dtype=np.float32)[np.arange(6) % 2]}
    patients = np.array([0, 0, 1, 1, 2, 2])
    with pytest.raises(ValueError, match="4 patients or more, not 3"):
        fit_attention(bags, [LESION], targets, patients, np.arange(6), seconds=1)


def stands_out(rows: Float32) -> Mapping[str, Float32]:
    """Surer of absence the less the second half of [mean, above] has of the first feature."""
    p = expit(6 * (rows[:, rows.shape[1] // 2] - 1))
    return {"lesion": np.stack([1 - p, p], axis=1), "findings": p[:, None], "age": rows[:, :1]}


@pytest.mark.parametrize("question", [LESION, FINDINGS])
def test_it_opens_at_the_frame_the_model_is_least_sure_of(question: Question) -> None:
    frames = np.zeros((1 + 20 + 3, 4), dtype=np.float16)
    frames[1 + 13, 0] = 1.05  # of the bag of 20
    frames[21:, 1] = 2.0  # a bag of three frames that are all alike
    bags = FrameBags(frames, np.array([0, 1, 21]), np.array([1, 20, 3]))
    assert least_sure_frames(bags, [question], stands_out) == [None, 13, None]
    swapped = bags.of(np.array([1, 0]))
    assert least_sure_frames(swapped, [question], stands_out) == [13, None]


def test_a_number_alone_says_nothing_of_a_frame() -> None:
    bags, _ = lesions(2, seed=0)
    assert least_sure_frames(bags, [AGE], stands_out) == [None, None]


def test_only_frames_that_attention_rests_on_are_looked_at() -> None:
    frames = np.random.default_rng(0).normal(size=(40, 4)).astype(np.float16)
    bags = FrameBags(frames, np.array([0]), np.array([40]), attention())
    asked: list[Float32] = []

    def predict(rows: Float32) -> Mapping[str, Float32]:
        asked.append(rows)
        return stands_out(rows)

    least = least_sure_frames(bags, [LESION], predict)[0]
    weights = attention().weights(frames.astype(np.float32), np.array([0]))
    assert least in np.argsort(-weights)[:LOOKED_AT]
    assert asked[0].shape == (LOOKED_AT, 12)


def test_attention_says_of_each_frame_which_share_of_its_own_bag_it_has() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(9, 4)).astype(np.float16)
    shapes = ((4, 2), 2, (4, 2), 2, 2)
    attention = Attention(*(rng.normal(size=shape).astype(np.float32) for shape in shapes))
    firsts, counts = np.array([0, 6]), np.array([3, 3])  # the bag between them is gone
    shares = FrameBags(features, firsts, counts, attention).shares()
    assert shares is not None
    assert shares[3:6].tolist() == [0, 0, 0]
    assert [shares[:3].sum(), shares[6:].sum()] == pytest.approx([1, 1])
    own = attention.weights(features[6:].astype(np.float32), np.array([0]))
    assert shares[6:] == pytest.approx(own)
    assert FrameBags(features, firsts, counts).shares() is None
