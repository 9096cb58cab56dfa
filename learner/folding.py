"""Batch normalisation folded into the convolutions before it, for embedding."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: nn.Sequential, picture: Tensor) -> nn.Sequential:
    """A copy of the network for inference, its normalisations folded where they can be.

    Which convolution feeds which normalisation is seen by sending one `picture` [1, 1, S, S]
    through. In a pre-activation network (DenseNet) some normalisations follow no convolution: they
    stay. The copy gives the same maps, but for rounding.
    """
    copy = deepcopy(network).eval()
    for convolution, norm in _pairs(copy, picture):
        before, after = copy.get_submodule(convolution), copy.get_submodule(norm)
        assert isinstance(before, nn.Conv2d)  # noqa: S101  (narrows the type)
        assert isinstance(after, nn.BatchNorm2d)  # noqa: S101
        _replace(copy, convolution, fuse_conv_bn_eval(before, after))
        _replace(copy, norm, nn.Identity())
    lay_out(copy)
    return copy


def lay_out(network: nn.Module) -> None:
    """Let the kernels lie channels last, as convolutions on a GPU and a CPU want them."""
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _pairs(network: nn.Module, picture: Tensor) -> list[tuple[str, str]]:
    """Names of each convolution whose output goes into a normalisation, and into nothing else.

    What else a map goes into is known for modules alone; an addition of a map that is also
    normalised is found in no network of ours.
    """
    makers: dict[int, str] = {}
    takers: dict[str, list[str]] = {}
    kept: list[Tensor] = []  # alive, so that no other tensor gets the same id

    def watch(name: str) -> Callable[[nn.Module, tuple[Any, ...], Tensor], None]:
        def hook(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
            maker = makers.get(id(inputs[0]))
            if maker is not None:
                takers.setdefault(maker, []).append(name)
            if isinstance(module, nn.Conv2d):
                makers[id(output)] = name
                kept.append(output)

        return hook

    leaves = {name: each for name, each in network.named_modules() if not list(each.children())}
    handles = [each.register_forward_hook(watch(name)) for name, each in leaves.items()]
    with torch.inference_mode():
        network(picture)
    for handle in handles:
        handle.remove()
    return [
        (maker, names[0])
        for maker, names in takers.items()
        # A subclass may do more than normalise: timm's also activates.
        if len(names) == 1 and type(leaves[names[0]]) is nn.BatchNorm2d
    ]


def _replace(network: nn.Module, name: str, module: nn.Module) -> None:
    parent, _, leaf = name.rpartition(".")
    setattr(network.get_submodule(parent), leaf, module)
