"""Several backbones that serve as one."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from learner.embedding import Backbone

_FOLDER = "member-{}"


@dataclass(frozen=True)
class Ensemble:
    """Backbones trained from different seeds, their features side by side, often just one.

    A linear head on them sums what the members see, as the deep ensembles of Lakshminarayanan et
    al. 2017 (arXiv:1612.01474) do.
    """

    members: tuple[Backbone, ...]

    @property
    def features(self) -> int:
        """Width of an embedding."""
        return sum(member.features for member in self.members)

    def to(self, device: torch.device) -> "Ensemble":
        for member in self.members:
            member.to(device)
        return self

    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float16]:
        """Embeddings [n, d] of frames [n, S, S]."""
        return np.concatenate([member.embed(frames) for member in self.members], axis=1)

    def save(self, folder: Path) -> None:
        """Write the first into the folder itself, as a lone backbone is, the others below it."""
        for number, member in enumerate(self.members):
            member.save(_place(folder, number))

    @classmethod
    def load(cls, folder: Path) -> "Ensemble":
        """What `save` wrote. Raises as `Backbone.load`."""
        members = [Backbone.load(folder)]
        while _place(folder, len(members)).is_dir():
            members.append(Backbone.load(_place(folder, len(members))))
        return cls(tuple(members))


def _place(folder: Path, number: int) -> Path:
    return folder / _FOLDER.format(number) if number else folder


def finite(embeddings: NDArray[np.float16]) -> NDArray[np.float16]:
    """Give them back; ValueError where training has gone astray, since nothing could be ranked."""
    if not np.isfinite(embeddings).all():
        raise ValueError("The new weights give embeddings that are not finite numbers")
    return embeddings
