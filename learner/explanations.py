"""Where in a frame an answer comes from: a heat map, of the very model that serves.

The heads that serve are linear, so how a class's logit changes with a frame's features is known;
what is left to find out is where in the frame those features come from.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from learner.ensemble import Ensemble
from learner.frames import place_in_square

Float32 = NDArray[np.float32]

LEAST_SIDE = 6  # of the feature map: on a coarser one everything is everywhere
LONGEST = 256  # side of what is handed out: a map is smooth


def frame_direction(weights: Float32, frames: int, features: int) -> Float32:
    """How a logit changes with the features [d] of one frame in a bag of so many.

    `weights` [D] are the head's, on bags as `learner.attention.pool_bags` makes them. The only
    frame of a bag is its mean; of several, each counts as if it alone stood above it.
    """
    parts = weights.reshape(-1, features)
    if frames == 1:
        return np.asarray(parts[0], dtype=np.float32)
    return np.asarray(parts[0] / frames + parts[1:].sum(axis=0), dtype=np.float32)


def heat_map(backbones: Ensemble, frame: NDArray[np.uint8], direction: Float32) -> Float32:
    """What in a frame [S, S] speaks for the answer, [S, S], 0 to 1; all 0 where nothing does.

    `direction` [d] says how the answer's logit changes with the frame's features. Grad-CAM
    (Selvaraju et al. 2017, arXiv:1610.02391) for convolutional backbones, attention rollout (Abnar
    & Zuidema 2020, arXiv:2005.00928) for transformers. Hooks stay on the backbones: hand in a copy.
    ValueError where a backbone has neither maps nor attention.
    """
    total = np.zeros(frame.shape, dtype=np.float32)
    begin = 0
    for member in backbones.members:
        logit = _Logit(member, direction[begin : begin + member.features])
        begin += member.features
        total += _of_one(logit.eval(), frame)
    return total / max(float(total.max()), 1e-12)


def on_native_grid(
    heat: Float32, rows: int, columns: int, spacing: Sequence[float] | None
) -> NDArray[np.uint8]:
    """A heat map [S, S] as 0–255 on the grid of the frame itself, at most LONGEST pixels a side.

    Undoes the square that `learner.frames.shrink` fits the frame into at its true aspect.
    """
    place = place_in_square((rows, columns), spacing, len(heat))
    scale = min(1.0, LONGEST / max(rows, columns))
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    grown = Image.fromarray(heat[place]).resize(size, Image.Resampling.BILINEAR)
    return np.round(np.clip(np.asarray(grown), 0, 1) * 255).astype(np.uint8)


class _Logit(nn.Module):
    """A backbone with one linear head: pictures [n, 1, S, S] in, logits [n, 1] out."""

    def __init__(self, backbone: nn.Module, direction: Float32) -> None:
        super().__init__()
        self.backbone = backbone
        device = next(backbone.parameters()).device
        self.direction = torch.from_numpy(direction).to(device)

    def forward(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.backbone(pictures[:, 0])
        return (features.float() @ self.direction)[:, None]


def _of_one(logit: _Logit, frame: NDArray[np.uint8]) -> Float32:
    picture = torch.from_numpy(np.array(frame)).to(logit.direction.device)[None, None].float()
    attentions = [one for one in logit.modules() if isinstance(one, nn.MultiheadAttention)]
    heat = _rollout(logit, attentions, picture) if attentions else _grad_cam(logit, picture)
    size = frame.shape
    grown = functional.interpolate(heat[None, None], size, mode="bilinear", align_corners=False)
    found: Float32 = grown[0, 0].detach().cpu().numpy()
    return found / max(float(found.max()), 1e-12)


def _grad_cam(logit: _Logit, picture: Tensor) -> Tensor:
    """The last maps that are not too coarse, each weighed by how much the logit rises with it."""
    maps: list[Tensor] = []

    def keep(module: nn.Module, inputs: Any, output: Any) -> Tensor | None:
        if not (isinstance(output, Tensor) and output.ndim == 4 and output.requires_grad):
            return None
        maps.append(output)
        return output.clone()  # which the next layer may change in place

    for module in logit.modules():
        module.register_forward_hook(keep)
    value = logit(picture).sum()
    least = min(LEAST_SIDE, max((min(one.shape[2:]) for one in maps), default=0))
    if least < 2:
        raise ValueError("This backbone has no maps that could be shown")
    last = [one for one in maps if min(one.shape[2:]) >= least][-1]
    (gradient,) = torch.autograd.grad(value, last)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return functional.relu((weights * last.detach()).sum(dim=1))[0]


def _rollout(logit: _Logit, attentions: list[nn.MultiheadAttention], picture: Tensor) -> Tensor:
    """What each token adds to the logit, led back through all layers of attention to the patches.

    Each layer's attention is averaged over its heads, and half of a token is its own past.
    """
    shares: list[Tensor] = []
    tokens: list[Tensor] = []

    def ask(module: nn.Module, args: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return args, options | {"need_weights": True, "average_attn_weights": True}

    def keep_shares(module: nn.Module, inputs: Any, output: Any) -> None:
        shares.append(output[1][0].detach())

    def keep_tokens(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor) and output.ndim == 3:
            tokens.append(output)

    for module in logit.modules():
        module.register_forward_hook(keep_tokens)
    for attention in attentions:
        attention.register_forward_pre_hook(ask, with_kwargs=True)
        attention.register_forward_hook(keep_shares)
    value = logit(picture).sum()
    (gradient,) = torch.autograd.grad(value, tokens[-1])
    adds = functional.relu((gradient * tokens[-1].detach()).sum(dim=2))[0]  # [tokens]
    for share in reversed(shares):
        adds = adds @ (share + torch.eye(len(share), device=share.device)) / 2
    side = math.isqrt(len(adds))
    return adds[len(adds) - side**2 :].view(side, side)  # without what is no patch, in front
