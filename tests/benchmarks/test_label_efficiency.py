"""The benchmark of label efficiency, whole, on pictures so few that it takes seconds."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks import label_efficiency
from benchmarks.efficiency import fine_tuning, pools
from learner import replays

STRATEGY_KEYS = {
    "labels_to_90", "labels_to_95", "labels_to_98", "ratio_95", "ratio_95_low", "ratio_95_high",
    "worst_deficit", "area", "wins", "cold_start",
}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one data set that nobody described: a disc left, in the middle or right."""
    folder = tmp_path / "data" / "discs"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    lines = ["file,patient,split,place,size"]
    for number in range(90):
        pixels = rng.integers(0, 60, (24, 24), dtype=np.uint8)
        left = 2 + 7 * (number % 3)
        pixels[6:18, left : left + 6] += np.uint8(120)
        Image.fromarray(pixels).save(folder / "images" / f"{number}.png")
        place = ("left", "middle", "right")[number % 3]
        lines.append(f"images/{number}.png,P{number // 2},train,{place},{number}")
    (folder / "labels.csv").write_text("\n".join(lines))
    return tmp_path / "data"


def run(monkeypatch: pytest.MonkeyPatch, data: Path, *arguments: str) -> None:
    few = ["--seeds", "2", "--processes", "1", "--strategies", "margin,auto"]
    kept = ["--keep", str(data.parent / "keep"), "--data", str(data)]
    monkeypatch.setattr(sys, "argv", ["label_efficiency", *few, *kept, *arguments])
    label_efficiency.main()


def test_a_data_set_goes_from_pictures_to_the_report(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fine_tuning, "SECONDS", 0.1)
    monkeypatch.setattr(fine_tuning, "SHARES", (0.95,))
    monkeypatch.setattr(fine_tuning, "SEEDS", 1)
    out, docs = data.parent / "out.json", data.parent / "docs"
    arguments = ["--learn-seconds", "0.5", "--json", str(out), "--docs", str(docs), "--fine-tune"]
    run(monkeypatch, data, *arguments)
    found = json.loads(out.read_text())
    assert list(found["datasets"]) == ["discs", "discs-long-tail"]
    for strategies in found["datasets"].values():
        assert list(strategies) == ["random", "margin", "auto"]
        assert all(set(one) >= STRATEGY_KEYS for one in strategies.values())
    assert set(found["geomean_ratio_95"]) == {"random", "margin", "auto"}
    assert found["geomean_ratio_95_low"]["auto"] <= found["geomean_ratio_95"]["auto"]
    assert found["pools"]["discs"]["question"] == "place"
    assert found["pools"]["discs"]["groups"] == 45
    assert found["pools"]["discs"]["pool"] + found["pools"]["discs"]["test"] == 90
    assert found["pools"]["discs-long-tail"]["pool"] < found["pools"]["discs"]["pool"]
    assert found["fine_tuned"]["discs"][0]["seeds"] == 1
    page = (docs / "label-efficiency.md").read_text()
    for name in found["datasets"]:
        assert (docs / f"label-efficiency-{name}.png").stat().st_size < 150_000
        assert f"![Learning curves of {name}](label-efficiency-{name}.png)" in page
    assert "Who beats whom" in page and "fine-tuned" in page
    assert "90 pictures of 45 patients" in page
    assert "geometric mean of the ratio at 95 %: auto" in capsys.readouterr().out
    # Once more: everything is there already.
    monkeypatch.setattr(replays, "replay", None)
    monkeypatch.setattr(fine_tuning, "_fine_tune", None)
    monkeypatch.setattr("learner.selfsupervised.learn", None)
    run(monkeypatch, data, *arguments)
    again = json.loads(out.read_text())
    assert again["datasets"] == found["datasets"]


def test_ready_embeddings_and_a_data_set_from_elsewhere(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = data.parent / "ready"
    ready.mkdir()
    rng = np.random.default_rng(1)
    np.save(ready / "sizes.npy", np.arange(90)[:, None] / 30 + rng.normal(size=(90, 6)))
    out = data.parent / "out.json"
    described = f"sizes:{data / 'discs'}:labels.csv:size:patient"
    few = ["--features", str(ready), "--json", str(out), "--docs", str(data.parent / "docs")]
    run(monkeypatch, data, "--dataset", described, *few)
    found = json.loads(out.read_text())
    assert list(found["datasets"]) == ["sizes"]
    assert found["pools"]["sizes"]["measure"] == "r2"
    assert found["geomean_ratio_95"] == {}
    errors = found["datasets"]["sizes"]["random"]["mean_absolute_error"]
    assert errors[0][1] > errors[-1][1]
    assert "mean absolute error" in (data.parent / "docs" / "label-efficiency.md").read_text()
    np.save(ready / "sizes.npy", np.zeros((3, 2)))
    with pytest.raises(SystemExit, match="3 rows for 90 pictures"):
        run(monkeypatch, data, "--dataset", described, "--features", str(ready))


def test_what_a_data_set_is_asked_is_found_in_its_table(tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,Patient ID,split,sex,constant,grade\na,1,train,F,x,1\nb,2,test,M,x,2\n")
    found = pools.guessed(table)
    assert (found.answer, found.group, found.labels) == ("grade", "Patient ID", "labels.csv")
    table.write_text("file,PatientID,StudyInstanceUID,grade\na,1,3.4,x\nb,2,5.6,y\n")
    found = pools.guessed(table)
    assert (found.answer, found.group) == ("grade", "PatientID")
    table.write_text("file,patient\na,1\n")
    with pytest.raises(ValueError, match="no column of answers"):
        pools.guessed(table)


def test_data_sets_that_are_not_there_are_told(data: Path, tmp_path: Path) -> None:
    assert [one.name for one in pools.find(data, ["discs"])] == ["discs"]
    for asked, message in (
        ("nowhere", "it has discs"),
        ("a:b", "is not NAME:FOLDER:CSV:ANSWER"),
        (f"a:{data}:none.csv:x", "is not there"),
    ):
        with pytest.raises(ValueError, match=message):
            pools.find(data, [asked])
    with pytest.raises(ValueError, match="holds no data set"):
        pools.find(tmp_path / "empty", [])
