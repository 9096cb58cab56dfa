"""Points, ellipses, polygons and freehand outlines: drawn, changed, taken back and drawn again."""

from collections.abc import Callable
from typing import Any

import pytest

from annotator.models import Annotation
from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.painting import kept
from tests.browser.rooms import Room
from tests.browser.test_reading_regions import draft, frame_box

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[[Project], Room]
At = Callable[[float, float], tuple[float, float]]

MARKS = """
<KeyPointLabels name="points" toName="image"><Label value="Apex"/></KeyPointLabels>
<RectangleLabels name="boxes" toName="image"><Label value="Nodule"/><Label value="Node"/>
</RectangleLabels>
<EllipseLabels name="ellipses" toName="image"><Label value="Heart"/></EllipseLabels>
<PolygonLabels name="outlines" toName="image"><Label value="Mass"/></PolygonLabels>
"""
DETAILS = """
<RectangleLabels name="boxes" toName="image"><Label value="Nodule"/><Label value="Node"/>
</RectangleLabels>
<Choices name="density" toName="image" perRegion="true" required="true"
  visibleWhen="region-selected" whenLabelValue="Nodule">
  <Choice value="Solid"/><Choice value="Ground glass"/>
</Choices>
<Number name="diameter" toName="image" perRegion="true" min="0" max="500"/>
"""
NUMBER = '<Number name="measured" toName="image" min="0" max="5000"/>'
MASKS = '<BrushLabels name="masks" toName="image"><Label value="Lesion"/></BrushLabels>'
BOX = '<RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels>'


def radiographs(archive: Archive, **header: Any) -> list[Scan]:
    frames = [phantoms.block_radiograph() for _ in range(2)]
    return phantoms.scans_of(archive, frames, **phantoms.radiograph(**header))


def click(room: Room, share: tuple[float, float]) -> None:
    room.page.mouse.click(*room.on_page(share))


def pixels(*percents: float) -> list[float]:
    """Columns and rows in turn, of a frame of 100 rows of 200."""
    return [percent * (2 if at % 2 == 0 else 1) for at, percent in enumerate(percents)]


def draw_all(room: Room, at: At) -> None:
    room.press("1")
    click(room, at(20, 30))
    room.press("2")
    room.drag(at(30, 10), at(40, 30))
    room.press("4")
    room.drag(at(50, 50), at(70, 90))
    room.press("5")
    for corner in ((80, 10), (95, 10), (95, 40), (80, 10)):
        click(room, at(*corner))
    room.drag(at(10, 60), at(30, 60), at(30, 90), at(10, 90))


def test_each_mark_is_kept_where_it_was_drawn_and_comes_back(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(MARKS, radiographs(archive)))
    at = frame_box(room, 200, 100)
    draw_all(room, at)
    result = draft(room, 5).result
    point, box, ellipse, corners, freehand = (item["value"] for item in result)
    assert [item["type"] for item in result] == [
        "keypointlabels", "rectanglelabels", "ellipselabels", "polygonlabels", "polygonlabels",
    ]  # fmt: skip
    close = 0.5  # pixels
    assert pixels(point["x"], point["y"]) == pytest.approx([40, 30], abs=close)
    drawn = [box[key] for key in ("x", "y", "width", "height")]
    assert pixels(*drawn) == pytest.approx([60, 10, 20, 20], abs=close)
    drawn = [ellipse[key] for key in ("x", "y", "radiusX", "radiusY")]
    assert pixels(*drawn) == pytest.approx([120, 70, 20, 20], abs=close)
    assert ellipse["rotation"] == 0
    assert [at for point in corners["points"] for at in pixels(*point)] == pytest.approx(
        [160, 10, 190, 10, 190, 40], abs=close
    )
    assert corners["closed"] is True
    xs, ys = zip(*(pixels(*point) for point in freehand["points"]), strict=True)
    assert [min(xs), max(xs), min(ys), max(ys)] == pytest.approx([20, 60, 60, 90], abs=close)
    assert len(xs) < 12, "a traced line keeps the corners that it needs"

    assert room.page.locator(".region").all_inner_texts() == [
        "Apex", "Nodule", "Heart", "Mass", "Mass",
    ]  # fmt: skip
    sizes = room.page.locator(".region-size").all_inner_texts()
    assert sizes[0] == ""
    width, _, height, unit = sizes[1].split()
    assert (float(width), float(height)) == pytest.approx((10, 10), abs=0.3)
    assert unit == "mm"
    assert float(sizes[3].split()[0]) == pytest.approx(30 * 30 / 2 / 4, abs=6)

    task = room.root("task")
    room.enter()
    assert room.page.locator(".viewport svg ellipse").count() == 1
    assert room.page.locator(".viewport svg path").count() == 2
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert Annotation.objects.get().result == result, "what nobody touched is as it was"
    assert room.page.locator(".region").count() == 0
    assert room.problems == []


def test_marks_are_moved_changed_removed_and_all_of_it_is_taken_back(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(MARKS, radiographs(archive)))
    at = frame_box(room, 200, 100)
    draw_all(room, at)
    drawn = draft(room, 5).result
    room.press("w")

    room.drag(at(95, 40), at(90, 60))  # a corner
    moved = kept(room, lambda result: result != drawn, "the moved corner")
    assert pixels(*moved[3]["value"]["points"][2]) == pytest.approx([180, 60], abs=0.5)
    room.drag(at(50, 70), at(45, 70))  # the end of an axis: this radius alone
    wider = kept(room, lambda result: result[2] != moved[2], "the wider ellipse")
    assert wider[2]["value"]["radiusX"] == pytest.approx(15, abs=0.3)
    assert wider[2]["value"]["radiusY"] == pytest.approx(moved[2]["value"]["radiusY"], abs=0.01)
    room.drag(at(20, 30), at(25, 35))  # the point
    shifted = kept(room, lambda result: result[0] != drawn[0], "the moved point")
    assert pixels(shifted[0]["value"]["x"], shifted[0]["value"]["y"]) == pytest.approx(
        [50, 35], abs=0.5
    )
    room.page.locator(".region", has_text="Nodule").click()
    room.press("Alt+l")
    renamed = kept(room, lambda result: result[1] != drawn[1], "the other label")
    assert renamed[1]["value"]["rectanglelabels"] == ["Node"]
    room.press("Delete")
    kept(room, lambda result: len(result) == 4, "a mark less")

    for _ in range(5):
        room.press("Control+z")
    assert kept(room, lambda result: result == drawn, "all as it was drawn")
    assert room.page.locator(".region").count() == 5
    for _ in range(5):
        room.press("Control+Shift+z")
    again = kept(room, lambda result: len(result) == 4, "all done again")
    assert again == [item for item in renamed if item["id"] != drawn[1]["id"]]
    room.press("Control+z")
    assert kept(room, lambda result: len(result) == 5, "the mark is back") == renamed
    room.press("t")
    selected = room.page.locator(".region[aria-pressed=true]")
    assert selected.count() == 1
    first = selected.inner_text()
    room.press("t")
    assert selected.inner_text() != first
    assert room.problems == []


def test_strokes_of_the_brush_are_taken_back_one_by_one(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(MASKS + BOX, radiographs(archive)))
    at = frame_box(room, 200, 100)
    room.press("1")
    room.drag(at(20, 20), at(40, 20))
    one = kept(room, lambda result: len(result) == 1, "a stroke")
    room.drag(at(20, 70), at(40, 70))
    two = kept(room, lambda result: result != one, "two strokes")
    room.press("2")
    room.drag(at(60, 20), at(80, 60))
    kept(room, lambda result: len(result) == 2, "a box")
    room.press("Control+z", "Control+z")
    assert kept(room, lambda result: result == one, "the first stroke alone")
    room.press("Control+y")
    assert kept(room, lambda result: result == two, "the second stroke again")
    assert room.problems == []


def test_a_question_is_asked_of_the_mark_that_is_selected(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(DETAILS, radiographs(archive)))
    at = frame_box(room, 200, 100)
    density = room.page.locator("[data-question=density]")
    assert density.is_hidden()
    room.press("1")
    room.drag(at(10, 10), at(20, 30))
    room.wait(density.is_visible, "the question about the nodule")
    room.press("2")
    room.drag(at(30, 10), at(40, 30))
    room.wait(density.is_hidden, "no such question about the node")
    room.page.locator("[data-question=diameter] .number").fill("12.5")

    task = room.root("task")
    room.press("Control+Enter")
    room.wait(density.is_visible, "the question that has no answer yet")
    assert "needs an answer" in density.locator(".problem").inner_text()
    density.locator("[data-value='Ground glass']").click()
    result = kept(room, lambda result: len(result) == 4, "both answers")
    nodule, said, node, size = result
    assert (said["id"], said["from_name"], said["type"]) == (nodule["id"], "density", "choices")
    assert said["value"]["choices"] == ["Ground glass"]
    assert said["value"]["x"] == nodule["value"]["x"]
    assert (size["id"], size["value"]["number"]) == (node["id"], 12.5)
    room.enter()
    assert density.is_hidden()
    room.page.locator(".region", has_text="Nodule").click()
    assert room.chosen() == ["Ground glass"]
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert Annotation.objects.get().result == result
    assert room.problems == []


def test_angles_and_lengths_are_measured(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(NUMBER, radiographs(archive)))
    at = frame_box(room, 200, 100)
    measured = room.page.locator(".measured")
    room.press("q")
    room.drag(at(20, 80), at(50, 80))  # 60 columns to the right
    click(room, at(65, 50))  # then 30 columns on and 30 rows up: 135 degrees
    room.wait(lambda: "°" in (measured.text_content() or ""), "the angle")
    room.press("m")
    assert float(room.page.locator(".number").input_value()) == pytest.approx(135, abs=0.6)
    room.press("l")
    room.drag(at(20, 20), at(70, 20))
    room.wait(lambda: "mm" in (measured.text_content() or ""), "the length")
    room.press("m")
    assert float(room.page.locator(".number").input_value()) == pytest.approx(50, abs=0.3)
    texts = room.page.locator(".viewport svg text").all_text_contents()
    assert any(text.endswith("°") for text in texts)
    assert any(text.endswith("mm") for text in texts)
    assert room.problems == []


def test_without_spacing_a_length_is_in_pixels_and_no_answer(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(NUMBER, radiographs(archive, spacing=None)))
    at = frame_box(room, 200, 100)
    room.press("l")
    room.drag(at(20, 20), at(70, 20))
    measured = room.page.locator(".measured")
    room.wait(lambda: "px" in (measured.text_content() or ""), "the length")
    length = float((measured.text_content() or "").split()[1])
    assert length == pytest.approx(100, abs=0.6)
    room.press("m")
    assert room.page.locator(".number").input_value() == ""
    assert any("px" in text for text in room.page.locator(".viewport svg text").all_text_contents())


def test_a_mark_in_a_volume_carries_its_slice_and_the_list_goes_there(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    volume = [phantoms.counting_volume()]
    scans = phantoms.scans_of(archive, volume, **phantoms.axial(9))
    room = enter(make_project(MARKS, scans))
    at = frame_box(room, 64, 64)
    room.press("1")
    click(room, at(50, 50))
    room.press("Home")
    room.wait(lambda: room.overlay("top-right").startswith("1 / 9"), "slice 1")
    room.press("4")
    room.drag(at(20, 20), at(60, 60))
    point, ellipse = draft(room, 2).result
    assert (point["item_index"], ellipse["item_index"]) == (4, 8)
    room.page.locator(".region", has_text="Apex, slice 5").click()
    room.wait(lambda: room.overlay("top-right").startswith("5 / 9"), "slice 5")
    room.press("Control+z")
    room.wait(lambda: room.overlay("top-right").startswith("1 / 9"), "where it was taken back")
    assert draft(room, 1).result == [point]
