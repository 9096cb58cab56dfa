"""The learner's two caches of a project: small frames and embeddings, memory mapped.

Both hold nothing that the frame store cannot give again, so whatever is damaged is dropped: delete
the folder and it is rebuilt. Files only grow, one process writes; what a crash left half written is
cut off when the cache is next opened for writing.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.frames import SLICES

_INDEX_COLUMNS = 3  # task, first frame, count of frames
_EMBEDDINGS = "frame-embeddings"  # how their files' names begin


def _whole_rows(path: Path, row_bytes: int) -> int:
    return path.stat().st_size // row_bytes if path.exists() else 0


def _mapped(path: Path, dtype: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    if shape[0] == 0:
        return np.zeros(shape, dtype)  # a file of no bytes cannot be mapped
    return np.memmap(path, dtype=dtype, mode="r", shape=shape)


def _append(path: Path, rows: NDArray[Any], at: int) -> None:
    """Write rows from row number `at` on, cutting off whatever lay there."""
    row_bytes = rows.itemsize * int(np.prod(rows.shape[1:]))
    with path.open("r+b" if path.exists() else "w+b") as file:
        file.truncate(at * row_bytes)
        file.seek(at * row_bytes)
        file.write(np.ascontiguousarray(rows).tobytes())
        file.flush()
        os.fsync(file.fileno())


@dataclass(frozen=True)
class Bags:
    """A moment's view of the frame cache: bag i is the frames of tasks[i]."""

    tasks: NDArray[np.int64]  # [n]
    firsts: NDArray[np.int64]  # [n]
    counts: NDArray[np.int64]  # [n], each ≥ 1
    frames: NDArray[np.uint8]  # [m, S, S], memory mapped

    def __len__(self) -> int:
        return len(self.tasks)

    def head(self, count: int) -> "Bags":
        """The first so many bags and their frames alone."""
        firsts, counts = self.firsts[:count], self.counts[:count]
        end = int(firsts[-1] + counts[-1]) if len(firsts) else 0
        return Bags(self.tasks[:count], firsts, counts, self.frames[:end])

    def of(self, rows: NDArray[np.int64]) -> "Bags":
        """These bags, in this order, with all the frames there are."""
        return Bags(self.tasks[rows], self.firsts[rows], self.counts[rows], self.frames)

    def whole(self, frames: int) -> int:
        """How many bags, from the first on, lie within the first so many frames."""
        return int(np.searchsorted(self.firsts + self.counts, frames, side="right"))

    def frames_of(self, bags: NDArray[np.int64]) -> NDArray[np.int64]:
        """Row numbers of the frames of these bags, one bag after another."""
        if not len(bags):
            return np.zeros(0, dtype=np.int64)
        return np.concatenate(
            [np.arange(self.firsts[i], self.firsts[i] + self.counts[i]) for i in bags]
        )


class FrameCache:
    """Small frames of a project's tasks, in the order the tasks came."""

    def __init__(self, folder: Path, size: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.size = size
        # A volume's bag depends on how many slices stand for it: another number, another cache.
        self._frames = folder / f"frames-{size}-of-{SLICES}.u8"
        self._index = folder / f"frames-{size}-of-{SLICES}.index"

    def read(self) -> Bags:
        rows = _whole_rows(self._index, 8 * _INDEX_COLUMNS)
        index = np.array(_mapped(self._index, np.int64, (rows, _INDEX_COLUMNS)))
        # Frames that no index row names yet are left out: the next append may cut them off.
        end = int(index[-1, 1] + index[-1, 2]) if rows else 0
        frames = _mapped(self._frames, np.uint8, (end, self.size, self.size))
        return Bags(index[:, 0], index[:, 1], index[:, 2], frames)

    def append(self, tasks: Sequence[int], bags: Sequence[NDArray[np.uint8]]) -> None:
        """Add the bag of frames [k, S, S] of each task; the index last, so that it is never ahead.

        Raises ValueError where a bag is empty, of another size, or its task is already here.
        """
        if any(bag.shape[1:] != (self.size, self.size) or not len(bag) for bag in bags):
            raise ValueError(f"A bag is [1 or more, {self.size}, {self.size}] frames")
        known = self.read()
        if len(set(tasks)) != len(tasks) or np.isin(tasks, known.tasks).any():
            raise ValueError("A task has one bag in the cache, not two")
        if not bags:
            return
        end = len(known.frames)
        counts = np.array([len(bag) for bag in bags], dtype=np.int64)
        firsts = end + np.concatenate([[0], np.cumsum(counts)[:-1]])
        _append(self._frames, np.concatenate(bags), end)
        _append(self._index, np.stack([np.array(tasks), firsts, counts], axis=1), len(known))


class EmbeddingCache:
    """An embedding for each cached frame, in their order, one file per backbone (`name`)."""

    def __init__(self, folder: Path, name: str, width: int) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.width = width
        self.path = folder / f"{_EMBEDDINGS}-{name}-{width}.f16"

    @classmethod
    def find(cls, folder: Path, name: str) -> NDArray[np.float16] | None:
        """All embeddings of that name, whatever their width; None where there are none."""
        for path in folder.glob(f"{_EMBEDDINGS}-{name}-*.f16"):
            return cls(folder, name, int(path.stem.rpartition("-")[2])).read()
        return None

    @staticmethod
    def remove(folder: Path, name: str) -> None:
        """Remove the embeddings of that name; what is mapped of them stays readable."""
        for path in folder.glob(f"{_EMBEDDINGS}-{name}-*.f16"):
            path.unlink()

    @staticmethod
    def keep_only(folder: Path, name: str) -> None:
        """Remove the embeddings of every other name; what is mapped of them stays readable."""
        for path in folder.glob("*.f16"):  # also those of another layout
            if not path.name.startswith(f"{_EMBEDDINGS}-{name}-"):
                path.unlink(missing_ok=True)

    def read(self) -> NDArray[np.float16]:
        """All embeddings [m, width], memory mapped; m may lag behind the frame cache."""
        return _mapped(self.path, np.float16, (_whole_rows(self.path, 2 * self.width), self.width))

    def append(self, embeddings: NDArray[np.float16], *, at: int) -> None:
        """Write the embeddings of frames `at` and on. Raises ValueError where that leaves a gap."""
        if embeddings.ndim != 2 or embeddings.shape[1] != self.width:
            raise ValueError(f"Embeddings are [m, {self.width}], not {embeddings.shape}")
        if at > _whole_rows(self.path, 2 * self.width):
            raise ValueError("Embeddings are added in the order of the frames, without gaps")
        _append(self.path, embeddings.astype(np.float16), at)
