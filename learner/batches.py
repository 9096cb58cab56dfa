"""Many frames through a network: in batches that fit, the host and the device at work together."""

import logging
import time
from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.sentences import TooLittleMemory

logger = logging.getLogger(__name__)

Run = Callable[[Tensor], Tensor]

# torch.compile takes about this long for a network of this size and makes it about a fifth faster:
# it pays where five times as long a pass is still to come.
COMPILE_SECONDS = 45.0
COMPILE_GAIN = 0.2
_TRIAL = 20  # batches after which what is to come is estimated


class Batches:
    """Sends frames through `run` and halves the batch whenever the device's memory is short.

    The smaller batch is kept for what comes later. On a GPU frames travel as uint8 through two
    pinned buffers while the batch before is computed, and a pass that will take long enough is
    compiled.
    """

    def __init__(self, run: Run, device: torch.device, batch: int) -> None:
        self.run, self.device, self.batch = run, device, batch
        self.is_compiled = False
        self._buffers: list[Tensor] = []

    def __call__(self, frames: NDArray[np.uint8], width: int) -> NDArray[np.float16]:
        """Embeddings [n, width] of frames [n, S, S]. Raises MemoryError where not one fits."""
        found = np.empty((len(frames), width), dtype=np.float16)
        begun, start, batches = time.monotonic(), 0, 0
        waiting: tuple[int, Tensor] | None = None  # computed, or being so; not yet fetched
        while start < len(frames):
            part = frames[start : start + self.batch]
            now = self._attempt(part, batches)
            if waiting is not None:
                _fetch(waiting, found)
                waiting = None
            if now is None:
                self.batch = halved(self.batch)
                continue
            waiting = (start, now)
            start, batches = start + len(part), batches + 1
            if batches == _TRIAL:
                rate = (time.monotonic() - begun) / start
                self._compile_if_it_pays((len(frames) - start) * rate)
        if waiting is not None:
            _fetch(waiting, found)
        return found

    def _attempt(self, part: NDArray[np.uint8], batches: int) -> Tensor | None:
        # What failed must be let go of before memory is given back: no more inside the `except`.
        try:
            return self.run(self._sent(part, batches)).to(torch.float16)
        except torch.OutOfMemoryError:
            return None

    def _sent(self, part: NDArray[np.uint8], batches: int) -> Tensor:
        if self.device.type != "cuda":
            return torch.from_numpy(np.array(part)).to(self.device)  # off the memory map
        if not self._buffers or self._buffers[0].shape[1:] != part.shape[1:]:
            shape = (self.batch, *part.shape[1:])
            self._buffers = [
                torch.empty(shape, dtype=torch.uint8, pin_memory=True) for _ in range(2)
            ]
        # The batch before last has been fetched, so its buffer has been read.
        buffer = self._buffers[batches % 2][: len(part)]
        buffer.numpy()[:] = part
        return buffer.to(self.device, non_blocking=True)

    def _compile_if_it_pays(self, seconds: float) -> None:
        if self.is_compiled or not compiling_pays(self.device, seconds):
            return
        self.run, self.is_compiled = torch.compile(self.run, dynamic=False), True


def halved(batch: int, *, least: int = 1) -> int:
    """The next smaller batch, after the device's memory was short for this one.

    Raises MemoryError where that would be below the `least`.
    """
    if batch // 2 < least:
        raise TooLittleMemory(
            "Not even {count} frames at once fit into the device's memory: choose a smaller "
            "backbone, or end what else uses the device.",
            count=batch,
        )
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    logger.warning("Memory was short: batches of %d frames from now on", batch // 2)
    return batch // 2


def compiling_pays(device: torch.device, seconds: float) -> bool:
    """Whether to compile a network that has `seconds` of work before it.

    On a GPU alone: on a CPU it needs a compiler that few installations have.
    """
    return device.type == "cuda" and seconds * COMPILE_GAIN > COMPILE_SECONDS


def _fetch(waiting: tuple[int, Tensor], into: NDArray[np.float16]) -> None:
    start, features = waiting
    into[start : start + len(features)] = features.cpu().numpy()
