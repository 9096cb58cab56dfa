"""The backbone gives the same embeddings after saving, in any batches, for images and volumes."""

from pathlib import Path

import numpy as np
import pytest
import torch

from learner.backbones import BackboneConfig
from learner.embedding import Backbone
from learner.transfer import initial_backbone

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


def test_a_project_names_a_monai_network_or_a_folder_of_weights(tmp_path: Path) -> None:
    Backbone(TINY, seed=3).save(tmp_path)
    backbone, are_given = initial_backbone(str(tmp_path), seed=0)
    assert are_given and backbone.config == TINY
    backbone, are_given = initial_backbone("", seed=0)
    assert not are_given and backbone.features == 512
    assert initial_backbone("DenseNet121", seed=0)[0].features == 512


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="No backbone is called 'VGG'"):
        initial_backbone("VGG", seed=0)
    with pytest.raises(ValueError, match="owner/repository"):
        initial_backbone("hub:../../etc", seed=0)


def test_offline_the_hub_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: object, **options: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ConnectionError, match="Without a network, name a folder"):
        initial_backbone("hub:hospital/chest", seed=0)
