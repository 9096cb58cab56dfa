"""Heads to begin with: those that serve, on the backbone as it is.

Training backbone and random heads together first distorts what the backbone knows, to suit heads
that know nothing. Fitting the heads first keeps it (Kumar et al. 2022, arXiv:2202.10054), and no
epoch at all is then the model that serves already.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from learner.attention import pool_bags
from learner.heads import Linear, fit_ridge, fit_sigmoid, fit_softmax
from learner.projection import fit_projection
from learner.questions import Question
from learner.training.data import Labelled
from learner.training.network import MultiTask

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

PENALTY = 0.2


def fit_heads(
    model: MultiTask,
    questions: Sequence[Question],
    data: Labelled,
    targets: Mapping[str, Float32],
    rows: Int64,
) -> None:
    """Fit the heads to these rows of the data; their targets, [all bags, outputs], may be scaled.

    A question whose answers are too few to fit a head keeps its random one.
    """
    frames, counts = data.some_frames(rows)
    d = model.backbone.features
    features = model.backbone.embed(frames)
    found = pool_bags(features, np.cumsum(counts) - counts, counts)
    bags = np.zeros((len(counts), 2 * d), dtype=np.float32)
    bags[:, : found.shape[1]] = found
    projection = fit_projection(bags)
    X = projection.apply(bags)
    for question, layer in zip(questions, model.heads, strict=True):
        head = _fitted(question, X, targets[question.name][rows])
        if head is not None:
            assert isinstance(layer, nn.Linear)  # noqa: S101  (narrows the type)
            weights = projection.matrix @ head.weights
            with torch.no_grad():
                layer.weight.copy_(torch.from_numpy(weights.T))
                layer.bias.copy_(torch.from_numpy(head.bias - projection.mean @ weights))


def _fitted(question: Question, X: Float32, targets: Float32) -> Linear | None:
    answered = ~np.isnan(targets).all(axis=1)
    X, targets = X[answered], targets[answered]
    if len(targets) < 2:
        return None
    if question.kind == "number":
        return fit_ridge(X, targets[:, 0], penalty=PENALTY).linear
    if question.kind == "multiple":
        return fit_sigmoid(X, targets, penalty=PENALTY)
    return fit_softmax(X, targets, penalty=PENALTY) if (targets.sum(0) > 0).sum() > 1 else None
