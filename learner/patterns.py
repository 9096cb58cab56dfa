"""What a frame is made of: how much of each small pattern there is in each of its regions.

The patterns are those that the frames' own patches are made of: the centres of spherical k-means on
whitened patches (Coates & Ng 2012, "Learning Feature Representations with K-means"). They are found
in seconds, and tell a network that has had minutes of training apart from what it has not learned.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Float32 = NDArray[np.float32]

SCALES = ((96, 4), (48, 2))  # side that a frame is shrunk to, and step from patch to patch
PATCH = 8  # side of a patch in pixels
GRID = 3  # regions a side
THRESHOLD = 0.5  # an answer below it counts as none, so that few patterns answer to a patch
# Added to the variance of a patch and of its principal components (paper, section 2.2 and 2.3), so
# that flat patches are not blown up to noise: in grey values squared, and in units of the variance.
_FLAT, _NOISE = 10.0, 0.1
_FRAMES, _PATCHES = 1024, 60_000  # that patterns are found from, at most
_ROUNDS = 10  # of k-means
_IN_CACHE = 16  # frames whose answers a CPU core's cache holds


class Scale(nn.Module):
    """The patterns of one scale. All 0 until `fit`."""

    filters: Tensor  # [k, 1, PATCH, PATCH]
    offsets: Tensor  # [k]

    def __init__(self, count: int, side: int, step: int) -> None:
        super().__init__()
        self.side, self.step, self.values = side, step, 2 * count * GRID**2
        self.register_buffer("filters", torch.zeros(count, 1, PATCH, PATCH))
        self.register_buffer("offsets", torch.zeros(count))

    def forward(self, frames: Tensor) -> Tensor:
        """Frames on the 0–255 scale [n, S, S] → how much of each pattern, and of its negative, is
        in each region [n, values].

        The root of the mean over a region: of what is there at all more than how often.
        """
        pictures = functional.adaptive_avg_pool2d(frames[:, None], min(self.side, len(frames[0])))
        mean = functional.avg_pool2d(pictures, PATCH, self.step)
        square = functional.avg_pool2d(pictures**2, PATCH, self.step)
        deviation = (square - mean**2).clamp(min=0).add(_FLAT).sqrt()
        # The filters have a mean of 0: what is under them need not have.
        answers = functional.conv2d(pictures, self.filters, stride=self.step)
        answers = answers.div_(deviation).sub_(self.offsets[:, None, None])
        negatives = functional.relu(-THRESHOLD - answers)
        parts = [functional.relu_(answers.sub_(THRESHOLD)), negatives]
        pooled = [functional.adaptive_avg_pool2d(part, GRID).flatten(1) for part in parts]
        return torch.cat(pooled, dim=1).sqrt()

    def fit(self, frames: NDArray[np.uint8], rng: np.random.Generator) -> None:
        """Find the patterns of these frames [n, S, S]."""
        some = torch.from_numpy(frames[np.sort(rng.permutation(len(frames))[:_FRAMES])]).float()
        side = min(self.side, frames.shape[1])
        patches = _drawn(functional.adaptive_avg_pool2d(some[:, None], side)[:, 0].numpy(), rng)
        patches -= patches.mean(axis=1, keepdims=True)
        patches /= np.sqrt(patches.var(axis=1, keepdims=True) + _FLAT)
        mean = patches.mean(axis=0)
        variances, axes = np.linalg.eigh(np.cov((patches - mean).T))
        whitening = ((axes / np.sqrt(variances + _NOISE)) @ axes.T).astype(np.float32)
        centres = spherical_means((patches - mean) @ whitening, len(self.offsets), rng)
        filters = centres @ whitening.T
        self.offsets.copy_(torch.from_numpy(filters @ mean))
        filters -= filters.mean(axis=1, keepdims=True)
        self.filters.copy_(torch.from_numpy(filters.reshape(self.filters.shape)))


class Patterns(nn.Module):
    """Frames → their part of an embedding [n, width], which is 0 until it is fitted."""

    def __init__(self, count: int, width: int) -> None:
        """`count` patterns in each of SCALES."""
        super().__init__()
        self.scales = nn.ModuleList(Scale(count, side, step) for side, step in SCALES)
        values = 2 * count * GRID**2 * len(SCALES)
        self.reduce = nn.Linear(values, width, bias=False)
        nn.init.zeros_(self.reduce.weight)

    def values(self, frames: Tensor) -> list[Tensor]:
        """Of each scale [n, values], in float32 whatever the network computes in."""
        at_once = _IN_CACHE if frames.device.type == "cpu" else max(len(frames), 1)
        with torch.autocast(frames.device.type, enabled=False):
            parts = [part.float() for part in torch.split(frames, at_once)]
            return [torch.cat([scale(part) for part in parts]) for scale in self.scales]

    def forward(self, frames: Tensor) -> Tensor:
        """Frames uint8 or float on the 0–255 scale [n, S, S] → [n, width]."""
        part: Tensor = self.reduce(torch.cat(self.values(frames), dim=1))
        return part

    def fit(self, frames: NDArray[np.uint8], seed: int = 0) -> None:
        """Find the patterns of these frames [n, S, S]; `reduce` is left as it is."""
        for scale in self.scales:
            assert isinstance(scale, Scale)  # noqa: S101  (narrows the type)
            scale.fit(frames, np.random.default_rng(seed))


def _drawn(pictures: Float32, rng: np.random.Generator) -> Float32:
    """Patches from anywhere in the pictures [n, S, S], as rows [p, PATCH²]."""
    count, side = pictures.shape[:2]
    which = rng.integers(count, size=(_PATCHES, 1, 1))
    row, column = rng.integers(side - PATCH + 1, size=(2, _PATCHES, 1, 1))
    inside = np.arange(PATCH)
    found = pictures[which, row + inside[:, None], column + inside]
    return np.asarray(found.reshape(_PATCHES, -1), dtype=np.float32)


def spherical_means(X: Float32, count: int, rng: np.random.Generator) -> Float32:
    """Directions [count, d] of length 1 that rows [n, d] lie along, either way round.

    Each row counts for the direction it projects on most, by as much as it does.
    """
    directions = _unit(X[rng.permutation(len(X))[:count]])
    rows = np.arange(len(X))
    for _ in range(_ROUNDS):
        projected = X @ directions.T
        best = np.abs(projected).argmax(axis=1)
        share = np.zeros_like(projected)
        share[rows, best] = projected[rows, best]
        directions = _unit(share.T @ X + directions)  # one that nothing lies along stays
    return directions


def _unit(X: Float32) -> Float32:
    length = np.linalg.norm(X, axis=1, keepdims=True)
    return np.asarray(X / np.maximum(length, 1e-9), dtype=np.float32)
