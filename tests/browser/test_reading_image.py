"""What is on the screen is what is in the file: place, proportions, orientation and brightness."""

import re
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from playwright.sync_api import BrowserContext

from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.rooms import Room, extent

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[[Project], Room]
QUESTION = """
<Choices name="finding" toName="image"><Choice value="Normal"/><Choice value="Nodule"/></Choices>
"""


@pytest.mark.usefixtures("drawn_both_ways")
def test_a_block_is_drawn_in_its_place_with_its_value(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    scan = phantoms.keep_scan(archive, phantoms.block_radiograph(), **phantoms.radiograph())
    room = enter(make_project(QUESTION, [scan]))
    picture = room.picture()
    top, bottom, left, right = extent(picture[..., 0] > 200)
    # The frame's 200 columns fill the canvas's width: every pixel is this many on the screen.
    scale = picture.shape[1] / 200
    above = (picture.shape[0] - 100 * scale) / 2
    assert abs(left - 20 * scale) <= 2
    assert abs(right - 60 * scale) <= 2
    assert abs(top - (above + 10 * scale)) <= 2
    assert abs(bottom - (above + 40 * scale)) <= 2
    # The window is 0 to 4095: 4000 is 249 of 255, 2000 is 124 or 125.
    assert abs(int(picture[(top + bottom) // 2, (left + right) // 2, 0]) - 249) <= 1
    grey = picture[int(above + 75 * scale), int(160 * scale), 0]
    assert abs(int(grey) - 124.5) <= 1.5
    assert picture[2, 2].tolist() == [0, 0, 0]
    # In a window of another shape it fits again; zoomed in, it keeps its zoom and its middle.
    picture = resized(room, 1050)
    left, right = extent(picture[..., 0] > 200)[2:]
    assert [left, right] == pytest.approx([0.1 * picture.shape[1], 0.3 * picture.shape[1]], abs=2)
    room.press("+", "+")
    before, zoom = resized(room, 1040), room.overlay("bottom-left").split("Zoom ")[1]
    after = resized(room, 1300)
    assert room.overlay("bottom-left").split("Zoom ")[1] == zoom
    ends = [extent(one[..., 0] > 200)[3] - one.shape[1] / 2 for one in (before, after)]
    assert ends[0] == pytest.approx(ends[1], abs=2)
    assert room.problems == []


def resized(room: Room, width: int) -> NDArray[np.uint8]:
    """The picture in a window that is so wide."""
    room.page.set_viewport_size({"width": width, "height": 1000})
    room.page.wait_for_timeout(600)
    return room.picture()


def test_pixels_that_are_not_square_are_drawn_in_millimetres(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    frame = np.zeros((100, 100), np.uint16)
    frame[30:70, 30:70] = 4000
    # 1.0 mm between rows, 0.5 mm between columns: the square of pixels is twice as tall as wide.
    scan = phantoms.keep_scan(archive, frame, **phantoms.radiograph(spacing=[1.0, 0.5]))
    room = enter(make_project(QUESTION, [scan]))
    top, bottom, left, right = extent(room.picture()[..., 0] > 200)
    assert (bottom - top) / (right - left) == pytest.approx(2.0, abs=0.02)


def test_a_frame_without_spacing_keeps_its_proportions_and_says_so(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    scan = phantoms.keep_scan(
        archive, phantoms.block_radiograph(), **phantoms.radiograph(spacing=None)
    )
    room = enter(make_project(QUESTION, [scan]))
    assert "No pixel spacing" in room.overlay("bottom-right")
    assert room.page.locator(".scale-bar").is_hidden()
    top, bottom, left, right = extent(room.picture()[..., 0] > 200)
    assert (right - left) / (bottom - top) == pytest.approx(40 / 30, abs=0.02)


@pytest.mark.usefixtures("drawn_both_ways")
def test_monochrome1_is_drawn_with_low_values_white(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    scan = phantoms.keep_scan(
        archive, phantoms.block_radiograph(), **phantoms.radiograph(inverted=True)
    )
    room = enter(make_project(QUESTION, [scan]))
    picture = room.picture()
    middle = picture.shape[0] // 2
    assert picture[middle, picture.shape[1] // 2, 0] >= 254
    scale = picture.shape[1] / 200
    above = (picture.shape[0] - 100 * scale) / 2
    assert picture[int(above + 25 * scale), int(40 * scale), 0] <= 7
    room.press("i")
    room.page.wait_for_timeout(200)
    assert room.picture()[middle, picture.shape[1] // 2, 0] <= 1
    assert "Inverted" in room.overlay("bottom-left")


@pytest.mark.usefixtures("drawn_both_ways")
def test_colour_is_drawn_in_its_colours(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    frame = np.zeros((60, 60, 3), np.uint8)
    frame[:, :20] = (200, 30, 40)
    frame[:, 20:40] = (20, 180, 60)
    frame[:, 40:] = (10, 20, 220)
    scan = phantoms.keep_scan(archive, frame, samples=3, modality="XC")
    room = enter(make_project(QUESTION, [scan]))
    picture = room.picture()
    middle = picture.shape[0] // 2
    left = (picture.shape[1] - picture.shape[0]) // 2
    third = picture.shape[0] // 3
    for number, colour in enumerate([(200, 30, 40), (20, 180, 60), (10, 20, 220)]):
        seen = picture[middle, left + number * third + third // 2]
        assert np.abs(seen.astype(int) - colour).max() <= 2


@pytest.mark.usefixtures("drawn_both_ways")
def test_sixteen_bits_are_windowed_at_full_depth(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    # Two values one apart in 65,536, and a window of 4 about them: 8 bits would show one grey.
    frame = np.full((64, 64), 30_000, np.uint16)
    frame[:, 32:] = 30_001
    frame[0, 0], frame[0, 1] = 0, 65_535
    scan = phantoms.keep_scan(archive, frame, **phantoms.radiograph(window=[30_001.0, 4.0]))
    room = enter(make_project(QUESTION, [scan]))
    picture = room.picture()
    middle, width = picture.shape[0] // 2, picture.shape[1]
    # PS3.3 C.11.2.1.2.1: 29,999 to 30,002 are black to white, so the two lie at a third and two.
    assert abs(int(picture[middle, width // 2 - 100, 0]) - 85) <= 1
    assert abs(int(picture[middle, width // 2 + 100, 0]) - 170) <= 1


def test_an_axial_volume_opens_in_its_middle_and_names_its_sides(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    scan = phantoms.keep_scan(archive, phantoms.counting_volume(), **phantoms.axial(9))
    room = enter(make_project(QUESTION, [scan]))
    assert room.overlay("top-right") == "5 / 9"
    sides = [room.overlay(side) for side in ("left", "right", "top", "bottom")]
    assert sides == ["R", "L", "A", "P"]
    assert room.overlay("bottom-left").startswith("C 40  W 400  Soft tissue")


def test_a_volume_opens_at_the_frame_the_task_tells_and_fetches_from_there(
    archive: Archive, make_project: MakeProject, enter: Enter, context: BrowserContext
) -> None:
    scan = phantoms.keep_scan(archive, phantoms.counting_volume(), **phantoms.axial(9))
    project = make_project(QUESTION, [scan])
    project.tasks.update(opens_at={"scan": 0, "frame": 7})  # the second from the head
    asked: list[int] = []
    context.on(
        "request",
        lambda request: asked.extend(
            int(number) for number in re.findall(r"/frames/(\d+)$", request.url)
        ),
    )
    room = enter(project)
    assert room.overlay("top-right") == "2 / 9"
    # 70 HU at that frame: (70 + 160) / 399 of white.
    picture = room.picture()
    seen = int(picture[picture.shape[0] // 2, picture.shape[1] // 2, 0])
    assert abs(seen - 230 / 399 * 255) <= 1
    room.wait(lambda: len(set(asked)) == 9, "every frame")
    first = list(dict.fromkeys(asked))
    assert first[0] == 7 and sorted(first[:4]) == [5, 6, 7, 8]


@pytest.mark.usefixtures("drawn_both_ways")
def test_the_wheel_and_keys_go_through_a_volume(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    scan = phantoms.keep_scan(archive, phantoms.counting_volume(), **phantoms.axial(9))
    room = enter(make_project(QUESTION, [scan]))

    def shown() -> str:
        return room.overlay("top-right")

    for key, slice_ in [
        ("ArrowDown", "6 / 9"), ("ArrowUp", "5 / 9"), ("End", "9 / 9"), ("ArrowDown", "9 / 9"),
        ("Home", "1 / 9"), ("PageDown", "9 / 9"), ("PageUp", "1 / 9"),
    ]:  # fmt: skip
        room.press(key)
        room.wait(lambda: shown() == slice_, f"slice {slice_} after {key}")  # noqa: B023
    room.page.mouse.move(400, 400)
    for _ in range(3):
        room.page.mouse.wheel(0, 100)
    room.wait(lambda: shown() == "4 / 9", "slice 4 after three steps of the wheel")
    # Slice 4 from the head is frame 5 from the feet, counted from 0, and holds 50 HU; the soft
    # tissue window begins at -160: (50 + 160) / 399 of white.
    picture = room.picture()
    seen = int(picture[picture.shape[0] // 2, picture.shape[1] // 2, 0])
    assert abs(seen - 210 / 399 * 255) <= 1
    room.page.mouse.move(480, 380)
    assert room.overlay("bottom-right").endswith("50 HU")


def test_window_presets_are_for_ct(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    scan = phantoms.keep_scan(archive, phantoms.counting_volume(), **phantoms.axial(9))
    room = enter(make_project(QUESTION, [scan]))
    for key, name in [("Shift+Digit2", "C -600  W 1500  Lung"), ("Shift+Digit4", "C 480  W 2500")]:
        room.press(key)
        room.wait(lambda: name in room.overlay("bottom-left"), name)  # noqa: B023
    room.press("f")
    room.wait(lambda: "C 40  W 400" in room.overlay("bottom-left"), "the scan's own window")
    assert room.chosen() == []


def test_dragging_changes_the_window_and_the_view(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    scan = phantoms.keep_scan(archive, phantoms.block_radiograph(), **phantoms.radiograph())
    room = enter(make_project(QUESTION, [scan]))
    room.drag((0.5, 0.5), (0.7, 0.5))
    room.wait(lambda: "W 4096" not in room.overlay("bottom-left"), "another width")
    assert "C 2048" in room.overlay("bottom-left")
    before = extent(room.picture()[..., 0] > 150)
    room.press("p")
    room.drag((0.5, 0.5), (0.6, 0.5))
    after = extent(room.picture()[..., 0] > 150)
    assert after[2] - before[2] == pytest.approx(0.1 * room.picture().shape[1], abs=3)
    room.press("f", "a")
    room.wait(lambda: "Zoom 100 %" in room.overlay("bottom-left"), "one to one")
    top, bottom, left, right = extent(room.picture()[..., 0] > 150)
    # A pixel may lie across two of the screen's.
    assert (right - left, bottom - top) == pytest.approx((40, 30), abs=1)
    room.press("z")
    room.drag((0.5, 0.6), (0.5, 0.4))
    top, bottom, left, right = extent(room.picture()[..., 0] > 150)
    assert right - left > 60, "dragged upwards, the scan grows"


def test_two_scans_of_a_task_stand_side_by_side(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    frontal = phantoms.keep_scan(archive, phantoms.block_radiograph(), **phantoms.radiograph())
    lateral = phantoms.keep_scan(
        archive, phantoms.block_radiograph()[:, ::-1], **phantoms.radiograph(view="LAT")
    )
    project = make_project(QUESTION, [frontal])
    project.tasks.get().task_scans.create(scan=lateral, position=1)
    room = enter(project)
    assert room.page.locator(".viewport").count() == 2
    views = room.page.locator(".overlay-part.top-left").all_inner_texts()
    assert [view.splitlines()[-1] for view in views] == ["PA", "LAT"]
