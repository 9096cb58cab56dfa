"""What a wrong answer costs."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from learner.questions import Question

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


def masked_loss(
    question: Question,
    output: Tensor,
    target: Tensor,
    *,
    smoothing: float = 0.0,
    weights: Tensor | None = None,
) -> Tensor:
    """Mean loss over the answers given, 0 where there are none: output, target [n, outputs].

    Cross-entropy, binary cross-entropy or squared error; targets may be mixed ones, between 0 and
    1. `smoothing` moves so much of each choice to all classes evenly (Szegedy et al. 2016,
    arXiv:1512.00567); `weights` [2, outputs] are those of `class_weights`.
    """
    given = ~target.isnan()
    wanted = torch.where(given, target, torch.zeros_like(target))
    if question.kind == "number":
        return ((output - wanted) ** 2 * given).sum() / given.sum().clamp(min=1)
    absent, present = (torch.ones_like(output[0]),) * 2 if weights is None else weights
    if question.kind == "single":
        soft = wanted * (1 - smoothing) + smoothing / question.outputs
        each = -(functional.log_softmax(output, dim=1) * soft).sum(dim=1) * (wanted @ present)
        answered = given.any(dim=1)
        return (each * answered).sum() / answered.sum().clamp(min=1)
    soft = wanted * (1 - smoothing) + smoothing / 2
    each = functional.binary_cross_entropy_with_logits(output, soft, reduction="none")
    each = each * (wanted * present + (1 - wanted) * absent)
    return (each * given).sum() / given.sum().clamp(min=1)


def class_weights(question: Question, targets: Float32, beta: float) -> Float32:
    """Weights [2, outputs] of a class's absence and presence, from targets [l, outputs].

    (1 - beta) / (1 - beta^n) for n labels, the inverse of their effective number (Cui et al. 2019,
    arXiv:1901.05555, equation 2), scaled to a mean of 1 over the labels. Ones for a number.
    """
    if question.kind == "number":
        return np.ones((2, question.outputs), dtype=np.float32)
    present = np.nansum(targets, axis=0)
    counts = np.stack([(~np.isnan(targets)).sum(axis=0) - present, present])
    rarity = (1 - beta) / (1 - beta ** np.maximum(counts, 1))
    if question.kind == "single":  # only its presence is ever weighed, one class against another
        mean = (counts[1] * rarity[1]).sum() / max(counts[1].sum(), 1)
    else:
        mean = (counts * rarity).sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
    return np.asarray(rarity / np.where(mean > 0, mean, 1), dtype=np.float32)


def scaled_targets(
    questions: Sequence[Question], targets: Mapping[str, Float32], rows: Int64
) -> dict[str, Float32]:
    """The targets with numbers scaled to mean 0 and deviation 1 over the rows learned from."""
    scaled = dict(targets)
    for question in questions:
        values = targets[question.name]
        if question.kind == "number" and not np.isnan(values[rows]).all():
            mean, spread = np.nanmean(values[rows]), max(float(np.nanstd(values[rows])), 1e-6)
            scaled[question.name] = ((values - mean) / spread).astype(np.float32)
    return scaled
