"""Many frames through a network: in batches that fit, the host and the device at work together."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from learner.sentences import TooLittleMemory

logger = logging.getLogger(__name__)

Run = Callable[[Tensor], Tensor]
Value = TypeVar("Value")

# torch.compile takes about this long for a network of this size and makes it about a fifth
# faster. How much is still to come nobody knows: a network is compiled once it has had as much work
# as would have paid for that, so that never much more time goes than had to.
COMPILE_SECONDS = 45.0
COMPILE_GAIN = 0.2
# What CUDA's libraries say, other than `OutOfMemoryError`, where memory is short.
_SHORT = ("out of memory", "CUBLAS_STATUS_ALLOC_FAILED", "unable to find an engine")


class Batches:
    """Sends frames through `run` and halves the batch whenever the device's memory is short.

    The smaller batch is kept for what comes later. On a GPU frames travel as uint8 through two
    pinned buffers while the batch before is computed, and a network that has had much to do is
    compiled.
    """

    def __init__(self, run: Run, device: torch.device, batch: int) -> None:
        self.run, self.device, self.batch = run, device, batch
        self.seconds = 0.0  # of work so far
        self._plain = run
        self._may_compile = True
        self._buffers: list[Tensor] = []

    def __call__(self, frames: NDArray[np.uint8], width: int) -> NDArray[np.float16]:
        """Embeddings [n, width] of frames [n, S, S]. Raises MemoryError where not one fits."""
        if self._may_compile and compiling_pays(self.device, self.seconds):
            self.run, self._may_compile = torch.compile(self._plain, dynamic=False), False
        found = np.empty((len(frames), width), dtype=np.float16)
        begun, start, batches = time.monotonic(), 0, 0
        waiting: tuple[int, _Coming] | None = None  # computed, or being so; not yet fetched
        while start < len(frames):
            part = frames[start : start + self.batch]
            now = self._attempt(part, batches)
            if waiting is not None:
                _fetch(*waiting, found)
                waiting = None
            if now is None:
                self.batch = halved(self.batch)
                continue
            waiting = (start, now)
            start, batches = start + len(part), batches + 1
        if waiting is not None:
            _fetch(*waiting, found)
        self.seconds += time.monotonic() - begun
        return found

    def _attempt(self, part: NDArray[np.uint8], batches: int) -> "_Coming | None":
        # What failed must be let go of before memory is given back: no more inside the `except`.
        try:
            return _Coming(self._computed(part, batches))
        except RuntimeError as error:
            if memory_was_short(error):
                return None
            if self.run is self._plain:
                raise
            logger.warning("Going on without torch.compile: %s", error)
        self.run = self._plain
        return self._attempt(part, batches)

    def _computed(self, part: NDArray[np.uint8], batches: int) -> Tensor:
        frames = self._sent(part, batches)
        if self.run is not self._plain:  # compiled for one size
            frames = functional.pad(frames, (0, 0, 0, 0, 0, self.batch - len(part)))
        return self.run(frames)[: len(part)].to(torch.float16)

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


class _Coming:
    """Features on their way from the device; what is asked of it next need not be done first."""

    def __init__(self, features: Tensor) -> None:
        self._features = features.to("cpu", non_blocking=True)
        self._arrived: torch.cuda.Event | None = None
        if features.is_cuda:
            self._arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
            self._arrived.record()

    def numpy(self) -> NDArray[np.float16]:
        if self._arrived is not None:
            self._arrived.synchronize()
        return np.asarray(self._features.numpy(), dtype=np.float16)


def _fetch(start: int, coming: _Coming, into: NDArray[np.float16]) -> None:
    features = coming.numpy()
    into[start : start + len(features)] = features


def sent(tensor: Tensor, device: torch.device) -> Tensor:
    """The tensor on the device: to a GPU from pinned memory, beside what is being computed."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def in_parts(
    work: Callable[[NDArray[np.uint8]], Value], frames: NDArray[np.uint8], most: int
) -> list[Value]:
    """What `work` makes of equal parts of the frames [n, S, S], of `most` or as many as fit.

    Raises MemoryError where not one frame fits.
    """
    while True:
        try:
            return [work(part) for part in np.array_split(frames, -(-len(frames) // most))]
        except RuntimeError as error:
            if not memory_was_short(error):
                raise
        most = halved(most)


def memory_was_short(error: RuntimeError) -> bool:
    """Whether an error of torch says that the device has no memory left for what was asked."""
    return isinstance(error, torch.OutOfMemoryError) or any(text in str(error) for text in _SHORT)


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
    """Whether to compile a network that has had `seconds` of work.

    On a GPU alone: on a CPU it needs a compiler that few installations have.
    """
    return device.type == "cuda" and seconds * COMPILE_GAIN > COMPILE_SECONDS
