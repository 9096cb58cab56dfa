"""Boxes, masks and lengths: drawn with the mouse, kept in Label Studio's JSON, and drawn again."""

from collections.abc import Callable

import pytest

from annotator.models import Annotation, Draft
from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.painting import decoded, kept
from tests.browser.rooms import Room

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[[Project], Room]

BOXES = """
<RectangleLabels name="boxes" toName="image">
  <Label value="Nodule" background="#f2b84b"/><Label value="Opacity"/>
</RectangleLabels>
"""
MASKS = """
<BrushLabels name="masks" toName="image"><Label value="Lesion" background="#f2b84b"/>
  <Label value="Organ"/></BrushLabels>
"""
DIAMETER = '<Number name="diameter" toName="image" min="0" max="500" step="0.1"/>'


@pytest.fixture
def radiographs(archive: Archive) -> list[Scan]:
    frames = [phantoms.block_radiograph() for _ in range(2)]
    return phantoms.scans_of(archive, frames, **phantoms.radiograph())


@pytest.fixture
def volumes(archive: Archive) -> list[Scan]:
    frames = [phantoms.counting_volume() for _ in range(2)]
    return phantoms.scans_of(archive, frames, **phantoms.axial(9))


def draft(room: Room, regions: int) -> Draft:
    kept(room, lambda result: len(result) == regions, f"a draft with {regions} regions")
    return Draft.objects.get()


def frame_box(room: Room, columns: int, rows: int) -> Callable[[float, float], tuple[float, float]]:
    """From percent of the frame to shares of the viewport, for a frame that fills it."""
    box = room.page.locator(".viewport").first.bounding_box()
    assert box is not None
    scale = min(box["width"] / columns, box["height"] / rows)

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            0.5 + (x / 100 - 0.5) * columns * scale / box["width"],
            0.5 + (y / 100 - 0.5) * rows * scale / box["height"],
        )

    return at


def test_a_box_is_kept_in_percent_and_comes_back(
    radiographs: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(BOXES, radiographs))
    at = frame_box(room, 200, 100)
    room.press("1")
    room.drag(at(10, 10), at(30, 40))
    room.press("2")
    room.drag(at(90, 90), at(70, 60))
    first, second = draft(room, 2).result
    assert first["type"] == "rectanglelabels"
    assert first["value"]["rectanglelabels"] == ["Nodule"]
    assert (first["original_width"], first["original_height"]) == (200, 100)
    assert "item_index" not in first
    drawn = [
        [item["value"][key] for key in ("x", "y", "width", "height")] for item in (first, second)
    ]
    assert drawn == [
        pytest.approx([10, 10, 20, 30], abs=0.5),
        pytest.approx([70, 60, 20, 30], abs=0.5),
    ]

    task = room.root("task")
    room.enter()
    regions = room.page.locator(".region")
    assert regions.all_inner_texts() == ["Nodule", "Opacity"]
    assert room.page.locator(".viewport svg rect").count() == 2
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert Annotation.objects.get().result == [first, second]
    assert room.page.locator(".viewport svg rect").count() == 0
    assert regions.count() == 0
    assert room.problems == []


def test_a_box_is_moved_and_removed(
    radiographs: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(BOXES, radiographs))
    at = frame_box(room, 200, 100)
    room.press("1")
    room.drag(at(10, 10), at(30, 40))
    before = draft(room, 1).result[0]
    room.press("w")
    room.drag(at(10, 25), at(20, 25))  # by its left side

    after = kept(room, lambda result: bool(result) and result != [before], "the moved box")[0]
    assert after["id"] == before["id"]
    assert after["value"]["x"] - before["value"]["x"] == pytest.approx(10, abs=0.5)
    assert after["value"]["width"] == pytest.approx(before["value"]["width"], abs=0.01)
    room.press("Delete")
    assert draft(room, 0).result == []
    assert "Nothing marked: normal" in room.page.locator(".submit").inner_text()


def test_a_click_is_no_box(
    radiographs: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(BOXES, radiographs))
    room.press("1")
    room.page.mouse.click(400, 300)
    room.page.wait_for_timeout(300)
    room.page.mouse.click(400, 300)
    room.page.wait_for_timeout(300)
    assert room.page.locator(".region").count() == 0


def test_a_box_in_a_volume_belongs_to_its_slice(
    volumes: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(BOXES, volumes))
    at = frame_box(room, 64, 64)
    room.press("ArrowDown")
    room.wait(lambda: room.overlay("top-right") == "6 / 9", "slice 6")
    room.press("1")
    room.drag(at(25, 25), at(75, 75))
    (box,) = draft(room, 1).result
    assert box["item_index"] == 3, "slices are counted from the head, frames from the feet"
    room.press("Home")
    room.wait(lambda: room.overlay("top-right") == "1 / 9", "slice 1")
    room.wait(lambda: room.page.locator(".viewport svg rect").count() == 0, "no box")
    room.page.locator(".region", has_text="slice 6").click()
    room.wait(lambda: room.overlay("top-right") == "6 / 9", "slice 6")
    room.wait(lambda: room.page.locator(".viewport svg rect").count() == 1, "the box")


def test_a_mask_keeps_its_exact_pixels_through_save_and_reload(
    radiographs: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(MASKS, radiographs))
    at = frame_box(room, 200, 100)
    assert room.says("saved") == ""  # to look is not to answer
    room.press("1")
    room.drag(at(20, 50), at(60, 50))
    (lesion,) = draft(room, 1).result
    assert lesion["type"] == "brushlabels"
    assert lesion["value"]["brushlabels"] == ["Lesion"]
    assert lesion["value"]["format"] == "rle"
    mask = decoded(lesion, (100, 200))
    # A stroke from column 40 to column 120 along row 50, as wide as the brush.
    assert mask[50, 42:118].all()
    assert not mask[:, :30].any()
    assert not mask[:, 130:].any()
    assert not mask[:40].any()

    room.press("e")
    assert room.says("brush-size").startswith("Eraser ")
    room.drag(at(40, 40), at(40, 60))

    before = kept(room, lambda result: result != [lesion], "the erased mask")
    left = decoded(before[0], (100, 200))
    assert not left[50, 79:81].any()
    assert left[50, 45:70].all()

    task = room.root("task")
    picture = room.picture()
    room.enter()
    assert room.page.locator(".region").all_inner_texts() == ["Lesion"]
    room.wait(lambda: bool((room.picture() == picture).all()), "the same picture")
    room.press("2")
    room.drag(at(80, 80), at(85, 80))
    after = draft(room, 2).result
    assert after[0] == before[0]
    organ = decoded(after[1], (100, 200))
    assert organ.any()
    assert not (organ & left).any()
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert Annotation.objects.get().result == after
    assert room.page.locator(".region").count() == 0
    # The label was put down with the case that it was taken for.
    assert room.page.locator("[data-question] button[aria-pressed=true]").count() == 0
    assert room.problems == []


def test_a_mask_in_a_volume_belongs_to_its_slice(
    volumes: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(MASKS, volumes))
    at = frame_box(room, 64, 64)
    room.press("1")
    room.drag(at(40, 50), at(60, 50))
    room.press("PageUp")
    room.wait(lambda: room.overlay("top-right") == "1 / 9", "slice 1")
    room.drag(at(40, 30), at(60, 30))
    middle, first = draft(room, 2).result
    assert (middle["item_index"], first["item_index"]) == (4, 8)
    assert decoded(middle, (64, 64))[32, 30] and not decoded(middle, (64, 64))[19, 30]
    assert decoded(first, (64, 64))[19, 30] and not decoded(first, (64, 64))[32, 30]


def test_a_measured_length_is_entered_with_a_key(
    radiographs: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(DIAMETER, radiographs))
    at = frame_box(room, 200, 100)
    room.press("l")
    room.drag(at(20, 50), at(70, 50))
    # Half of 200 columns, 0.5 mm each.
    room.wait(lambda: "Measured" in room.page.locator(".measured").inner_text(), "the reading")
    room.press("m")
    assert float(room.page.locator(".number").input_value()) == pytest.approx(50.0, abs=0.3)
    task = room.root("task")
    room.press("Enter")
    room.wait_for_task(other_than=task)
    (item,) = Annotation.objects.get().result
    assert item["type"] == "number"
    assert item["value"]["number"] == pytest.approx(50.0, abs=0.3)
    assert room.page.locator(".measured").is_hidden()
