"""The backbone gives the same embeddings after saving, in any batches, for images and volumes."""

from pathlib import Path

import numpy as np
import torch

from learner.backbones import BackboneConfig
from learner.embedding import Backbone

torch.set_num_threads(1)
TINY = BackboneConfig(arguments={"widths": [4, 4, 8, 8]}, size=32, width=8)
FRAMES = np.random.default_rng(0).integers(0, 256, (5, 32, 32), dtype=np.uint8)


def test_batches_do_not_change_an_embedding() -> None:
    backbone = Backbone(TINY, seed=1)
    whole = backbone.embed(FRAMES)
    assert whole.dtype == np.float16
    assert whole.shape == (5, 8)
    np.testing.assert_allclose(backbone.embed(FRAMES, batch=2), whole, atol=2e-3)


def test_the_seed_decides_the_weights_and_leaves_other_numbers_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    first, again, other = (Backbone(TINY, seed=seed).embed(FRAMES) for seed in (1, 1, 2))
    assert torch.rand(1) == expected
    assert (first == again).all()
    assert (first != other).any()


def test_a_saved_backbone_comes_back(tmp_path: Path) -> None:
    backbone = Backbone(TINY, seed=3)
    backbone.save(tmp_path / "weights")
    loaded = Backbone.load(tmp_path / "weights")
    assert loaded.config == TINY
    assert (loaded.embed(FRAMES) == backbone.embed(FRAMES)).all()


def test_no_frames_give_no_embeddings() -> None:
    assert Backbone(TINY).embed(FRAMES[:0]).shape == (0, 8)
