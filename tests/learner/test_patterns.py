"""Patterns are found in the frames, answer to them alone, and go where the backbone goes."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from learner.embedding import Backbone
from learner.patterns import GRID, Patterns, Scale, spherical_means
from learner.selfsupervised import PATTERNS, learn
from tests.learner.test_embedding import FRAMES, TINY
from tests.learner.test_selfsupervised import SMALL, scans

torch.set_num_threads(1)


def stripes(upright: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Frames of stripes, upright or lying, somewhere shifted, with a little noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :96]
    along = np.where(upright[:, None, None], x, y) + rng.integers(0, 8, len(upright))[:, None, None]
    noise = rng.normal(scale=8, size=(len(upright), 96, 96))
    frames = 120 + 60 * np.sign(np.sin(along * np.pi / 4)) + noise
    return np.asarray(frames.clip(0, 255), dtype=np.uint8)


def test_directions_are_found_that_rows_lie_along() -> None:
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.normal(size=(6, 6)))[0][:3]
    rows = rng.normal(size=(3000, 1)) * axes[rng.integers(0, 3, 3000)]
    rows = (rows + rng.normal(scale=0.02, size=rows.shape)).astype(np.float32)
    found = spherical_means(rows, 3, np.random.default_rng(1))
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert (np.abs(found @ axes.T).max(axis=0) > 0.99).all()


def test_what_a_frame_is_made_of_does_not_depend_on_exposure() -> None:
    frames = stripes(np.arange(40) % 2 == 0)
    scale = Scale(8, 96, 4)
    scale.fit(frames, np.random.default_rng(0))
    found = scale(torch.from_numpy(frames[:4]).float())
    assert found.shape == (4, 2 * 8 * GRID**2)
    assert float(found.min()) == 0 < float(found.max())
    darker = scale(torch.from_numpy(frames[:4]).float() * 0.5 + 40)
    assert torch.allclose(found, darker, atol=0.1)


def test_frames_of_other_texture_are_told_apart_by_untrained_weights() -> None:
    upright = np.random.default_rng(1).random(60) < 0.5
    frames = stripes(upright)
    backbone = Backbone(TINY)
    backbone.fit_readout(frames, patterns=8)
    E = backbone.embed(frames).astype(np.float32)
    apart = np.linalg.norm(E[upright].mean(axis=0) - E[~upright].mean(axis=0))
    assert apart > 3 * E[upright].std(axis=0).mean()


def test_until_they_are_found_they_say_nothing() -> None:
    assert not Patterns(4, 8)(torch.from_numpy(FRAMES)).any()


def test_each_part_has_its_share_of_an_embedding() -> None:
    backbone = Backbone(TINY)
    backbone.fit_readout(scans(), patterns=4)
    assert backbone.config.patterns == 4 and backbone.patterns is not None
    frames = torch.from_numpy(scans())
    with torch.inference_mode():
        by_patterns = backbone.patterns(frames).std(dim=0)
        by_network = (backbone(frames) - backbone.patterns(frames)).std(dim=0)
    assert float(by_patterns.min()) > 0.1 and float(by_network.min()) > 0.1


def test_labels_train_what_is_kept_of_them_and_not_the_patterns() -> None:
    backbone = Backbone(TINY)
    backbone.fit_readout(scans(), patterns=4)
    assert backbone.patterns is not None
    filters = [name for name, _ in backbone.named_parameters() if "filters" in name]
    backbone.train()(torch.from_numpy(scans(8))).square().mean().backward()
    gradient = backbone.patterns.reduce.weight.grad
    assert not filters and gradient is not None and bool(gradient.isfinite().all())


def test_a_backbone_comes_back_with_its_patterns(tmp_path: Path) -> None:
    backbone = Backbone(TINY)
    learn(backbone, scans(), steps=1, recipe=SMALL)
    backbone.save(tmp_path)
    assert Backbone.load(tmp_path).config.patterns == PATTERNS
    assert (Backbone.load(tmp_path).embed(scans()) == backbone.embed(scans())).all()
    backbone.fit_readout(scans())  # as weights are that were given
    backbone.save(tmp_path)
    assert Backbone.load(tmp_path).config.patterns == 0
    assert (Backbone.load(tmp_path).embed(scans()) == backbone.embed(scans())).all()
