"""What the learner gets out of a GPU: embedding, training, and ranking a million scans.

Embedding is told as a share of what the device itself allows, measured in the same run: the time
that its arithmetic (the network's operations over the best rate of a bfloat16 matrix product) or
its memory (every map written and read once, over the best rate of a copy) would need at least,
whichever is longer. Without CUDA it says so; `--cpu` then runs a tiny version of every step, which
measures nothing but that the steps run.
"""

import argparse
import gc
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.environment import argument_parser, report
from learner.backbones import BackboneConfig
from learner.batches import Batches
from learner.embedding import Backbone
from learner.questions import Question
from learner.ranker import Ranker
from learner.selfsupervised import Recipe, Trainer
from learner.space import OnDevice

NETWORKS = ("ResNet50", "DenseNet121", "ViT-S")
PATCH = {"ViT-S": 16}  # as its name stands for at 224 pixels
RANKED = 100  # scans put in order after each label
SMALL_MEMORY = 2**30  # bytes that are left where the memory shall be short
CLASSES = ("Normal", "Nodule", "Effusion", "Pneumonia")


@dataclass(frozen=True)
class Sizes:
    """How much of each step is run."""

    side: int = 224
    batch: int = 256
    frames: int = 8192
    training_steps: int = 20
    training_batch: int = 128
    matrix: int = 8192
    copied: int = 2**30  # bytes
    pool: int = 1_000_000
    width: int = 512
    labels: int = 40
    repeats: int = 10
    huge: int = 16_384  # a batch that shall not fit
    networks: tuple[str, ...] = NETWORKS


TINY = Sizes(
    side=32,
    batch=4,
    frames=8,
    training_steps=1,
    training_batch=4,
    matrix=64,
    copied=2**16,
    pool=500,
    width=16,
    labels=2,
    repeats=1,
    huge=8,
    networks=("SlimResNet",),
)


def main() -> None:
    parser = argument_parser(__doc__)
    parser.add_argument(
        "--cpu", action="store_true", help="run a tiny version of all, without CUDA"
    )
    options: argparse.Namespace = parser.parse_args()
    if options.cpu:
        report(measure(torch.device("cpu"), TINY), options.json)
    elif torch.cuda.is_available():
        device = torch.device("cuda", torch.cuda.current_device())
        report(measure(device, Sizes()), options.json)
    else:
        print("no CUDA device here; --cpu runs a tiny version of every step")


def measure(device: torch.device, sizes: Sizes) -> dict[str, Any]:
    """All numbers of one device, by name; what a network gave is told as it comes."""
    flops, copies = peak_flops(device, sizes), peak_bandwidth(device, sizes)
    numbers: dict[str, Any] = {
        "date": datetime.now(UTC).date().isoformat(),
        "device": torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{platform.processor() or platform.machine()} (tiny sizes, no measurement)",
        "torch": torch.__version__,
        "peak_tflops": flops / 1e12,
        "peak_gb_per_s": copies / 1e9,
    }
    for name in sizes.networks:
        found = network_numbers(name, device, sizes, flops, copies)
        print(name, found, file=sys.stderr, flush=True)
        numbers |= {f"{name}_{key}": value for key, value in found.items()}
    return numbers | ranking_numbers(sizes) | out_of_memory(device, sizes)


def seconds_of(work: Callable[[], object], device: torch.device, repeats: int) -> float:
    """The best of so many runs after one to warm up, with the device done at both ends."""
    times = []
    for _ in range(repeats + 1):
        _wait(device)
        begun = time.perf_counter()
        work()
        _wait(device)
        times.append(time.perf_counter() - begun)
    return min(times[1:])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def peak_flops(device: torch.device, sizes: Sizes) -> float:
    """Operations a second of a square bfloat16 matrix product."""
    a, b = (
        torch.randn(sizes.matrix, sizes.matrix, device=device, dtype=torch.bfloat16)
        for _ in range(2)
    )
    return 2 * sizes.matrix**3 / seconds_of(lambda: a @ b, device, sizes.repeats)


def peak_bandwidth(device: torch.device, sizes: Sizes) -> float:
    """Bytes a second, read and written, of a copy on the device."""
    source = torch.zeros(sizes.copied, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    return 2 * sizes.copied / seconds_of(lambda: target.copy_(source), device, sizes.repeats)


def network_numbers(
    name: str, device: torch.device, sizes: Sizes, flops: float, copies: float
) -> dict[str, Any]:
    """Embedding and training rates of one network, and how near the first is to its floor."""
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (sizes.frames, sizes.side, sizes.side), dtype=np.uint8)
    arguments = {"patch": PATCH[name]} if name in PATCH else {}
    backbone = Backbone(BackboneConfig(name, arguments, size=sizes.side)).to(device)
    operations, moved = costs(backbone, sizes)
    floor = max(operations / flops, moved / copies)
    _reset_peak(device)
    seconds = seconds_of(lambda: backbone.embed(frames, batch=sizes.batch), device, 3)
    rate = sizes.frames / seconds
    embedding_peak = _peak_mb(device)
    _reset_peak(device)
    recipe = Recipe(batch=sizes.training_batch, side=sizes.side)
    trainer = Trainer(backbone.train(), recipe, seed=0)
    generator = torch.Generator().manual_seed(0)

    def train() -> None:
        for _ in range(sizes.training_steps):
            drawn = np.sort(rng.permutation(len(frames))[: trainer.batch])
            trainer.attempt(torch.from_numpy(frames[drawn]), 0.5, generator)

    trained = sizes.training_steps * sizes.training_batch / seconds_of(train, device, 1)
    assert trainer.batch == sizes.training_batch, "the memory was short: smaller batches were timed"
    return {
        "embedding_images_per_s": rate,
        "gflop_per_image": operations / 1e9,
        "mb_per_image": moved / 1e6,
        "floor": "compute" if operations / flops > moved / copies else "memory",
        "share_of_floor": rate * floor,
        "embedding_peak_mb": embedding_peak,
        "training_images_per_s": trained,
        "training_peak_mb": _peak_mb(device),
    }


def costs(backbone: Backbone, sizes: Sizes) -> tuple[float, float]:
    """Operations, and bytes written and read, for one image in a batch.

    Bytes: every map that a convolution or linear layer takes and gives, in bfloat16, once each way,
    and the weights once a batch. What lies between them (normalisation, activation, addition) is
    taken as free: a kernel that did it on the way would be.
    """
    device = next(backbone.parameters()).device
    frames = torch.zeros(2, sizes.side, sizes.side, dtype=torch.uint8, device=device)
    moved = [0]

    def count(module: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        given = output[0] if isinstance(output, tuple) else output
        moved[0] += 2 * (inputs[0].numel() + given.numel())

    kinds = (nn.Conv2d, nn.Linear, nn.MultiheadAttention)
    handles = [
        module.register_forward_hook(count)
        for module in backbone.modules()
        if isinstance(module, kinds)
    ]
    counter = FlopCounterMode(display=False)
    # With gradients on and plain attention: the fused kernels are not counted on every device.
    with counter, sdpa_kernel(SDPBackend.MATH):
        backbone.eval()(frames)
    for handle in handles:
        handle.remove()
    weights = 2 * sum(parameter.numel() for parameter in backbone.parameters())
    return counter.get_total_flops() / len(frames), moved[0] / len(frames) + weights / sizes.batch


def ranking_numbers(sizes: Sizes) -> dict[str, Any]:
    """Milliseconds from one more label to a new ranking of the whole pool, without the database."""
    rng = np.random.default_rng(0)
    classes = rng.integers(len(CLASSES), size=sizes.pool)
    centres = rng.normal(size=(len(CLASSES), sizes.width)).astype(np.float32)
    embeddings = np.empty((sizes.pool, sizes.width), dtype=np.float16)
    for start in range(0, sizes.pool, 50_000):
        part = classes[start : start + 50_000]
        noise = rng.normal(scale=3.0, size=(len(part), sizes.width)).astype(np.float32)
        embeddings[start : start + 50_000] = centres[part] + noise
    question = Question("finding", "single", CLASSES)
    ranker = Ranker([question], embeddings)
    order = rng.permutation(sizes.pool)
    before = min(100, sizes.pool // 2)
    is_open = np.ones(sizes.pool, dtype=bool)
    times = []
    for count in range(before, before + sizes.labels + 1):
        read = order[:count]
        begun = time.perf_counter()
        ranker.refit({question.name: (read, np.eye(len(CLASSES))[classes[read]])})
        is_open[read] = False
        ranker.rank(np.flatnonzero(is_open), RANKED)
        times.append(1000 * (time.perf_counter() - begun))
    p50, p95 = np.percentile(times[1:], [50, 95])  # the first builds what is kept
    return {
        "pool": sizes.pool,
        "ranking_on_gpu": isinstance(ranker._space._scored, OnDevice),
        "ranking_p50_ms": float(p50),
        "ranking_p95_ms": float(p95),
    }


def out_of_memory(device: torch.device, sizes: Sizes) -> dict[str, Any]:
    """The batch that an embedding ends with which began with one far too large for the memory.

    On CUDA this process is kept to a small part of it; on a CPU a limit is played.
    """
    backbone = Backbone(BackboneConfig("SlimResNet", size=sizes.side)).to(device).eval()
    frames = np.zeros((sizes.huge, sizes.side, sizes.side), dtype=np.uint8)
    on_gpu = device.type == "cuda"

    def run(part: Tensor) -> Tensor:
        if not on_gpu and len(part) > 2:
            raise torch.OutOfMemoryError
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=on_gpu):
            features: Tensor = backbone(part)
        return features

    batches = Batches(run, device, sizes.huge)
    if on_gpu:
        torch.cuda.empty_cache()
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(
            (torch.cuda.memory_reserved(device) + SMALL_MEMORY) / total, device
        )
    try:
        found = batches(frames, backbone.features)
    finally:
        if on_gpu:
            torch.cuda.set_per_process_memory_fraction(1.0, device)
    assert np.isfinite(found).all()
    assert batches.batch < sizes.huge, "the memory was never short: nothing was shown"
    return {"batch_asked": sizes.huge, "batch_that_fitted": batches.batch}


def _reset_peak(device: torch.device) -> None:
    gc.collect()  # the network before
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak_mb(device: torch.device) -> float | None:
    """The most that tensors held on the device since the last reset; None on a CPU."""
    return torch.cuda.max_memory_allocated(device) / 1e6 if device.type == "cuda" else None


if __name__ == "__main__":
    main()
