"""One training round in a process of its own: `python -m learner.training_process FOLDER`.

The folder holds `request.json` and `labels.npz` and receives the weights, their config and
`outcome.json`. Each line of the output says what is being done. The process is killed by whoever
started it, or ends by itself when that process is gone and its standard input with it.
"""

import json
import os
import sys
import threading
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from learner.attention import Attention, FrameBags
from learner.cache import EmbeddingCache, FrameCache
from learner.embedding import Backbone, best_device, initial_backbone
from learner.metrics import evaluate
from learner.questions import Question
from learner.ranker import Ranker
from learner.selfsupervised import learn
from learner.training import (
    LEAST_LABELS,
    STARTS,
    Labelled,
    fine_tune,
    fit_attention,
    held_out_loss,
    split_by_patient,
)

# A fine-tuned backbone has seen the labels and was stopped at its best held-out loss: it must be
# clearly better to be believed. A self-supervised one has not: it may be a little worse by chance.
MARGINS = {"fine-tuned": 0.98, "attention": 0.98, "self-supervised": 1.05, "given weights": 1.05}
ATTENTION_SHARE = 0.25  # of a round's seconds, at most
_AT_ONCE = 1024  # frames embedded at a time


@dataclass(frozen=True)
class Request:
    """What `request.json` holds."""

    kind: str  # "self-supervised" or "fine-tuned"
    cache: str  # folder of the frame and embedding caches
    size: int  # side of the small frames
    embeddings: str  # name of the embeddings to be made
    backbone: str  # what the project names, for the first round
    parent: str  # folder of the weights that serve now, or empty
    parent_embeddings: str
    checkpoint: str
    seconds: float
    seed: int
    questions: list[dict[str, Any]]


@dataclass(frozen=True)
class Made:
    backbone: Backbone
    kind: str
    epochs: int


class Round:
    """The data of one request, and the steps that make an outcome of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.request = Request(**json.loads((folder / "request.json").read_text()))
        self.questions = [
            Question(one["name"], one["kind"], tuple(one["classes"]))
            for one in self.request.questions
        ]
        bags = FrameCache(Path(self.request.cache), self.request.size).read()
        with np.load(folder / "labels.npz") as arrays:
            n = min(len(bags), len(arrays["patients"]))
            self.is_audit: NDArray[np.bool_] = arrays["is_audit"][:n]
            targets = {q.name: arrays[f"question {q.name}"][:n] for q in self.questions}
            patients = arrays["patients"][:n]
        self.data = Labelled(bags.head(n), targets, patients)
        labelled = np.zeros(n, dtype=bool)
        for values in targets.values():
            labelled |= ~np.isnan(values).all(axis=1)
        self.labelled = np.flatnonzero(labelled & ~self.is_audit)
        self.audited = np.flatnonzero(labelled & self.is_audit)
        self.learn, self.held_out = split_by_patient(self.labelled, patients, self.request.seed)

    def make(self) -> Made:
        """The new backbone."""
        request = self.request
        if request.kind == "fine-tuned":
            backbone = self._parent().to(best_device())
            epochs = fine_tune(
                backbone,
                self.questions,
                self.data,
                learn=self.learn,
                held_out=self.held_out,
                seconds=request.seconds,
                seed=request.seed,
                say=lambda epoch, loss: say(f"Training on {len(self.labelled)} labels: {epoch}"),
            )
            return Made(backbone, request.kind, epochs)
        backbone, are_given = initial_backbone(request.backbone, seed=0)
        backbone = backbone.to(best_device())
        if are_given:
            return Made(backbone, "given weights", 0)
        # The audit sample stays unseen, even without its labels.
        rows = self.data.bags.frames_of(np.flatnonzero(~self.is_audit))
        epochs = learn(
            backbone,
            self.data.bags.frames,
            rows=rows,
            seconds=request.seconds,
            seed=request.seed,
            checkpoint=Path(request.checkpoint),
            say=lambda done: say(f"Learning from unlabelled scans: {done:.0%}"),
        )
        return Made(backbone, request.kind, epochs)

    def _parent(self) -> Backbone:
        if self.request.parent:
            return Backbone.load(Path(self.request.parent))
        return initial_backbone(self.request.backbone, seed=0)[0]

    def embed(self, backbone: Backbone) -> NDArray[np.float16]:
        """Embed every frame under the new name; nothing reads it until the round is published."""
        bags = self.data.bags
        cache = EmbeddingCache(Path(self.request.cache), self.request.embeddings, backbone.features)
        for start in range(0, len(bags.frames), _AT_ONCE):
            some = bags.frames[start : start + _AT_ONCE]
            cache.append(backbone.embed(some), at=start)
            say(f"Embedding {len(bags)} scans anew: {bags.whole(start + len(some))}")
        return cache.read()

    def bags_of(self, features: NDArray[np.float16], weights: Path | None = None) -> FrameBags:
        """The bags of these frame embeddings, with the attention that lies with `weights`."""
        bags = self.data.bags
        return FrameBags(features, bags.firsts, bags.counts, Attention.load(weights))

    def attend(self, bags: FrameBags) -> tuple[FrameBags, dict[str, Any]]:
        """The bags with attention, where held-out patients gain by it, and the losses compared.

        The attention is saved beside the weights. Nothing is done for single images, nor where
        there are too few labels.
        """
        patients = np.unique(self.data.patients[self.learn])
        if bags.counts.max() == 1 or len(self.labelled) < LEAST_LABELS or len(patients) < STARTS:
            return bags, {}
        say("Learning which frames matter")
        found = fit_attention(
            bags,
            self.questions,
            self.data.targets,
            self.data.patients,
            self.learn,
            seconds=ATTENTION_SHARE * self.request.seconds,
            seed=self.request.seed,
        )
        seeing = replace(bags, attention=found)
        without, with_it = self._loss(bags), self._loss(seeing)
        kept = with_it <= MARGINS["attention"] * without
        if kept:
            found.save(self.folder)
        told = {"kept": kept, "without": without, "with": with_it}
        return (seeing if kept else bags), ({"attention": told} if np.isfinite(without) else {})

    def _loss(self, bags: FrameBags) -> float:
        return held_out_loss(
            self.questions, bags.pooled(), self.data, learn=self.learn, held_out=self.held_out
        )

    def compare(self, kind: str, new: FrameBags) -> tuple[bool, str, dict[str, Any]]:
        """Whether the new embeddings shall serve, why, and the losses it rests on."""
        request = self.request
        current = EmbeddingCache.find(Path(request.cache), request.parent_embeddings)
        frames = len(self.data.bags.frames)
        if current is None or len(current) < frames or len(self.labelled) < LEAST_LABELS:
            return True, "There were too few labels to compare with", {}
        parent = Path(request.parent) if request.parent else None
        losses = [self._loss(bags) for bags in (self.bags_of(current, parent), new)]
        told = {"current": losses[0], "new": losses[1], "n": len(self.held_out)}
        if not np.isfinite(losses).all():
            return True, "The labels do not yet allow a comparison", {}
        if losses[1] <= MARGINS[kind] * losses[0]:
            return True, "It was better on held-out patients", {"held_out": told}
        return (
            False,
            "It was no better on held-out patients; the one before goes on serving",
            {"held_out": told},
        )

    def measure(self, embeddings: NDArray[np.floating]) -> dict[str, Any]:
        """Metrics on the audit sample, of heads fitted to all labels of the pool."""
        if not len(self.audited) or not len(self.labelled):
            return {}
        ranker = Ranker(self.questions, embeddings, "random", 0, groups=self.data.patients)
        answered = {
            name: self.labelled[~np.isnan(targets[self.labelled]).all(axis=1)]
            for name, targets in self.data.targets.items()
        }
        ranker.refit({name: (at, self.data.targets[name][at]) for name, at in answered.items()})
        predicted = ranker.predict(self.audited)
        return {
            question.name: evaluate(
                question,
                predicted[question.name],
                self.data.targets[question.name][self.audited],
                self.data.patients[self.audited],
            )
            for question in self.questions
            if question.name in predicted
        }

    def run(self) -> None:
        begun = time.monotonic()
        made = self.make()
        made.backbone.save(self.folder)
        new, attended = self.attend(self.bags_of(self.embed(made.backbone)))
        serves, reason, compared = self.compare(made.kind, new)
        metrics = {
            "labels": len(self.labelled),
            "audit": len(self.audited),
            "questions": self.measure(new.pooled()),
            "seconds": round(time.monotonic() - begun, 1),
            "epochs": made.epochs,
            **attended,
            **compared,
        }
        config = {
            "kind": made.kind,
            "backbone": asdict(made.backbone.config),
            "seed": self.request.seed,
            "embeddings": self.request.embeddings,
            "serves": serves,
            "reason": reason,
        }
        outcome = {"config": config, "metrics": metrics}
        (self.folder / "outcome.json").write_text(json.dumps(outcome, allow_nan=False))


def say(words: str) -> None:
    print(words, flush=True)  # noqa: T201  read by the process that started this one


def _end_with_parent() -> None:
    # Not through sys.stdin, whose lock a thread must not hold when the interpreter ends.
    while os.read(0, 1024):
        pass
    os._exit(1)


def main() -> None:
    os.nice(10)  # reranking comes first
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(os.cpu_count() or 1)
    Round(Path(sys.argv[1])).run()


if __name__ == "__main__":
    main()
