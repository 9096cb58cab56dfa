"""The backbone: a network that turns small frames into embeddings."""

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from learner.backbones import BackboneConfig
from learner.batches import Batches, in_parts
from learner.folding import folded, lay_out
from learner.patterns import Patterns
from learner.readout import STAGES, Readout, main_axes

WEIGHTS_FILE = "backbone.safetensors"
CONFIG_FILE = "backbone.json"


def best_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def computes_in_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is faster there: where there are instructions for it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type != "cpu":
        return False
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


class Backbone(nn.Module):
    """uint8 frames [n, S, S] in, features float [n, d] out."""

    def __init__(
        self, config: BackboneConfig, *, seed: int = 0, network: nn.Module | None = None
    ) -> None:
        """With random weights, or with a `network` of this config that has its own."""
        super().__init__()
        self.config, self.features = config, config.width
        self._ready: tuple[tuple[Any, ...], Batches] | None = None
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.stages = config.stages(network or config.build())
            lay_out(self.stages)
            blank = torch.zeros(1, config.size, config.size)
            with torch.inference_mode():
                channels = [each.shape[1] for each in self.eval().maps(blank)[-STAGES:]]
            self.readout = Readout(channels, config.width)
            self.patterns = Patterns(config.patterns, config.width) if config.patterns else None

    def maps(self, frames: Tensor, stages: nn.Sequential | None = None) -> list[Tensor]:
        """Frames uint8 or float on the 0–255 scale [n, S, S] → each stage's map [n, c, h, w].

        By other `stages` than its own where they are given: folded ones.
        """
        maps = (frames.float().unsqueeze(1) - self.config.mean) / self.config.deviation
        maps = maps.to(memory_format=torch.channels_last)
        found = []
        for stage in stages or self.stages:
            made = stage(maps)
            found.extend(made if isinstance(made, list) else [made])
            maps = found[-1]
        return found

    def forward(self, frames: Tensor) -> Tensor:
        """Frames uint8 or float on the 0–255 scale [n, S, S] → features [n, d]."""
        return self._embedded(frames, self.stages)

    def _embedded(self, frames: Tensor, stages: nn.Sequential) -> Tensor:
        maps = self.maps(frames, stages)[-STAGES:]
        with torch.autocast(frames.device.type, enabled=False):  # float16 keeps more than bfloat16
            features: Tensor = self.readout(maps)
            return features if self.patterns is None else features + self.patterns(frames)

    def fit_readout(
        self, frames: NDArray[np.uint8], *, patterns: int = 0, batch: int = 256
    ) -> None:
        """Choose what the embedding keeps by what varies among these frames [n, S, S].

        With so many `patterns` of their own in each scale, beside what the network sees.
        """
        self.eval()
        device = next(self.parameters()).device
        self.config = replace(self.config, patterns=patterns)
        self.patterns = None
        if patterns:
            self.patterns = Patterns(patterns, self.features).to(device)
            self.patterns.fit(frames)
        seen = in_parts(self._seen, frames, batch)
        parts = [torch.cat(part) for part in zip(*seen, strict=True)]
        if self.patterns is None:
            self.readout.reduce.load_state_dict(main_axes(parts[0], self.features).state_dict())
        else:
            self._join(parts, self.patterns)

    @torch.inference_mode()
    def _seen(self, batch: NDArray[np.uint8]) -> list[Tensor]:
        """What is seen in these frames: the network's values [n, v], and each scale's."""
        frames = torch.from_numpy(batch).to(next(self.parameters()).device)
        seen = [self.readout.pooled(self.maps(frames)[-STAGES:])]
        return seen + (self.patterns.values(frames) if self.patterns else [])

    @torch.no_grad()
    def _join(self, parts: list[Tensor], patterns: Patterns) -> None:
        """Let the embedding keep what varies in all parts: half the network's, half the patterns'.

        Each number of a part weighs alike, so a part weighs as much as it has numbers.
        """
        share = self.features // (len(parts) - 1)
        widths = [self.features, *[share] * (len(parts) - 1)]
        firsts = [main_axes(part, width) for part, width in zip(parts, widths, strict=True)]
        reduced = [first(part) for first, part in zip(firsts, parts, strict=True)]
        last = main_axes(torch.cat(reduced, dim=1), self.features)
        blocks = torch.split(last.weight, widths, dim=1)
        weights = [block @ first.weight for block, first in zip(blocks, firsts, strict=True)]
        bias = last.bias + last.weight @ torch.cat([first.bias for first in firsts])
        self.readout.reduce.weight.copy_(weights[0])
        self.readout.reduce.bias.copy_(bias)
        patterns.reduce.weight.copy_(torch.cat(weights[1:], dim=1))

    @torch.inference_mode()
    def embed(self, frames: NDArray[np.uint8], *, batch: int = 256) -> NDArray[np.float16]:
        """Embeddings [n, d] of frames [n, S, S], in batches, on the device the weights are on.

        Raises MemoryError where not even one frame fits into the device's memory.
        """
        return self._batches(batch)(frames, self.features)

    def _batches(self, batch: int) -> Batches:
        """Folded and ready to embed; kept for the next call while the weights are the same."""
        device = next(self.parameters()).device
        tensors = [*self.parameters(), *self.buffers()]
        weights = (id(self), device, batch, *(tensor._version for tensor in tensors))
        if self._ready is None or self._ready[0] != weights:
            blank = torch.zeros(1, 1, self.config.size, self.config.size, device=device)
            stages = folded(self.stages, blank)
            is_half = device.type == "cuda" and computes_in_bfloat16(device)

            def run(frames: Tensor) -> Tensor:
                with torch.autocast(device.type, torch.bfloat16, enabled=is_half):
                    return self._embedded(frames, stages)

            self._ready = (weights, Batches(run, device, batch))
        return self._ready[1]

    def save(self, folder: Path) -> None:
        """Write weights (safetensors) and config (JSON) into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        state = {name: value.contiguous().cpu() for name, value in self.state_dict().items()}
        save_file(state, folder / WEIGHTS_FILE)
        (folder / CONFIG_FILE).write_text(json.dumps(asdict(self.config), indent=1))

    @classmethod
    def load(cls, folder: Path) -> "Backbone":
        """The backbone that `save` wrote. Raises FileNotFoundError, or RuntimeError on a misfit."""
        backbone = cls(BackboneConfig(**json.loads((folder / CONFIG_FILE).read_text())))
        backbone.load_state_dict(load_file(folder / WEIGHTS_FILE))
        return backbone
