"""Fine-tuning learns what the labels say, from the pool alone, and stops at its best."""

from pathlib import Path

import numpy as np
import pytest
import torch

from learner.attention import pool_bags
from learner.cache import Bags, FrameCache
from learner.embedding import Backbone
from learner.questions import Question
from learner.training import (
    Labelled,
    MultiTask,
    fine_tune,
    held_out_loss,
    masked_loss,
    split_by_patient,
)
from tests.learner.test_embedding import TINY

torch.set_num_threads(1)
FINDINGS = Question("findings", "multiple", ("Nodule", "Effusion"))
DIAGNOSIS = Question("diagnosis", "single", ("Normal", "Nodule"))
SIZE_MM = Question("size", "number")


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


def embed(backbone: Backbone, data: Labelled) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    return pool_bags(backbone.embed(data.bags.frames), data.bags.firsts, data.bags.counts)


def test_no_patient_is_on_both_sides() -> None:
    patients = np.arange(40) // 2
    learn, held = split_by_patient(np.arange(0, 40, 1), patients, seed=3)
    assert (len(learn), len(held)) == (30, 10)
    assert not set(patients[learn]) & set(patients[held])


def test_what_was_not_answered_costs_nothing() -> None:
    nan = float("nan")
    output = torch.tensor([[2.0, -1.0], [0.5, 7.0]])
    both = masked_loss(FINDINGS, output, torch.tensor([[1.0, nan], [nan, nan]]))
    assert float(both) == pytest.approx(np.log1p(np.exp(-2.0)))
    single = masked_loss(DIAGNOSIS, output, torch.tensor([[1.0, 0.0], [nan, nan]]))
    assert float(single) == pytest.approx(np.log1p(np.exp(-3.0)))
    number = masked_loss(SIZE_MM, output[:, :1], torch.tensor([[1.0], [nan]]))
    assert float(number) == 1.0
    nothing = masked_loss(SIZE_MM, output[:, :1], torch.full((2, 1), nan))
    assert float(nothing) == 0.0


def test_heads_see_mean_and_maximum_of_a_bag() -> None:
    model = MultiTask(Backbone(TINY), [DIAGNOSIS, SIZE_MM]).eval()
    frames = torch.randint(0, 256, (4, 32, 32), dtype=torch.uint8)
    owner = torch.tensor([0, 1, 1, 1])
    with torch.inference_mode():
        outputs = model(frames, owner, 2)
        features = model.backbone(frames)
        mean = features[1:].mean(dim=0)
        expected = model.heads[1](torch.cat([mean, features[1:].amax(dim=0) - mean]))
    assert [tuple(output.shape) for output in outputs] == [(2, 2), (2, 1)]
    torch.testing.assert_close(outputs[1][1], expected)


def test_fine_tuning_makes_the_labels_easier_to_tell(tmp_path: Path) -> None:
    data = labelled(tmp_path)
    learn, held = split_by_patient(np.arange(40), data.patients, seed=0)
    backbone = Backbone(TINY)
    told: list[int] = []
    epochs = fine_tune(
        backbone,
        [DIAGNOSIS],
        data,
        learn=learn,
        held_out=held,
        seconds=60,
        seed=0,
        most_epochs=6,
        say=lambda epoch, loss: told.append(epoch),
    )
    assert told == list(range(1, epochs + 1))
    loss = held_out_loss([DIAGNOSIS], embed(backbone, data), data, learn=learn, held_out=held)
    assert loss < 0.5 < np.log(2)


def test_the_audit_sample_is_never_looked_at(tmp_path: Path) -> None:
    weights = []
    for answer in (0, 1):
        data = labelled(tmp_path / str(answer))
        data.targets["diagnosis"][30:] = np.eye(2)[answer]  # rows of the audit sample
        backbone = Backbone(TINY)
        fine_tune(
            backbone,
            [DIAGNOSIS],
            data,
            learn=np.arange(20),
            held_out=np.arange(20, 30),
            seconds=60,
            seed=0,
            most_epochs=2,
        )
        weights.append(backbone.embed(data.bags.frames[:8]))
    assert (weights[0] == weights[1]).all()


def test_it_stops_when_the_time_is_up(tmp_path: Path) -> None:
    data = labelled(tmp_path)
    before = Backbone(TINY)
    after = Backbone(TINY)
    learn, held = np.arange(30), np.arange(30, 40)
    epochs = fine_tune(after, [DIAGNOSIS], data, learn=learn, held_out=held, seconds=0, seed=0)
    assert epochs == 0
    assert (before.embed(data.bags.frames) == after.embed(data.bags.frames)).all()


def test_nothing_held_out_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="held out"):
        fine_tune(
            Backbone(TINY),
            [DIAGNOSIS],
            labelled(tmp_path),
            learn=np.arange(4),
            held_out=np.zeros(0, dtype=np.int64),
            seconds=1,
            seed=0,
        )


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
