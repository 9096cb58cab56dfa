"""Losses, weights, mixed and pooled scans: the parts of a training."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from learner.embedding import Backbone
from learner.training import MultiTask, masked_loss, split_by_patient
from learner.training.losses import class_weights
from learner.training.mixing import Mix, draw_cutmix, draw_mixup
from tests.learner.test_embedding import TINY
from tests.learner.test_training import DIAGNOSIS, FINDINGS, SIZE_MM

torch.set_num_threads(1)


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


def test_a_smoothed_label_is_never_quite_sure() -> None:
    output, target = torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 0.0]])
    single = masked_loss(DIAGNOSIS, output, target, smoothing=0.1)
    assert float(single) == pytest.approx(np.log1p(np.exp(-3.0)) + 0.05 * 3.0)
    multiple = masked_loss(FINDINGS, output, target, smoothing=0.1)
    plain = (np.log1p(np.exp(-2.0)) + np.log1p(np.exp(-1.0))) / 2
    assert float(multiple) == pytest.approx(plain + 0.05 * (2.0 + 1.0) / 2)


def test_a_rare_class_weighs_more_and_all_labels_together_the_same() -> None:
    rare = np.eye(2, dtype=np.float32)[np.array([0] * 9 + [1])]
    weights = class_weights(DIAGNOSIS, rare, beta=0.99)
    assert weights[1, 1] / weights[1, 0] == pytest.approx((1 - 0.99**9) / (1 - 0.99))
    assert (rare @ weights[1]).mean() == pytest.approx(1)
    assert class_weights(DIAGNOSIS, rare, beta=0.0).tolist() == [[1, 1], [1, 1]]
    partly = np.array([[1, 0], [0, np.nan], [0, 0], [0, 0]], dtype=np.float32)
    absent, present = class_weights(FINDINGS, partly, beta=0.99)
    assert present[0] > absent[0]
    assert 3 * absent[0] + present[0] == pytest.approx(4)
    assert absent[1] == pytest.approx(1)  # the second finding has never been seen
    loss = masked_loss(
        DIAGNOSIS, torch.zeros(10, 2), torch.from_numpy(rare), weights=torch.from_numpy(weights)
    )
    assert float(loss) == pytest.approx(np.log(2))


@given(st.integers(0, 1000), st.integers(2, 6))
def test_a_pasted_box_is_as_large_as_its_share(seed: int, n: int) -> None:
    mix = draw_cutmix(n, 16, np.random.default_rng(seed))
    frames = torch.arange(n, dtype=torch.float32).view(n, 1, 1).expand(n, 16, 16)
    mixed = mix.images(frames)
    own = (mixed == frames).float().mean(dim=(1, 2))
    elsewhere = mix.partner != torch.arange(n)
    torch.testing.assert_close(own[elsewhere], torch.full_like(own, mix.share)[elsewhere])


def test_mixed_scans_have_mixed_answers() -> None:
    mix = Mix(torch.tensor([1, 0]), 0.75)
    frames = torch.stack([torch.zeros(2, 2), torch.ones(2, 2)])
    assert mix.images(frames)[:, 0, 0].tolist() == [0.25, 0.75]
    answers = mix.rows(torch.tensor([[1.0, float("nan")], [0.0, 1.0]]))
    assert answers[:, 0].tolist() == [0.75, 0.25]
    assert answers[:, 1].isnan().all()  # one of the two was not answered
    assert 0 <= draw_mixup(3, 0.4, np.random.default_rng(0)).share <= 1
