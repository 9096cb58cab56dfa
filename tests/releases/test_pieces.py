"""The pure pieces: runs of ids, the split, brush masks, names, states."""

import random
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from annotator.asked import Asked, asked_by
from annotator.dataset import ReaderAnswer
from projects.label_config import parse
from releases.brush import box_around, brush_bytes, coco_counts, mask_from_brush
from releases.idranges import IdRanges
from releases.names import unique_name
from releases.records import ScanRecord
from releases.split import split_of
from releases.states import is_normal, state_of
from tests.releases.cast import LABEL_CONFIG, findings, quality, size

QUESTIONS = parse(LABEL_CONFIG)
label_studio = import_module("label_studio_sdk.converter.brush")


def test_runs_of_ids_hold_their_ends_and_nothing_between() -> None:
    runs = IdRanges([[3, 5], [9, 9]])
    assert [row for row in range(12) if row in runs] == [3, 4, 5, 9]
    assert len(runs) == 4
    assert runs.last == 9


def test_no_runs_hold_nothing() -> None:
    assert 1 not in IdRanges([])
    assert IdRanges([]).last == 0


def test_a_patient_keeps_the_split_that_the_hash_gives() -> None:
    given = [
        split_of(secret=bytes(32), patient=f"patient-{number}", is_audit=False)
        for number in range(2000)
    ]
    assert given[:7] == ["train", "test", "train", "train", "train", "train", "validation"]
    shares = [given.count(name) / 2000 for name in ("train", "validation", "test")]
    assert shares == pytest.approx([0.70, 0.15, 0.15], abs=0.02)


def test_a_patient_of_the_audit_sample_is_always_in_test() -> None:
    given = {
        split_of(secret=bytes(32), patient=f"patient-{number}", is_audit=True)
        for number in range(50)
    }
    assert given == {"test"}


def painted(
    rows: int, columns: int, mask: "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]"
) -> list[int]:
    """The mask as Label Studio's own encoder packs it."""
    rgba = np.zeros((rows, columns, 4), dtype=np.uint8)
    rgba[mask] = (255, 0, 120, 200)
    packed: list[int] = label_studio.encode_rle(rgba.flatten())
    return packed


@pytest.mark.parametrize("seed", range(8))
def test_a_brush_mask_reads_as_label_studio_reads_it(seed: int) -> None:
    noise = np.random.default_rng(seed).random((13, 7))
    mask = noise > (0.5 if seed % 2 else 0.9)
    packed = painted(13, 7, mask)
    expected = bytes(label_studio.decode_rle(packed).tolist())
    assert brush_bytes(packed, count=13 * 7 * 4) == expected
    assert (mask_from_brush(packed, rows=13, columns=7) == mask).all()


def test_a_brush_mask_of_another_size_is_refused_before_it_is_unpacked() -> None:
    packed = painted(4, 4, np.ones((4, 4), dtype=bool))
    with pytest.raises(ValueError, match="64 values; its image has 100"):
        mask_from_brush(packed, rows=5, columns=5)


def test_a_brush_mask_that_ends_early_is_refused() -> None:
    random_mask = np.array([[random.Random(x).random() > 0.5 for x in range(9)]])  # noqa: S311
    with pytest.raises(ValueError, match="end before"):
        mask_from_brush(painted(1, 9, random_mask)[:-4], rows=1, columns=9)


def test_coco_counts_run_down_the_columns_from_background() -> None:
    mask = np.array([[0, 1, 1], [0, 0, 1]], dtype=bool)
    assert coco_counts(mask) == [2, 1, 1, 2]
    assert coco_counts(~mask) == [0, 2, 1, 1, 2]
    assert coco_counts(np.zeros((2, 2), dtype=bool)) == [4]
    assert box_around(mask) == [1, 0, 2, 2]
    assert box_around(np.zeros((2, 2), dtype=bool)) == [0, 0, 0, 0]


def test_two_scans_of_one_name_get_two() -> None:
    scan = ScanRecord(12, "b/a.png", "image", "DX", 5, 5, 1)
    assert unique_name(scan, frozenset()) == "b/a.png"
    assert unique_name(scan, frozenset({"b/a.png"})) == "b/a.scan-12.png"


@pytest.mark.parametrize(
    "words",
    ["Normal", "normal, no change", "No pneumonia", "no_finding", "0 – none", "notumor", "None"],
)
def test_words_that_say_nothing_is_found(words: str) -> None:
    assert is_normal(words)


@pytest.mark.parametrize(
    "words", ["Nodule", "Abnormal", "Northern", "05", "Normocephalic", "Nonenhancing"]
)
def test_words_that_say_something_is_found(words: str) -> None:
    assert not is_normal(words)


def said(*result: dict[str, Any], asked: Asked | None = None) -> ReaderAnswer:
    everything = asked_by(LABEL_CONFIG)
    return ReaderAnswer(1, 1, list(result), everything if asked is None else asked, False)


def test_read_and_normal_is_not_unread() -> None:
    assert state_of(QUESTIONS, [], cancelled=0) == ("unread", {})
    state, consensus = state_of(QUESTIONS, [said(quality("No artefact"))], cancelled=0)
    assert state == "read-normal"
    assert consensus == {
        "findings": (),
        "quality": "No artefact",
        "size": None,
        "boxes": (),
        "masks": (),
    }


def test_what_was_not_asked_is_not_normal() -> None:
    state, consensus = state_of(QUESTIONS, [said(size(3), asked={})], cancelled=0)
    assert (state, consensus["findings"], consensus["boxes"]) == ("read", None, None)
    earlier = said(asked={"findings": ["Effusion"]})
    both = state_of(QUESTIONS, [earlier, said(findings("Nodule"))], cancelled=0)
    assert (both[0], both[1]["findings"]) == ("read-with-findings", ("Nodule",))


def test_a_case_is_normal_only_where_all_was_asked_of_one_reader_or_another() -> None:
    everything = asked_by(LABEL_CONFIG)
    nodule = everything | {"findings": ["Nodule"]}
    effusion = everything | {"findings": ["Effusion"]}
    assert state_of(QUESTIONS, [said(asked=everything)], cancelled=0)[0] == "read-normal"
    without = {name: offered for name, offered in everything.items() if name != "findings"}
    for others, state in ((without, "read"), (nodule, "read"), (effusion, "read-normal")):
        both = [said(asked=nodule), said(asked=others)]
        assert state_of(QUESTIONS, both, cancelled=0)[0] == state


def test_the_majority_decides_each_finding() -> None:
    one, two = said(findings("Nodule")), said(findings("Nodule", "Effusion"))
    answers = [one, two, one]
    state, consensus = state_of(QUESTIONS, answers, cancelled=0)
    assert (state, consensus["findings"]) == ("read-with-findings", ("Nodule",))


def test_readers_who_balance_each_other_disagree() -> None:
    state, consensus = state_of(
        QUESTIONS,
        [said(findings("Nodule")), said(findings())],
        cancelled=0,
    )
    assert (state, consensus["findings"]) == ("disagreement", None)


def test_of_numbers_the_median_counts() -> None:
    _, consensus = state_of(QUESTIONS, [said(size(3)), said(size(9)), said(size(4))], cancelled=0)
    assert consensus["size"] == 4.0


def test_what_most_could_not_judge_is_not_judgeable() -> None:
    normal = [said(quality("No artefact"))]
    assert state_of(QUESTIONS, normal, cancelled=2)[0] == "not-judgeable"
    assert state_of(QUESTIONS, normal, cancelled=1)[0] == "disagreement"


def test_a_number_alone_tells_no_normal_from_a_finding() -> None:
    config = LABEL_CONFIG[: LABEL_CONFIG.index("<Choices")] + (
        '<Number name="size" toName="image"/></View>'
    )
    questions = parse(config)
    assert state_of(questions, [said(size(3))], cancelled=0)[0] == "read"
