"""Learning a representation from scans that nobody has labelled yet.

SimCLR (Chen, Kornblith, Norouzi & Hinton 2020, arXiv:2002.05709): two views of a scan shall have
codes that are alike, and unlike those of all others. In the few minutes of two CPU cores that a new
project has, linear probes put it before VICReg (arXiv:2105.04906), and before itself with small
additional crops (SwAV's multi-crop, arXiv:2006.09882) or a term that predicts gradient histograms
(MaskFeat, arXiv:2112.09133): both cost epochs, and epochs are what is short.
"""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from learner.backbones import BackboneConfig
from learner.batches import halved, memory_was_short, sent
from learner.embedding import Backbone, best_device, computes_in_bfloat16

SAVE_SECONDS = 30.0
READ_OUT = 4096  # frames at most that the embedding's axes are found on
PATTERNS = 128  # of the frames' own in each scale, beside what a young network sees


@dataclass(frozen=True)
class Recipe:
    """How the views are made and the network is trained. Defaults were chosen by linear probes."""

    batch: int = 128
    learning_rate: float | None = None  # of the network, where it is not given
    weight_decay: float = 1e-4
    code: int = 512  # width of the projector's layers
    # Pixels of a view. Smaller than the frame is faster, and better too: a crop is magnified, so
    # things appear at the size they have in the whole frame (FixRes, arXiv:1906.06423).
    side: int = 64
    smallest_crop: float = 0.4  # of the side
    rotation: float = 10.0  # degrees, either way
    temperature: float = 0.2
    warm_up: float = 0.05  # share of the budget in which the learning rate rises
    epochs: int = 100  # at most, whatever the time


def views(frames: Tensor, recipe: Recipe, generator: torch.Generator) -> Tensor:
    """A random view of each frame, as another positioning, exposure and detector would give it.

    uint8 [n, S, S] → float32 on the 0–255 scale [n, side, side]. Crop and zoom, small rotation,
    gamma, contrast, brightness, blur, noise. Never upside down and never mirrored: the side of the
    heart is a finding.
    """
    n, device = len(frames), frames.device

    def uniform(low: float, high: float) -> Tensor:
        return sent(torch.rand(n, generator=generator), device) * (high - low) + low

    zoom, turn = uniform(recipe.smallest_crop, 1.0), uniform(-1, 1) * np.deg2rad(recipe.rotation)
    squeeze = torch.exp(uniform(-0.15, 0.15))
    room = 1 - zoom
    theta = torch.zeros(n, 2, 3, device=device)
    theta[:, 0, 0], theta[:, 0, 1] = zoom * squeeze * turn.cos(), -zoom * turn.sin()
    theta[:, 1, 0], theta[:, 1, 1] = zoom * turn.sin(), zoom / squeeze * turn.cos()
    theta[:, 0, 2], theta[:, 1, 2] = room * uniform(-1, 1), room * uniform(-1, 1)
    side = recipe.side
    grid = functional.affine_grid(theta, [n, 1, side, side], align_corners=False)
    picture = frames.float().unsqueeze(1) / 255
    picture = functional.grid_sample(picture, grid, padding_mode="zeros", align_corners=False)

    def each(values: Tensor) -> Tensor:
        return values.view(n, 1, 1, 1)

    picture = picture.clamp(1e-4, 1) ** each(torch.exp(uniform(-0.5, 0.5)))
    mean = picture.mean(dim=(1, 2, 3), keepdim=True)
    picture = (picture - mean) * each(uniform(0.6, 1.4)) + mean + each(uniform(-0.15, 0.15))
    blurred = functional.avg_pool2d(
        functional.pad(picture, (1, 1, 1, 1), mode="replicate"), 3, stride=1
    )
    share = each(uniform(-1, 1).clamp(min=0))  # every second view is not blurred at all
    picture = picture * (1 - share) + blurred * share
    noise = _normal(picture.shape, device, generator)
    return ((picture + noise * each(uniform(0, 0.05))).clamp(0, 1) * 255).squeeze(1)


def _normal(shape: torch.Size, device: torch.device, generator: torch.Generator) -> Tensor:
    """Standard normal numbers, drawn on the device: many to be drawn on a CPU for a GPU."""
    if device.type != "cpu":
        seed = int(torch.randint(2**62, (), generator=generator))
        generator = torch.Generator(device).manual_seed(seed)
    return torch.randn(shape, generator=generator, device=device)


def projector(features: int, code: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (features, code):
        layers += [nn.Linear(width, code, bias=False), nn.BatchNorm1d(code), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(code, code, bias=False))


def contrast(a: Tensor, b: Tensor, temperature: float) -> Tensor:
    """The loss of two batches of codes [n, c] whose rows belong together.

    NT-Xent between the views (paper, equation 1): among the other views of all, find your own.
    """
    similarity = functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T / temperature
    own = torch.arange(len(a), device=a.device)
    return (
        functional.cross_entropy(similarity, own) + functional.cross_entropy(similarity.T, own)
    ) / 2


@dataclass
class _Progress:
    """How far a training is; kept in its checkpoint."""

    seconds: float = 0.0
    step: int = 0
    seen: int = 0  # frames, each as often as it came


class Trainer:
    """Steps of a training: what `learn` does until its time is up."""

    def __init__(self, backbone: Backbone, recipe: Recipe, seed: int) -> None:
        self.backbone, self.recipe, self.batch = backbone, recipe, recipe.batch
        self.device = next(backbone.parameters()).device
        self.is_half = computes_in_bfloat16(self.device)
        torch.manual_seed(seed)
        channels = backbone.maps(torch.zeros(2, recipe.side, recipe.side, device=self.device))
        self.head = projector(channels[-1].shape[1], recipe.code).to(self.device)
        weights = [*backbone.stages.parameters(), *self.head.parameters()]
        self.rate = recipe.learning_rate or backbone.config.learning_rate
        self.optimizer = torch.optim.AdamW(weights, lr=self.rate, weight_decay=recipe.weight_decay)
        self.progress = _Progress()

    def step(self, frames: Tensor, done: float, generator: torch.Generator) -> None:
        """One step on frames [n, S, S]; `done` is the share of the budget that is used up."""
        rate = min(1.0, done / self.recipe.warm_up + 0.01) * (0.5 + 0.5 * math.cos(math.pi * done))
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * rate
        frames = sent(frames, self.device)
        pair = torch.cat([views(frames, self.recipe, generator) for _ in range(2)])
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_half):
            features = self.backbone.maps(pair)[-1].float().mean(dim=(2, 3))
        a, b = self.head(features).chunk(2)
        loss = contrast(a, b, self.recipe.temperature)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.progress.step += 1
        self.progress.seen += len(frames)

    def attempt(self, frames: Tensor, done: float, generator: torch.Generator) -> None:
        """A step, or, where the device's memory is short for it, smaller batches from now on."""
        try:
            self.step(frames, done, generator)
            return
        except RuntimeError as error:
            if not memory_was_short(error):
                raise
            self.optimizer.zero_grad(set_to_none=True)
        # Outside of the `except`, which holds on to what failed.
        self.batch = halved(self.batch, least=2)

    def save(self, path: Path) -> None:
        """Under another name first: a crash while writing leaves the last checkpoint whole."""
        state = {
            "backbone": self.backbone.state_dict(),
            "head": self.head.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "progress": vars(self.progress),
        }
        partial = path.with_suffix(f".{os.getpid()}")
        torch.save(state, partial)
        partial.replace(path)

    def resume(self, path: Path) -> None:
        # AdamW's count of steps stays on the CPU, where reading it holds up nothing.
        state = torch.load(path, map_location="cpu", weights_only=True)
        self.backbone.load_state_dict(state["backbone"])
        self.head.load_state_dict(state["head"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = _Progress(**state["progress"])


def learn(
    backbone: Backbone,
    frames: NDArray[np.uint8],
    *,
    rows: NDArray[np.int64] | None = None,
    seconds: float = 240.0,
    steps: int | None = None,
    seed: int = 0,
    recipe: Recipe | None = None,
    checkpoint: Path | None = None,
    say: Callable[[float], None] = lambda done: None,
) -> int:
    """Train the backbone in place on frames [n, S, S], or these `rows` of them; epochs it took.

    Ends after `seconds` of training or `recipe.epochs`, or after exactly `steps` (the same seed
    then gives the same weights on one thread). With a `checkpoint` path it is saved every half
    minute and resumed from where it stood. `say` is told the share that is done.
    Raises ValueError for fewer than two frames: there is nothing to tell apart.
    """
    rows = np.arange(len(frames)) if rows is None else rows
    if len(rows) < 2:
        raise ValueError("Self-supervised training needs at least two frames")
    recipe = recipe or Recipe()
    trainer = Trainer(backbone.train(), recipe, seed)
    if checkpoint is not None and checkpoint.exists():
        trainer.resume(checkpoint)
    progress = trainer.progress
    generator = torch.Generator().manual_seed(seed * 1_000_003 + progress.step)
    begun = saved = time.monotonic() - progress.seconds
    while True:
        progress.seconds = time.monotonic() - begun
        epochs = progress.seen / len(rows)
        done = max(epochs / recipe.epochs, progress.seconds / max(seconds, 1e-9))
        done = done if steps is None else progress.step / steps
        if done >= 1:
            read_out(backbone, frames, rows, seed, patterns=PATTERNS)
            return int(epochs)
        drawn = torch.randperm(len(rows), generator=generator)[: trainer.batch].numpy()
        trainer.attempt(torch.from_numpy(frames[np.sort(rows[drawn])]), done, generator)
        if time.monotonic() - saved > SAVE_SECONDS:
            say(done)
            if checkpoint is not None:
                trainer.save(checkpoint)
            saved = time.monotonic()


def read_out(
    backbone: Backbone,
    frames: NDArray[np.uint8],
    rows: NDArray[np.int64],
    seed: int = 0,
    *,
    patterns: int = 0,
) -> None:
    """Let the embedding keep what varies among these rows of the frames [n, S, S].

    With so many `patterns` of these frames' own; large networks that bring weights need none.
    """
    some = np.random.default_rng(seed).permutation(rows)[:READ_OUT]
    backbone.fit_readout(frames[np.sort(some)], patterns=patterns)


def represent(
    frames: NDArray[np.uint8],
    *,
    seconds: float | None = None,
    seed: int = 0,
    weights: Path | None = None,
) -> NDArray[np.float16]:
    """Embeddings [n, d] of frames [n, S, S]: what the learner serves a new project with.

    From the backbone in the folder `weights`; else from one trained on these very frames for
    `seconds`; with neither from random weights, which is where every project begins.
    """
    if weights is not None:
        backbone = Backbone.load(weights).to(best_device())
    else:
        backbone = Backbone(BackboneConfig(size=frames.shape[1]), seed=seed).to(best_device())
        if seconds:
            learn(backbone, frames, seconds=seconds, seed=seed)
    return backbone.embed(frames)
