"""From the maps of a network's stages to one embedding."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from learner.projection import fit_projection

STAGES = 3  # the last ones of a network
GRIDS = (3, 3, 2)  # regions a side of each: the last one's maps are the smallest
# More values than this are first averaged over the regions: a covariance of them must be solved.
_MOST = 3072


class Readout(nn.Module):
    """Maps of the last stages → embedding [n, width].

    Each map is averaged over a few regions: an embedding of the last stage's mean alone has lost
    texture, which earlier stages hold, and place: which side, which quadrant (spatial pyramids,
    Lazebnik, Schmid & Ponce 2006). A linear layer brings that down to `width` numbers. It begins
    as a random projection, which keeps distances (Johnson & Lindenstrauss 1984), until it is given
    the `main_axes`.
    """

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        self.grids = GRIDS[-len(channels) :]
        if self._values(channels) > _MOST:
            self.grids = (1,) * len(channels)
        self.reduce = nn.Linear(self._values(channels), width)

    def _values(self, channels: list[int]) -> int:
        return sum(c * grid**2 for c, grid in zip(channels, self.grids, strict=True))

    def pooled(self, maps: list[Tensor]) -> Tensor:
        """Maps [n, c, h, w] of the stages → [n, values]."""
        parts = [
            functional.adaptive_avg_pool2d(each.float(), grid).flatten(1)
            for each, grid in zip(maps, self.grids, strict=True)
        ]
        return torch.cat(parts, dim=1)

    def forward(self, maps: list[Tensor]) -> Tensor:
        embedding: Tensor = self.reduce(self.pooled(maps))
        return embedding


def main_axes(values: Tensor, width: int, seed: int = 0) -> nn.Linear:
    """The layer that brings these values [n, v] down to `width` numbers, with what varies in them.

    Their principal components, turned at random afterwards: what standardises the embedding later
    would otherwise blow up the last components to the size of the first (Jégou et al. 2010, section
    3, for the same reason). Each number has a variance of about 1.
    """
    projection = fit_projection(values.cpu().numpy())
    axes = projection.matrix[:, :width]
    gauss = np.random.default_rng(seed).normal(size=(width, width))
    turn = np.linalg.qr(gauss)[0][: axes.shape[1]] * np.sqrt(width)
    weight = (axes @ turn).T
    layer = nn.Linear(values.shape[1], width)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(weight))
        layer.bias.copy_(torch.from_numpy(-weight @ projection.mean))
    return layer.to(values.device)
