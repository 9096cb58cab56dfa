"""Points, ellipses, outlines and what is said of them, in each format and Label Studio's SDK."""

import csv
import io
import json
import math
from importlib import import_module
from typing import Any

import pytest
from PIL import Image

from releases.formats import FORMATS
from releases.queries import contents_of
from releases.records import Dataset
from tests.releases.cast import LABEL_CONFIG, Cast, entry

# Without types of its own; imported by name so that mypy takes it as it is.
Converter = import_module("label_studio_sdk.converter").Converter
LabelInterface = import_module("label_studio_sdk.label_interface").LabelInterface

CONFIG = LABEL_CONFIG.replace(
    "</View>",
    """
  <PolygonLabels name="outlines" toName="image"><Label value="Mass"/></PolygonLabels>
  <EllipseLabels name="hearts" toName="image"><Label value="Heart"/></EllipseLabels>
  <KeyPointLabels name="points" toName="image"><Label value="Apex" model_index="0"/>
  </KeyPointLabels>
  <Choices name="density" toName="image" perRegion="true" visibleWhen="region-selected"
    whenTagName="outlines"><Choice value="Solid"/><Choice value="Cystic"/></Choices>
</View>""",
)
SIZE = {"original_width": 100, "original_height": 50, "image_rotation": 0}
CORNERS = {"points": [[10, 20], [30, 20], [30, 60]], "closed": True}
MASS = entry("outlines", "polygonlabels", {**CORNERS, "polygonlabels": ["Mass"]}, **SIZE)
SAID = {**entry("density", "choices", {**CORNERS, "choices": ["Solid"]}, **SIZE), "id": MASS["id"]}
HEART_VALUE = {"x": 50, "y": 50, "radiusX": 20, "radiusY": 10, "rotation": 90}
HEART = entry("hearts", "ellipselabels", {**HEART_VALUE, "ellipselabels": ["Heart"]}, **SIZE)
APEX_VALUE = {"x": 25, "y": 10, "width": 0.25}
APEX = entry("points", "keypointlabels", {**APEX_VALUE, "keypointlabels": ["Apex"]}, **SIZE)
BOX_VALUE = {"x": 10, "y": 20, "width": 30, "height": 40, "rotation": 0}
BOX = entry("boxes", "rectanglelabels", {**BOX_VALUE, "rectanglelabels": ["Nodule"]}, **SIZE)


@pytest.fixture
def marked(cast: Cast) -> Cast:
    cast.project.label_config = CONFIG
    cast.project.save()
    cast.answer(cast.task("a.png"), cast.bob, MASS, SAID, HEART, APEX, BOX)
    return cast


def text_of(cast: Cast, name: str) -> str:
    return "".join(FORMATS[name].pieces(Dataset(contents_of(project=cast.project))))


def test_coco_has_outlines_ellipses_and_points(marked: Cast) -> None:
    coco = json.loads(text_of(marked, "coco"))
    assert coco["unusable"] == []
    mass, heart, apex, _ = coco["annotations"]
    assert mass["segmentation"] == [[10.0, 10.0, 30.0, 10.0, 30.0, 30.0]]
    assert (mass["bbox"], mass["area"]) == ([10.0, 10.0, 20.0, 20.0], 200.0)
    assert mass["attributes"]["density"] == "Solid"
    # Half axes of 20 and 5 pixels, a quarter turn: 10 wide and 40 high about (50, 25).
    assert heart["bbox"] == pytest.approx([45, 5, 10, 40], abs=0.02)
    assert heart["area"] == pytest.approx(math.pi * 100, abs=0.001)
    assert len(heart["segmentation"][0]) == 2 * 72
    assert "density" not in heart["attributes"]
    assert (apex["keypoints"], apex["num_keypoints"]) == ([25.0, 5.0, 2], 1)
    assert (apex["bbox"], apex["area"], apex["segmentation"]) == ([25.0, 5.0, 0, 0], 0, [])
    (image,) = coco["images"]
    assert "density" not in image["attributes"]


def test_the_table_says_what_was_said_of_each_mark(marked: Cast) -> None:
    (row,) = csv.DictReader(io.StringIO(text_of(marked, "csv")))
    assert row["answer_1_density"] == "Mass: Solid"
    assert row["answer_1_outlines"] == "Mass"
    assert row["consensus_points"] == "Apex"
    assert "consensus_density" not in row
    assert row["state"] == "read-with-findings"


def test_label_studio_takes_each_mark(marked: Cast) -> None:
    (task,) = json.loads(text_of(marked, "labelstudio"))
    (annotation,) = task["annotations"]
    assert annotation["result"] == [MASS, SAID, HEART, APEX, BOX]
    assert LabelInterface(CONFIG).validate_annotation(annotation)


def convert(marked: Cast, folder: Any, how: str) -> Any:
    Image.new("L", (100, 50)).save(folder / "a.png")
    exported = folder / "labelstudio.json"
    exported.write_text(text_of(marked, "labelstudio").replace('"a.png"', f'"{folder}/a.png"'))
    converter = Converter(CONFIG, str(folder), download_resources=False)
    getattr(converter, how)(str(exported), str(folder / how), is_dir=False)
    return folder / how


def test_label_studios_converter_makes_the_same_coco_of_them(marked: Cast, tmp_path: Any) -> None:
    """It knows no ellipses, which it leaves out."""
    coco = json.loads((convert(marked, tmp_path, "convert_to_coco") / "result.json").read_text())
    names = {category["id"]: category["name"] for category in coco["categories"]}
    drawn = {names.get(one["category_id"]): one for one in coco["annotations"]}
    assert drawn["Mass"]["segmentation"] == [[10.0, 10.0, 30.0, 10.0, 30.0, 30.0]]
    assert drawn["Nodule"]["bbox"] == [10.0, 10.0, 30.0, 20.0]
    (points,) = [one for one in coco["annotations"] if one.get("keypoints")]
    assert points["keypoints"][:2] == [25, 5]


def test_label_studios_converter_makes_voc_boxes_of_them(marked: Cast, tmp_path: Any) -> None:
    folder = convert(marked, tmp_path, "convert_to_voc")
    (file,) = folder.rglob("*.xml")
    text = "".join(file.read_text().split())
    assert "<name>Nodule</name>" in text
    assert "<xmin>10</xmin><ymin>10</ymin><xmax>40</xmax><ymax>30</ymax>" in text
