"""Fine-tuning the backbone on the labels of the pool, for all questions at once."""

import time
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learner.cache import Bags
from learner.embedding import Backbone
from learner.frames import SIZE
from learner.questions import Question
from learner.ranker import Ranker
from learner.selfsupervised import Recipe, views
from learner.training.losses import masked_loss, scaled_targets

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

HELD_OUT = 0.25  # of the labelled patients, for early stopping and for the comparison
LEAST_LABELS = 20  # below, a held-out loss says nothing
BATCH = 32
SLICES = 4  # drawn from a volume at each step
PATIENCE = 8  # epochs without a better held-out loss
LIGHT = Recipe(side=SIZE, smallest_crop=0.8, rotation=5.0)


@dataclass(frozen=True)
class Labelled:
    """Bags with their targets: per question float32 [n, outputs], NaN where not answered."""

    bags: Bags
    targets: Mapping[str, Float32]  # [all bags, outputs]
    patients: Int64  # [all bags]


def split_by_patient(rows: Int64, patients: Int64, seed: int) -> tuple[Int64, Int64]:
    """Rows to learn from and rows held out, no patient in both."""
    people = np.unique(patients[rows])
    drawn = np.random.default_rng(seed).permutation(people)[: round(HELD_OUT * len(people))]
    held = np.isin(patients[rows], drawn)
    return rows[~held], rows[held]


class MultiTask(nn.Module):
    """Backbone, pooling over a bag's frames, dropout, one linear head per question."""

    def __init__(self, backbone: Backbone, questions: Sequence[Question]) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(0.3)
        self.heads = nn.ModuleList(
            nn.Linear(2 * backbone.features, question.outputs) for question in questions
        )

    def forward(self, frames: Tensor, owner: Tensor, count: int) -> list[Tensor]:
        """Frames [m, S, S] of `count` bags, `owner` [m] whose each is → per question [count, c]."""
        features = self.backbone(frames).float()
        index = owner[:, None].expand_as(features)
        blank = features.new_zeros(count, features.shape[1])
        mean = blank.scatter_reduce(0, index, features, "mean", include_self=False)
        most = blank.scatter_reduce(0, index, features, "amax", include_self=False)
        pooled = self.dropout(torch.cat([mean, most - mean], dim=1))
        return [head(pooled) for head in self.heads]


class _Tuning:
    def __init__(
        self,
        backbone: Backbone,
        questions: Sequence[Question],
        data: Labelled,
        learn: Int64,
        seed: int,
    ) -> None:
        torch.manual_seed(seed)
        self.questions, self.data = questions, data
        self.targets = scaled_targets(questions, data.targets, learn)
        self.device = next(backbone.parameters()).device
        self.model = MultiTask(backbone, questions).to(self.device)
        self.generator = torch.Generator().manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.optimizer = torch.optim.AdamW(
            [
                {"params": backbone.parameters(), "lr": 2e-4},
                {"params": self.model.heads.parameters(), "lr": 2e-3},
            ],
            weight_decay=0.05,
        )

    def loss(self, rows: Int64, *, learning: bool) -> Tensor:
        frames, owner = self._frames(rows, SLICES if learning else None)
        if learning:
            frames = views(frames, LIGHT, self.generator)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.device.type == "cuda"):
            outputs = self.model(frames, owner, len(rows))
        losses = [
            masked_loss(
                question,
                output.float(),
                torch.from_numpy(self.targets[question.name][rows]).to(self.device),
            )
            for question, output in zip(self.questions, outputs, strict=True)
        ]
        return torch.stack(losses).sum()

    def _frames(self, rows: Int64, most: int | None) -> tuple[Tensor, Tensor]:
        chosen, owner = [], []
        for place, row in enumerate(rows):
            numbers = self.data.bags.frames_of(np.array([row]))
            if most is not None and len(numbers) > most:
                numbers = np.sort(self.rng.choice(numbers, most, replace=False))
            chosen.append(numbers)
            owner += [place] * len(numbers)
        frames = torch.from_numpy(self.data.bags.frames[np.concatenate(chosen)])
        return frames.to(self.device), torch.tensor(owner, device=self.device)

    def epoch(self, rows: Int64) -> None:
        self.model.train()
        for batch in np.array_split(self.rng.permutation(rows), -(-len(rows) // BATCH)):
            if len(batch) < 2:  # nothing for batch normalisation to work with
                continue
            loss = self.loss(batch, learning=True)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()

    @torch.inference_mode()
    def held_out_loss(self, rows: Int64) -> float:
        self.model.eval()
        parts = np.array_split(rows, -(-len(rows) // BATCH))
        return float(
            sum(len(part) * float(self.loss(part, learning=False)) for part in parts) / len(rows)
        )


def fine_tune(
    backbone: Backbone,
    questions: Sequence[Question],
    data: Labelled,
    *,
    learn: Int64,
    held_out: Int64,
    seconds: float,
    seed: int,
    most_epochs: int = 60,
    say: Callable[[int, float], None] = lambda epoch, loss: None,
) -> int:
    """Train the backbone in place, as it was at the epoch of the best held-out loss; epochs run.

    `learn` and `held_out` are rows of the pool; the audit sample's must be in neither.
    Ends after `seconds`, or PATIENCE epochs without progress. Raises ValueError for no rows.
    """
    if len(learn) < 2 or not len(held_out):
        raise ValueError("Fine-tuning needs labelled rows to learn from and some held out")
    tuning = _Tuning(backbone, questions, data, learn, seed)
    best, best_epoch, state = tuning.held_out_loss(held_out), 0, deepcopy(backbone.state_dict())
    end = time.monotonic() + seconds
    epoch = 0
    while epoch < most_epochs and epoch - best_epoch < PATIENCE and time.monotonic() < end:
        epoch += 1
        tuning.epoch(learn)
        loss = tuning.held_out_loss(held_out)
        say(epoch, loss)
        if loss < best:
            best, best_epoch, state = loss, epoch, deepcopy(backbone.state_dict())
    backbone.load_state_dict(state)
    return epoch


def held_out_loss(
    questions: Sequence[Question],
    embeddings: NDArray[np.float16],
    data: Labelled,
    *,
    learn: Int64,
    held_out: Int64,
) -> float:
    """How well fresh heads on these embeddings do on rows they have not seen; lower is better.

    Mean over the questions of log-loss, or for numbers squared error over variance.
    """
    ranker = Ranker(questions, embeddings, "random", 0, groups=data.patients)
    answered = {
        name: learn[~np.isnan(targets[learn]).all(axis=1)] for name, targets in data.targets.items()
    }
    ranker.refit({name: (rows, data.targets[name][rows]) for name, rows in answered.items()})
    predicted = ranker.predict(held_out)
    losses = []
    for question in questions:
        targets = data.targets[question.name][held_out]
        if question.name in predicted and not np.isnan(targets).all():
            spread = float(np.nanvar(data.targets[question.name][learn])) or 1.0
            losses.append(_loss(question, predicted[question.name], targets, spread))
    return float(np.mean(losses)) if losses else float("inf")


def _loss(question: Question, predicted: Float32, targets: Float32, variance: float) -> float:
    if question.kind == "number":
        return float(np.nanmean((predicted - targets) ** 2) / variance)
    p = np.clip(predicted.astype(np.float64), 1e-6, 1 - 1e-6)
    if question.kind == "single":
        return float(np.mean(-np.nansum(np.log(p) * targets, axis=1)))
    return float(np.nanmean(-(targets * np.log(p) + (1 - targets) * np.log(1 - p))))
