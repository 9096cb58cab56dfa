"""Training attention over the frames of a bag, on frame embeddings that stay as they are."""

import time
from collections.abc import Mapping, Sequence
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from learner.attention import Attention, FrameBags, frames_of
from learner.calibration import grouped_folds
from learner.questions import Question
from learner.training.losses import masked_loss, scaled_targets

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

HIDDEN = 32
BATCH = 16  # bags
LEARNING_RATE = 0.02  # with 0.01 one start in three found a lesion in one of 64 frames
STARTS = 4  # attention begins blind, and now and then a start sees nothing at all
MOST_EPOCHS = 40
PATIENCE = 12  # epochs without a better loss on the fold left out


class GatedAttention(nn.Module):
    """Ilse et al. 2018, arXiv:1802.04712, equation 9, with one linear head per question."""

    def __init__(self, features: int, questions: Sequence[Question]) -> None:
        super().__init__()
        self.V = nn.Linear(features, HIDDEN)
        self.U = nn.Linear(features, HIDDEN)
        self.w = nn.Linear(HIDDEN, 1, bias=False)
        self.dropout = nn.Dropout(0.2)
        self.heads = nn.ModuleList(nn.Linear(features, question.outputs) for question in questions)

    def forward(self, frames: Tensor, owner: Tensor, count: int) -> list[Tensor]:
        """Frames [m, d] of `count` bags, `owner` [m] whose each is → per question [count, c]."""
        x = self.dropout(frames)
        scores = self.w(torch.tanh(self.V(x)) * torch.sigmoid(self.U(x)))[:, 0]
        most = scores.new_full((count,), -torch.inf).scatter_reduce(0, owner, scores, "amax")
        shares = (scores - most.detach()[owner]).exp()
        total = shares.new_zeros(count).index_add(0, owner, shares)
        weighted = x * (shares / total[owner])[:, None]
        pooled = x.new_zeros(count, x.shape[1]).index_add(0, owner, weighted)
        return [head(pooled) for head in self.heads]

    def as_attention(self, mean: Float32, scale: Float32) -> Attention:
        """Its attention for frames before they are standardised by `mean` and `scale` [d]."""
        V, v = _before(self.V, mean, scale)
        U, u = _before(self.U, mean, scale)
        return Attention(V, v, U, u, self.w.weight.detach().numpy()[0])


def fit_attention(
    bags: FrameBags,
    questions: Sequence[Question],
    targets: Mapping[str, Float32],
    patients: Int64,
    rows: Int64,
    *,
    seconds: float,
    seed: int = 0,
) -> Attention:
    """Learn which frames of a bag the answers hang on.

    `targets` {question: [n, c], NaN where not answered} and `patients` [n] are the pool's, `rows`
    those to learn from; the audit sample's must not be among them. Each of several starts leaves
    out another fold of patients, is stopped at its best loss there, and the best of all is kept.
    ValueError: fewer patients than starts.
    """
    people = np.unique(patients[rows])
    if len(people) < STARTS:
        raise ValueError(f"Attention is trained on {STARTS} patients or more, not {len(people)}")
    fit = _Fit(bags.of(rows), questions, {name: t[rows] for name, t in targets.items()})
    folds = grouped_folds(patients[rows], STARTS, np.random.default_rng(seed))
    begun = time.monotonic()
    found = [
        fit.start(folds == fold, seed=seed + fold, end=begun + seconds * (fold + 1) / STARTS)
        for fold in range(STARTS)
    ]
    return min(found, key=lambda each: each[0])[1].as_attention(fit.mean, fit.scale)


class _Fit:
    def __init__(
        self, bags: FrameBags, questions: Sequence[Question], targets: Mapping[str, Float32]
    ) -> None:
        self.questions, self.counts = questions, bags.counts
        self.targets = scaled_targets(questions, targets, np.arange(len(bags.counts)))
        frames = frames_of(bags.features, bags.firsts, bags.counts).astype(np.float32)
        self.mean, self.scale = frames.mean(axis=0), np.maximum(frames.std(axis=0), 1e-3)
        standard = torch.from_numpy((frames - self.mean) / self.scale)
        self.frames = torch.split(standard, bags.counts.tolist())

    def start(
        self, held_out: NDArray[np.bool_], *, seed: int, end: float
    ) -> tuple[float, GatedAttention]:
        """Train from one start; the best loss on the bags held out [n], and the model then."""
        torch.manual_seed(seed)
        rng = np.random.default_rng(seed)
        learn, held = np.flatnonzero(~held_out), np.flatnonzero(held_out)
        model = GatedAttention(len(self.mean), self.questions)
        optimizer = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
        best, best_epoch, kept = float("inf"), 0, deepcopy(model)
        for epoch in range(MOST_EPOCHS):
            if epoch - best_epoch > PATIENCE or time.monotonic() > end:
                break
            model.train()
            for batch in np.array_split(rng.permutation(learn), -(-len(learn) // BATCH)):
                optimizer.zero_grad(set_to_none=True)
                self._loss(model, batch).backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            model.eval()
            with torch.inference_mode():
                loss = float(self._loss(model, held))
            if loss < best:
                best, best_epoch, kept = loss, epoch, deepcopy(model)
        return best, kept

    def _loss(self, model: GatedAttention, bags: Int64) -> Tensor:
        frames = torch.cat([self.frames[bag] for bag in bags])
        owner = torch.from_numpy(np.repeat(np.arange(len(bags)), self.counts[bags]))
        losses = [
            masked_loss(question, output, torch.from_numpy(self.targets[question.name][bags]))
            for question, output in zip(
                self.questions, model(frames, owner, len(bags)), strict=True
            )
        ]
        return torch.stack(losses).sum()


def _before(layer: nn.Linear, mean: Float32, scale: Float32) -> tuple[Float32, Float32]:
    """Weights [d, h] and bias [h] that do to x what the layer does to (x - mean) / scale."""
    weights = np.asarray(layer.weight.detach().numpy().T / scale[:, None], dtype=np.float32)
    bias: Float32 = layer.bias.detach().numpy() - mean @ weights
    return weights, bias
