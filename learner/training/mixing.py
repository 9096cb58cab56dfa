"""Scans mixed two by two, and their answers with them.

A network that has seen only whole scans may answer anything between them; few labels leave much
room between. Mixed scans fill it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Mix:
    """Bag i takes 1 - `share` of bag partner[i]; from `box` on, if there is one, else all over."""

    partner: Tensor  # [n], a permutation
    share: float  # of the bag itself
    box: tuple[int, int, int, int] | None = None  # top, bottom, left, right

    def images(self, frames: Tensor) -> Tensor:
        """Frames [n, S, S], one a bag: the box of the partner pasted in, or both laid over."""
        other = frames[self.partner]
        if self.box is None:
            return self.share * frames + (1 - self.share) * other
        top, bottom, left, right = self.box
        mixed = frames.clone()
        mixed[:, top:bottom, left:right] = other[:, top:bottom, left:right]
        return mixed

    def rows(self, values: Tensor) -> Tensor:
        """Features or targets [n, d]; NaN, not answered, where either is."""
        return self.share * values + (1 - self.share) * values[self.partner]


def draw_mixup(n: int, alpha: float, rng: np.random.Generator) -> Mix:
    """Mixup (Zhang et al. 2018, arXiv:1710.09412): share ~ Beta(alpha, alpha)."""
    return Mix(torch.from_numpy(rng.permutation(n)), float(rng.beta(alpha, alpha)))


def draw_cutmix(n: int, side: int, rng: np.random.Generator) -> Mix:
    """CutMix (Yun et al. 2019, arXiv:1905.04899): a box of uniform area about a random middle."""
    half = np.sqrt(rng.uniform()) * side / 2
    middle = rng.uniform(0, side, 2)
    (top, left), (bottom, right) = (
        np.clip(np.round(middle + by), 0, side).astype(int).tolist() for by in (-half, half)
    )
    share = 1 - (bottom - top) * (right - left) / side**2  # of what the border left of the box
    partner = torch.from_numpy(rng.permutation(n))
    return Mix(partner, share, (top, bottom, left, right))
