"""The backbone: a MONAI network that turns small frames into embeddings."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.networks import nets
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from learner.frames import SIZE

WEIGHTS_FILE = "backbone.safetensors"
CONFIG_FILE = "backbone.json"

# A slim ResNet of one block a stage: 256 features, some 2,000 frames of 96 pixels a second on one
# CPU core. Small enough to see a project's scans often in its first minutes, which decides there:
# in equal time wider and deeper ones gave embeddings no better or worse.
_SLIM_RESNET: Mapping[str, Any] = {
    "block": "basic",
    "layers": [1, 1, 1, 1],
    "block_inplanes": [16, 32, 64, 256],
    "conv1_t_size": 5,
    "conv1_t_stride": 2,
    "n_input_channels": 1,
    "feed_forward": False,
}


@dataclass(frozen=True)
class BackboneConfig:
    """A network that can be built again: its name in monai.networks.nets and its arguments."""

    network: str = "ResNet"
    arguments: Mapping[str, Any] = field(default_factory=lambda: dict(_SLIM_RESNET))
    size: int = SIZE  # side of the frames it takes

    @classmethod
    def named(cls, name: str) -> "BackboneConfig":
        """The config of a MONAI network by name; "" is the default. Raises ValueError."""
        if not name:
            return cls()
        if name.startswith("ResNet"):
            return cls(name, {"n_input_channels": 1, "feed_forward": False})
        if name.startswith(("SEResN", "DenseNet")):
            return cls(name, {"in_channels": 1, _CLASSES[name[0]]: 1})
        raise ValueError(f"No backbone is called {name!r}: name a ResNet, SEResNet or DenseNet")


_CLASSES = {"S": "num_classes", "D": "out_channels"}
# Where MONAI's networks keep the layer that turns features into classes.
_CLASSIFIERS = ("fc", "last_linear", "class_layers.out")


def best_device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


class Backbone(nn.Module):
    """uint8 frames [n, S, S] in, features float [n, d] out."""

    def __init__(self, config: BackboneConfig, *, seed: int = 0) -> None:
        super().__init__()
        self.config = config
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = getattr(nets, config.network)(spatial_dims=2, **config.arguments)
        _drop_classifier(network)
        self.network = network.to(memory_format=torch.channels_last)
        with torch.inference_mode():
            blank = torch.zeros(1, 1, config.size, config.size)
            self.features = int(self.network.eval()(blank).flatten(1).shape[1])

    def forward(self, frames: Tensor) -> Tensor:
        """Frames uint8 or float on the 0–255 scale [n, S, S] → features [n, d]."""
        # One mean and spread for every grey image; batch normalisation does the rest.
        pixels = (frames.float().unsqueeze(1) - 96.0) / 64.0
        features: Tensor = self.network(pixels.to(memory_format=torch.channels_last))
        return features.flatten(1)

    @torch.inference_mode()
    def embed(self, frames: NDArray[np.uint8], *, batch: int = 256) -> NDArray[np.float16]:
        """Embeddings [n, d] of frames [n, S, S], in batches, on the device the weights are on."""
        self.eval()
        device = next(self.parameters()).device
        parts = [np.zeros((0, self.features), dtype=np.float16)]
        for start in range(0, len(frames), batch):
            part = torch.from_numpy(np.array(frames[start : start + batch]))  # off the memory map
            with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
                features = self(part.to(device, non_blocking=True))
            parts.append(features.to("cpu", torch.float16).numpy())
        return np.concatenate(parts)

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


def initial_backbone(name: str, *, seed: int) -> tuple[Backbone, bool]:
    """The backbone that a project asks for, and whether its weights were given.

    `name`: "" or a MONAI network (random weights), a folder that `save` wrote, or
    "hub:owner/repository", where the two files of such a folder are fetched from Hugging Face.
    Raises ValueError for a name that is none of these, ConnectionError where the hub cannot be
    reached.
    """
    if name.startswith("hub:"):
        return Backbone.load(_fetched(name.removeprefix("hub:"))), True
    if (Path(name) / CONFIG_FILE).is_file():
        return Backbone.load(Path(name)), True
    return Backbone(BackboneConfig.named(name), seed=seed), False


def _fetched(repository: str) -> Path:
    if not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise ValueError(f"A hub name is owner/repository, not {repository!r}")
    folder = Path(torch.hub.get_dir()) / "scout" / repository.replace("/", "--")
    folder.mkdir(parents=True, exist_ok=True)
    for file in (CONFIG_FILE, WEIGHTS_FILE):
        address = f"https://huggingface.co/{repository}/resolve/main/{file}"
        if (folder / file).exists():
            continue
        try:
            torch.hub.download_url_to_file(address, str(folder / file), progress=False)
        except OSError as error:
            raise ConnectionError(
                f"{address} cannot be fetched ({error}). Without a network, name a folder with "
                f"{CONFIG_FILE} and {WEIGHTS_FILE}, or leave the backbone empty."
            ) from error
    return folder


def _drop_classifier(network: nn.Module) -> None:
    names = dict(network.named_modules())
    for path in _CLASSIFIERS:
        if path in names and not isinstance(names[path], nn.Identity):
            parent, _, leaf = path.rpartition(".")
            setattr(network.get_submodule(parent), leaf, nn.Identity())
