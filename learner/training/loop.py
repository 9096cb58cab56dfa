"""One training of the backbone and its heads: epoch after epoch over some rows."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.embedding import Backbone
from learner.questions import Question
from learner.selfsupervised import Recipe, views
from learner.training.data import Labelled
from learner.training.losses import class_weights, masked_loss, scaled_targets
from learner.training.mixing import Mix, draw_cutmix, draw_mixup
from learner.training.network import MultiTask
from learner.training.probing import fit_heads
from learner.training.recipe import TrainingRecipe

Int64 = NDArray[np.int64]

EVALUATED = 16  # frames of a bag, at most, that its loss on a fold left out rests on


@dataclass(frozen=True)
class _Batch:
    frames: Tensor  # uint8 [m, S, S]
    owner: Tensor  # [m], whose each is
    targets: list[Tensor]  # per question [n, outputs]

    def __len__(self) -> int:
        return len(self.targets[0])


class Training:
    """A backbone being trained in place on the rows `learn` of the data."""

    def __init__(
        self,
        backbone: Backbone,
        questions: Sequence[Question],
        data: Labelled,
        learn: Int64,
        recipe: TrainingRecipe,
        seed: int,
    ) -> None:
        torch.manual_seed(seed)
        self.questions, self.data, self.learn, self.recipe = questions, data, learn, recipe
        self.device = next(backbone.parameters()).device
        self.model = MultiTask(backbone, questions, recipe.dropout).to(self.device)
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
        self._fit_heads()
        self.optimizer = torch.optim.AdamW(
            [
                {"params": backbone.parameters(), "lr": recipe.learning_rate},
                {"params": self.model.heads.parameters(), "lr": recipe.head_learning_rate},
            ],
            weight_decay=recipe.weight_decay,
        )

    def run(
        self,
        *,
        epochs: int,
        end: float,
        held_out: Int64 | None = None,
        say: Callable[[int], None] = lambda epoch: None,
    ) -> list[float]:
        """Train for so many epochs, or until the clock (`time.monotonic`) says `end`.

        With rows `held_out`: their loss before and after each epoch, which also ends it when it has
        not become better for long.
        """
        losses = [] if held_out is None else [self.held_out_loss(held_out)]
        for epoch in range(1, epochs + 1):
            stale = len(losses) - 1 - int(np.argmin(losses)) if losses else 0
            if time.monotonic() > end or stale >= self.recipe.patience:
                break
            self.epoch()
            say(epoch)
            if held_out is not None:
                losses.append(self.held_out_loss(held_out))
        return losses

    def _fit_heads(self) -> None:
        numbers = [self._drawn_frames(int(row), EVALUATED, self.rng) for row in self.learn]
        counts = np.array([len(each) for each in numbers])
        targets = {name: values[self.learn] for name, values in self.targets.items()}
        frames = self.data.bags.frames[np.concatenate(numbers)]
        fit_heads(self.model, self.questions, frames, counts, targets)

    def epoch(self) -> None:
        self.model.train()
        parts = -(-len(self.learn) // self.recipe.batch)
        for rows in np.array_split(self.rng.permutation(self.learn), parts):
            if len(rows) < 2:  # nothing for batch normalisation to work with
                continue
            loss = self._loss(self._batch(rows, self.recipe.slices, self.rng))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()

    @torch.inference_mode()
    def held_out_loss(self, rows: Int64) -> float:
        """The plain loss: nothing smoothed, mixed or weighted."""
        self.model.eval()
        total, rng = 0.0, np.random.default_rng(0)  # the same frames after every epoch
        for part in np.array_split(rows, -(-len(rows) // self.recipe.batch)):
            batch = self._batch(part, EVALUATED, rng)
            losses = [
                masked_loss(question, output, target)
                for question, output, target in zip(
                    self.questions, self._outputs(batch.frames, batch), batch.targets, strict=True
                )
            ]
            total += len(part) * float(torch.stack(losses).sum())
        return total / len(rows)

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
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            outputs = self.model(frames, batch.owner, len(batch), mix)
        return [output.float() for output in outputs]

    def _batch(self, rows: Int64, most: int, rng: np.random.Generator) -> _Batch:
        numbers = [self._drawn_frames(int(row), most, rng) for row in rows]
        owner = np.repeat(np.arange(len(rows)), [len(each) for each in numbers])
        return _Batch(
            self._sent(self.data.bags.frames[np.concatenate(numbers)]),
            self._sent(owner),
            [self._sent(self.targets[question.name][rows]) for question in self.questions],
        )

    def _drawn_frames(self, row: int, most: int, rng: np.random.Generator) -> Int64:
        """So many frames of the bag at most, half of the draw even, half by attention."""
        numbers = self.data.bags.frames_of(np.array([row]))
        if len(numbers) <= most:
            return numbers
        chances = np.full(len(numbers), 1 / len(numbers))
        if self.data.attention is not None:
            chances += self.data.attention[numbers]
        return np.sort(rng.choice(numbers, most, replace=False, p=chances / chances.sum()))

    def _sent(self, array: NDArray[np.generic]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        if self.device.type == "cuda":  # from pinned memory the copy runs beside the computing
            tensor = tensor.pin_memory()
        return tensor.to(self.device, non_blocking=True)
