"""Rehearsals: the same learner, a data set whose answers are known, and what it would have cost."""

import json
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from numpy.typing import NDArray
from PIL import Image

from learner.curves import Replay, labels_needed, summarise
from learner.labelled_folder import group_numbers, read_folder, small_frames, targets_of
from learner.questions import Question
from learner.rehearsal import Table, macro_auc, rehearse, replay, score, split_by_group

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sixty pictures of thirty patients: a bright disc on the left or on the right."""
    (tmp_path / "images").mkdir()
    rng = np.random.default_rng(0)
    lines = ["file,patient,side"]
    for number in range(60):
        pixels = rng.integers(0, 60, (24, 24), dtype=np.uint8)
        right = number % 3 == 0
        pixels[6:18, 14:22] += np.uint8(120 * right)
        pixels[6:18, 2:10] += np.uint8(120 * (not right))
        Image.fromarray(pixels).save(tmp_path / "images" / f"{number}.png")
        lines.append(f"{number}.png,P{number // 2},{'right' if right else 'left'}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    return tmp_path


def pixels_of(frames: NDArray[np.uint8]) -> NDArray[np.float16]:
    """A representation that needs no network: the picture itself, coarsely."""
    coarse = frames.reshape(len(frames), 8, 12, 8, 12).mean(axis=(2, 4))
    return np.asarray(coarse.reshape(len(frames), 64) / 255, dtype=np.float16)


def crowds(n: int = 300) -> Table:
    """Three crowds of scans, one of them rare, two scans a patient."""
    rng = np.random.default_rng(0)
    y = rng.choice(3, n, p=[0.6, 0.35, 0.05])
    E = rng.normal(size=(n, 12))
    E[:, :3] += 2.5 * np.eye(3)[y]
    question = Question("q", "single", ("a", "b", "c"))
    targets = np.eye(3, dtype=np.float32)[y]
    return Table(question, E.astype(np.float16), targets, np.arange(n) // 2)


def test_a_folder_is_rehearsed_from_pictures_to_labels_needed(folder: Path) -> None:
    said: list[str] = []
    result = rehearse(
        folder,
        folder / "labels.csv",
        answer="side",
        group="patient",
        strategies=["margin"],
        budget=20,
        seeds=2,
        batch=5,
        processes=2,
        represent=pixels_of,
        say=said.append,
    )
    assert json.loads(json.dumps(result)) == result
    assert result["full_score"] == 1
    assert result["measure"] == "balanced_accuracy"
    strategies = result["strategies"]
    assert isinstance(strategies, dict)
    assert list(strategies) == ["random", "margin"]
    assert [point[0] for point in strategies["margin"]["curve"]] == [5, 10, 15, 20]
    assert strategies["margin"]["labels_to_95"] in (5, 10, 15, 20)
    assert said[0] == "60 pictures; preparing them"


def test_the_command_writes_the_named_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learner.selfsupervised.represent", lambda frames, **_: pixels_of(frames))
    out, printed = folder / "out.json", StringIO()
    arguments = ["--labels", str(folder / "labels.csv"), "--answer", "side", "--group", "patient"]
    arguments += ["--strategies", "random,auto", "--budget", "10", "--seeds", "1"]
    arguments += ["--processes", "1", "--json", str(out)]
    call_command("rehearse", str(folder), *arguments, stdout=printed, stderr=StringIO())
    result = json.loads(out.read_text())
    assert set(result) >= {"full_score", "strategies"}
    assert set(result["strategies"]) == {"random", "auto"}
    for found in result["strategies"].values():
        assert set(found) >= {"labels_to_90", "labels_to_95", "curve"}
        assert [len(point) for point in found["curve"]] == [4]
    assert "balanced_accuracy with all labels: 1.000 (60 pictures, 1 seeds" in printed.getvalue()


def test_the_command_says_what_is_wrong(folder: Path) -> None:
    for arguments, message in (
        (["--answer", "nothing"], "no column 'nothing'"),
        (["--answer", "side", "--group", "nurse"], "no column 'nurse'"),
        (["--answer", "side", "--strategies", "best"], "choose from auto"),
        (["--answer", "side", "--seeds", "0"], "at least 1"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("rehearse", str(folder), "--labels", f"{folder}/labels.csv", *arguments)


def test_no_patient_is_learnt_from_and_tested_on() -> None:
    groups = np.repeat(np.arange(40), 3)
    pool, test = split_by_group(groups, seed=0)
    assert not set(groups[pool]) & set(groups[test])
    assert len(test) == 30
    assert len(pool) + len(test) == 120
    assert split_by_group(groups, seed=0)[1].tolist() == test.tolist()
    assert split_by_group(groups, seed=1)[1].tolist() != test.tolist()
    with pytest.raises(ValueError, match="two groups"):
        split_by_group(np.zeros(5, np.int64), seed=0)


def test_a_replay_is_the_same_twice_and_ends_with_the_budget() -> None:
    first, again = (replay(crowds(), "auto", budget=45, batch=10, seed=3) for _ in range(2))
    assert first.labels.tolist() == [10, 20, 30, 40, 45]
    assert first.scores.tolist() == again.scores.tolist()


def test_all_labels_read_is_the_full_score() -> None:
    table = crowds(100)
    done = replay(table, "random", budget=1000, batch=25, seed=0)
    assert done.labels[-1] == len(split_by_group(table.groups, 0)[0])
    assert done.scores[-1] == pytest.approx(done.full_score, abs=0.02)


def test_the_default_needs_fewer_labels_than_chance() -> None:
    curves = {
        name: np.mean(
            [replay(crowds(600), name, budget=100, batch=10, seed=s).scores for s in range(4)],
            axis=0,
        )
        for name in ("auto", "random")
    }
    assert curves["auto"][4:].mean() > curves["random"][4:].mean() + 0.02


def test_labels_needed_are_read_off_the_mean_curve() -> None:
    counts = np.array([10, 20, 30])
    replays = [
        Replay("margin", 0.8, counts, np.array([0.5, 0.7, 0.78])),
        Replay("margin", 1.0, counts, np.array([0.7, 0.95, 0.95])),
    ]
    found = summarise(replays, np.random.default_rng(0))
    assert found["labels_to_90"] == 20  # mean 0.825 of 0.81 wanted
    assert found["labels_to_95"] == 30  # mean 0.865 of 0.855 wanted
    assert found["labels_to_95_interval"] == [20, 30]
    curve = found["curve"]
    assert isinstance(curve, list)
    assert curve[0][:2] == [10, 0.6]
    assert curve[0][2] < 0.6 < curve[0][3]
    assert labels_needed(counts, np.array([0.1, 0.2, 0.3]), 0.5) is None
    never = [Replay("margin", 1.0, counts, np.zeros(3))]
    assert summarise(never, np.random.default_rng(0))["labels_to_90_interval"] == [None, None]


def test_scores_by_hand() -> None:
    single, number = Question("s", "single", ("a", "b")), Question("n", "number")
    targets = np.eye(2, dtype=np.float32)[[0, 0, 0, 1]]
    p = np.array([[0.9, 0.1]] * 2 + [[0.2, 0.8]] * 2, np.float32)
    assert score(single, p, targets) == pytest.approx((2 / 3 + 1) / 2)
    assert score(single, None, targets) == 0.5
    y = np.array([[1], [2], [3]], np.float32)
    assert score(number, y, y) == 1
    assert score(number, None, y) == 0
    assert score(number, y + 1, y) == pytest.approx(1 - 3 / 2)
    with pytest.raises(ValueError, match="all the same"):
        score(number, y, y * 0)
    findings = np.array([[1, 0], [0, 0], [1, 0]], np.float32)
    ranked = np.array([[0.5, 0], [0.5, 0], [0.9, 0]], np.float32)
    assert macro_auc(ranked, findings) == pytest.approx(0.75)
    assert macro_auc(None, findings) == 0.5
    with pytest.raises(ValueError, match="present and absent"):
        macro_auc(ranked, findings * 0)


def test_the_kind_of_a_question_is_read_off_its_answers() -> None:
    question, targets = targets_of("f", ["Mass|Nodule", "Mass", "No Finding"])
    assert question == Question("f", "multiple", ("Mass", "No Finding", "Nodule"))
    assert targets.tolist() == [[1, 0, 1], [1, 0, 0], [0, 1, 0]]
    question, targets = targets_of("age", [str(age / 2) for age in range(11)])
    assert question == Question("age", "number")
    assert targets[3].tolist() == [1.5]
    question, targets = targets_of("grade", ["2", "1", "2"])
    assert question == Question("grade", "single", ("1", "2"))
    assert targets.tolist() == [[0, 1], [1, 0], [0, 1]]


def test_a_picture_without_a_patient_is_alone() -> None:
    assert group_numbers(["A", "", "B", "A", ""]).tolist() == [0, 1, 2, 0, 3]


def test_a_row_without_an_answer_is_left_out_and_a_missing_picture_named(folder: Path) -> None:
    table = folder / "few.csv"
    table.write_text("Image Index,side\n0.png,right\n1.png,\n2.png,left\n")
    found = read_folder(folder, table, answer="side")
    assert [path.name for path in found.paths] == ["0.png", "2.png"]
    table.write_text("file,side\n0.png,right\nnowhere.png,left\n")
    with pytest.raises(ValueError, match=r"nowhere\.png is not in"):
        read_folder(folder, table, answer="side")
    table.write_text("file,side\n0.png,right\n")
    with pytest.raises(ValueError, match="fewer than two"):
        read_folder(folder, table, answer="side")


def test_a_file_that_is_no_picture_is_named(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"labels\.csv cannot be read as a picture"):
        small_frames([folder / "labels.csv"], processes=1)


def test_a_table_needs_every_answer() -> None:
    table = crowds(20)
    holes = table.targets.copy()
    holes[3] = np.nan
    with pytest.raises(ValueError, match="every answer"):
        Table(table.question, table.embeddings, holes, table.groups)
    with pytest.raises(ValueError, match="length"):
        Table(table.question, table.embeddings, table.targets[:5], table.groups)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets lie beside the repository")
def test_findings_of_real_radiographs_are_read_with_their_patients() -> None:
    root = SHARED / "nih-chestxray14"
    table = next(root.glob("*.csv"))
    found = read_folder(root, table, answer="Finding Labels", group="Patient ID")
    assert found.question.kind == "multiple"
    assert len(found.paths) == 1000
    assert len(np.unique(found.groups)) == 264
