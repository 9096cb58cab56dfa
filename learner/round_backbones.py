"""The new backbones of a training round: learned from scans alone, from labels, or given."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.attention import FrameBags
from learner.embedding import Backbone, best_device
from learner.ensemble import Ensemble
from learner.round_material import Material, Request
from learner.selfsupervised import learn, read_out
from learner.sentences import announce
from learner.training import fine_tune, guess_labels
from learner.transfer import initial_backbone

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]


@dataclass(frozen=True)
class Made:
    """What a round has made."""

    backbones: Ensemble
    kind: str
    epochs: int
    told: dict[str, Any] = field(default_factory=dict)  # what its training says of itself


def make(material: Material, serving: FrameBags | None) -> Made:
    """The new backbones; `serving` is the pool as the backbone sees it that serves now."""
    request = material.request
    if request.kind == "fine-tuned":
        return _fine_tuned(material, serving)
    backbone, are_given = initial_backbone(request.backbone, weights=request.weights, seed=0)
    backbone = backbone.to(best_device())
    rows = material.data.bags.frames_of(np.flatnonzero(~material.is_audit))
    if are_given:
        read_out(backbone, material.data.bags.frames, rows)
        return Made(Ensemble((backbone,)), "given weights", 0)
    epochs = learn(
        backbone,
        material.data.bags.frames,
        rows=rows,
        seconds=request.seconds,
        seed=request.seed,
        checkpoint=Path(request.checkpoint),
        say=lambda done: announce(
            "Learning from unlabelled scans: {percent} %", percent=round(100 * done)
        ),
    )
    return Made(Ensemble((backbone,)), request.kind, epochs)


def _fine_tuned(material: Material, serving: FrameBags | None) -> Made:
    request, data = material.request, material.data
    if serving is not None:
        data = replace(data, attention=serving.shares())
    pooled = None if serving is None else serving.pooled()

    def guess(learn: Int64) -> dict[str, Float32]:
        assert pooled is not None  # noqa: S101  (narrows the type)
        return guess_labels(
            material.questions, pooled, data, learn=learn, unlabelled=material.unlabelled
        )

    members, tuned = [], []
    for number in range(request.ensemble):
        members.append(_parent(request).to(best_device()))
        tuned.append(
            fine_tune(
                members[-1],
                material.questions,
                data,
                learn=material.learn,
                seconds=request.seconds,
                seed=request.seed + number,
                guess=guess if pooled is not None and len(material.unlabelled) else None,
                say=lambda epoch: announce(
                    "Training on {labels} labels: {epoch}",
                    labels=len(material.labelled),
                    epoch=epoch,
                ),
            )
        )
    return Made(Ensemble(tuple(members)), request.kind, tuned[0].epochs, tuned[0].as_json())


def _parent(request: Request) -> Backbone:
    if request.parent:
        return Backbone.load(Path(request.parent))
    return initial_backbone(request.backbone, weights=request.weights, seed=0)[0]
