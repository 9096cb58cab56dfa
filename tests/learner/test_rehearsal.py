"""Rehearsals: the same learner, a data set whose answers are known, and what it would have cost."""

import json
from functools import partial
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from learner import replays as module
from learner.comparison import Compared, cold_start, compare, geometric_means, penalties
from learner.curves import Curves, area, crossings, labels_to, smoothed, stack, summarise
from learner.labelled_folder import group_numbers, read_folder, small_frames, targets_of
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
from learner.scores import macro_auc, mean_error, score
from learner.tables import Table, rows_of, split_by_group, to_long_tail

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
    assert done.scores[-1] == pytest.approx(full.scores[0], abs=0.02)


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


def test_labels_needed_are_read_off_the_mean_curve() -> None:
    curves = Curves(np.array([10, 20, 30]), np.array([[0.5, 0.7, 0.78], [0.7, 0.95, 0.95]]))
    full = np.array([0.8, 1.0])
    found = summarise(curves, full)
    # The mean is 0.6, 0.825, 0.865; wanted are 0.81, 0.855 and 0.882.
    assert found["labels_to_90"] == 20  # 19.3
    assert found["labels_to_95"] == 28  # 27.5
    assert found["labels_to_98"] is None
    assert found["labels_to_95_interval"] == [20, 28]
    assert found["area"] == pytest.approx((0.6 / 2 + 0.825 + 0.865 / 2) / 2, abs=1e-5)
    curve = found["curve"]
    assert isinstance(curve, list)
    assert curve[0][:2] == [10, 0.6]
    assert curve[0][2] < 0.6 < curve[0][3]
    assert labels_to(curves, full, 0.95)[0] == pytest.approx(27.5)
    # Above 0.5 there is 0.4 to be had, 0.36 of it is wanted.
    assert labels_to(curves, full, 0.9, floor=0.5)[0] == pytest.approx(20 + 10 * 0.035 / 0.04)
    # Where all labels are no better than a guess, no number of them is nearly as good.
    assert labels_to(curves, np.array([-0.1, 0.05]), 0.9)[0] == np.inf


def test_a_wobble_brings_no_crossing_forward_and_puts_none_off() -> None:
    counts = np.array([10, 20, 30, 40, 50])
    # The first curve is first above 0.76 at 29 labels and last below it at 42.
    wobbles, steady_ = [0.5, 0.6, 0.78, 0.72, 0.9], [0.5, 0.6, 0.7, 0.8, 0.9]
    smooth = smoothed(np.array([wobbles, steady_]))
    assert smooth[0] == pytest.approx([0.5, 0.6, 0.75, 0.75, 0.9])
    assert smooth[1] == pytest.approx(steady_)
    assert crossings(counts, smooth, np.full(2, 0.76)) == pytest.approx([40 + 10 / 15, 36])
    assert crossings(counts, smooth, np.array([0.1, 0.91])).tolist() == [10, np.inf]


@given(st.lists(st.floats(0, 1), min_size=2, max_size=20), st.floats(0.01, 1))
def test_less_is_never_needed_for_more(scores: list[float], target: float) -> None:
    counts = np.arange(1, len(scores) + 1) * 5
    smooth = smoothed(np.array([scores, scores]))
    less, more = crossings(counts, smooth, np.array([0.9 * target, target]))
    assert counts[0] <= less <= more
    assert more <= counts[-1] or np.isinf(more)


def steady(curve: list[float], seeds: int = 8, noise: float = 0.0, seed: int = 0) -> Curves:
    """Curves around a mean; at label counts 10, 20, 40, 80."""
    rng = np.random.default_rng(seed)
    scores = np.array(curve) + noise * rng.normal(size=(seeds, 4))
    return Curves(np.array([10, 20, 40, 80]), scores)


def test_strategies_are_compared_with_chance_on_the_same_seeds() -> None:
    shift = np.random.default_rng(1).normal(0, 0.05, (8, 1))  # of a seed's split, shared by all
    chance = steady([0.5, 0.6, 0.8, 0.95])
    better = steady([0.48, 0.8, 0.95, 1.0])
    curves = {
        "random": Curves(chance.labels, chance.scores + shift),
        "auto": Curves(better.labels, better.scores + shift),
    }
    found = compare(Compared(curves, np.ones(8) + shift[:, 0]))
    auto, baseline = found["auto"], found["random"]
    assert baseline["ratio_95"] == baseline["ratio_95_low"] == 1
    assert auto["ratio_95"] == pytest.approx(80 / 40, rel=0.02)
    low, high = auto["ratio_95_low"], auto["ratio_95_high"]
    assert isinstance(low, float) and isinstance(high, float)
    assert 1.9 < low <= 2.0 <= high < 2.3
    assert auto["worst_deficit"] == pytest.approx(2.0)
    assert (auto["worst_deficit_at"], auto["worst_deficit_beyond_noise"]) == (10, True)
    assert (auto["wins"], baseline["wins"]) == (3, 1)
    assert baseline["worst_deficit"] == 0 and not baseline["worst_deficit_beyond_noise"]
    gain = cold_start(curves["auto"], curves["random"])
    assert list(gain) == ["20", "50"]
    assert gain["20"]["difference"] == pytest.approx(20)
    assert gain["50"]["difference"] == pytest.approx(15 - 2.5)


def test_a_strategy_that_never_gets_there_counts_with_all_that_was_read() -> None:
    curves = {"random": steady([0.5, 0.6, 0.99, 1.0]), "coreset": steady([0.5, 0.6, 0.7, 0.8])}
    found = compare(Compared(curves, np.ones(8)))["coreset"]
    assert found["labels_to_95"] is None and found["reached_95"] is False
    assert found["ratio_95"] == pytest.approx((20 + 20 * 0.35 / 0.39) / 80, abs=1e-3)


def test_the_geometric_mean_is_over_the_tables() -> None:
    chance, better = steady([0.5, 0.6, 0.8, 0.95]), steady([0.5, 0.6, 0.95, 1.0])
    tables = [
        Compared({"random": chance, "auto": better, "margin": chance}, np.ones(8)),
        Compared({"random": chance, "auto": chance}, np.ones(8)),
    ]
    found = geometric_means(tables)
    assert set(found) == {"random", "auto"}
    assert found["auto"]["mean"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert found["auto"]["low"] <= found["auto"]["mean"] <= found["auto"]["high"]


def test_who_beats_whom_is_counted_by_paired_tests() -> None:
    curves = {
        "random": steady([0.5, 0.6, 0.7, 0.8], noise=0.005, seed=1),
        "auto": steady([0.5, 0.7, 0.8, 0.8], noise=0.005, seed=2),
    }
    compared = Compared(curves, np.ones(8))
    assert compared.budgets == [10, 20, 40, 80]
    found = penalties([compared, compared])
    assert found["strategies"] == ["random", "auto"]
    assert found["matrix"] == [[0, 0], [1, 0]]  # at two budgets of four, on two tables
    assert found["mean_loss"] == {"random": 0.5, "auto": 0}
    alike = Compared({"random": curves["random"], "auto": curves["random"]}, np.ones(8))
    assert penalties([alike])["matrix"] == [[0, 0], [0, 0]]


def test_curves_end_where_the_shortest_replay_ends() -> None:
    order = np.arange(6)
    longer = Replay("margin", 0, np.array([2, 4, 6]), np.array([0.1, 0.2, 0.3]), order)
    shorter = Replay("margin", 1, np.array([2, 4]), np.array([0.3, 0.4]), order)
    found = stack([longer, shorter])
    assert found.labels.tolist() == [2, 4]
    assert found.mean.tolist() == [0.2, pytest.approx(0.3)]
    assert area(found) == pytest.approx(0.25)


def test_labels_between_refits_grow_with_the_labels() -> None:
    counts = schedule(2000, 50)
    steps = np.diff([0, *counts])
    assert counts[:20] == list(range(2, 41, 2))
    assert steps.max() == 50
    assert np.all(np.diff(steps) >= 0)
    assert schedule(300, 50) == [count for count in counts if count <= 300]
    assert schedule(7, 3) == [2, 4, 6]
    assert schedule(3, 1) == [1, 2, 3]


def test_a_long_tail_keeps_the_largest_class_and_thins_the_others() -> None:
    y = np.repeat([0, 1, 2, 3], [400, 2000, 600, 900])
    targets = np.eye(4, dtype=np.float32)[y]
    rows = np.arange(0, len(y), 2)
    thinned = to_long_tail(rows, targets, seed=0)
    assert set(thinned) <= set(rows)
    shares = np.bincount(y[thinned]) / len(thinned)
    assert np.bincount(y[thinned])[1] == 1000
    assert shares[[3, 2, 0]] == pytest.approx([0.1, np.sqrt(0.003), 0.03], abs=0.002)
    assert to_long_tail(rows, targets, seed=0).tolist() == thinned.tolist()
    assert to_long_tail(rows, targets, seed=1).tolist() != thinned.tolist()


def test_a_long_tailed_pool_is_tested_on_everybody_else() -> None:
    table = crowds(400)
    tail = Table(table.question, table.embeddings, table.targets, table.groups, long_tailed=True)
    (pool, test), (thinned, same) = rows_of(table, 3), rows_of(tail, 3)
    assert test.tolist() == same.tolist()
    assert len(thinned) < len(pool) and set(thinned) <= set(pool)
    with pytest.raises(ValueError, match="single choice"):
        Table(Question("n", "number"), table.embeddings, table.targets[:, :1], table.groups, True)


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
    assert mean_error(y + np.float32(0.5), y) == 0.5
    assert mean_error(None, y) == pytest.approx(2 / 3)
    findings = np.array([[1, 0], [0, 0], [1, 0]], np.float32)
    ranked = np.array([[0.5, 0], [0.5, 0], [0.9, 0]], np.float32)
    assert macro_auc(ranked, findings).value == pytest.approx(0.75)
    assert macro_auc(None, findings).value == 0.5
    with pytest.raises(ValueError, match="present and absent"):
        macro_auc(ranked, findings * 0)


def test_the_kind_of_a_question_is_read_off_its_answers() -> None:
    question, targets = targets_of("f", ["Mass|Nodule", "Mass", "No Finding"])
    assert question == Question("f", "multiple", ("Mass", "Nodule"))
    assert targets.tolist() == [[1, 1], [1, 0], [0, 0]]
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
    table.write_bytes(b"file,side\n0.png,\xe4\n")
    with pytest.raises(ValueError, match=r"few\.csv is no CSV in UTF-8"):
        read_folder(folder, table, answer="side")
    table.write_text(f"file,side\n0.png,{'x' * 200_000}\n")
    with pytest.raises(ValueError, match=r"few\.csv is no CSV"):
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
    assert len(found.question.classes) == 14 and "No Finding" not in found.question.classes
