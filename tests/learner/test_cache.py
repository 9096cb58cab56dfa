"""The caches grow, survive a crash in the middle, and never show what is half written."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from learner.cache import EmbeddingCache, FrameCache


def bag(count: int, grey: int) -> NDArray[np.uint8]:
    return np.full((count, 4, 4), grey, dtype=np.uint8)


def test_bags_come_back_in_the_order_they_were_added(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, 4)
    cache.append([11, 5], [bag(1, 10), bag(3, 20)])
    cache.append([7], [bag(2, 30)])
    bags = FrameCache(tmp_path, 4).read()
    assert bags.tasks.tolist() == [11, 5, 7]
    assert bags.counts.tolist() == [1, 3, 2]
    assert bags.frames[:, 0, 0].tolist() == [10, 20, 20, 20, 30, 30]
    assert bags.frames_of(np.array([2, 0])).tolist() == [4, 5, 0]
    assert bags.frames_of(np.array([], dtype=np.int64)).tolist() == []


def test_an_empty_cache_has_no_bags(tmp_path: Path) -> None:
    bags = FrameCache(tmp_path, 4).read()
    assert len(bags) == 0
    assert bags.frames.shape == (0, 4, 4)


def test_frames_that_no_index_names_are_cut_off(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, 4)
    cache.append([1], [bag(1, 10)])
    with (tmp_path / "frames-4-of-64.u8").open("ab") as file:  # a crash before the index
        file.write(bytes(16 * 3 + 5))
    with (tmp_path / "frames-4-of-64.index").open("ab") as file:  # and half a row of index
        file.write(b"\x07")
    assert cache.read().frames.shape == (1, 4, 4)
    cache.append([2], [bag(2, 20)])
    bags = cache.read()
    assert bags.tasks.tolist() == [1, 2]
    assert bags.frames[:, 0, 0].tolist() == [10, 20, 20]


def test_bags_are_whole_when_all_their_frames_are_there(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, 4)
    cache.append([11, 5, 7], [bag(1, 10), bag(3, 20), bag(2, 30)])
    bags = cache.read()
    assert [bags.whole(frames) for frames in range(7)] == [0, 1, 1, 1, 2, 2, 3]
    two = bags.head(2)
    assert (two.tasks.tolist(), len(two.frames)) == ([11, 5], 4)
    assert len(bags.head(0).frames) == 0


def test_a_task_has_one_bag(tmp_path: Path) -> None:
    cache = FrameCache(tmp_path, 4)
    cache.append([1], [bag(1, 10)])
    for tasks in ([1], [2, 2]):
        with pytest.raises(ValueError, match="one bag"):
            cache.append(tasks, [bag(1, 0)] * len(tasks))


@pytest.mark.parametrize("wrong", [np.zeros((0, 4, 4), np.uint8), np.zeros((1, 5, 5), np.uint8)])
def test_a_bag_without_frames_or_of_another_size_is_refused(
    tmp_path: Path, wrong: NDArray[np.uint8]
) -> None:
    with pytest.raises(ValueError, match="A bag is"):
        FrameCache(tmp_path, 4).append([1], [wrong])


def test_embeddings_grow_and_are_mapped(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, "r1a1", 3)
    assert cache.read().shape == (0, 3)
    cache.append(np.ones((2, 3), np.float16), at=0)
    cache.append(np.full((1, 3), 2, np.float16), at=2)
    assert isinstance(cache.read(), np.memmap)
    assert cache.read()[:, 0].tolist() == [1.0, 1.0, 2.0]


def test_embeddings_half_written_are_written_again(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, "r1a1", 3)
    cache.append(np.ones((2, 3), np.float16), at=0)
    with cache.path.open("ab") as file:
        file.write(b"half")
    cache.append(np.full((1, 3), 2, np.float16), at=2)
    assert cache.read()[:, 0].tolist() == [1.0, 1.0, 2.0]


def test_embeddings_have_no_gaps(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, "r1a1", 3)
    with pytest.raises(ValueError, match="without gaps"):
        cache.append(np.ones((2, 3), np.float16), at=1)
    with pytest.raises(ValueError, match="Embeddings are"):
        cache.append(np.ones((2, 4), np.float16), at=0)


def test_each_backbone_has_embeddings_of_its_own(tmp_path: Path) -> None:
    EmbeddingCache(tmp_path, "r1a1", 3).append(np.ones((2, 3), np.float16), at=0)
    assert len(EmbeddingCache(tmp_path, "r1a2", 3).read()) == 0


def test_what_serves_no_more_is_removed_and_stays_readable_where_it_is_open(tmp_path: Path) -> None:
    (tmp_path / "embeddings-r1a1-6.f16").write_bytes(bytes(12))  # a row per task, as once
    for name in ("r1a1", "r1a11"):
        EmbeddingCache(tmp_path, name, 3).append(np.ones((2, 3), np.float16), at=0)
    opened = EmbeddingCache.find(tmp_path, "r1a11")
    EmbeddingCache.keep_only(tmp_path, "r1a1")
    assert EmbeddingCache.find(tmp_path, "r1a11") is None
    assert EmbeddingCache.find(tmp_path, "r1a1") is not None
    assert opened is not None and opened.sum() == 6
    assert len(list(tmp_path.iterdir())) == 1
