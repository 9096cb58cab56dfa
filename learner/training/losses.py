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


def masked_loss(question: Question, output: Tensor, target: Tensor) -> Tensor:
    """Mean loss over the answers given, 0 where there are none: output, target [n, outputs]."""
    given = ~target.isnan()
    wanted = torch.where(given, target, torch.zeros_like(target))
    if question.kind == "single":
        each = -(functional.log_softmax(output, dim=1) * wanted)
        return each.sum() / given.any(dim=1).sum().clamp(min=1)
    if question.kind == "multiple":
        each = functional.binary_cross_entropy_with_logits(output, wanted, reduction="none")
    else:
        each = (output - wanted) ** 2
    return (each * given).sum() / given.sum().clamp(min=1)


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
