"""Backbones whose weights come from elsewhere: by name, or from a local file.

Nothing here runs what it loads: files are safetensors, or read with `weights_only`. Every way ends
in a `Backbone` that saves, loads and embeds like one that was trained here.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from monai.networks import nets
from safetensors.torch import load_file
from torch import Tensor, nn

from learner.backbones import NETWORKS, TIMM, BackboneConfig, imported, timm_model
from learner.embedding import CONFIG_FILE, WEIGHTS_FILE, Backbone
from learner.frames import SIZE
from learner.sentences import Unreachable, Unusable

State = dict[str, Tensor]

FILES = (".safetensors", ".pt", ".pth", ".bin")
# Mean and deviation of grey in ImageNet: the mean of its three channels' means and spreads.
IMAGENET = (255 * 0.449, 255 * 0.226)
# TorchXRayVision's networks see -1024 to 1024 (its `datasets.normalize`).
XRAY_VISION = (127.5, 127.5 / 1024)
# What a network has beyond its stages: the layers that make classes, and thresholds on them.
_CLASSIFIERS = ("fc.", "classifier.", "class_layers.", "last_linear.", "head.", "op_threshs")
_TOLD = 4  # keys named in a message


def initial_backbone(name: str, *, weights: str | Path, seed: int) -> tuple[Backbone, bool]:
    """The backbone that a project asks for, and whether its weights were given.

    Files and folders are named by their names alone and lie in the folder `weights`: a name reaches
    nothing else on this machine.

    | name | what |
    | --- | --- |
    | "", `DenseNet121`, … | one of `learner.backbones.NETWORKS`, random weights |
    | a folder's name | what `Backbone.save` wrote |
    | `DenseNet121:chest.pt` | a network with the weights of a local file (.pt, .safetensors) |
    | `monai:DenseNet121` | MONAI's, trained on ImageNet |
    | `timm:resnet50` | timm's, where it is installed |
    | `torchxrayvision:densenet121-res224-all` | TorchXRayVision's, where it is installed |
    | `hub:owner/repository` | such a folder's two files, from Hugging Face |

    Raises ValueError for a name that is none of these or weights that do not fit, ConnectionError
    where they cannot be fetched, ImportError where a package is missing.
    """
    folder = Path(weights)
    source, colon, rest = name.partition(":")
    if colon and source in _SOURCES:
        return _SOURCES[source](rest), True
    if colon and source in NETWORKS:
        return from_file(source, _inside(folder, rest)), True
    if name and (_inside(folder, name) / CONFIG_FILE).is_file():
        return Backbone.load(_inside(folder, name)), True
    if Path(name).suffix in FILES:
        raise Unusable("Name the network that {name} is for, such as DenseNet121:{name}", name=name)
    return Backbone(BackboneConfig.named(name), seed=seed), False


def _inside(folder: Path, name: str) -> Path:
    if name in ("", "..") or Path(name).name != name:
        raise Unusable(
            "Weights are named by their name alone and lie in {folder}/, not {name}",
            folder=folder.name,
            name=repr(name),
        )
    return folder / name


def from_file(network: str, path: Path) -> Backbone:
    """A network with the weights of a state-dict file, named as by MONAI, torchvision or XRV.

    Raises ValueError for a file that is missing, unsafe, or does not fit: it says which keys.
    """
    state = _read(path)
    is_xray = any(key.startswith("op_threshs") for key in state)
    return _given(network, state, XRAY_VISION if is_xray else None, str(path))


def _read(path: Path) -> State:
    if not path.is_file():
        raise Unusable("There is no file of weights {path}", path=str(path))
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise Unusable(
            "{path} holds more than tensors and is not read, since it could run code. Load it "
            "where you trust it and save its state_dict().",
            path=str(path),
        ) from error
    except Exception as error:  # a damaged archive fails in many ways
        raise Unusable(
            "{path} cannot be read as weights: {error}", path=str(path), error=str(error)
        ) from error
    for key in ("state_dict", "model"):  # as training frameworks wrap it
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(
        isinstance(value, Tensor) for value in found.values()
    ):
        raise Unusable("{path} is no state dict: it must map names to tensors", path=str(path))
    return dict(found)


def _given(
    network: str, state: State, statistics: tuple[float, float] | None, source: str
) -> Backbone:
    """The network with these weights; `statistics` where they were trained on others than ours."""
    config = BackboneConfig.named(network)
    built = config.build()
    state = renamed(state)
    wanted = {key: value for key, value in built.state_dict().items() if not _is_extra(key)}
    first = next(key for key, value in wanted.items() if value.ndim == 4)
    has_colour = first in state and state[first].ndim == 4 and state[first].shape[1] == 3
    if has_colour:  # grey is the same in all three channels
        state[first] = state[first].sum(dim=1, keepdim=True)
        statistics = statistics or IMAGENET
    state = {key: value for key, value in state.items() if not _is_extra(key)}
    missing = [key for key in wanted if key not in state and not key.endswith("batches_tracked")]
    unknown = [key for key in state if key not in wanted]
    misfits = [key for key in state if key in wanted and state[key].shape != wanted[key].shape]
    if missing or unknown or misfits:
        raise Unusable(
            "The weights of {source} do not fit {network}: missing {missing}; "
            "unknown {unknown}; of another shape {misfits}",
            source=source,
            network=network,
            missing=_some(missing),
            unknown=_some(unknown),
            misfits=_some(misfits),
        )
    built.load_state_dict(state, strict=False)
    if statistics is not None:
        config = replace(config, mean=statistics[0], deviation=statistics[1])
    return Backbone(config, network=built)


def renamed(state: State) -> State:
    """torchvision's, TorchXRayVision's and wrapped names as MONAI has them."""
    names = {}
    for key, value in state.items():
        name = re.sub(r"^(module|backbone|model)\.", "", key)
        name = re.sub(r"(denselayer\d+)\.(norm|conv)\.?([12])\.", r"\1.layers.\2\3.", name)
        names[name] = value
    return names


def _is_extra(key: str) -> bool:
    return key.startswith(_CLASSIFIERS)


def _some(keys: list[str]) -> str:
    more = f", … (+{len(keys) - _TOLD})" if len(keys) > _TOLD else ""
    return (", ".join(keys[:_TOLD]) + more) or "–"


def _unreachable(name: str, error: Exception) -> Unreachable:
    return Unreachable(
        "{name} cannot be fetched ({error}). Without a network, name a folder or a file of "
        "weights, or leave the backbone empty.",
        name=name,
        error=str(error),
    )


def _from_monai(network: str) -> Backbone:
    if not re.fullmatch(r"DenseNet(121|169|201)|SEResNet(50|101|152)|SEResNext(50|101)", network):
        raise Unusable(
            "MONAI has no weights for {network} in two dimensions: name DenseNet121, 169 or "
            "201, SEResNet50, 101 or 152, SEResNext50 or 101",
            network=repr(network),
        )
    classes = "out_channels" if network.startswith("Dense") else "num_classes"
    options = {"spatial_dims": 2, "in_channels": 3, classes: 1000, "pretrained": True}
    try:
        trained: nn.Module = getattr(nets, network)(**options)
    except OSError as error:
        raise _unreachable(f"monai:{network}", error) from error
    return _given(network, trained.state_dict(), None, f"monai:{network}")


def _from_timm(model: str) -> Backbone:
    timm = imported("timm")
    if not timm.is_model(model):
        raise Unusable(
            "timm has no model {model}: see timm.list_models(pretrained=True)", model=repr(model)
        )
    try:
        built = timm_model(model, size=SIZE, pretrained=True)
    except Exception as error:  # of timm, its hub client or the network: each has its own
        raise _unreachable(f"timm:{model}", error) from error
    told = timm.get_pretrained_cfg(model)
    mean, deviation = (255 * sum(values) / len(values) for values in (told.mean, told.std))
    config = BackboneConfig(TIMM + model, mean=mean, deviation=deviation)
    return Backbone(config, network=built)


def _from_torchxrayvision(weights: str) -> Backbone:
    package = imported("torchxrayvision")
    match = re.match(r"(densenet121|resnet50)-", weights)
    if not match:
        raise Unusable(
            "No weights {weights}: name such as densenet121-res224-all", weights=repr(weights)
        )
    try:
        models = package.models
        maker = models.DenseNet if match[1] == "densenet121" else models.ResNet
        trained = maker(weights=weights)
    except OSError as error:
        raise _unreachable(f"torchxrayvision:{weights}", error) from error
    network = "DenseNet121" if match[1] == "densenet121" else "ResNet50"
    state = trained.state_dict()
    if network == "ResNet50":  # it wraps torchvision's
        state = trained.model.state_dict()
    return _given(network, state, XRAY_VISION, f"torchxrayvision:{weights}")


def _from_hub(repository: str) -> Backbone:
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", repository):
        raise Unusable(
            "A hub name is owner/repository, not {repository}", repository=repr(repository)
        )
    folder = Path(torch.hub.get_dir()) / "scout" / repository.replace("/", "--")
    folder.mkdir(parents=True, exist_ok=True)
    for file in (CONFIG_FILE, WEIGHTS_FILE):
        address = f"https://huggingface.co/{repository}/resolve/main/{file}"
        if (folder / file).exists():
            continue
        try:
            torch.hub.download_url_to_file(address, str(folder / file), progress=False)
        except OSError as error:
            raise _unreachable(address, error) from error
    return Backbone.load(folder)


_SOURCES = {
    "monai": _from_monai,
    "timm": _from_timm,
    "torchxrayvision": _from_torchxrayvision,
    "hub": _from_hub,
}
