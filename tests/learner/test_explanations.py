"""A heat map is hot where the answer comes from, and lies on the frame as it was taken."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learner.backbones import BackboneConfig
from learner.embedding import Backbone
from learner.ensemble import Ensemble
from learner.explanations import frame_direction, heat_map, on_native_grid
from learner.frames import shrink

torch.set_num_threads(1)
Float32 = NDArray[np.float32]


class Bright(nn.Module):
    """Features: how much of a frame is bright, and how much is dark, from maps of 12 x 12."""

    features = 2

    def __init__(self) -> None:
        super().__init__()
        self.maps = nn.Conv2d(1, 2, 8, 8)
        with torch.no_grad():
            self.maps.weight[0], self.maps.weight[1] = 1 / 64, -1 / 64
            assert self.maps.bias is not None
            self.maps.bias.copy_(torch.tensor([-128.0, 64.0]))
        self.relu = nn.ReLU()

    def forward(self, frames: Tensor) -> Tensor:
        maps: Tensor = self.relu(self.maps(frames.float()[:, None]))
        return maps.mean(dim=(2, 3))


class Attentive(nn.Module):
    """Patches that look at each other twice, and their mean; a black patch says nothing."""

    features = 16

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.patches = nn.Sequential(nn.Conv2d(1, 16, 8, 8, bias=False), nn.Flatten(2))
        self.layers = nn.ModuleList(
            nn.MultiheadAttention(16, 2, bias=False, batch_first=True) for _ in range(2)
        )
        self.last = nn.Identity()

    def forward(self, frames: Tensor) -> Tensor:
        tokens = self.patches(frames.float()[:, None] / 255).transpose(1, 2)
        for layer in self.layers:
            tokens = tokens + layer(tokens, tokens, tokens, need_weights=False)[0]
        out: Tensor = self.last(tokens).mean(dim=1)
        return out


def ensemble(*members: nn.Module) -> Ensemble:
    return Ensemble(members)  # type: ignore[arg-type]


def lesion() -> NDArray[np.uint8]:
    frame = np.full((96, 96), 100, dtype=np.uint8)
    frame[16:24, 64:72] = 250
    return frame


def peak(heat: NDArray[np.generic]) -> tuple[int, int]:
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    return int(row), int(column)


def test_it_is_hot_at_the_lesion() -> None:
    heat = heat_map(ensemble(Bright()), lesion(), np.array([1, 0], dtype=np.float32))
    assert heat.shape == (96, 96)
    assert heat.max() == pytest.approx(1)
    row, column = peak(heat)
    assert 16 <= row < 24 and 64 <= column < 72
    assert heat[60:, :40].max() == 0


def test_where_nothing_speaks_for_the_answer_it_is_cold() -> None:
    heat = heat_map(ensemble(Bright()), lesion(), np.array([-1, 0], dtype=np.float32))
    assert heat.max() == 0


def test_the_members_of_an_ensemble_speak_each_with_their_own_weights() -> None:
    direction = np.array([0, 0, 1, 0], dtype=np.float32)  # only the second sees the bright
    both = heat_map(ensemble(Bright(), Bright()), lesion(), direction)
    alone = heat_map(ensemble(Bright()), lesion(), direction[2:])
    np.testing.assert_allclose(both, alone)


def test_the_default_backbone_can_be_explained() -> None:
    backbone = Backbone(BackboneConfig())
    direction = np.random.default_rng(0).normal(size=backbone.features).astype(np.float32)
    heat = heat_map(Ensemble((backbone,)), lesion(), direction)
    assert heat.shape == (96, 96)
    assert 0 <= heat.min() < heat.max() == pytest.approx(1)


def test_attention_is_rolled_out_to_the_patches() -> None:
    frame = np.zeros((32, 32), dtype=np.uint8)
    frame[8:16, 16:24] = 255
    model = Attentive().eval()
    with torch.no_grad():
        odd, even = (model(torch.from_numpy(f)[None]) for f in (frame, np.zeros_like(frame)))
    heat = heat_map(ensemble(model), frame, (odd - even)[0].numpy())
    assert heat.shape == (32, 32)
    row, column = peak(heat)
    assert 8 <= row < 16 and 16 <= column < 24


def test_a_network_without_places_is_refused() -> None:
    class Mean(nn.Module):
        features = 1

        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Linear(1, 1)

        def forward(self, frames: Tensor) -> Tensor:
            out: Tensor = self.scale(frames.float().mean(dim=(1, 2))[:, None])
            return out

    with pytest.raises(ValueError, match="no maps"):
        heat_map(ensemble(Mean()), lesion(), np.ones(1, dtype=np.float32))


@pytest.mark.parametrize(
    ("shape", "spacing", "grid"),
    [
        ((400, 200), None, (256, 128)),
        ((100, 300), (0.9, 0.3), (85, 256)),
        ((60, 40), (1.0, 1.0), (60, 40)),
    ],
)
def test_it_lies_on_the_frame_as_it_was_taken(
    shape: tuple[int, int], spacing: tuple[float, float] | None, grid: tuple[int, int]
) -> None:
    frame = np.zeros(shape, dtype=np.uint8)
    rows, columns = shape
    frame[rows // 4 : rows // 4 + rows // 10, columns // 10 : columns // 5] = 200
    header = {"window": [100.0, 200.0]} | ({"spacing": spacing} if spacing else {})
    seen = (shrink(frame, header, 96) / 255).astype(np.float32)
    heat = on_native_grid(seen, rows, columns, spacing)
    assert heat.shape == grid
    assert heat.dtype == np.uint8
    row, column = peak(heat)
    assert row / grid[0] == pytest.approx(0.3, abs=0.06)
    assert column / grid[1] == pytest.approx(0.15, abs=0.06)
    assert (heat > 128).mean() == pytest.approx(0.01, rel=0.6)


def test_of_several_frames_each_counts_as_if_it_stood_out_alone() -> None:
    weights = np.array([8, 4, 1, 2], dtype=np.float32)
    assert frame_direction(weights[:2], 1, 2).tolist() == [8, 4]
    assert frame_direction(weights, 1, 2).tolist() == [8, 4]
    assert frame_direction(weights, 4, 2).tolist() == [2 + 1, 1 + 2]
