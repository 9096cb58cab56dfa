"""One training round: from a request and labels in a folder to weights and an outcome."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from learner.attention import Attention, Features, FrameBags
from learner.cache import EmbeddingCache
from learner.ensemble import Ensemble, finite
from learner.metrics import evaluate
from learner.ranker import Ranker
from learner.round_backbones import Made, make
from learner.round_material import Material
from learner.sentences import Words, announce, words
from learner.training import (
    LEAST_LABELS,
    STARTS,
    TrainingRecipe,
    answered,
    fit_attention,
    held_out_loss,
)

# A fine-tuned backbone has seen the labels: it must be clearly better to be believed. A
# self-supervised one has not: it may be a little worse by chance.
MARGINS = {"fine-tuned": 0.98, "attention": 0.98, "self-supervised": 1.05, "given weights": 1.05}
ATTENTION_SHARE = 0.25  # of a round's seconds, at most
_AT_ONCE = 1024  # frames embedded at a time


class Round:
    """The data of one request, and the steps that make an outcome of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.material = Material.read(folder)
        self.request, self.data = self.material.request, self.material.data

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
        learn, labels = self.material.learn, len(self.material.labelled)
        patients = len(np.unique(self.data.patients[learn]))
        if bags.counts.max() == 1 or labels < LEAST_LABELS or patients < STARTS:
            return bags, {}
        announce("Learning which frames matter")
        found = fit_attention(
            bags,
            self.material.questions,
            self.data.targets,
            self.data.patients,
            learn,
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
            self.material.questions,
            bags.pooled(),
            self.data,
            learn=self.material.learn,
            held_out=self.material.held_out,
        )

    def compare(
        self, kind: str, current: FrameBags | None, new: FrameBags
    ) -> tuple[bool, Words, dict[str, Any]]:
        """Whether the new embeddings shall serve, why, and the losses it rests on."""
        if current is None or len(self.material.labelled) < LEAST_LABELS:
            return _uncompared(
                kind,
                words("There were too few labels to compare with"),
                words("There were too few labels to compare with; the one before goes on serving"),
            )
        losses = [self._loss(bags) for bags in (current, new)]
        told = {"current": losses[0], "new": losses[1], "n": len(self.material.held_out)}
        if not np.isfinite(losses).all():
            return _uncompared(
                kind,
                words("The labels do not yet allow a comparison"),
                words("The labels do not yet allow a comparison; the one before goes on serving"),
            )
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
        if not len(self.material.audited) or not len(self.material.labelled):
            return {}
        ranker = Ranker(self.material.questions, embeddings, groups=self.data.patients)
        ranker.refit(answered(self.data, self.material.labelled))
        predicted = ranker.predict(self.material.audited)
        return {
            question.name: evaluate(
                question,
                predicted[question.name],
                self.data.targets[question.name][self.material.audited],
                self.data.patients[self.material.audited],
            )
            for question in self.material.questions
            if question.name in predicted
        }

    def run(self) -> None:
        begun = time.monotonic()
        current = self.serving()
        looked, attended = (current, {}) if current is None else self.attend(current)
        made = make(self.material, looked)
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
            "labels": len(self.material.labelled),
            "audit": len(self.material.audited),
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


def _uncompared(kind: str, serves: Words, stays: Words) -> tuple[bool, Words, dict[str, Any]]:
    """What nothing could be compared of: it serves only where it has learned from no labels."""
    return (False, stays, {}) if MARGINS[kind] < 1 else (True, serves, {})
