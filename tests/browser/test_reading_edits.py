"""Marks that are changed later: turned ones, outlines, labels, and those off the screen."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from annotator.models import Annotation, Draft, Task, TaskScan
from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.painting import Painting, decoded, kept
from tests.browser.rooms import Room

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[[Project], Room]

TURNED = """
<RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels>
<EllipseLabels name="ellipses" toName="image"><Label value="Heart"/></EllipseLabels>
"""
OUTLINES = '<PolygonLabels name="outlines" toName="image"><Label value="Mass"/></PolygonLabels>'
LESIONS = """
<BrushLabels name="lesions" toName="image"><Label value="Lesion"/><Label value="Cyst"/>
</BrushLabels>
"""
BOXES = '<RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels>'


@pytest.fixture
def scan(archive: Archive) -> Scan:
    """100 rows of 200 columns."""
    return phantoms.keep_scan(archive, phantoms.block_radiograph(), **phantoms.radiograph())


def marked(kind: str, label: str, **shape: float) -> dict[str, Any]:
    return {
        "id": kind, "from_name": kind, "to_name": "image", "type": label,
        "value": {**shape, label: ["Nodule" if kind == "boxes" else "Heart"]},
        "original_width": 200, "original_height": 100, "image_rotation": 0,
    }  # fmt: skip


def drag(painting: Painting, *places: tuple[float, float]) -> None:
    """Between places in pixels from the frame's upper left corner, across and down."""
    painting.stroke(*((down - 0.5, across - 0.5) for across, down in places))


def click(painting: Painting, across: float, down: float, *modifiers: str) -> None:
    painting.click(down - 0.5, across - 0.5, *modifiers)


def test_turned_boxes_and_ellipses_stay_turned_as_they_are_changed(
    scan: Scan, make_project: MakeProject, enter: Enter, bob: User
) -> None:
    room = enter(make_project(TURNED, [scan]))
    box = marked("boxes", "rectanglelabels", x=30, y=20, width=20, height=20, rotation=30)
    ellipse = marked("ellipses", "ellipselabels", x=70, y=50, radiusX=15, radiusY=10, rotation=30)
    task = Task.objects.get()
    draft = {"result": [box, ellipse], "version": 5}
    Draft.objects.update_or_create(task=task, reader=bob, defaults=draft)
    room.enter()
    painting = Painting(room, 100, 200)
    # By the middle of its upper side, which runs 40 pixels at 30 degrees from (60, 20).
    side = (60 + 20 * math.cos(math.pi / 6), 20 + 20 * math.sin(math.pi / 6))
    drag(painting, side, (side[0] + 20, side[1] + 10))
    moved = kept(room, lambda result: result[0] != box, "the moved box")
    value = moved[0]["value"]
    assert [value[key] for key in ("x", "y", "width", "height", "rotation")] == pytest.approx(
        [40, 30, 20, 20, 30], abs=0.5
    )
    assert moved[1] == ellipse
    # By the end of its longer axis, 30 pixels from the middle at 30 degrees.
    across, down = math.cos(math.pi / 6), math.sin(math.pi / 6)
    drag(painting, *((140 + far * across, 50 + far * down) for far in (30, 36)))
    changed = kept(room, lambda result: result[1] != ellipse, "the longer ellipse")
    value = changed[1]["value"]
    assert [value[key] for key in ("x", "y", "radiusX", "radiusY", "rotation")] == pytest.approx(
        [70, 50, 18, 10, 30], abs=0.5
    )
    room.press("Enter")
    room.wait_for_state("empty")
    assert Annotation.objects.get().result == changed
    assert room.problems == []


def test_an_outline_gets_a_corner_more_and_one_less(
    scan: Scan, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(OUTLINES, [scan]))
    painting = Painting(room, 100, 200)

    def corners(count: int) -> Any:
        result = kept(
            room, lambda result: [len(one["value"]["points"]) for one in result] == [count],
            f"{count} corners",
        )  # fmt: skip
        return [(2 * x, y) for x, y in result[0]["value"]["points"]]

    room.press("1")
    for corner in ((40, 20), (160, 20), (160, 80), (40, 80)):
        click(painting, *corner)
    room.press("Enter", "w")
    drawn = corners(4)
    click(painting, 100, 20, "Alt")
    more = corners(5)
    assert more[1] == pytest.approx((100, 20), abs=0.6)
    assert [more[0], *more[2:]] == drawn
    drag(painting, (100, 20), (100, 5))
    room.wait(lambda: corners(5)[1][1] < 10, "the new corner moved")
    click(painting, 100, 5, "Alt")
    assert corners(4) == drawn
    click(painting, 160, 80, "Alt")
    corners(3)
    click(painting, 160, 20, "Alt")  # a triangle keeps its corners
    assert len(corners(3)) == 3
    room.press("Control+z")
    assert corners(4) == drawn
    # A double click sets the last corner, and it alone.
    room.press("1")
    for corner in ((10, 60), (30, 60)):
        click(painting, *corner)
    room.page.mouse.dblclick(*painting.point(89.5, 29.5))
    both = kept(room, lambda result: len(result) == 2, "a second outline")
    closed = [(2 * x, y) for x, y in both[1]["value"]["points"]]
    assert [pytest.approx(corner, abs=0.6) for corner in ((10, 60), (30, 60), (30, 90))] == closed
    assert room.problems == []


def test_a_painted_mask_gets_another_label_and_joins_what_has_it(
    scan: Scan, make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(LESIONS, [scan]))
    painting = Painting(room, 100, 200)
    regions = room.page.locator(".region")

    def labels(*wanted: str) -> Any:
        return kept(
            room,
            lambda result: [one["value"]["brushlabels"] for one in result] == [[w] for w in wanted],
            f"masks of {wanted}",
        )

    room.press("1")
    painting.click(50, 100)
    (lesion,) = labels("Lesion")
    regions.first.click()
    room.press("Alt+l")
    (cyst,) = labels("Cyst")
    assert (cyst["id"], cyst["value"]["rle"]) == (lesion["id"], lesion["value"]["rle"])
    assert regions.first.get_attribute("aria-pressed") == "true"
    room.press("Control+z")
    assert labels("Lesion") == [lesion]
    room.press("2")
    painting.click(50, 140)
    both = labels("Lesion", "Cyst")
    regions.first.click()
    room.press("Alt+l")
    (joined,) = labels("Cyst")
    shape = (100, 200)
    assert (decoded(joined, shape) == decoded(both[0], shape) | decoded(both[1], shape)).all()
    assert joined["id"] == both[1]["id"]
    assert room.problems == []


def test_marks_of_a_scan_that_is_off_the_screen_are_listed_removed_and_gone_to(
    archive: Archive, scan: Scan, make_project: MakeProject, enter: Enter
) -> None:
    other = phantoms.keep_scan(archive, phantoms.block_radiograph(), **phantoms.radiograph())
    project = make_project(BOXES, [scan])
    TaskScan.objects.create(task=Task.objects.get(), scan=other, position=1)
    room = enter(project)
    # A single image has no planes.
    room.press("Alt+4")
    room.wait(lambda: room.page.locator("[data-part=notice]").is_visible(), "the refusal")
    assert "One image has no planes: they are cut through a volume." in room.says("notice")
    assert room.page.locator(".viewport").count() == 2

    def page(number: int) -> None:
        text = f"Page {number} of 2"
        room.wait(lambda: room.says("page") == text, text)
        room.page.wait_for_timeout(400)

    room.press("Alt+1")
    page(1)
    painting = Painting(room, 100, 200)
    room.press("1")
    drag(painting, (20, 20), (60, 60))
    room.press(".")
    page(2)
    drag(painting, (100, 20), (140, 60))
    both = kept(room, lambda result: len(result) == 2, "a box on each scan")
    assert [one["item_index"] for one in both] == [0, 1]
    assert [round(one["value"]["x"]) for one in both] == [10, 50]
    room.page.locator(".region-remove").first.click()
    assert kept(room, lambda result: len(result) == 1, "the other box alone") == both[1:]
    assert room.says("page") == "Page 2 of 2"
    room.press("Control+z")
    page(1)
    assert kept(room, lambda result: len(result) == 2, "both again") == both
    assert room.page.locator(".viewport svg rect").count() == 1
    room.page.locator(".region").last.click()
    page(2)
    assert room.page.locator(".region").last.get_attribute("aria-pressed") == "true"
    room.press("Enter")
    room.wait_for_state("empty")
    assert Annotation.objects.get().result == both
    assert room.problems == []
