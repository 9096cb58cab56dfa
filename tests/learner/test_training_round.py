"""A round makes what its request asks for, and says what it did and whether it shall serve."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from learner.attention import Attention
from learner.cache import EmbeddingCache, FrameCache
from learner.embedding import Backbone
from learner.ensemble import Ensemble
from learner.training import TrainingRecipe
from learner.training_round import Round
from tests.learner.test_embedding import TINY

torch.set_num_threads(1)
CLASSES = ["Normal", "Nodule"]


@pytest.fixture(autouse=True)
def short_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "learner.training.tuning.TrainingRecipe",
        lambda: TrainingRecipe(most_epochs=3, folds=2, slices=2),
    )


def begin(folder: Path, *, frames: int = 1, labels: int = 40, **asked: Any) -> Round:
    """48 scans, every second with a bright square in one frame; the last 8 are the audit sample."""
    rng = np.random.default_rng(0)
    bags = rng.integers(0, 60, (48, frames, 32, 32), dtype=np.uint8)
    bags[1::2, frames // 2, 8:24, 8:24] = 220
    cache = folder / "cache"
    FrameCache(cache, 32).append(range(48), list(bags))
    parent = Backbone(TINY)
    parent.save(folder / "parent")
    embeddings = EmbeddingCache(cache, "r1a1", parent.features)
    embeddings.append(parent.embed(bags.reshape(-1, 32, 32)), at=0)
    request = {
        "kind": "fine-tuned",
        "cache": str(cache),
        "size": 32,
        "embeddings": "r2a1",
        "backbone": "",
        "parent": str(folder / "parent"),
        "parent_embeddings": "r1a1",
        "checkpoint": str(folder / "checkpoint.pt"),
        "seconds": 30.0,
        "seed": 2,
        "questions": [{"name": "diagnosis", "kind": "single", "classes": CLASSES}],
    }
    (folder / "request.json").write_text(json.dumps(request | asked))
    targets = np.eye(2, dtype=np.float32)[np.arange(48) % 2]
    targets[labels:40] = np.nan
    is_audit = np.arange(48) >= 40
    np.savez(
        folder / "labels.npz",
        patients=np.arange(48),
        is_audit=is_audit,
        **{"question diagnosis": targets},
    )
    return Round(folder)


def outcome_of(begun: Round) -> dict[str, Any]:
    begun.run()
    told: dict[str, Any] = json.loads((begun.folder / "outcome.json").read_text())
    return told


def test_a_round_with_labels_says_what_it_tried(tmp_path: Path) -> None:
    begun = begin(tmp_path, labels=30, ensemble=2)
    told = outcome_of(begun)
    metrics, config = told["metrics"], told["config"]
    assert (metrics["labels"], metrics["audit"]) == (30, 8)
    assert metrics["pseudo_labels"].keys() == {"kept", "n", "without", "with"}
    assert metrics["cross_validation"]["loss"] > 0
    assert metrics["questions"]["diagnosis"]["n"] == 8
    assert config["recipe"]["smoothing"] == 0.05
    assert (config["kind"], config["ensemble"]) == ("fine-tuned", 2)
    served = Ensemble.load(tmp_path)
    assert served.features == 2 * Backbone(TINY).features
    embeddings = EmbeddingCache.find(tmp_path / "cache", "r2a1")
    assert embeddings is not None and embeddings.shape == (48, served.features)
    assert (embeddings == served.embed(begun.data.bags.frames)).all()


def test_the_audit_sample_is_neither_learned_from_nor_guessed(tmp_path: Path) -> None:
    begun = begin(tmp_path, labels=30)
    assert begun.unlabelled.tolist() == list(range(30, 40))
    assert set(begun.learn) | set(begun.held_out) == set(range(30))


def test_volumes_are_given_attention_where_it_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing but attention is to be learned: the backbone stays as it is.
    monkeypatch.setattr(
        "learner.training.tuning.TrainingRecipe",
        lambda: TrainingRecipe(most_epochs=0, folds=2),
    )
    begun = begin(tmp_path, frames=9)
    told = outcome_of(begun)
    attention = told["metrics"]["attention"]
    assert attention.keys() == {"kept", "without", "with"}
    assert attention["kept"] == (attention["with"] <= 0.98 * attention["without"])
    assert (Attention.load(tmp_path) is not None) == attention["kept"]
    if told["config"]["kind"] == "attention":
        parent = EmbeddingCache.find(tmp_path / "cache", "r1a1")
        assert (EmbeddingCache.find(tmp_path / "cache", "r2a1") == parent).all()
