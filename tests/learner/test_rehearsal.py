"""Rehearsals: the same learner, a data set whose answers are known, and what it would have cost."""

import json
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from numpy.typing import NDArray
from PIL import Image

from learner import replays as module
from learner.questions import Question
from learner.rehearsal import Settings, rehearse
from learner.replays import (
    EVERYTHING,
    Replay,
    code_digest,
    fitting_strategies,
    replay,
    replay_all,
    schedule,
)
from learner.tables import split_by_group
from tests.learner.crowds import crowds


def pixels_of(frames: NDArray[np.uint8]) -> NDArray[np.float16]:
    """A representation that needs no network: the picture itself, coarsely."""
    coarse = frames.reshape(len(frames), 8, 12, 8, 12).mean(axis=(2, 4))
    return np.asarray(coarse.reshape(len(frames), 64) / 255, dtype=np.float16)


def test_a_folder_is_rehearsed_from_pictures_to_labels_needed(folder: Path) -> None:
    said: list[str] = []
    result = rehearse(
        folder,
        folder / "labels.csv",
        answer="side",
        group="patient",
        settings=Settings(["margin"], budget=20, seeds=2, batch=5, processes=2),
        represent=pixels_of,
        say=said.append,
    )
    assert json.loads(json.dumps(result)) == result
    assert result["full_score"] == 1
    assert result["measure"] == "balanced_accuracy"
    strategies = result["strategies"]
    assert isinstance(strategies, dict)
    assert list(strategies) == ["random", "margin"]
    assert [point[0] for point in strategies["margin"]["curve"]] == list(range(2, 21, 2))
    assert strategies["margin"]["labels_to_95"] in range(2, 21)
    assert strategies["random"]["ratio_95"] == 1
    assert said[0] == "60 pictures; preparing them"


def test_the_command_writes_the_named_keys(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("learner.selfsupervised.represent", lambda frames, **_: pixels_of(frames))
    out, printed = folder / "out.json", StringIO()
    arguments = ["--labels", str(folder / "labels.csv"), "--answer", "side", "--group", "patient"]
    arguments += ["--strategies", "random,auto", "--budget", "10", "--seeds", "1"]
    arguments += ["--processes", "1", "--json", str(out)]
    arguments += ["--png", str(folder / "out.png"), "--html", str(folder / "out.html")]
    call_command("rehearse", str(folder), *arguments, stdout=printed, stderr=StringIO())
    result = json.loads(out.read_text())
    assert set(result) >= {"full_score", "strategies"}
    assert set(result["strategies"]) == {"random", "auto"}
    for found in result["strategies"].values():
        assert set(found) >= {"labels_to_90", "labels_to_95", "labels_to_98", "ratio_95", "curve"}
        assert [len(point) for point in found["curve"]] == [4] * 5
    assert "balanced_accuracy with all labels: 1.000 (60 pictures, 1 seeds" in printed.getvalue()
    with Image.open(folder / "out.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (900, 520))
    page = (folder / "out.html").read_text()
    assert page.count("data:image/png;base64,") == 1
    assert "<td>auto</td>" in page and "<td>balanced_accuracy</td>" in page
    assert "http" not in page and page.count("src=") == 1


def test_the_command_says_what_is_wrong(folder: Path) -> None:
    for arguments, message in (
        (["--answer", "nothing"], "no column 'nothing'"),
        (["--answer", "side", "--group", "nurse"], "no column 'nurse'"),
        (["--answer", "side", "--strategies", "best"], "choose from auto"),
        (["--answer", "side", "--seeds", "0"], "at least 1"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("rehearse", str(folder), "--labels", f"{folder}/labels.csv", *arguments)
    for arguments, message in (
        ([], "Name a folder"),
        ([str(folder), "--project", "1"], "Name a folder"),
        ([str(folder), "--answer", "side"], "needs --labels"),
    ):
        with pytest.raises(CommandError, match=message):
            call_command("rehearse", *arguments)


def test_a_replay_is_the_same_twice_and_ends_with_the_budget() -> None:
    first, again = (replay(crowds(), "auto", budget=45, batch=10, seed=3) for _ in range(2))
    assert first.labels.tolist() == list(range(2, 46, 2))[:22]
    assert len(set(first.order.tolist())) == len(first.order) == 44
    assert first.scores.tolist() == again.scores.tolist()


def test_all_labels_read_is_the_full_score() -> None:
    table = crowds(100)
    done = replay(table, "random", budget=1000, batch=2, seed=0)
    full = replay(table, EVERYTHING, budget=1, batch=1, seed=0)
    pool = split_by_group(table.groups, 0)[0]
    assert done.labels[-1] == full.labels[0] == len(pool) == 76
    assert sorted(full.order) == sorted(done.order) == pool.tolist()
    # Two of the 24 test scans apart: the penalty was looked for at other label counts.
    assert done.scores[-1] == pytest.approx(full.scores[0], abs=0.05)


def test_the_default_reads_more_of_what_is_rare_than_chance() -> None:
    table = crowds(600)
    rare = {
        name: sum(
            table.targets[replay(table, name, budget=100, batch=20, seed=s).order, 2].sum()
            for s in range(4)
        )
        for name in ("auto", "random")
    }
    assert rare["auto"] > 1.2 * rare["random"]


def test_labels_between_refits_grow_with_the_labels() -> None:
    counts = schedule(2000, 50)
    steps = np.diff([0, *counts])
    assert counts[:20] == list(range(2, 41, 2))
    assert steps.max() == 50
    assert np.all(np.diff(steps) >= 0)
    assert schedule(300, 50) == [count for count in counts if count <= 300]
    assert schedule(7, 3) == [2, 4, 6]
    assert schedule(3, 1) == [1, 2, 3]


def test_what_was_replayed_is_not_replayed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Replay] = []
    table = crowds(120)
    replayed = partial(replay_all, batch=5, seeds=2, processes=1, keep=tmp_path, done=done.append)
    first = replayed(table, ["random"], budget=20)
    assert len(done) == 4 and len(list(tmp_path.glob("*.json"))) == 4
    monkeypatch.setattr(module, "replay", None)  # from now on nothing can be replayed
    again = replayed(table, ["random"], budget=10)
    assert again[EVERYTHING][1].scores.tolist() == first[EVERYTHING][1].scores.tolist()
    assert again["random"][1].labels.tolist() == [2, 4, 6, 8, 10]
    assert again["random"][1].scores.tolist() == first["random"][1].scores[:5].tolist()
    assert again["random"][1].order.tolist() == first["random"][1].order[:10].tolist()
    with pytest.raises(TypeError):
        replayed(table, ["random"], budget=30)
    with pytest.raises(TypeError):
        replayed(crowds(124), ["random"], budget=10)


def test_the_digest_of_code_follows_imports() -> None:
    here = Path(module.__file__).parent
    alone = code_digest([here / "questions.py"])
    assert alone == code_digest([here / "questions.py", here / "questions.py"])
    assert code_digest([here / "scores.py"]) == code_digest(
        [here / "scores.py", here / "metrics.py"]
    )
    assert code_digest([here / "scores.py"]) != alone


def test_a_strategy_is_asked_only_what_it_can_choose_for() -> None:
    number, single = Question("n", "number"), Question("s", "single", ("a", "b"))
    names = ["margin", "modal:max_std_sampling", "modal:margin_sampling", "auto", "random"]
    assert fitting_strategies(number, names)[-2:] == ("auto", "random")
    assert "modal:max_std_sampling" in fitting_strategies(number, names)
    assert "modal:margin_sampling" not in fitting_strategies(number, names)
    fits = fitting_strategies(single, names)
    assert fits == ("margin", "modal:margin_sampling", "auto", "random")
