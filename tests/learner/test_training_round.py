"""A round makes what its request asks for, and says what it did and whether it shall serve."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from learner.attention import Attention, pool_bags
from learner.cache import EmbeddingCache, FrameCache
from learner.embedding import Backbone
from learner.ensemble import Ensemble
from learner.training import TrainingRecipe
from learner.training_round import Round
from tests.learner.test_attention import lesions
from tests.learner.test_embedding import TINY

torch.set_num_threads(1)
CLASSES = ["Normal", "Nodule"]


@pytest.fixture(autouse=True)
def short_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "learner.training.tuning.TrainingRecipe",
        lambda: TrainingRecipe(most_epochs=3, folds=2, slices=2),
    )


def begin(folder: Path, *, labels: int = 40, **asked: Any) -> Round:
    """48 scans, every second with a bright square; the last 8 are the audit sample."""
    frames = np.random.default_rng(0).integers(0, 60, (48, 1, 32, 32), dtype=np.uint8)
    frames[1::2, :, 8:24, 8:24] = 220
    targets = np.eye(2, dtype=np.float32)[np.arange(48) % 2]
    targets[labels:40] = np.nan
    embeddings = Backbone(TINY).embed(frames[:, 0])
    return begin_with(folder, frames, embeddings, targets, np.arange(48) >= 40, **asked)


def begin_with(
    folder: Path,
    frames: NDArray[np.uint8],
    embeddings: NDArray[np.float16],
    targets: NDArray[np.float32],
    is_audit: NDArray[np.bool_],
    sites: NDArray[np.int64] | None = None,
    tasks: Sequence[int] | None = None,
    **asked: Any,
) -> Round:
    """A round on bags of frames [n, k, S, S], whose embeddings [n k, d] serve until now.

    The bags are of tasks 0 to n, and those of other `tasks` than these are gone.
    """
    cache, n = folder / "cache", len(frames)
    FrameCache(cache, 32).append(range(n), list(frames))
    Backbone(TINY).save(folder / "parent")
    EmbeddingCache(cache, "r1a1", embeddings.shape[1]).append(embeddings, at=0)
    request = {
        "kind": "fine-tuned",
        "cache": str(cache),
        "size": 32,
        "embeddings": "r2a1",
        "backbone": "",
        "weights": "",
        "parent": str(folder / "parent"),
        "parent_embeddings": "r1a1",
        "checkpoint": str(folder / "checkpoint.pt"),
        "seconds": 3600.0,  # epochs end it, however busy the machine
        "seed": 2,
        "questions": [{"name": "diagnosis", "kind": "single", "classes": CLASSES}],
    }
    (folder / "request.json").write_text(json.dumps(request | asked))
    known = np.arange(n) if tasks is None else np.asarray(tasks)
    answers: dict[str, Any] = {
        "question diagnosis": targets,
        "patients": np.arange(n),
        "is_audit": is_audit,
    }
    if sites is not None:
        answers["sites"] = sites
    answers = {name: values[known] for name, values in answers.items()}
    np.savez(folder / "labels.npz", tasks=known, **answers)
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


def test_weights_that_embed_to_no_numbers_never_serve(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = np.full((48, 512), np.inf, dtype=np.float16)
    monkeypatch.setattr(Ensemble, "embed", lambda self, frames: nowhere[: len(frames)])
    begun = begin(tmp_path, labels=4)  # too few to compare with what served before
    with pytest.raises(ValueError, match="not finite numbers"):
        begun.run()
    assert not (begun.folder / "outcome.json").exists()


def test_the_audit_sample_is_neither_learned_from_nor_guessed(tmp_path: Path) -> None:
    begun = begin(tmp_path, labels=30)
    assert begun.material.unlabelled.tolist() == list(range(30, 40))
    assert set(begun.material.learn) | set(begun.material.held_out) == set(range(30))


def test_the_bags_of_tasks_that_are_gone_teach_nothing(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 60, (48, 3, 32, 32), dtype=np.uint8)
    frames[1::2, :, 8:24, 8:24] = 220
    targets = np.eye(2, dtype=np.float32)[np.arange(48) % 2]
    targets[30:] = np.nan
    features = Backbone(TINY).embed(frames.reshape(-1, 32, 32))
    here = [row for row in range(48) if row % 4 != 2]
    begun = begin_with(tmp_path, frames, features, targets, np.arange(48) >= 40, tasks=here)
    material = begun.material
    assert material.data.bags.tasks.tolist() == here
    assert [here[row] for row in material.labelled] == [row for row in here if row < 30]
    assert [here[row] for row in material.unlabelled] == [row for row in here if 30 <= row < 40]
    seen = material.data.bags.frames_of(material.unlabelled)
    assert seen.tolist() == [3 * row + k for row in here if 30 <= row < 40 for k in range(3)]
    serving = begun.serving()
    assert serving is not None
    (bag,) = serving.of(np.array([2])).pooled()  # that of task 3
    (own,) = pool_bags(features, np.array([9]), np.array([3]))
    assert (bag == own).all()


@pytest.mark.parametrize(
    ("kind", "new", "serves", "reason"),
    [
        ("self-supervised", 0.99, True, "better"),
        ("self-supervised", 1.04, True, "as good"),
        ("self-supervised", 1.06, False, "not clearly better"),
        ("fine-tuned", 0.97, True, "better"),
        ("fine-tuned", 0.99, False, "not clearly better"),
    ],
)
def test_a_round_says_why_it_serves_or_not(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    new: float,
    serves: bool,
    reason: str,
) -> None:
    begun = begin(tmp_path)
    current = begun.serving()
    assert current is not None
    losses = iter([1.0, new])
    monkeypatch.setattr(Round, "_loss", lambda self, bags: next(losses))
    does, why, told = begun.compare(kind, current, current)
    assert (does, told["held_out"]["new"]) == (serves, new)
    assert str(why).startswith(f"It was {reason} on held-out patients")


def test_what_has_learned_from_labels_serves_only_by_comparison(tmp_path: Path) -> None:
    told = outcome_of(begin(tmp_path, labels=19))
    assert told["config"]["serves"] is False
    assert told["config"]["reason"][0] == (
        "There were too few labels to compare with; the one before goes on serving"
    )
    assert "held_out" not in told["metrics"]


@pytest.mark.parametrize(
    ("kind", "serves", "reason"),
    [
        ("self-supervised", True, "The labels do not yet allow a comparison"),
        (
            "fine-tuned",
            False,
            "The labels do not yet allow a comparison; the one before goes on serving",
        ),
    ],
)
def test_a_loss_that_cannot_be_had_is_no_comparison(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, serves: bool, reason: str
) -> None:
    begun = begin(tmp_path)
    current = begun.serving()
    assert current is not None
    monkeypatch.setattr(Round, "_loss", lambda self, bags: float("inf"))
    does, why, told = begun.compare(kind, current, current)
    assert (does, str(why), told) == (serves, reason, {})


def test_a_round_with_labels_is_compared_while_scans_are_coming_in(tmp_path: Path) -> None:
    begin(tmp_path)
    cache = EmbeddingCache(tmp_path / "cache", "r1a1", Backbone(TINY).features)
    cache.append(cache.read()[:36], at=0)  # the last twelve are not embedded yet
    begun = Round(tmp_path)
    assert len(begun.material.labelled) == 36
    assert begun.material.audited.tolist() == []
    told = outcome_of(begun)
    assert told["metrics"]["held_out"].keys() == {"current", "new", "n"}
    embeddings = EmbeddingCache.find(tmp_path / "cache", "r2a1")
    assert embeddings is not None and len(embeddings) == 36


def test_a_round_without_labels_learns_from_scans_that_are_not_embedded_yet(
    tmp_path: Path,
) -> None:
    begin(tmp_path, labels=0, kind="self-supervised")
    cache = EmbeddingCache(tmp_path / "cache", "r1a1", Backbone(TINY).features)
    cache.append(cache.read()[:36], at=0)
    begun = Round(tmp_path)
    assert begun.serving() is None
    assert len(begun.material.unlabelled) == 40
    does, why, _ = begun.compare("self-supervised", None, begun._bags(np.zeros((48, 2))))
    assert (does, str(why)) == (True, "There were too few labels to compare with")


def test_a_round_compares_what_is_left_when_the_sites_are_taken_out(tmp_path: Path) -> None:
    frames = np.zeros((48, 1, 32, 32), dtype=np.uint8)
    targets = np.eye(2, dtype=np.float32)[np.arange(48) % 2]
    features = np.random.default_rng(0).normal(size=(48, 4)).astype(np.float16)
    features[24:] += 10
    sites = np.arange(48) // 24
    begun = begin_with(tmp_path, frames, features, targets, np.zeros(48, bool), sites=sites)
    serving = begun.serving()
    assert serving is not None
    pooled = serving.pooled()
    assert np.abs(pooled[:24].mean(axis=0) - pooled[24:].mean(axis=0)).max() < 5
    some = begun.data.of(np.array([30, 3])).sites
    assert some is not None and some.tolist() == [1, 0]


def test_attention_alone_serves_where_the_backbone_gains_nothing(tmp_path: Path) -> None:
    bags, _ = lesions(160, seed=1, each=24)
    rows = np.arange(160)
    blank = np.zeros((160, 24, 32, 32), dtype=np.uint8)
    targets = np.eye(2, dtype=np.float32)[rows % 2]
    features = np.asarray(bags.features, dtype=np.float16)
    begun = begin_with(tmp_path, blank, features, targets, rows < 0)
    told = outcome_of(begun)
    assert (told["config"]["kind"], told["config"]["serves"]) == ("attention", True)
    attention, compared = told["metrics"]["attention"], told["metrics"]["held_out"]
    assert attention["kept"]
    assert compared["new"] == attention["with"] < 0.98 * attention["without"]
    assert compared["current"] == attention["without"]
    assert Attention.load(tmp_path) is not None
    embeddings = EmbeddingCache.find(tmp_path / "cache", "r2a1")
    assert embeddings is not None and (embeddings == features).all()
