"""Fine-tuning learns what the labels say, from the pool alone, for as long as folds gain by it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from learner.attention import pool_bags
from learner.cache import Bags, FrameCache
from learner.embedding import Backbone
from learner.questions import Question
from learner.training import (
    Labelled,
    TrainingRecipe,
    fine_tune,
    guess_labels,
    held_out_loss,
    masked_loss,
    split_by_patient,
    tuned_predictions,
)
from learner.training.loop import Lesson, Training
from tests.learner.test_embedding import TINY

torch.set_num_threads(1)
FINDINGS = Question("findings", "multiple", ("Nodule", "Effusion"))
DIAGNOSIS = Question("diagnosis", "single", ("Normal", "Nodule"))
SIZE_MM = Question("size", "number")
SHORT = TrainingRecipe(most_epochs=4, folds=2)


def bags(folder: Path, count: int = 40) -> Bags:
    """Every second bag shows a bright square; every fifth has three frames."""
    rng = np.random.default_rng(0)
    cache = FrameCache(folder, 32)
    made = []
    for n in range(count):
        bag = rng.integers(0, 60, (3 if n % 5 == 0 else 1, 32, 32), dtype=np.uint8)
        if n % 2:
            bag[:, 8:24, 8:24] = 220
        made.append(bag)
    cache.append(range(count), made)
    return cache.read()


def labelled(folder: Path) -> Labelled:
    one_hot = np.eye(2, dtype=np.float32)[np.arange(40) % 2]
    return Labelled(bags(folder), {"diagnosis": one_hot}, np.arange(40) // 2)


def embed(backbone: Backbone, data: Labelled) -> NDArray[np.floating]:
    return pool_bags(backbone.embed(data.bags.frames), data.bags.firsts, data.bags.counts)


def plain_loss(training: Training, rows: NDArray[np.int64]) -> float:
    """Log-loss of the network's own heads on single images."""
    model, targets = training.averaged.module.eval(), training.targets["diagnosis"][rows]
    frames = torch.from_numpy(training.data.some_frames(rows, 1)[0])
    with torch.inference_mode():
        outputs = model(frames, torch.arange(len(rows)), len(rows))
    return float(masked_loss(DIAGNOSIS, outputs[0], torch.from_numpy(targets)))


def training_of(data: Labelled, recipe: TrainingRecipe) -> Training:
    return Training(Lesson(Backbone(TINY), [DIAGNOSIS], data, np.arange(30), recipe, seed=0))


def test_the_heads_begin_as_those_that_serve(tmp_path: Path) -> None:
    data = labelled(tmp_path)
    begun = training_of(data, SHORT)
    assert plain_loss(begun, np.arange(30, 40)) < 0.5 < np.log(2)


def test_epochs_lower_the_loss_on_what_was_not_learned_from(tmp_path: Path) -> None:
    data, held = labelled(tmp_path), np.arange(30, 40)
    recipe = replace(SHORT, batch=8, learning_rate=1e-3, head_learning_rate=1e-2, averaging=0.5)
    training = training_of(data, recipe)
    for model in (training.model, training.averaged.module):
        for layer in model.heads.parameters():
            torch.nn.init.zeros_(layer)
    assert plain_loss(training, held) == pytest.approx(np.log(2))
    training.run(epochs=8, end=float("inf"))
    assert plain_loss(training, held) < 0.6 * np.log(2)


def test_what_is_handed_out_is_the_average_of_the_last_steps(tmp_path: Path) -> None:
    data, recipe = labelled(tmp_path), replace(SHORT, averaging=0.75)
    training = training_of(data, recipe)
    before = [weights.clone() for weights in training.model.backbone.parameters()]
    training.epoch()  # a single step
    for was, now, average in zip(
        before,
        training.model.backbone.parameters(),
        training.backbone.parameters(),
        strict=True,
    ):
        torch.testing.assert_close(average, 0.75 * was + 0.25 * now)


def test_where_memory_is_short_it_trains_with_smaller_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    training = training_of(labelled(tmp_path), replace(SHORT, batch=32))
    asked: list[int] = []
    outputs = Training._outputs

    def short(self: Training, frames: Tensor, batch: Any, mix: Any) -> list[Tensor]:
        asked.append(len(batch))
        if len(batch) > 10:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return outputs(self, frames, batch, mix)

    monkeypatch.setattr(Training, "_outputs", short)
    training.epoch()
    training.epoch()
    assert asked == [30, 15, *[8, 8, 7, 7] * 2]


def test_folds_say_for_how_long_it_is_trained(tmp_path: Path) -> None:
    data = labelled(tmp_path)
    learn, held = split_by_patient(np.arange(40), data.patients, seed=0)
    backbone = Backbone(TINY)
    told: list[int] = []
    tuned = fine_tune(
        backbone,
        [DIAGNOSIS],
        data,
        learn=learn,
        seconds=3600,
        seed=0,
        recipe=SHORT,
        say=told.append,
    )
    assert told == list(range(1, tuned.epochs + 1))
    assert tuned.epochs == tuned.plain.epochs
    assert tuned.as_json().keys() == {"cross_validation"}
    loss = held_out_loss([DIAGNOSIS], embed(backbone, data), data, learn=learn, held_out=held)
    assert loss < 0.5 < np.log(2)


def test_the_audit_sample_is_never_looked_at(tmp_path: Path) -> None:
    weights = []
    for answer in (0, 1):
        data = labelled(tmp_path / str(answer))
        data.targets["diagnosis"][30:] = np.eye(2)[answer]  # rows of the audit sample
        backbone = Backbone(TINY)
        learn = np.arange(30)
        fine_tune(backbone, [DIAGNOSIS], data, learn=learn, seconds=3600, seed=0, recipe=SHORT)
        weights.append(backbone.embed(data.bags.frames[:8]))
    assert (weights[0] == weights[1]).all()


def test_it_stops_when_the_time_is_up(tmp_path: Path) -> None:
    data = labelled(tmp_path)
    before, after = Backbone(TINY), Backbone(TINY)
    tuned = fine_tune(after, [DIAGNOSIS], data, learn=np.arange(30), seconds=0, seed=0)
    assert tuned.epochs == 0
    assert (before.embed(data.bags.frames) == after.embed(data.bags.frames)).all()


def test_training_ends_when_it_gains_no_more(tmp_path: Path) -> None:
    data, recipe = labelled(tmp_path), replace(SHORT, patience=2)
    training = training_of(data, recipe)
    judged = iter([5.0, 4.0, 4.5, 4.0, 3.0])
    losses = training.run(epochs=50, end=float("inf"), judge=lambda backbone: next(judged))
    assert losses == [5.0, 4.0, 4.5, 4.0]


def test_labels_of_too_few_patients_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="3 patients or more"):
        fine_tune(
            Backbone(TINY), [DIAGNOSIS], labelled(tmp_path), learn=np.arange(4), seconds=1, seed=0
        )


@pytest.mark.parametrize(("loss", "kept"), [(0.3, True), (0.495, False), (0.6, False)])
def test_guesses_are_kept_only_where_the_folds_gain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: float, kept: bool
) -> None:
    data = labelled(tmp_path)
    truth = data.targets["diagnosis"].copy()
    data.targets["diagnosis"][12:] = np.nan
    asked: list[set[int]] = []

    def guess(learn: NDArray[np.int64]) -> Mapping[str, NDArray[np.float32]]:
        asked.append(set(learn))
        guesses = np.full_like(truth, np.nan)
        guesses[12:] = truth[12:]
        return {"diagnosis": guesses}

    monkeypatch.setattr(
        "learner.training.tuning.held_out_loss", lambda *args, **rows: loss if asked else 0.5
    )
    learn, recipe = np.arange(12), replace(SHORT, most_epochs=1)
    tuned = fine_tune(
        Backbone(TINY),
        [DIAGNOSIS],
        data,
        learn=learn,
        seconds=3600,
        seed=0,
        recipe=recipe,
        guess=guess,
    )
    told = {"kept": kept, "n": 28, "without": 0.5, "with": loss}
    assert tuned.as_json()["pseudo_labels"] == told
    assert not asked[0] & asked[1]  # each fold is guessed for by the other alone
    assert asked[0] | asked[1] == set(learn)
    assert len(asked) == (3 if kept else 2)  # for the training itself by all


def test_only_what_is_sure_is_guessed_and_no_more_than_was_labelled() -> None:
    n = 60
    rng = np.random.default_rng(0)
    truth = np.arange(n) % 2
    embeddings = rng.normal(size=(n, 6)).astype(np.float16)
    embeddings[:, 0] += 8 * truth
    embeddings[36:] = [4.0, 0, 0, 0, 0, 0]  # neither
    targets = np.full((n, 2), np.nan, dtype=np.float32)
    targets[:20] = np.eye(2)[truth[:20]]
    nothing = np.full((n, 1), np.nan, dtype=np.float32)
    data = Labelled(None, {"diagnosis": targets, "size": nothing}, np.arange(n))  # type: ignore[arg-type]
    guesses = guess_labels(
        [DIAGNOSIS, SIZE_MM],
        embeddings,
        data,
        learn=np.arange(20),
        unlabelled=np.arange(20, n),
    )
    sure = np.flatnonzero(~np.isnan(guesses["diagnosis"]).any(axis=1))
    assert 0 < len(sure) <= 20
    assert sure.min() >= 20
    assert sure.max() < 36
    assert (guesses["diagnosis"][sure].argmax(axis=1) == truth[sure]).all()
    assert np.isnan(guesses["size"]).all()


def test_a_rehearsal_can_tune_a_backbone_and_ask_it(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 60, (30, 32, 32), dtype=np.uint8)
    frames[1::2, 8:24, 8:24] = 220
    targets = {"diagnosis": np.eye(2, dtype=np.float32)[np.arange(30) % 2]}
    targets["diagnosis"][20:] = np.nan  # never looked at
    predicted = tuned_predictions(
        Backbone(TINY),
        [DIAGNOSIS],
        frames,
        targets,
        np.arange(30),
        learn=np.arange(20),
        test=np.arange(20, 30),
        seconds=3600,
        recipe=SHORT,
    )
    assert predicted["diagnosis"].argmax(axis=1).tolist() == [0, 1] * 5


def test_noise_is_worse_than_what_shows_the_answer(tmp_path: Path) -> None:
    data = labelled(tmp_path)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(40, 8)).astype(np.float16)
    telling = (noise + 3 * data.targets["diagnosis"][:, :1]).astype(np.float16)
    rows = {"learn": np.arange(30), "held_out": np.arange(30, 40)}
    losses = [
        held_out_loss([DIAGNOSIS], embeddings, data, **rows) for embeddings in (noise, telling)
    ]
    assert losses[1] < 0.5 * losses[0]
