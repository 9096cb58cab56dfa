"""One training round: from a request and labels in a folder to weights and an outcome."""

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.attention import Attention, Features, FrameBags
from learner.cache import EmbeddingCache, FrameCache
from learner.embedding import Backbone, best_device
from learner.ensemble import Ensemble, finite
from learner.metrics import evaluate
from learner.questions import Question
from learner.ranker import Ranker
from learner.selfsupervised import learn, read_out
from learner.sentences import Words, announce, words
from learner.training import (
    LEAST_LABELS,
    STARTS,
    Labelled,
    TrainingRecipe,
    answered,
    fine_tune,
    fit_attention,
    guess_labels,
    held_out_loss,
    split_by_patient,
)
from learner.transfer import initial_backbone

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# A fine-tuned backbone has seen the labels: it must be clearly better to be believed. A
# self-supervised one has not: it may be a little worse by chance.
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
    weights: str  # folder of the files and folders that it may name
    parent: str  # folder of the weights that serve now, or empty
    parent_embeddings: str
    checkpoint: str
    seconds: float  # for each backbone
    seed: int
    questions: list[dict[str, Any]]
    ensemble: int = 1  # backbones that are fine-tuned and serve side by side


@dataclass(frozen=True)
class Made:
    backbones: Ensemble
    kind: str
    epochs: int
    told: dict[str, Any] = field(default_factory=dict)  # what its training says of itself


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
            sites = arrays["sites"][:n] if "sites" in arrays else None
        self.data = Labelled(bags.head(n), targets, patients, sites=sites)
        labelled = np.zeros(n, dtype=bool)
        for values in targets.values():
            labelled |= ~np.isnan(values).all(axis=1)
        self.labelled = np.flatnonzero(labelled & ~self.is_audit)
        self.audited = np.flatnonzero(labelled & self.is_audit)
        # The audit sample stays unseen, even without its labels.
        self.unlabelled = np.flatnonzero(~labelled & ~self.is_audit)
        self.learn, self.held_out = split_by_patient(self.labelled, patients, self.request.seed)

    def make(self, serving: FrameBags | None) -> Made:
        """The new backbones; `serving` is the pool as the backbone sees it that serves now."""
        request = self.request
        if request.kind == "fine-tuned":
            return self._fine_tuned(serving)
        backbone, are_given = initial_backbone(request.backbone, weights=request.weights, seed=0)
        backbone = backbone.to(best_device())
        rows = self.data.bags.frames_of(np.flatnonzero(~self.is_audit))
        if are_given:
            read_out(backbone, self.data.bags.frames, rows)
            return Made(Ensemble((backbone,)), "given weights", 0)
        epochs = learn(
            backbone,
            self.data.bags.frames,
            rows=rows,
            seconds=request.seconds,
            seed=request.seed,
            checkpoint=Path(request.checkpoint),
            say=lambda done: announce(
                "Learning from unlabelled scans: {percent} %", percent=round(100 * done)
            ),
        )
        return Made(Ensemble((backbone,)), request.kind, epochs)

    def _fine_tuned(self, serving: FrameBags | None) -> Made:
        data = self.data
        if serving is not None and serving.attention is not None:
            frames = serving.features.astype(np.float32)
            data = replace(data, attention=serving.attention.weights(frames, serving.firsts))
        pooled = None if serving is None else serving.pooled()

        def guess(learn: Int64) -> dict[str, Float32]:
            assert pooled is not None  # noqa: S101  (narrows the type)
            return guess_labels(
                self.questions, pooled, data, learn=learn, unlabelled=self.unlabelled
            )

        members, tuned = [], []
        for number in range(self.request.ensemble):
            members.append(self._parent().to(best_device()))
            tuned.append(
                fine_tune(
                    members[-1],
                    self.questions,
                    data,
                    learn=self.learn,
                    seconds=self.request.seconds,
                    seed=self.request.seed + number,
                    guess=guess if pooled is not None and len(self.unlabelled) else None,
                    say=lambda epoch: announce(
                        "Training on {labels} labels: {epoch}",
                        labels=len(self.labelled),
                        epoch=epoch,
                    ),
                )
            )
        return Made(
            Ensemble(tuple(members)), self.request.kind, tuned[0].epochs, tuned[0].as_json()
        )

    def _parent(self) -> Backbone:
        if self.request.parent:
            return Backbone.load(Path(self.request.parent))
        return initial_backbone(self.request.backbone, weights=self.request.weights, seed=0)[0]

    def serving(self) -> FrameBags | None:
        """The pool as the model sees it that serves now; None where its embeddings lag behind."""
        features = EmbeddingCache.find(Path(self.request.cache), self.request.parent_embeddings)
        if features is None or len(features) < len(self.data.bags.frames):
            return None
        attention = Attention.load(Path(self.request.parent) if self.request.parent else None)
        return self._bags(features[: len(self.data.bags.frames)], attention)

    def _bags(self, features: Features, attention: Attention | None = None) -> FrameBags:
        bags = FrameBags(features, self.data.bags.firsts, self.data.bags.counts, attention)
        return bags.harmonised(self.data.sites)

    def embed(self, backbones: Ensemble) -> FrameBags:
        """Embed every frame under the new name; nothing reads it until the round is published."""
        bags = self.data.bags
        cache = self.cache(backbones.features)
        for start in range(0, len(bags.frames), _AT_ONCE):
            some = bags.frames[start : start + _AT_ONCE]
            cache.append(finite(backbones.embed(some)), at=start)
            announce(
                "Embedding {count} scans anew: {done}",
                count=len(bags),
                done=int(bags.whole(start + len(some))),
            )
        return self._bags(cache.read())

    def cache(self, width: int) -> EmbeddingCache:
        """Where the new embeddings go, of this width alone."""
        folder = Path(self.request.cache)
        EmbeddingCache.remove(folder, self.request.embeddings)
        return EmbeddingCache(folder, self.request.embeddings, width)

    def attend(self, bags: FrameBags) -> tuple[FrameBags, dict[str, Any]]:
        """The bags with attention, where held-out patients gain by it, and the losses compared.

        Nothing is done for single images, nor where there are too few labels.
        """
        patients = np.unique(self.data.patients[self.learn])
        if bags.counts.max() == 1 or len(self.labelled) < LEAST_LABELS or len(patients) < STARTS:
            return bags, {}
        announce("Learning which frames matter")
        found = fit_attention(
            bags,
            self.questions,
            self.data.targets,
            self.data.patients,
            self.learn,
            seconds=ATTENTION_SHARE * self.request.seconds,
            seed=self.request.seed,
        )
        seeing = self._bags(bags.features, found)
        without, with_it = self._loss(bags), self._loss(seeing)
        if not np.isfinite([without, with_it]).all():
            return bags, {}
        kept = with_it <= MARGINS["attention"] * without
        return (
            seeing if kept else bags,
            {"attention": {"kept": kept, "without": without, "with": with_it}},
        )

    def _loss(self, bags: FrameBags) -> float:
        return held_out_loss(
            self.questions, bags.pooled(), self.data, learn=self.learn, held_out=self.held_out
        )

    def compare(
        self, kind: str, current: FrameBags | None, new: FrameBags
    ) -> tuple[bool, Words, dict[str, Any]]:
        """Whether the new embeddings shall serve, why, and the losses it rests on."""
        if current is None or len(self.labelled) < LEAST_LABELS:
            return True, words("There were too few labels to compare with"), {}
        losses = [self._loss(bags) for bags in (current, new)]
        told = {"current": losses[0], "new": losses[1], "n": len(self.held_out)}
        if not np.isfinite(losses).all():
            return True, words("The labels do not yet allow a comparison"), {}
        if losses[1] <= losses[0] * min(1.0, MARGINS[kind]):
            return True, words("It was better on held-out patients"), {"held_out": told}
        if losses[1] <= losses[0] * MARGINS[kind]:
            reason = words("It was as good on held-out patients, but for chance")
            return True, reason, {"held_out": told}
        reason = words(
            "It was not clearly better on held-out patients; the one before goes on serving"
        )
        return False, reason, {"held_out": told}

    def measure(self, embeddings: NDArray[np.floating]) -> dict[str, Any]:
        """Metrics on the audit sample, of heads fitted to all labels of the pool."""
        if not len(self.audited) or not len(self.labelled):
            return {}
        ranker = Ranker(self.questions, embeddings, "random", 0, groups=self.data.patients)
        ranker.refit(answered(self.data, self.labelled))
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
        current = self.serving()
        looked, attended = (current, {}) if current is None else self.attend(current)
        made = self.make(looked)
        new, told = self.attend(self.embed(made.backbones))
        serves, reason, compared = self.compare(made.kind, current, new)
        kept = attended.get("attention", {}).get("kept")
        if looked is not None and not serves and kept and self.request.parent:
            made, new, told = self._attentive(looked), looked, attended
            serves, reason, compared = self.compare(made.kind, current, new)
        made.backbones.save(self.folder)
        if new.attention is not None:
            new.attention.save(self.folder)
        metrics = {
            "labels": len(self.labelled),
            "audit": len(self.audited),
            "questions": self.measure(new.pooled()),
            "seconds": round(time.monotonic() - begun, 1),
            "epochs": made.epochs,
            **made.told,
            **told,
            **compared,
        }
        config = {
            "kind": made.kind,
            "backbone": asdict(made.backbones.members[0].config),
            "ensemble": len(made.backbones.members),
            "seed": self.request.seed,
            "embeddings": self.request.embeddings,
            "serves": serves,
            "reason": reason,
        }
        if made.kind == "fine-tuned":
            config["recipe"] = asdict(TrainingRecipe())
        outcome = {"config": config, "metrics": metrics}
        (self.folder / "outcome.json").write_text(json.dumps(outcome, allow_nan=False))

    def _attentive(self, bags: FrameBags) -> Made:
        """The backbone that serves now, left as it is, with the attention of these bags."""
        self.cache(bags.features.shape[1]).append(np.asarray(bags.features), at=0)
        return Made(Ensemble.load(Path(self.request.parent)), "attention", 0)
