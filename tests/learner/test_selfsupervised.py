"""Learning without labels: views stay radiographs, the loss falls, a crash costs little."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from learner import selfsupervised
from learner.embedding import Backbone
from learner.selfsupervised import Recipe, contrast, learn, represent, views
from tests.learner.test_embedding import TINY

torch.set_num_threads(1)
SMALL = Recipe(batch=16, code=16, side=24, learning_rate=3e-3)


@pytest.fixture(autouse=True)
def few_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are found, and their main axes, in a moment; tests/learner/test_patterns.py has all."""
    monkeypatch.setattr(selfsupervised, "PATTERNS", 8)


def scans(count: int = 32) -> NDArray[np.uint8]:
    """Discs of different sizes and places."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:32, :32]
    places = rng.uniform(6, 26, (count, 3))
    discs = [(x - a) ** 2 + (y - b) ** 2 < (c / 3) ** 2 for a, b, c in places]
    return (np.stack(discs) * 200).astype(np.uint8)


def test_views_keep_the_scale_and_are_drawn_by_the_generator() -> None:
    frames = torch.from_numpy(scans(4))
    one, same, other = (
        views(frames, SMALL, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    )
    assert one.shape == (4, 24, 24)
    assert float(one.min()) >= 0 and float(one.max()) <= 255
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_views_never_change_sides() -> None:
    frame = torch.zeros(64, 32, 32, dtype=torch.uint8)
    frame[:, :, :12] = 255  # bright on the left
    seen = views(frame, Recipe(side=32, smallest_crop=0.9), torch.Generator().manual_seed(0))
    assert (seen[:, :, :8].mean(dim=(1, 2)) > seen[:, :, 24:].mean(dim=(1, 2))).all()


def test_the_loss_is_lowest_where_each_view_finds_its_own() -> None:
    codes = torch.eye(4)
    assert float(contrast(codes, codes, 0.1)) < 0.001
    assert float(contrast(codes, codes.roll(1, 0), 0.1)) > 5


def test_training_is_repeatable_and_changes_the_weights() -> None:
    embeddings = []
    for _ in range(2):
        backbone = Backbone(TINY, seed=0)
        learn(backbone, scans(), steps=4, seed=1, recipe=SMALL)
        embeddings.append(backbone.embed(scans()))
    assert (embeddings[0] == embeddings[1]).all()
    assert (embeddings[0] != Backbone(TINY, seed=0).embed(scans())).any()


def test_training_makes_a_scan_easier_to_find_by_another_view() -> None:
    def confusion(backbone: Backbone) -> float:
        generator = torch.Generator().manual_seed(9)
        frames = torch.from_numpy(scans())
        with torch.inference_mode():
            a, b = (
                backbone.eval().maps(views(frames, SMALL, generator))[-1].mean(dim=(2, 3))
                for _ in range(2)
            )
        return float(contrast(a - a.mean(dim=0), b - b.mean(dim=0), 0.2))

    backbone = Backbone(TINY, seed=0)
    before = confusion(backbone)
    learn(backbone, scans(), steps=150, seed=1, recipe=SMALL)
    assert confusion(backbone) < before - 0.1


def test_training_ends_when_the_time_is_up() -> None:
    assert learn(Backbone(TINY), scans(), seconds=0.0, recipe=SMALL) == 0


def test_it_goes_on_from_its_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "checkpoint.pt"
    monkeypatch.setattr(selfsupervised, "SAVE_SECONDS", 0.0)
    told: list[float] = []
    learn(Backbone(TINY), scans(), steps=3, recipe=SMALL, checkpoint=path, say=told.append)
    assert told == [0.0, 1 / 3, 2 / 3]
    told.clear()
    learn(Backbone(TINY, seed=7), scans(), steps=6, recipe=SMALL, checkpoint=path, say=told.append)
    assert told == [3 / 6, 4 / 6, 5 / 6]


def test_rows_left_out_are_never_seen() -> None:
    frames = scans()
    learnt = []
    for hidden in (0, 255):
        frames[20:] = hidden
        backbone = Backbone(TINY)
        learn(backbone, frames, rows=np.arange(20), steps=2, recipe=SMALL)
        learnt.append(backbone.embed(scans()))
    assert (learnt[0] == learnt[1]).all()


def test_one_frame_is_not_enough() -> None:
    with pytest.raises(ValueError, match="at least two"):
        learn(Backbone(TINY), scans(1), steps=1)


def test_a_folder_of_weights_represents_without_training(tmp_path: Path) -> None:
    backbone = Backbone(TINY, seed=4)
    backbone.save(tmp_path)
    assert (represent(scans(), weights=tmp_path) == backbone.embed(scans())).all()


def test_where_memory_is_short_it_goes_on_with_smaller_batches(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []
    maps = Backbone.maps

    def short(self: Backbone, frames: torch.Tensor) -> list[torch.Tensor]:
        seen.append(len(frames))
        if len(frames) > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return maps(self, frames)

    backbone = Backbone(TINY)
    monkeypatch.setattr(Backbone, "maps", short)
    monkeypatch.setattr(Backbone, "fit_readout", lambda self, frames, patterns: None)
    learn(backbone, scans(), steps=2, recipe=SMALL)
    assert seen == [2, 32, 16, 8, 8]  # two views of 16, 8 and 4 frames


def test_the_embedding_keeps_what_varies_in_the_rows_it_was_shown() -> None:
    frames = scans()
    backbone = Backbone(TINY)
    learn(backbone, frames, rows=np.arange(30), steps=1, recipe=SMALL)
    spread = backbone.embed(frames[:30]).astype(np.float32).std(axis=0)
    assert spread.min() > 0.3 and spread.max() < 3.0
