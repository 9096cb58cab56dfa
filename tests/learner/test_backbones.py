"""Every network that can be named embeds, saves and comes back; folding changes nothing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from learner import batches as batches_module
from learner.backbones import NETWORKS, BackboneConfig, vision_transformer
from learner.batches import Batches, Run, compiling_pays, in_parts, memory_was_short
from learner.embedding import Backbone
from learner.folding import folded
from learner.readout import main_axes
from tests.learner.test_embedding import FRAMES, TINY

torch.set_num_threads(1)
CPU = torch.device("cpu")
SMALL: dict[str, dict[str, Any]] = {
    "SlimResNet": {"widths": [4, 4, 8, 8]},
    "SlimSEResNet": {"widths": [4, 4, 8, 8]},
    "ViT-Ti": {"width": 24, "depth": 2},
    "ResNet18": {"widen_factor": 0.0625},
    "SEResNet50": {"layers": [1, 1, 1, 1]},
    "DenseNet121": {"init_features": 4, "growth_rate": 2, "block_config": [1, 1, 1, 1]},
}


@pytest.mark.parametrize("name", SMALL)
def test_a_network_embeds_and_comes_back_from_its_json(name: str, tmp_path: Path) -> None:
    config = BackboneConfig(name, SMALL[name], size=32, width=8)
    backbone = Backbone(config, seed=1)
    embeddings = backbone.embed(FRAMES)
    assert embeddings.shape == (5, 8)
    assert np.isfinite(embeddings).all() and embeddings.std(axis=0).min() > 0
    backbone.save(tmp_path)
    assert (Backbone.load(tmp_path).embed(FRAMES) == embeddings).all()


@pytest.mark.parametrize("name", [name for name in SMALL if name != "ViT-Ti"])
def test_folding_leaves_every_map_as_it_was(name: str) -> None:
    backbone = Backbone(BackboneConfig(name, SMALL[name], size=32, width=8), seed=1)
    for module in backbone.modules():  # as after a training
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.5, 0.5)
            assert module.running_mean is not None and module.running_var is not None
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
    backbone.eval()
    stages = folded(backbone.stages, torch.zeros(1, 1, 32, 32))
    with torch.inference_mode():
        maps = backbone.maps(torch.from_numpy(FRAMES))
        again = backbone.maps(torch.from_numpy(FRAMES), stages)
    for before, after in zip(maps, again, strict=True):
        assert torch.allclose(before, after, rtol=1e-3, atol=1e-4 * float(before.abs().max()))
    left, now = (
        sum(isinstance(one, nn.BatchNorm2d) for one in each.modules())
        for each in (backbone.stages, stages)
    )
    # A DenseNet normalises before it convolves: some have nothing to be folded into.
    assert now == 0 if name != "DenseNet121" else now < left


def test_all_names_are_built() -> None:
    assert {"DenseNet121", "ResNet50", "SEResNet50", "ViT-S", "SlimSEResNet"} <= set(NETWORKS)
    network = BackboneConfig.named("ViT-S")
    assert sum(p.numel() for p in network.build().parameters()) / 1e6 == pytest.approx(21.4, abs=1)


def test_a_transformer_takes_views_of_another_size() -> None:
    network = vision_transformer(size=32, patch=8, width=8, depth=2, heads=2)
    assert network(torch.zeros(1, 1, 24, 24)).shape == (1, 8, 3, 3)
    with pytest.raises(ValueError, match="Patches of 8 pixels do not fill frames of 36"):
        vision_transformer(size=36)


def test_new_weights_are_embedded_with() -> None:
    backbone = Backbone(TINY, seed=1)
    first = backbone.embed(FRAMES)
    backbone.load_state_dict(Backbone(TINY, seed=2).state_dict())
    assert (backbone.embed(FRAMES) == Backbone(TINY, seed=2).embed(FRAMES)).all()
    assert (backbone.embed(FRAMES) != first).any()
    backbone.fit_readout(FRAMES)
    assert (backbone.embed(FRAMES) != Backbone(TINY, seed=2).embed(FRAMES)).any()


def test_the_main_axes_keep_distances_and_make_their_numbers_alike() -> None:
    rng = torch.Generator().manual_seed(0)
    strengths = 1.5 ** torch.arange(30)
    low = torch.randn(500, 4, generator=rng) @ torch.randn(4, 30, generator=rng) * strengths
    found = main_axes(low, 6)(low).detach()
    standardised = (low - low.mean(dim=0)) / low.std(dim=0)
    # Four axes hold all there is, so every distance is there, at one scale.
    ratio = torch.pdist(found) / torch.pdist(standardised)
    assert float(ratio.std() / ratio.mean()) < 0.01
    assert float(found.std(dim=0).min()) > 0.2 and float(found.std(dim=0).max()) < 2.5


class Device:
    """A device whose memory holds so many frames at once."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.asked: list[int] = []

    def run(self, frames: Tensor) -> Tensor:
        self.asked.append(len(frames))
        if len(frames) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return frames.float().mean(dim=(1, 2))[:, None]


def test_batches_that_do_not_fit_are_halved_and_stay_so() -> None:
    frames = np.arange(12, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)
    device = Device(room=3)
    batches = Batches(device.run, CPU, 8)
    assert batches(frames, 1)[:, 0].tolist() == list(range(12))
    assert device.asked == [8, 4, 2, 2, 2, 2, 2, 2]
    assert batches(frames[:4], 1)[:, 0].tolist() == [0, 1, 2, 3]
    assert device.asked[-2:] == [2, 2]


def test_where_not_one_frame_fits_it_is_said() -> None:
    with pytest.raises(MemoryError, match="choose a smaller backbone"):
        Batches(Device(room=0).run, CPU, 4)(np.zeros((5, 2, 2), np.uint8), 1)


@pytest.mark.parametrize(
    "said",
    [
        "CUDA error: out of memory",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "GET was unable to find an engine to execute this computation",
    ],
)
def test_short_memory_is_known_by_what_the_libraries_say(said: str) -> None:
    assert memory_was_short(RuntimeError(said))
    assert not memory_was_short(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))


def test_parts_that_do_not_fit_are_made_smaller() -> None:
    frames = np.arange(12, dtype=np.uint8)[:, None, None]
    device = Device(room=4)
    parts = in_parts(lambda part: device.run(torch.from_numpy(part)), frames, 12)
    assert torch.cat(parts)[:, 0].tolist() == list(range(12))
    assert device.asked == [12, 6, 3, 3, 3, 3]  # of equal size


def test_compiling_is_for_much_work_on_a_gpu() -> None:
    assert compiling_pays(torch.device("cuda"), 600)
    assert not compiling_pays(torch.device("cuda"), 60)
    assert not compiling_pays(CPU, 600)


@pytest.mark.parametrize("works", [True, False])
def test_a_network_with_much_to_do_is_compiled_where_that_works(
    works: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches_module, "compiling_pays", lambda device, seconds: seconds > 0)
    asked: list[int] = []

    def compiled(run: Run, *, dynamic: bool) -> Run:
        def faster(frames: Tensor) -> Tensor:
            asked.append(len(frames))
            if not works:
                raise RuntimeError("no C compiler was found")
            return run(frames)

        return faster

    monkeypatch.setattr(torch, "compile", compiled)
    frames = np.arange(5, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(2, 2)
    batches = Batches(Device(room=9).run, CPU, 4)
    for _ in range(3):
        assert batches(frames, 1)[:, 0].tolist() == list(range(5))
    # Not at first; then always at the size that it was compiled for, or once and never again.
    assert asked == ([4, 4, 4, 4] if works else [4])
