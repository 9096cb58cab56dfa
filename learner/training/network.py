"""What is trained: one backbone, one head per question."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from learner.embedding import Backbone
from learner.questions import Question
from learner.training.mixing import Mix


class MultiTask(nn.Module):
    """Backbone, pooling over a bag's frames, dropout, one linear head per question."""

    def __init__(
        self, backbone: Backbone, questions: Sequence[Question], dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.dropout = nn.Dropout(dropout)
        self.heads = nn.ModuleList(
            nn.Linear(2 * backbone.features, question.outputs) for question in questions
        )

    def forward(
        self, frames: Tensor, owner: Tensor, count: int, mix: Mix | None = None
    ) -> list[Tensor]:
        """Frames [m, S, S] of `count` bags, `owner` [m] whose each is → per question [count, c].

        `mix` mixes the pooled features.
        """
        features = self.backbone(frames).float()
        index = owner[:, None].expand_as(features)
        blank = features.new_zeros(count, features.shape[1])
        mean = blank.scatter_reduce(0, index, features, "mean", include_self=False)
        most = blank.scatter_reduce(0, index, features, "amax", include_self=False)
        pooled = self.dropout(torch.cat([mean, most - mean], dim=1))
        if mix is not None:
            pooled = mix.rows(pooled)
        return [head(pooled) for head in self.heads]
