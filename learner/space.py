"""A pool's embeddings, as the heads use them: few rows to be fitted to, all of them to be scored.

Heads are fitted on principal components of the rows with labels. To score a pool they are folded
into the space of the embeddings as these lie on disk, so that no second copy of the pool in other
axes is made: one pass over [n, d], in float32 where that fits into memory.
"""

import logging
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from learner.heads import Linear
from learner.projection import DIVERSITY_COMPONENTS, Embeddings, fit_projection

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

_ROWS = 8192  # scored at a time, which bounds what a pass needs beside its result
# Pools up to here are kept in float32, twice the bytes of float16 and several times as fast.
_FLOAT32_BYTES = 4 << 30
_ALONE = 50_000  # rows that one thread scores before a second has begun
_HALF_WHEN_LARGER = 200_000  # rows whose directions are kept in float16
# A pool of fewer bytes in float32 a processor scores about as soon as it could ask a GPU.
_WORTH_A_DEVICE = 64 << 20
_DRIVERS = (Path("/dev/nvidiactl"), Path("/dev/dxg"))  # NVIDIA's, and what Windows lends to Linux


class Space:
    """Embeddings [n, d] and their projection onto k principal axes. Not thread safe."""

    def __init__(self, embeddings: Embeddings) -> None:
        """ValueError when an embedding holds NaN or infinity."""
        self.projection = fit_projection(embeddings)
        self._scored = _scored_by(embeddings)
        self._embeddings = embeddings
        self._places = np.full(len(embeddings), -1, dtype=np.int64)  # where a row's projection is
        self._projected: Float32 = np.zeros((0, self.projection.matrix.shape[1]), dtype=np.float32)

    def __len__(self) -> int:
        return len(self._places)

    def rows(self, indices: Int64) -> Float32:
        """These rows on the principal axes, [l] -> [l, k]; each is projected once and kept."""
        new = indices[self._places[indices] < 0]
        if len(new):
            self._places[new] = len(self._projected) + np.arange(len(new))
            self._projected = np.concatenate([self._projected, self.project(new)])
        return self._projected[self._places[indices]]

    def project(self, indices: Int64) -> Float32:
        """The same, kept nowhere."""
        return self.projection.apply(self._embeddings[indices])

    def directions(self) -> NDArray[np.floating]:
        """Every row as a direction, where distance means unlikeness, [n, f]."""
        dtype = np.float32 if len(self) <= _HALF_WHEN_LARGER else np.float16
        return self.projection.directions(self._embeddings, DIVERSITY_COMPONENTS, dtype)

    def logits(self, head: Linear, indices: Int64 | None = None) -> Float32:
        """head.logits of these rows, or of all: [m] -> [m, c]."""
        folded = self._folded(head)
        # Reading most rows one by one costs more than reading all of them in order.
        if indices is not None and 2 * len(indices) > len(self):
            return np.take(self._score(folded, None), indices, axis=0)
        return self._score(folded, indices)

    def logits_of(self, head: Linear, embeddings: Embeddings) -> Float32:
        """head.logits of embeddings that are not of the pool, [m, d] -> [m, c].

        ValueError when an embedding holds NaN or infinity.
        """
        found = self._folded(head).logits(np.asarray(embeddings, dtype=np.float32))
        if not np.isfinite(found).all():
            raise ValueError("embeddings hold NaN or infinity")
        return found

    def squared_lengths(self, head: Linear, indices: Int64) -> Float32:
        """Row sums of head.logits(...)^2, [m] -> [m], without ever holding all [m, c]."""
        found = np.empty(len(indices), dtype=np.float32)
        folded = self._folded(head)
        for start in range(0, len(indices), _ROWS):
            block = self._score(folded, indices[start : start + _ROWS])
            found[start : start + _ROWS] = np.einsum("mc,mc->m", block, block)
        return found

    def _score(self, folded: Linear, indices: Int64 | None) -> Float32:
        try:
            return self._scored(folded, indices)
        except MemoryError:
            if isinstance(self._scored, _OnHost):
                raise
            logger.warning("The GPU's memory was short: %d scans are scored without it", len(self))
        self._scored = _OnHost(self._embeddings)
        return self._scored(folded, indices)

    def _folded(self, head: Linear) -> Linear:
        """The head for rows as they are: (x - mean) M W + b = x (M W) + (b - mean M W)."""
        weights = self.projection.matrix @ head.weights
        return Linear(weights, head.bias - self.projection.mean @ weights)


class _OnHost:
    def __init__(self, embeddings: Embeddings) -> None:
        fits = 4 * embeddings.size <= _FLOAT32_BYTES
        self._embeddings = np.asarray(embeddings, dtype=np.float32) if fits else embeddings
        # Other work on the heads is too small for more than one thread, and told to use one.
        self._threads = ThreadPoolExecutor(len(os.sched_getaffinity(0)))

    def __call__(self, head: Linear, indices: Int64 | None) -> Float32:
        n = len(self._embeddings) if indices is None else len(indices)
        found = np.empty((n, len(head.bias)), dtype=np.float32)

        def score(start: int) -> None:
            part = slice(start, start + _ROWS)
            block = self._embeddings[part if indices is None else indices[part]]
            np.matmul(np.asarray(block, dtype=np.float32), head.weights, out=found[part])

        starts = range(0, n, _ROWS)
        # Waiting for all of them, and raising what one of them raised.
        list(map(score, starts) if n <= _ALONE else self._threads.map(score, starts))
        found += head.bias
        return found


class OnDevice:
    """The same on a GPU, which holds the pool in float16 and multiplies in float32.

    Raises MemoryError, then and later, where the GPU has no memory left for it.
    """

    def __init__(self, embeddings: Embeddings, device: "torch.device") -> None:
        import torch

        self._torch, self._device = torch, device
        with _memory_errors():
            self._embeddings = torch.empty(embeddings.shape, dtype=torch.float16, device=device)
            for start in range(0, len(embeddings), _ROWS):
                block = np.array(embeddings[start : start + _ROWS], dtype=np.float16)
                self._embeddings[start : start + len(block)] = torch.from_numpy(block)

    def __call__(self, head: Linear, indices: Int64 | None) -> Float32:
        with _memory_errors():
            return self._logits(head, indices)

    def _logits(self, head: Linear, indices: Int64 | None) -> Float32:
        torch = self._torch
        weights = torch.from_numpy(head.weights).to(self._device)
        rows = None if indices is None else torch.from_numpy(indices).to(self._device)
        n = len(self._embeddings) if rows is None else len(rows)
        parts = []
        for start in range(0, max(n, 1), 16 * _ROWS):
            part = slice(start, start + 16 * _ROWS)
            block = self._embeddings[part] if rows is None else self._embeddings[rows[part]]
            parts.append(block.float() @ weights)
        found: Float32 = torch.cat(parts).cpu().numpy() + head.bias
        return found


@contextmanager
def _memory_errors() -> Iterator[None]:
    """Whatever says that a GPU has no memory left, as a MemoryError."""
    from learner.batches import memory_was_short  # which imports torch

    try:
        yield
    except RuntimeError as error:
        if memory_was_short(error):
            raise MemoryError from error
        raise


def _scored_by(embeddings: Embeddings) -> _OnHost | OnDevice:
    is_large = 4 * embeddings.size >= _WORTH_A_DEVICE
    # Only where there is a driver is it worth the seconds that torch takes to import.
    if is_large and any(driver.exists() for driver in _DRIVERS):
        import torch

        if torch.cuda.is_available():
            try:
                return OnDevice(embeddings, torch.device("cuda"))
            except MemoryError:
                logger.warning("The GPU's memory was short: the pool is scored without it")
    return _OnHost(embeddings)
