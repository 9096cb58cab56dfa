"""Weights from elsewhere fit, or it is said why not; nothing that could run code is read."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from monai.networks import nets
from safetensors.torch import save_file
from torch import Tensor, nn

from learner.backbones import NETWORKS, BackboneConfig, Network
from learner.embedding import Backbone
from learner.transfer import initial_backbone
from tests.learner.test_embedding import FRAMES, TINY

torch.set_num_threads(1)
DENSE = {"init_features": 4, "growth_rate": 2, "block_config": [1, 1, 1, 1]}


@pytest.fixture(autouse=True)
def small_densenet(monkeypatch: pytest.MonkeyPatch) -> None:
    """DenseNet121 by name, and a hundredth of it in size."""
    known = NETWORKS["DenseNet121"]
    build = lambda *, size: known.build(size=size, **DENSE)  # noqa: E731
    monkeypatch.setitem(NETWORKS, "DenseNet121", Network(build, known.stages))


def weights(*, named: str, colours: int = 1) -> dict[str, Tensor]:
    """What a DenseNet's file holds, by the naming of its makers."""
    torch.manual_seed(3)
    state = dict(BackboneConfig.named("DenseNet121").build().state_dict())
    if colours == 3:
        state["features.conv0.weight"] = torch.randn(4, 3, 7, 7)
    if named != "monai":
        state = {
            key.replace(".layers.", "."): value
            for key, value in state.items()
            if not key.startswith("class_layers")
        }
        state["classifier.weight"] = torch.zeros(18, 5)
    if named == "torchxrayvision":
        state["op_threshs"] = torch.zeros(18)
    return state


def first_kernel(backbone: Backbone) -> Tensor:
    return next(value for value in backbone.stages.parameters() if value.ndim == 4)


def saved(state: dict[str, Tensor], path: Path) -> str:
    if path.suffix == ".safetensors":
        save_file({key: value.contiguous() for key, value in state.items()}, path)
    else:
        torch.save(state, path)
    return f"DenseNet121:{path.name}"


def named_backbone(name: str, folder: Path = Path("weights")) -> tuple[Backbone, bool]:
    return initial_backbone(name, weights=folder, seed=0)


@pytest.mark.parametrize("named", ["monai", "torchvision", "torchxrayvision"])
@pytest.mark.parametrize("file", ["a.pt", "a.safetensors"])
def test_a_file_of_any_makers_naming_fits(named: str, file: str, tmp_path: Path) -> None:
    state = weights(named=named)
    backbone, are_given = named_backbone(saved(state, tmp_path / file), tmp_path)
    assert are_given
    assert torch.equal(first_kernel(backbone), state["features.conv0.weight"])
    assert backbone.config.mean == (127.5 if named == "torchxrayvision" else 96.0)
    backbone.save(tmp_path / "kept")
    assert (Backbone.load(tmp_path / "kept").embed(FRAMES) == backbone.embed(FRAMES)).all()


def test_colour_weights_see_grey_as_they_saw_it(tmp_path: Path) -> None:
    state = weights(named="torchvision", colours=3)
    path = tmp_path / "imagenet.pth"
    torch.save({"state_dict": {f"module.{key}": value for key, value in state.items()}}, path)
    backbone, _ = named_backbone("DenseNet121:imagenet.pth", tmp_path)
    kernel = state["features.conv0.weight"]
    grey = torch.randn(1, 1, 9, 9)
    expected = nn.functional.conv2d(grey.expand(-1, 3, -1, -1), kernel)
    found = nn.functional.conv2d(grey, first_kernel(backbone))
    assert torch.allclose(found, expected, atol=1e-4)
    assert backbone.config.mean == pytest.approx(114.5, abs=0.1)


def test_a_file_that_does_not_fit_says_which_keys(tmp_path: Path) -> None:
    state = weights(named="monai")
    del state["features.norm5.weight"]
    state["features.surplus"] = torch.zeros(1)
    state["features.conv0.weight"] = torch.zeros(9, 1, 7, 7)
    with pytest.raises(
        ValueError,
        match=r"missing features\.norm5\.weight; unknown features\.surplus; "
        r"of another shape features\.conv0\.weight",
    ):
        named_backbone(saved(state, tmp_path / "a.pt"), tmp_path)


def test_a_file_that_could_run_code_is_not_read(tmp_path: Path) -> None:
    torch.save(nn.Linear(1, 1), tmp_path / "whole.pt")
    with pytest.raises(ValueError, match="more than tensors"):
        named_backbone("DenseNet121:whole.pt", tmp_path)


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"hello")
    (tmp_path / "a.safetensors").write_bytes(b"hello")
    torch.save([1, 2], tmp_path / "list.pt")
    for file, message in {
        "a.pt": "cannot be read|more than tensors",
        "a.safetensors": "cannot be read",
        "list.pt": "no state dict",
        "none.pt": "There is no file",
    }.items():
        with pytest.raises(ValueError, match=message):
            named_backbone(f"DenseNet121:{file}", tmp_path)
    with pytest.raises(ValueError, match=r"Name the network .* DenseNet121:x\.pt"):
        named_backbone("x.pt")


def test_offline_monai_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(**options: Any) -> None:
        assert options["pretrained"] and options["in_channels"] == 3
        raise OSError("no route to host")

    monkeypatch.setattr(nets, "DenseNet121", offline)
    with pytest.raises(ConnectionError, match=r"no route to host.*Without a network, name"):
        named_backbone("monai:DenseNet121")
    with pytest.raises(ValueError, match="no weights for 'ResNet18' in two dimensions"):
        named_backbone("monai:ResNet18")


@pytest.mark.parametrize("name", ["timm:resnet18", "torchxrayvision:densenet121-res224-all"])
def test_a_package_that_is_not_here_is_asked_for(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, name.partition(":")[0], None)
    with pytest.raises(ImportError, match="needs the package"):
        named_backbone(name)


def test_timms_networks_come_with_their_statistics(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Features(nn.Module):  # as timm gives them: the maps of all stages at once
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(1, 4, 3, 2), nn.Conv2d(4, 8, 3, 2)

        def forward(self, pictures: Tensor) -> list[Tensor]:
            first = self.first(pictures)
            return [first, self.second(first)]

    def create(name: str, *, pretrained: bool, in_chans: int, features_only: bool) -> nn.Module:
        assert (name, in_chans, features_only) == ("some_net", 1, True)
        return Features()

    timm = SimpleNamespace(
        is_model=lambda name: name == "some_net",
        create_model=create,
        get_pretrained_cfg=lambda name: SimpleNamespace(mean=(0.4, 0.5, 0.6), std=(0.2,) * 3),
    )
    monkeypatch.setitem(sys.modules, "timm", timm)
    backbone, are_given = named_backbone("timm:some_net")
    assert are_given
    assert (backbone.config.mean, backbone.config.deviation) == pytest.approx((127.5, 51.0))
    backbone.save(tmp_path)
    assert np.array_equal(Backbone.load(tmp_path).embed(FRAMES), backbone.embed(FRAMES))
    with pytest.raises(ValueError, match="timm has no model 'other'"):
        named_backbone("timm:other")


def test_torchxrayvisions_densenet_becomes_monais(monkeypatch: pytest.MonkeyPatch) -> None:
    state = weights(named="torchxrayvision")
    models = SimpleNamespace(DenseNet=lambda weights: SimpleNamespace(state_dict=lambda: state))
    monkeypatch.setitem(sys.modules, "torchxrayvision", SimpleNamespace(models=models))
    backbone, _ = named_backbone("torchxrayvision:densenet121-res224-all")
    assert backbone.config.network == "DenseNet121"
    assert (backbone.config.mean, backbone.config.deviation) == (127.5, 127.5 / 1024)
    with pytest.raises(ValueError, match="densenet121-res224-all"):
        named_backbone("torchxrayvision:vgg")


def test_a_project_names_a_network_or_a_folder_of_weights(tmp_path: Path) -> None:
    Backbone(TINY, seed=3).save(tmp_path / "chest")
    backbone, are_given = named_backbone("chest", tmp_path)
    assert are_given and backbone.config == TINY
    backbone, are_given = named_backbone("")
    assert not are_given and backbone.config == BackboneConfig()
    assert named_backbone("SlimSEResNet")[0].features == 512


def test_a_name_reaches_nothing_outside_the_folder_of_weights(tmp_path: Path) -> None:
    Backbone(TINY).save(tmp_path)
    torch.save(weights(named="monai"), tmp_path / "a.pt")
    inside = tmp_path / "weights"
    inside.mkdir()
    for name in (str(tmp_path), "..", "../", ".", f"DenseNet121:{tmp_path}/a.pt"):
        with pytest.raises(ValueError, match=r"named by their name alone and lie in weights/"):
            named_backbone(name, inside)
    with pytest.raises(ValueError, match="named by their name alone"):
        named_backbone("DenseNet121:../a.pt", inside)


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(
        ValueError, match=r"No backbone is called .VGG.\. The networks are SlimResN"
    ):
        named_backbone("VGG")
    with pytest.raises(ValueError, match="owner/repository"):
        named_backbone("hub:../../etc")


def test_offline_the_hub_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*args: object, **options: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with pytest.raises(ConnectionError, match="Without a network, name a folder"):
        named_backbone("hub:hospital/chest")
