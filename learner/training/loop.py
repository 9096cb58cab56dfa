"""One training of the backbone and its heads: epoch after epoch over some rows."""

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from learner.batches import halved, memory_was_short, sent
from learner.embedding import Backbone, computes_in_bfloat16
from learner.questions import Question
from learner.selfsupervised import Recipe, views
from learner.training.data import Labelled
from learner.training.losses import class_weights, masked_loss, scaled_targets
from learner.training.mixing import Mix, draw_cutmix, draw_mixup
from learner.training.network import MultiTask
from learner.training.probing import fit_heads
from learner.training.recipe import TrainingRecipe

Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class _Batch:
    frames: Tensor  # uint8 [m, S, S]
    owner: Tensor  # [m], whose each is
    targets: list[Tensor]  # per question [n, outputs]

    def __len__(self) -> int:
        return len(self.targets[0])


@dataclass(frozen=True)
class Lesson:
    """What is trained, on what, and how."""

    backbone: Backbone  # where it begins; it is left as it is
    questions: Sequence[Question]
    data: Labelled
    learn: Int64  # rows of the data to learn from
    recipe: TrainingRecipe
    seed: int


class Training:
    """A copy of the lesson's backbone being trained."""

    def __init__(self, lesson: Lesson) -> None:
        questions, data, learn, recipe = lesson.questions, lesson.data, lesson.learn, lesson.recipe
        backbone, seed = lesson.backbone, lesson.seed
        torch.manual_seed(seed)
        self.questions, self.data, self.learn, self.recipe = questions, data, learn, recipe
        self.device = next(backbone.parameters()).device
        self.is_half = self.device.type == "cuda" and computes_in_bfloat16(self.device)
        self.batch = recipe.batch
        self.model = MultiTask(deepcopy(backbone), questions, recipe.dropout).to(self.device)
        self.targets = scaled_targets(questions, data.targets, learn)
        self.weights = [
            torch.from_numpy(
                class_weights(question, self.targets[question.name][learn], recipe.balance)
            ).to(self.device)
            for question in questions
        ]
        self.views = Recipe(
            side=backbone.config.size,
            smallest_crop=recipe.smallest_crop,
            rotation=recipe.rotation,
        )
        self.generator = torch.Generator().manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        fit_heads(self.model, questions, data, self.targets, learn)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": self.model.backbone.parameters(), "lr": recipe.learning_rate},
                {"params": self.model.heads.parameters(), "lr": recipe.head_learning_rate},
            ],
            weight_decay=recipe.weight_decay,
        )
        self.averaged: Any = AveragedModel(
            self.model,
            multi_avg_fn=get_ema_multi_avg_fn(recipe.averaging),  # type: ignore[no-untyped-call]
        )
        self.averaged.update_parameters(self.model)  # begins from here

    def run(
        self,
        *,
        epochs: int,
        end: float,
        judge: Callable[[Backbone], float] | None = None,
        say: Callable[[int], None] = lambda epoch: None,
    ) -> list[float]:
        """Train for so many epochs, or until the clock (`time.monotonic`) says `end`.

        With `judge`: what it says of the backbone before and after each epoch, less is better; that
        it has not become better for long ends the training as well.
        """
        losses = [] if judge is None else [judge(self.backbone)]
        for epoch in range(1, epochs + 1):
            stale = len(losses) - 1 - int(np.argmin(losses)) if losses else 0
            if time.monotonic() > end or stale >= self.recipe.patience:
                break
            self.epoch()
            say(epoch)
            if judge is not None:
                losses.append(judge(self.backbone))
        return losses

    @property
    def backbone(self) -> Backbone:
        """As it is so far: the average of its last steps."""
        averaged: MultiTask = self.averaged.module
        return averaged.backbone

    def epoch(self) -> None:
        """Once over all rows; with smaller batches from now on where memory is short."""
        self.model.train()
        while True:
            try:
                return self._epoch()
            except RuntimeError as error:
                if not memory_was_short(error):
                    raise
                self.optimizer.zero_grad(set_to_none=True)
            # Outside of the `except`, which holds on to what failed.
            self.batch = halved(self.batch, least=2)

    def _epoch(self) -> None:
        parts = -(-len(self.learn) // self.batch)
        for rows in np.array_split(self.rng.permutation(self.learn), parts):
            if len(rows) < 2:  # nothing for batch normalisation to work with
                continue
            loss = self._loss(self._batch(rows))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            self.averaged.update_parameters(self.model)

    def _loss(self, batch: _Batch) -> Tensor:
        frames, targets = views(batch.frames, self.views, self.generator), batch.targets
        mix = self._drawn_mix(batch)
        if mix is not None:
            targets = [mix.rows(target) for target in targets]
            if len(frames) == len(batch):
                frames, mix = mix.images(frames), None
        losses = [
            masked_loss(question, output, target, smoothing=self.recipe.smoothing, weights=weights)
            for question, output, target, weights in zip(
                self.questions,
                self._outputs(frames, batch, mix),
                targets,
                self.weights,
                strict=True,
            )
        ]
        return torch.stack(losses).sum()

    def _drawn_mix(self, batch: _Batch) -> Mix | None:
        """Mixup or CutMix of single images; of bags the pooled features are mixed."""
        if self.rng.random() >= self.recipe.mixing:
            return None
        if len(batch.frames) == len(batch) and self.rng.random() < 0.5:
            return draw_cutmix(len(batch), batch.frames.shape[-1], self.rng)
        return draw_mixup(len(batch), self.recipe.mixup, self.rng)

    def _outputs(self, frames: Tensor, batch: _Batch, mix: Mix | None = None) -> list[Tensor]:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.is_half):
            outputs = self.model(frames, batch.owner, len(batch), mix)
        return [output.float() for output in outputs]

    def _batch(self, rows: Int64) -> _Batch:
        numbers = [self.data.drawn_frames(row, self.recipe.slices, self.rng) for row in rows]
        owner = np.repeat(np.arange(len(rows)), [len(each) for each in numbers])
        return _Batch(
            self._sent(self.data.bags.frames[np.concatenate(numbers)]),
            self._sent(owner),
            [self._sent(self.targets[question.name][rows]) for question in self.questions],
        )

    def _sent(self, array: NDArray[np.generic]) -> Tensor:
        return sent(torch.from_numpy(np.ascontiguousarray(array)), self.device)
