"""Every step of the GPU benchmark runs, in a tiny size and on a CPU."""

import json
import sys
from pathlib import Path

import pytest
import torch

from benchmarks import gpu
from learner.backbones import BackboneConfig
from learner.embedding import Backbone

torch.set_num_threads(1)


def test_without_cuda_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    gpu.main()
    assert "no CUDA device here" in capsys.readouterr().out


def test_every_step_runs_in_a_tiny_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu", "--cpu", "--json", str(tmp_path / "out.json")])
    gpu.main()
    numbers = json.loads((tmp_path / "out.json").read_text())
    for name in (
        "peak_tflops",
        "peak_gb_per_s",
        "SlimResNet_embedding_images_per_s",
        "SlimResNet_share_of_floor",
        "SlimResNet_training_images_per_s",
        "ranking_p95_ms",
    ):
        assert numbers[name] > 0
    assert "no measurement" in numbers["device"]
    assert (numbers["batch_asked"], numbers["batch_that_fitted"]) == (8, 2)


@pytest.mark.parametrize(
    ("name", "arguments", "gflop"),
    [("ResNet50", {}, 8.2), ("ViT-S", {"patch": 16}, 9.2)],
)
def test_operations_are_counted(name: str, arguments: dict[str, int], gflop: float) -> None:
    # Twice the multiply-adds that the papers give, for three channels, a little less for one.
    backbone = Backbone(BackboneConfig(name, arguments, size=224))
    operations, moved = gpu.costs(backbone, gpu.Sizes())
    assert operations / 1e9 == pytest.approx(gflop, rel=0.03)
    assert 10e6 < moved < 200e6
