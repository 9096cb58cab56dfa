"""Marks that exist already, as Label Studio's JSON in a cell of the CSV."""

import csv
import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from annotator.labels_import import LabelRow, LabelsError, import_labels, read_labels
from annotator.models import Task, TaskScan
from scans.models import Ingest, Patient
from tests.annotator.cast import make_cast, make_scans

CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <PolygonLabels name="outlines" toName="image"><Label value="Mass"/></PolygonLabels>
  <Choices name="density" toName="image" perRegion="true"><Choice value="Solid"/>
    <Choice value="Cystic"/></Choices>
</View>
"""
VALUE = {"points": [[1, 2], [3, 4], [5, 9]], "closed": True, "polygonlabels": ["Mass"]}
MASS = {"id": "m1", "type": "polygonlabels", "value": VALUE}
SAID = {
    "id": "m1",
    "from_name": "density",
    "to_name": "image",
    "type": "choices",
    "value": {"choices": ["Solid"]},
}


def table(folder: Path, cell: str, column: str = "outlines") -> Path:
    path = folder / "labels.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["file", column], ["a.dcm", cell]])
    return path


def test_marks_of_a_cell_answer_its_question(tmp_path: Path) -> None:
    (row,) = read_labels(table(tmp_path, json.dumps([MASS, SAID])), label_config=CONFIG)
    place: dict[str, Any] = {"from_name": "outlines", "to_name": "image"}
    assert row.result == [{**place, **MASS}, SAID]


def test_no_mark_and_an_empty_cell_are_told_apart(tmp_path: Path) -> None:
    (nothing,) = read_labels(table(tmp_path, "[]"), label_config=CONFIG)
    assert (nothing.result, nothing.asked) == ([], {"outlines": ["Mass"]})
    assert nothing.says_something
    (empty,) = read_labels(table(tmp_path, ""), label_config=CONFIG)
    assert not empty.says_something and empty.contradicts(nothing)


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        ("mass", "“outlines” takes a list of marks as Label Studio’s result JSON."),
        (json.dumps(MASS), "“outlines” takes a list of marks as Label Studio’s result JSON."),
        (json.dumps([SAID]), "its id is that of a mark of this result"),
        (json.dumps([{**MASS, "value": {}}]), "“outlines” is answered with a list of texts"),
    ],
)
def test_a_cell_that_holds_no_marks_is_refused(tmp_path: Path, cell: str, sentence: str) -> None:
    with pytest.raises(LabelsError) as refused:
        read_labels(table(tmp_path, cell), label_config=CONFIG)
    assert sentence in refused.value.problems[0]


def test_what_is_asked_of_each_mark_has_no_column(tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match="“density” answers no question"):
        path = table(tmp_path, "Solid", "density")
        path.write_text("file,density,outlines\na.dcm,Solid,\n")
        read_labels(path, label_config=CONFIG)


@pytest.mark.parametrize(
    ("cells", "imported"), [(["Mass", "Mass"], 1), (["Mass", ""], 1), (["Mass", "Normal"], 0)]
)
def test_rows_about_scans_of_one_case_have_to_agree(
    db: None, cells: list[str], imported: int
) -> None:
    cast = make_cast()
    scans = make_scans(cast.project, 2, per_patient=2)
    task = Task.objects.create(project=cast.project, patient=Patient.objects.get(), rank=1)
    delivery = Ingest.objects.create(archive=cast.project.archive)
    rows = {}
    for place, (scan, cell) in enumerate(zip(scans, cells, strict=True)):
        TaskScan.objects.create(task=task, scan=scan, position=place)
        delivery.files.create(path=scan.name, outcome="added", scan=scan)
        result = [{"value": cell}] if cell else []
        rows[scan.name] = LabelRow(place + 2, scan.name, "", result, {})
    refuses = pytest.raises(LabelsError, match="Lines 2 and 3 contradict each other about scans")
    with nullcontext() if imported else refuses:
        import_labels(project=cast.project, ingest=delivery, rows=rows, reader=cast.bob)
    assert task.annotations.count() == imported
