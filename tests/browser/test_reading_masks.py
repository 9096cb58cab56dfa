"""Masks: painted by hand and by the machine, exact to the pixel on the screen and on disk."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from annotator.models import Annotation, Draft, Task, TaskScan
from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.painting import Painting, decoded, dice, disc, kept, masks, settled
from tests.browser.rooms import Room

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[[Project], Room]

LESIONS = """
<BrushLabels name="lesions" toName="image">
  <Label value="Lesion" background="#f2b84b"/><Label value="Cyst" background="#56b4e9"/>
</BrushLabels>
"""
ORGANS = """
<BrushLabels name="organs" toName="image"><Label value="Liver" background="#00c08b"/></BrushLabels>
"""


SHAPE = (100, 200)  # of the radiographs


@pytest.fixture
def painting(archive: Archive, make_project: MakeProject, enter: Enter) -> Painting:
    """Two radiographs, the first on the screen, a brush for lesions in hand."""
    frames = [phantoms.block_radiograph() for _ in range(2)]
    scans = phantoms.scans_of(archive, frames, **phantoms.radiograph())
    room = enter(make_project(LESIONS + ORGANS, scans))
    room.press("1")
    return Painting(room, *SHAPE)


def test_the_brush_is_told_while_it_is_in_hand_and_the_image_keeps_its_place(
    painting: Painting,
) -> None:
    room = painting.room
    brush, stage = room.page.locator(".brush-bar"), room.page.locator(".stage")
    place = stage.bounding_box()
    assert brush.is_visible() and room.page.locator(".tolerance").is_hidden()
    room.press("w")
    assert brush.is_hidden()
    assert stage.bounding_box() == place


def test_labels_exclude_and_overlap_and_are_erased_as_painted(painting: Painting) -> None:
    room = painting.room
    assert room.says("brush-size") == "Brush 4.0 mm"
    painting.click(50, 100)
    lesion = masks(room, SHAPE, "Lesion")["Lesion"]
    # A fiftieth of the frame's 200 columns, as a radius.
    assert lesion[disc(SHAPE, 50, 100, 3.7)].all()
    assert not lesion[~disc(SHAPE, 50, 100, 4.3)].any()
    assert (painting.shown() == lesion).all()

    # Another label of the question replaces it, one of another question lies over it.
    painting.stroke((50, 100), (50, 130))
    long = masks(room, SHAPE, "Lesion")["Lesion"]
    room.press("2")
    painting.stroke((40, 120), (60, 120))
    both = masks(room, SHAPE, "Lesion", "Cyst")
    assert not (both["Lesion"] & both["Cyst"]).any()
    assert (both["Lesion"] == (long & ~both["Cyst"])).all()
    assert both["Cyst"][50, 120]
    room.press("3")
    painting.stroke((50, 90), (50, 140))
    three = masks(room, SHAPE, "Lesion", "Cyst", "Liver")
    assert (three["Lesion"] == both["Lesion"]).all() and (three["Cyst"] == both["Cyst"]).all()
    assert three["Liver"][50, 92:138].all()
    everything = three["Lesion"] | three["Cyst"] | three["Liver"]
    assert (painting.shown() == everything).all()

    # With a label in hand the eraser takes that alone, without one all.
    room.press("2", "e")
    painting.stroke((40, 120), (60, 120))
    room.wait(lambda: room.page.locator(".region").count() == 2, "the cyst is gone")
    left = masks(room, SHAPE, "Lesion", "Liver")
    assert (left["Lesion"] == both["Lesion"]).all() and (left["Liver"] == three["Liver"]).all()
    room.press("Escape", "e")
    painting.click(50, 100)
    settled(room)
    holed = masks(room, SHAPE, "Lesion", "Liver")
    assert not (holed["Lesion"] | holed["Liver"])[disc(SHAPE, 50, 100, 3.7)].any()
    assert holed["Liver"][50, 106:138].all()
    assert room.problems == []


def test_the_masks_of_a_draft_come_back_and_a_stroke_that_escape_ends_has_not_been(
    painting: Painting,
) -> None:
    room = painting.room
    painting.stroke((50, 60), (50, 100))
    room.press("3")
    painting.stroke((40, 100), (60, 100))
    drawn = masks(room, SHAPE, "Lesion", "Liver")
    before, task = Draft.objects.get().result, room.root("task")
    room.enter()
    painting = Painting(room, *SHAPE)
    room.wait(lambda: bool(painting.shown().any()), "the masks of the draft")
    assert (painting.shown() == (drawn["Lesion"] | drawn["Liver"])).all()
    room.press("1")
    room.page.mouse.move(*painting.point(20, 20))
    room.page.mouse.down()
    room.page.mouse.move(*painting.point(20, 60), steps=3)
    room.wait(lambda: bool(painting.shown()[20, 40]), "the stroke")
    room.press("Escape")
    room.page.mouse.up()
    room.wait(lambda: not painting.shown()[20, 40], "no stroke")
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert Annotation.objects.get().result == before
    assert not painting.shown().any()
    assert room.problems == []


def ball_volume() -> NDArray[np.int16]:
    """CT, 9 slices of 64 by 64, air: 30 HU at rows and columns 20 to 43, 130 HU on the right."""
    volume = np.full((9, 64, 64), -1000, np.int16)
    volume[:, 20:44, 20:44] = 30
    volume[:, 20:44, 44:60] = 130
    return volume


def slice_number(room: Room) -> str:
    return room.overlay("top-right").split(" ")[0]


def go_to(room: Room, number: int) -> None:
    now = int(slice_number(room))
    for _ in range(abs(number - now)):
        room.press("ArrowDown" if number > now else "ArrowUp")
    room.wait(lambda: slice_number(room) == str(number), f"slice {number}")


@pytest.fixture
def ball(archive: Archive, make_project: MakeProject, enter: Enter) -> Painting:
    """The middle slice of the volume on the screen."""
    scans = phantoms.scans_of(archive, [ball_volume()], **phantoms.axial(9))
    return Painting(enter(make_project(LESIONS, scans)), 64, 64)


def test_a_threshold_brush_takes_one_block(ball: Painting) -> None:
    room = ball.room
    room.press("b")
    assert room.page.locator("[data-tool=threshold]").get_attribute("aria-pressed") == "true"
    tools = [tool.bounding_box() for tool in room.page.locator(".tool:visible").all()]
    assert len({round(box["y"]) for box in tools if box}) == 1, "one row at 1280 pixels"
    assert max(box["x"] + box["width"] for box in tools if box) <= ball.x + ball.width
    assert room.page.locator(".tolerance").input_value() == "50"
    room.press(*["]"] * 12)
    ball.stroke((32, 30), (32, 34))
    block = np.zeros(ball.shape, bool)
    block[20:44, 20:44] = True
    assert room.says("brush-range") == "-20 to 80"
    assert (masks(room, ball.shape, "Lesion")["Lesion"] == block).all()
    room.page.locator(".tolerance").fill("120")
    room.page.locator(".tolerance").press("Enter")  # and does not submit
    assert room.root("state") == "ready"
    ball.stroke((32, 30), (32, 48))
    block[20:44, 44:60] = True
    room.wait(lambda: bool(ball.shown()[30, 50]), "the wider stroke")
    settled(room)
    assert (masks(room, ball.shape, "Lesion")["Lesion"] == block).all()
    room.page.locator(".region-remove").click()
    masks(room, ball.shape)
    assert room.problems == []


def test_slices_between_two_painted_ones_are_filled(ball: Painting) -> None:
    room = ball.room
    # A disc of radius 14 on the first slice and one of 7 on the fifth: a cone between.
    room.press("1", *["]"] * 5)
    for number, radius in ((1, 14.0), (5, 7.0)):
        go_to(room, number)
        brush = float(room.says("brush-size").split(" ")[1]) / 2
        ring = radius - brush
        angles = np.linspace(0, 2 * np.pi, 25)
        ball.stroke(*[(32 + ring * np.sin(a), 32 + ring * np.cos(a)) for a in angles])
        room.press("Alt+h")
    go_to(room, 3)
    room.press("Alt+b")
    result = kept(room, lambda result: len(result) == 5, "five slices")
    assert [item["item_index"] for item in result] == [4, 5, 6, 7, 8]
    cone = {8 - item["item_index"]: decoded(item, ball.shape) for item in result}
    for place, radius in enumerate((14.0, 12.25, 10.5, 8.75, 7.0)):
        assert dice(cone[place], disc(ball.shape, 32, 32, radius)) > 0.95
    room.wait(lambda: bool((ball.shown() == cone[2]).all()), "the filled slice")
    # Filling is one step; what is undone and done again is the same to the pixel.
    room.press("Control+z")
    painted = kept(room, lambda found: len(found) == 2, "two slices")
    assert [item["item_index"] for item in painted] == [4, 8]
    room.wait(lambda: not ball.shown().any(), "the empty slice")
    room.press("Control+y")
    assert kept(room, lambda found: len(found) == 5, "five slices again") == result
    go_to(room, 3)
    room.wait(lambda: bool((ball.shown() == cone[2]).all()), "the filled slice again")
    # Nothing is left to be filled, and that is said.
    room.press("Alt+b")
    assert "two slices" in room.says("notice")
    assert room.problems == []


def lesion_slice(rows: int, columns: int, colours: bool = False) -> NDArray[Any]:
    """Noise, and discs of radius 20 at row 60, column 70 and of 14 at row 90, column 150."""
    draw = np.random.default_rng(5)
    frame = np.full((rows, columns), 60.0)
    frame[disc((rows, columns), 60, 70, 20)] = 150
    frame[disc((rows, columns), 90, 150, 14)] = 150
    frame += draw.normal(0, 15, frame.shape)
    grey = frame.clip(0, 255).astype(np.uint8)
    return np.stack([grey, grey // 2, 255 - grey], axis=-1)[np.newaxis] if colours else grey


def test_a_structure_that_is_clicked_or_boxed_is_outlined(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    shape = (128, 200)
    photo = phantoms.keep_scan(archive, lesion_slice(*shape, colours=True), samples=3)
    room = enter(make_project(LESIONS, [photo]))
    room.press("y")
    painting = Painting(room, *shape)
    painting.click(62, 66)
    mask = masks(room, shape, "Lesion")["Lesion"]
    lesion, second = disc(shape, 60, 70, 20), disc(shape, 90, 150, 14)
    assert dice(mask, lesion) > 0.95
    assert (painting.shown() == mask)[::3, ::3].all()
    room.press("Control+z")
    room.wait(lambda: not painting.shown().any(), "no outline")
    room.press("Control+Shift+z")
    assert (masks(room, shape, "Lesion")["Lesion"] == mask).all()
    # A box beside it is another structure of the label; what was outlined stays.
    painting.stroke((72, 132), (108, 168))
    room.wait(lambda: bool(painting.shown()[90, 150]), "the second outline")
    settled(room)
    both = masks(room, shape, "Lesion")["Lesion"]
    assert dice(both, lesion | second) > 0.95
    assert (both & mask == mask).all()
    # A click that takes away refines the outline in hand and no other.
    painting.click(90, 168, "Control")
    settled(room)
    room.page.wait_for_timeout(300)
    refined = masks(room, shape, "Lesion")["Lesion"]
    assert dice(refined, lesion | second) > 0.95 and (refined & mask == mask).all()
    assert room.problems == []


def test_masks_of_two_views_are_each_its_own(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    frontal = phantoms.keep_scan(archive, phantoms.block_radiograph(), **phantoms.radiograph())
    # Of a NIfTI file: fractions, and pixels that are twice as high as wide.
    fractions = phantoms.counting_volume(4).astype(np.float32) / 7
    volume = phantoms.keep_scan(archive, fractions, modality="MR", spacing=[2.0, 1.0])
    project = make_project(LESIONS, [frontal])
    task = Task.objects.get()
    TaskScan.objects.create(task=task, scan=volume, position=1)
    room = enter(project)
    room.press("1")
    Painting(room, 100, 200).click(50, 100)
    masks(room, (100, 200), "Lesion")
    tall = room.page.locator(".viewport").nth(1)
    tall.click()
    first, second = kept(room, lambda result: len(result) == 2, "two masks")
    assert [first["item_index"], second["item_index"]] == [0, 3]
    mask = decoded(second, (64, 64))
    rows, columns = mask.any(axis=1).sum(), mask.any(axis=0).sum()
    # 4 mm across, as the first scan's brush, where four pixels meet.
    assert (rows, columns) == (2, 4)

    task_number = room.root("task")
    room.enter()
    room.wait(lambda: room.page.locator(".region").count() == 2, "the draft's masks")
    room.press("Enter")
    room.wait_for_state("empty")
    assert Annotation.objects.get(task_id=task_number).result == [first, second]
    assert room.problems == []
