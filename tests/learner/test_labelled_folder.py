"""A folder of pictures and a CSV say what is asked, and of which patients."""

from pathlib import Path

import numpy as np
import pytest

from learner.labelled_folder import group_numbers, read_folder, small_frames, targets_of
from learner.questions import Question

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


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


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data sets lie beside the repository")
def test_findings_of_real_radiographs_are_read_with_their_patients() -> None:
    root = SHARED / "nih-chestxray14"
    table = next(root.glob("*.csv"))
    found = read_folder(root, table, answer="Finding Labels", group="Patient ID")
    assert found.question.kind == "multiple"
    assert len(found.paths) == 1000
    assert len(np.unique(found.groups)) == 264
    assert len(found.question.classes) == 14 and "No Finding" not in found.question.classes
