"""What each format says, to the last character."""

import csv
import io
import json
from importlib import import_module
from typing import Any

import numpy as np
import pytest

from annotator.asked import asked_by
from annotator.models import Task, TaskScan
from releases.formats import FORMATS
from releases.queries import contents_of
from releases.records import Dataset
from tests.releases.cast import LABEL_CONFIG, Cast, entry, findings, quality, size

# Without types of its own; imported by name so that mypy takes it as it is.
brush = import_module("label_studio_sdk.converter.brush")
Converter = import_module("label_studio_sdk.converter").Converter
LabelInterface = import_module("label_studio_sdk.label_interface").LabelInterface


def text_of(cast: Cast, name: str, **options: bool) -> str:
    dataset = Dataset(contents_of(project=cast.project), **options)
    return "".join(FORMATS[name].pieces(dataset))


def json_of(cast: Cast, name: str, **options: bool) -> Any:
    return json.loads(text_of(cast, name, **options))


def box(x: float, y: float, width: float, height: float, **more: Any) -> dict[str, Any]:
    turned = {"rotation": more.pop("rotation", 0), "rectanglelabels": ["Nodule"]}
    value = {"x": x, "y": y, "width": width, "height": height, **turned}
    return entry("boxes", "rectanglelabels", value, **more)


def mask(drawn: "np.ndarray[Any, np.dtype[np.bool_]]", label: str = "Lung") -> dict[str, Any]:
    rgba = np.zeros((*drawn.shape, 4), dtype=np.uint8)
    rgba[drawn] = (10, 200, 30, 255)
    value = {
        "format": "rle",
        "rle": brush.encode_rle(rgba.flatten()),
        "brushlabels": [label],
    }
    return entry("masks", "brushlabels", value)


def test_the_table_has_a_row_for_each_task_with_the_consensus_first(cast: Cast) -> None:
    read = cast.task("a.png", patient="p1")
    cast.answer(read, cast.bob, findings("Effusion", "Nodule"), quality("Artefact"), size(12))
    cast.answer(read, cast.bea, findings("Nodule"), quality("Artefact"), size(14), comment="=1+1")
    unread = cast.task("b.png", patient="p2")
    rows = list(csv.DictReader(io.StringIO(text_of(cast, "csv"))))
    assert [row["task"] for row in rows] == [str(read.pk), str(unread.pk)]
    assert {key: rows[0][key] for key in CONSENSUS} == {
        "scan": "a.png",
        "kind": "image",
        "modality": "DX",
        "patient": "p1",
        "arm": "pool",
        "state": "disagreement",
        "answers": "2",
        "consensus_findings": "Nodule",
        "consensus_quality": "Artefact",
        "consensus_size": "13.0",
    }
    assert rows[0]["comment_2"] == "'=1+1"
    second = rows[1]
    assert (second["state"], second["consensus_findings"], second["reader_1"]) == ("unread", "", "")


def test_the_table_tells_of_each_answer_how_its_task_was_served(cast: Cast) -> None:
    served = {
        "generation": 3,
        "rank": -9,
        "score": 0.25,
        "strategy": "margin",
        "model": 2,
        "propensity": 1.0,
    }
    cast.answer(cast.task("a.png"), cast.bob, findings("Effusion", "Nodule"), size(12), **served)
    (row,) = csv.DictReader(io.StringIO(text_of(cast, "csv")))
    assert {key: row[key] for key in FIRST_ANSWER} == {
        "reader_1": f"reader-{cast.bob.pk}",
        "answer_1_findings": "Nodule|Effusion",
        "answer_1_size": "12.0",
        "not_judgeable_1": "0",
        "seconds_1": "4.5",
        **{f"{name}_1": str(value) for name, value in served.items()},
        "corrections_1": "0",
        "after_model_1": "0",
    }


def test_no_option_of_the_label_config_is_a_formula(cast: Cast) -> None:
    project = cast.project
    project.label_config = project.label_config.replace('"Nodule"/><Choice', '"=1+1"/><Choice')
    project.save()
    cast.answer(cast.task("a.png"), cast.bob, findings("=1+1", "Effusion"))
    (row,) = csv.DictReader(io.StringIO(text_of(cast, "csv")))
    assert row["consensus_findings"] == row["answer_1_findings"] == "'=1+1|Effusion"


CONSENSUS = (
    "scan",
    "kind",
    "modality",
    "patient",
    "arm",
    "state",
    "answers",
    "consensus_findings",
    "consensus_quality",
    "consensus_size",
)
FIRST_ANSWER = (
    "reader_1",
    "answer_1_findings",
    "answer_1_size",
    "not_judgeable_1",
    "seconds_1",
    "generation_1",
    "rank_1",
    "score_1",
    "strategy_1",
    "model_1",
    "propensity_1",
    "corrections_1",
    "after_model_1",
)


def test_a_task_of_two_scans_names_both(cast: Cast) -> None:
    task = cast.task("pa.png")
    lateral = cast.scan("lateral.png", patient="p1")
    TaskScan.objects.create(task=task, scan=lateral, position=1)
    (row,) = csv.DictReader(io.StringIO(text_of(cast, "csv")))
    assert row["scan"] == "pa.png|lateral.png"


def test_no_address_leaves_in_any_format(cast: Cast) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    for name in FORMATS:
        assert "example.org" not in text_of(cast, name)


def test_label_studio_json_is_exact(cast: Cast) -> None:
    task = cast.task("a.png", arm=Task.Arm.AUDIT)
    answer = cast.answer(task, cast.bob, findings("Nodule"), comment="Faint", generation=2)
    (given,) = json_of(cast, "labelstudio")
    (annotation,) = given.pop("annotations")
    assert given.pop("meta")["consensus"]["findings"] == ["Nodule"]
    assert given == {
        "id": task.pk,
        "data": {"image": "a.png"},
        "predictions": [],
        "total_annotations": 1,
        "cancelled_annotations": 0,
        "project": cast.project.pk,
    }
    answer.refresh_from_db()
    assert annotation == {
        "id": answer.pk,
        "unique_id": str(answer.unique_id),
        "reader": f"reader-{cast.bob.pk}",
        "result": [findings("Nodule")],
        "asked": asked_by(LABEL_CONFIG),
        "was_cancelled": False,
        "skip_reason": "",
        "comment": "Faint",
        "lead_time": 4.5,
        "created_at": answer.created_at.isoformat().replace("+00:00", "Z"),
        "updated_at": answer.created_at.isoformat().replace("+00:00", "Z"),
        "origin": "reading",
        "ground_truth": False,
        "generation": 2,
        "rank": None,
        "score": None,
        "strategy": None,
        "model": None,
        "propensity": None,
        "correction_reason": "",
        "is_after_model": False,
        "model_shown": None,
        "history": [],
    }


def test_the_client_of_a_running_scout_is_told_who_completed_it(cast: Cast) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings())
    cast.task("b.png")
    (task,) = json_of(cast, "labelstudio", names_completed_by=True, only_answered=True)
    assert task["annotations"][0]["completed_by"] == cast.bob.pk


def test_label_studio_accepts_every_task(cast: Cast) -> None:
    answers = (findings("Nodule"), quality("Artefact"), size(3), box(10, 10, 5, 5))
    cast.answer(cast.task("a.png"), cast.bob, *answers, mask(np.ones((50, 100), dtype=bool)))
    cast.task("b.png")
    interface = LabelInterface(LABEL_CONFIG)
    for task in json_of(cast, "labelstudio"):
        # The SDK's validate_task fails on any task with annotations: each is checked by itself.
        assert interface.validate_task({"data": task["data"]})
        for annotation in task["annotations"]:
            assert interface.validate_annotation(annotation)


def test_label_studios_converter_reads_it(cast: Cast, tmp_path: Any) -> None:
    cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"), box(10, 20, 30, 40))
    exported = tmp_path / "labelstudio.json"
    exported.write_text(text_of(cast, "labelstudio"))
    (item,) = Converter(LABEL_CONFIG, str(tmp_path)).iter_from_json_file(str(exported))
    assert item["input"] == {"image": "a.png"}
    assert item["output"]["findings"][0]["choices"] == ["Nodule"]
    assert item["output"]["boxes"][0]["width"] == 30


def test_coco_has_boxes_in_pixels_and_answers_on_the_image(cast: Cast) -> None:
    task = cast.task("a.png")
    cast.answer(task, cast.bob, findings("Nodule"), box(10, 20, 30, 40))
    coco = json_of(cast, "coco")
    assert coco["categories"] == [
        {"id": 1, "name": "boxes/Nodule", "supercategory": "boxes"},
        {"id": 2, "name": "masks/Nodule", "supercategory": "masks"},
        {"id": 3, "name": "Lung", "supercategory": "masks"},
    ]
    (image,) = coco["images"]
    assert (image["file_name"], image["width"], image["height"]) == ("a.png", 100, 50)
    assert image["attributes"] == {"findings": ["Nodule"], "quality": None, "size": None}
    assert image["answers"][0]["reader"] == f"reader-{cast.bob.pk}"
    (annotation,) = coco["annotations"]
    assert annotation["bbox"] == [10.0, 10.0, 30.0, 20.0]
    assert annotation["area"] == 600.0
    assert (annotation["image_id"], annotation["category_id"]) == (image["id"], 1)
    assert annotation["attributes"]["reader"] == f"reader-{cast.bob.pk}"


def test_coco_turns_a_turned_box_into_its_outline(cast: Cast) -> None:
    cast.answer(cast.task("a.png"), cast.bob, box(50, 20, 20, 20, rotation=90))
    (annotation,) = json_of(cast, "coco")["annotations"]
    # 20 px wide and 10 px high about (50, 10), a quarter turn clockwise.
    assert annotation["segmentation"] == [[50.0, 10.0, 50.0, 30.0, 40.0, 30.0, 40.0, 10.0]]
    assert annotation["bbox"] == [40.0, 10.0, 10.0, 20.0]
    assert annotation["area"] == 200.0


def test_coco_masks_are_run_lengths_down_the_columns(cast: Cast) -> None:
    drawn = np.zeros((50, 100), dtype=bool)
    drawn[10:12, 3:5] = True
    cast.answer(cast.task("a.png"), cast.bob, mask(drawn))
    (annotation,) = json_of(cast, "coco")["annotations"]
    assert annotation["segmentation"] == {"size": [50, 100], "counts": [160, 2, 48, 2, 4788]}
    assert (annotation["bbox"], annotation["area"]) == ([3, 10, 2, 2], 4)


def test_coco_shows_the_frames_of_a_volume_that_were_drawn_on(cast: Cast) -> None:
    task = cast.task("ct", frames=8)
    cast.answer(task, cast.bob, box(0, 0, 10, 10, item_index=5), box(0, 0, 20, 20, item_index=2))
    cast.task("untouched", frames=8)
    coco = json_of(cast, "coco")
    assert [(image["file_name"], image["frame"]) for image in coco["images"]] == [
        ("ct#frame=2", 2),
        ("ct#frame=5", 5),
        ("untouched", None),
    ]
    assert [annotation["image_id"] for annotation in coco["annotations"]] == [1, 2]


def test_coco_counts_frames_through_all_scans_of_a_task(cast: Cast) -> None:
    task = cast.task("pa.png")
    TaskScan.objects.create(task=task, scan=cast.scan("ct", patient="p1", frames=4), position=1)
    cast.answer(task, cast.bob, box(0, 0, 10, 10, item_index=3))
    coco = json_of(cast, "coco")
    assert [image["file_name"] for image in coco["images"]] == ["pa.png", "ct#frame=2"]
    assert coco["annotations"][0]["image_id"] == 2


def test_coco_file_names_are_unique(cast: Cast) -> None:
    one, two = cast.task("same.png", patient="p1"), cast.task("same.png", patient="p2")
    names = [image["file_name"] for image in json_of(cast, "coco")["images"]]
    scans = [task.task_scans.get().scan_id for task in (one, two)]
    assert names == [f"same.scan-{scan}.png" for scan in scans]


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (mask(np.ones((5, 5), dtype=bool)), "The mask has 100 values; its image has 20000."),
        (box(1, 1, 1, 1, item_index=7), "item_index 7 is no frame of the task."),
    ],
)
def test_coco_lists_a_region_that_does_not_fit(
    cast: Cast, region: dict[str, Any], reason: str
) -> None:
    answer = cast.answer(cast.task("a.png"), cast.bob, region)
    coco = json_of(cast, "coco")
    assert coco["annotations"] == []
    assert coco["unusable"] == [{"annotation": answer.pk, "region": region["id"], "reason": reason}]
