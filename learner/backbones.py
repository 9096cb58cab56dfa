"""The networks that can be a backbone, by name; each is a row of stages that give maps.

A config holds all that builds a network again. Networks are MONAI's, or the small ones of this
module; weights that come from elsewhere are the matter of `learner.transfer`.
"""

import importlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch
from monai.networks import nets
from torch import Tensor, nn
from torch.nn import functional

from learner.frames import SIZE
from learner.sentences import NotInstalled, Unusable

WIDTH = 512  # numbers in an embedding
TIMM = "timm:"  # in front of the names of that package's networks


class SqueezeExcitation(nn.Module):
    """Channels weighed by what the whole map holds (Hu et al. 2018, arXiv:1709.01507)."""

    def __init__(self, channels: int, reduction: int = 8) -> None:
        super().__init__()
        hidden = max(8, channels // reduction)
        self.squeeze, self.excite = nn.Linear(channels, hidden), nn.Linear(hidden, channels)

    def forward(self, maps: Tensor) -> Tensor:
        weights = self.excite(functional.relu(self.squeeze(maps.mean(dim=(2, 3)))))
        weighed: Tensor = maps * weights.sigmoid()[:, :, None, None]
        return weighed


class _Block(nn.Module):
    """The basic residual block (He et al. 2016, arXiv:1512.03385)."""

    def __init__(self, inputs: int, outputs: int, stride: int, attention: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.attention = SqueezeExcitation(outputs) if attention else nn.Identity()
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, maps: Tensor) -> Tensor:
        found = functional.relu(self.norm1(self.conv1(maps)))
        found = self.attention(self.norm2(self.conv2(found)))
        total: Tensor = found + self.shortcut(maps)
        return functional.relu(total)


def slim_resnet(
    *, size: int, widths: Sequence[int] = (16, 32, 64, 256), attention: bool = False
) -> nn.Sequential:
    """A ResNet of one block a stage: some 2,000 frames of 96 pixels a second on one CPU core.

    Small enough to see a project's scans often in its first minutes, which decides there: in equal
    time wider and deeper ones gave embeddings no better or worse. It takes frames of any size.
    """
    first = widths[0]
    stem = [nn.Conv2d(1, first, 5, 2, 2, bias=False), nn.BatchNorm2d(first), nn.ReLU()]
    stages = [nn.Sequential(*stem, nn.MaxPool2d(3, 2, 1), _Block(first, first, 1, attention))]
    for before, width in itertools.pairwise(widths):
        stages.append(nn.Sequential(_Block(before, width, 2, attention)))
    network = nn.Sequential(*stages)
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
    return network


class _Patches(nn.Module):
    """Pictures as a map of patches, each with its place."""

    def __init__(self, size: int, patch: int, width: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(1, width, patch, patch)
        side = size // patch
        self.positions = nn.Parameter(torch.randn(1, width, side, side) * 0.02)

    def forward(self, pictures: Tensor) -> Tensor:
        maps: Tensor = self.project(pictures)
        positions: Tensor = self.positions
        if positions.shape[2:] != maps.shape[2:]:
            positions = functional.interpolate(positions, maps.shape[2:], mode="bicubic")
        return maps + positions


class _Attention(nn.Module):
    """Blocks of attention over the places of a map."""

    def __init__(self, width: int, depth: int, heads: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, 0.0, "gelu", batch_first=True, norm_first=True
            )
            for _ in range(depth)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, maps: Tensor) -> Tensor:
        tokens = maps.flatten(2).transpose(1, 2)  # [n, places, width]
        for block in self.blocks:
            tokens = block(tokens)
        normal: Tensor = self.norm(tokens)
        return normal.transpose(1, 2).reshape(maps.shape)


def vision_transformer(
    *, size: int, patch: int = 8, width: int = 384, depth: int = 12, heads: int = 6
) -> nn.Sequential:
    """A ViT (Dosovitskiy et al. 2021, arXiv:2010.11929) in two stages of half its blocks.

    Without a class token: the mean over the tokens serves as well (section D.3). The positions are
    resampled for views of another size. Raises ValueError where patches do not fit into the frame.
    """
    if size % patch:
        raise ValueError(f"Patches of {patch} pixels do not fill frames of {size}")
    return nn.Sequential(
        nn.Sequential(_Patches(size, patch, width), _Attention(width, depth // 2, heads)),
        _Attention(width, depth - depth // 2, heads),
    )


@dataclass(frozen=True)
class Network:
    """How a network is built from its arguments and the frames' size, and which stages it has."""

    build: Callable[..., nn.Module]
    stages: Callable[[Any], nn.Sequential] = lambda network: network
    learning_rate: float = 1e-3  # at which it learns without labels: the smaller, the higher


def _monai(name: str, **arguments: Any) -> Callable[..., nn.Module]:
    def build(*, size: int, **others: Any) -> nn.Module:
        network: nn.Module = getattr(nets, name)(spatial_dims=2, **arguments, **others)
        return network

    return build


def _resnet_stages(network: Any) -> nn.Sequential:
    stem = nn.Sequential(network.conv1, network.bn1, network.act, network.maxpool)
    first = nn.Sequential(stem, network.layer1)
    return nn.Sequential(first, network.layer2, network.layer3, network.layer4)


def _senet_stages(network: Any) -> nn.Sequential:
    first = nn.Sequential(network.layer0, network.layer1)
    return nn.Sequential(first, network.layer2, network.layer3, network.layer4)


def _densenet_stages(network: Any) -> nn.Sequential:
    stages: list[nn.Sequential] = [nn.Sequential()]
    for name, part in network.features.named_children():
        stages[-1].append(part)
        if name.startswith("transition"):
            stages.append(nn.Sequential())
    stages[-1].append(nn.ReLU())
    return nn.Sequential(*stages)


NETWORKS: dict[str, Network] = {
    "SlimResNet": Network(slim_resnet, learning_rate=1e-2),
    "SlimSEResNet": Network(partial(slim_resnet, attention=True), learning_rate=1e-2),
    "ViT-Ti": Network(partial(vision_transformer, width=192, heads=3), learning_rate=5e-4),
    "ViT-S": Network(vision_transformer, learning_rate=5e-4),
}
for _depth in (10, 18, 34, 50, 101, 152):
    NETWORKS[f"ResNet{_depth}"] = Network(
        # MONAI's default is a first stride of 1, for small volumes: four times the work.
        _monai(f"resnet{_depth}", n_input_channels=1, num_classes=1, conv1_t_stride=2),
        _resnet_stages,
    )
for _name in ("SEResNet50", "SEResNet101", "SEResNet152", "SEResNext50", "SEResNext101"):
    NETWORKS[_name] = Network(_monai(_name, in_channels=1, num_classes=1), _senet_stages)
for _name in ("DenseNet121", "DenseNet169", "DenseNet201", "DenseNet264"):
    NETWORKS[_name] = Network(_monai(_name, in_channels=1, out_channels=1), _densenet_stages)


@dataclass(frozen=True)
class BackboneConfig:
    """A network that can be built again: its name, its arguments, and what it takes and gives."""

    network: str = "SlimResNet"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    size: int = SIZE  # side of the frames it takes
    width: int = WIDTH
    # Grey value and spread that the network sees as 0 and 1. Weights from elsewhere bring theirs.
    mean: float = 96.0
    deviation: float = 64.0
    patterns: int = 0  # of the frames' own in each scale, see `learner.patterns`; 0: none

    @classmethod
    def named(cls, name: str) -> "BackboneConfig":
        """The config of a network by name; "" is the default. Raises ValueError."""
        network = name or cls.network
        if network not in NETWORKS:
            raise Unusable(
                "No backbone is called {name}. The networks are {networks}.",
                name=repr(name),
                networks=", ".join(NETWORKS),
            )
        return cls(network)

    @property
    def learning_rate(self) -> float:
        """At which it learns without labels."""
        return self._network.learning_rate

    def build(self) -> nn.Module:
        """The network with random weights, as its makers name its parts.

        Raises ImportError where it is another package's, which is not installed.
        """
        return self._network.build(size=self.size, **self.arguments)

    def stages(self, network: nn.Module) -> nn.Sequential:
        """The parts of what `build` gave: pictures [n, 1, S, S] in, maps [n, c, h, w] between."""
        return self._network.stages(network)

    @property
    def _network(self) -> Network:
        if self.network.startswith(TIMM):
            return Network(partial(timm_model, self.network.removeprefix(TIMM)), nn.Sequential)
        return NETWORKS[self.network]


def timm_model(name: str, *, size: int, pretrained: bool = False) -> nn.Module:
    """One of timm's, giving the list of its stages' maps. Raises ImportError."""
    options: dict[str, bool] = {}
    if name.startswith(("vit_", "deit")):  # else they take pictures of one size alone
        options = {"dynamic_img_size": True, "dynamic_img_pad": True}
    network: nn.Module = imported("timm").create_model(
        name, pretrained=pretrained, in_chans=1, features_only=True, **options
    )
    return network


def imported(package: str) -> Any:
    """An optional package. ImportError says what to do where it is not here or does not run."""
    try:
        return importlib.import_module(package)
    except Exception as error:  # also where it is there, but not made for this torch
        raise NotInstalled(
            "The backbone needs the package {package}, which cannot be imported ({error}). "
            "Install a version of it that goes with this torch, or name another backbone.",
            package=package,
            error=str(error),
        ) from error
