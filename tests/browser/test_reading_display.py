"""How the reader changes what one viewport shows, and that it tells the truth afterwards."""

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import BrowserContext

from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.rooms import Room, extent

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[[Project], Room]
Open = Callable[..., Room]
Picture = NDArray[np.uint8]
QUESTION = """
<Choices name="finding" toName="image"><Choice value="Normal"/><Choice value="Nodule"/></Choices>
"""


@pytest.fixture
def show(archive: Archive, make_project: MakeProject, enter: Enter) -> Open:
    def opened(frames: NDArray[Any], **header: Any) -> Room:
        return enter(make_project(QUESTION, [phantoms.keep_scan(archive, frames, **header)]))

    return opened


def edges(room: Room) -> str:
    """The letters at the left, the right, the top and the bottom."""
    return " ".join(room.overlay(side) for side in ("left", "right", "top", "bottom"))


def settled(room: Room, is_there: Callable[[Picture], bool], what: str) -> Picture:
    """The picture, once it is as it should be."""
    room.wait(lambda: is_there(room.picture()), what)
    return room.picture()


def shown_like(picture: Picture, frame: NDArray[Any], white: float) -> bool:
    """Whether `picture` shows `frame`, fitted and centred, at the centres of its larger blocks."""
    rows, columns = frame.shape[:2]
    scale = min(picture.shape[0] / rows, picture.shape[1] / columns)
    top = (picture.shape[0] - rows * scale) / 2
    left = (picture.shape[1] - columns * scale) / 2
    steps = range(5, min(rows, columns), 10)
    seen = [
        (picture[int(top + row * scale), int(left + column * scale)].astype(float), (row, column))
        for row in steps
        for column in steps
    ]
    wanted = [np.broadcast_to(frame[place] * 255.0 / white, 3) for _, place in seen]
    return bool(np.abs(np.array([one for one, _ in seen]) - wanted).max() <= 2)


@pytest.mark.usefixtures("drawn_both_ways")
def test_a_radiograph_turns_and_its_letters_turn_with_it(show: Open) -> None:
    frame = phantoms.block_radiograph()
    room = show(
        frame, **phantoms.radiograph(patient_orientation=["L", "F"], spacing_kind="detector")
    )
    assert edges(room) == "R L H F"
    assert "Lengths as at the detector" in room.overlay("bottom-right")
    turns: list[tuple[str, Callable[[Any], Any], str, str]] = [
        ("r", lambda shown: np.rot90(shown, -1), "F H R L", "Turned 90°"),
        ("h", np.fliplr, "H F R L", "Mirrored  Turned 270°"),
        ("v", np.flipud, "H F L R", "Turned 270°"),
        ("r", lambda shown: np.rot90(shown, -1), "R L H F", ""),
        ("v", np.flipud, "R L F H", "Mirrored  Turned 180°"),
        ("r", lambda shown: np.rot90(shown, -1), "H F R L", "Mirrored  Turned 270°"),
    ]
    shown = frame
    for number, (key, turn, letters, words) in enumerate(turns):
        shown = turn(shown)
        room.press(key)
        room.wait(lambda: edges(room) == letters, f"{letters} after {number} {key}")  # noqa: B023
        settled(room, lambda seen: shown_like(seen, shown, 4095), f"{number} {key}")  # noqa: B023
        assert room.overlay("bottom-left").endswith(f"%{'  ' + words if words else ''}")
    # The pointer is on what it seems to be on: the block's middle, row 25 and column 40.
    place = np.argwhere(shown == 4000).mean(axis=0)
    box = room.page.locator(".viewport").bounding_box()
    assert box is not None
    scale = min(box["height"] / shown.shape[0], box["width"] / shown.shape[1])
    down, across = (
        (extent_ - size * scale) / 2 + (at + 0.5) * scale
        for extent_, size, at in zip((box["height"], box["width"]), shown.shape, place, strict=True)
    )
    room.page.mouse.move(box["x"] + across, box["y"] + down)
    room.wait(lambda: "4000" in room.overlay("bottom-right"), "the value under the pointer")
    column, row = room.overlay("bottom-right").split("   ")[0].split(", ")
    assert abs(int(column) - 39.5) <= 1 and abs(int(row) - 24.5) <= 1
    room.press("f")
    settled(room, lambda seen: shown_like(seen, frame, 4095), "the frame as it was taken")
    assert edges(room) == "R L H F" and room.problems == []


@pytest.mark.usefixtures("drawn_both_ways")
def test_a_negative_and_a_photograph_turn_in_their_own_greys_and_colours(
    archive: Archive, make_project: MakeProject, enter: Enter
) -> None:
    frame = phantoms.block_radiograph()
    colours = np.zeros((60, 60, 3), np.uint8)
    colours[:, :20], colours[:, 20:40], colours[:, 40:] = (200, 30, 40), (20, 180, 60), (1, 2, 220)
    negative = phantoms.keep_scan(archive, frame, **phantoms.radiograph(inverted=True))
    photograph = phantoms.keep_scan(archive, colours, patient="P2", samples=3, modality="XC")
    room = enter(make_project(QUESTION, [negative, photograph]))

    def is_negative(seen: Picture) -> bool:
        return shown_like(seen, np.fliplr(4095 - frame.astype(int)), 4095)

    def is_photograph(seen: Picture) -> bool:
        return shown_like(seen, np.rot90(colours, -1), 255)

    keys = {"h": is_negative, "r": is_photograph}
    first = "h" if room.overlay("bottom-left").startswith("C ") else "r"
    for key in (first, "r" if first == "h" else "h"):
        before = room.root("task")
        if key == "r":
            assert room.overlay("bottom-left").startswith("Colour")
            # A window means nothing to colours, and does nothing to them.
            room.press("Shift+ArrowUp", "Shift+Digit2", "Shift+Digit0")
        room.press(key)
        settled(room, keys[key], f"after {key}")
        if key == first:
            room.press("1", "Enter")
            room.wait_for_task(other_than=before)
    assert room.problems == []


def test_a_volume_of_another_plane_stays_turned_from_slice_to_slice(show: Open) -> None:
    volume = np.zeros((5, 40, 60), np.int16)
    for number in range(5):
        volume[number, 10:20, 10 * number : 10 + 10 * number] = 1000
    room = show(
        volume,
        modality="MR",
        window=[500.0, 1000.0],
        spacing=[1.0, 1.0],
        slice_spacing=3.0,
        orientation=[1.0, 0.0, 0.0, 0.0, 0.0, -1.0],
        positions=[[-30.0, 3.0 * number - 6, 20.0] for number in range(5)],
        slice_thickness=4.5,
    )
    assert edges(room) == "R L H F"
    assert "Thickness 4.5 mm\nLocation 0.0 mm" in room.overlay("top-left")
    room.press("r", "h", "ArrowDown")
    room.wait(lambda: room.overlay("top-right") == "4 / 5", "the next slice")
    shown = np.fliplr(np.rot90(volume[3], -1))
    settled(room, lambda seen: shown_like(seen, shown, 999), "the next slice, turned")
    assert edges(room) == "H F R L"
    assert "Location 3.0 mm" in room.overlay("top-left")


@pytest.mark.usefixtures("drawn_both_ways")
def test_the_windows_of_ct_and_of_the_file_give_their_greys(show: Open) -> None:
    names = [[40.0, 400.0, "Mediastinum"], [0.0, 200.0, ""]]
    room = show(
        phantoms.counting_volume(),
        **{**phantoms.axial(9), "windows": names, "kvp": 120.0, "exposure_mas": 55.0},
    )
    assert "120 kVp  55 mAs" in room.overlay("top-left")
    # The middle slice holds 40 HU; PS3.3 C.11.2.1.2.1 puts it this far above black.
    for key, name, share in [
        ("1", "C 40  W 400  Mediastinum", 200 / 399),
        ("2", "C -600  W 1500  Lung", 1390 / 1499),
        ("3", "C 90  W 150  Liver", 25 / 149),
        ("4", "C 480  W 2500  Bone", 810 / 2499),
        ("5", "C 40  W 80  Brain", 40 / 79),
        ("0", "C 40  W 400  Mediastinum", 200 / 399),
        ("0", "C 0  W 200", 140 / 199),
    ]:
        room.press(f"Shift+Digit{key}")
        room.wait(lambda: room.overlay("bottom-left").startswith(name), name)  # noqa: B023
        picture = room.picture()
        grey = int(picture[picture.shape[0] // 2, picture.shape[1] // 2, 0])
        assert abs(grey - share * 255) <= 1, name
    # A bar of whole millimetres: 64 mm fill the height.
    width = float(
        room.page.locator(".scale-bar").evaluate("bar => bar.getBoundingClientRect().width")
    )
    scale = picture.shape[0] / 64
    said = room.page.locator(".scale-bar").inner_text()
    assert said == "1 cm" and abs(width - 10 * scale) <= 1.5


def test_a_cine_runs_at_the_speed_of_the_file_until_the_reader_does_something(show: Open) -> None:
    frames = np.zeros((4, 40, 40), np.uint8)
    room = show(frames, modality="US", window=[127.5, 255.0], frame_seconds=0.125)
    button = room.page.locator(".tool[data-tool=cine]")
    assert room.overlay("top-right") == "3 / 4" and button.get_attribute("aria-pressed") == "false"
    room.press("k")
    seen: set[str] = set()

    def saw_all() -> bool:
        seen.add(room.overlay("top-right"))
        return seen >= {f"{number} / 4\n8 / s" for number in (1, 2, 3, 4)}

    room.wait(saw_all, "every frame, and the first after the last")
    assert button.get_attribute("aria-pressed") == "true"
    room.press("Alt+KeyK")
    room.wait(lambda: room.overlay("top-right").endswith("10 / s"), "a quarter faster")
    room.press("ArrowUp")
    room.wait(lambda: "/ s" not in room.overlay("top-right"), "the end of the cine")
    stopped = room.overlay("top-right")
    room.page.wait_for_timeout(400)
    assert room.overlay("top-right") == stopped
    button.click()
    room.wait(lambda: room.overlay("top-right").endswith("8 / s"), "the cine again")
    button.click()
    room.wait(lambda: "/ s" not in room.overlay("top-right"), "the end of it")


@pytest.mark.usefixtures("drawn_both_ways")
def test_pixels_are_squares_without_interpolation_and_the_glass_enlarges_them(show: Open) -> None:
    frame = np.zeros((100, 200), np.uint16)
    frame[48:52, 96:104] = 4000
    room = show(frame, **phantoms.radiograph())

    def greys() -> int:
        return len(np.unique(room.picture()[..., 0]))

    assert greys() > 5, "edges are soft"
    room.press("n")
    room.wait(lambda: greys() == 2, "black and one grey, nothing between")
    assert room.page.locator(".tool[data-tool=smooth]").get_attribute("aria-pressed") == "true"
    room.press("g", "r")
    box = room.page.locator(".viewport").bounding_box()
    assert box is not None
    room.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    lens = room.page.locator(".lens")
    scale = box["height"] / 200  # turned, the columns fill the height

    def glass() -> Picture:
        shot = lens.screenshot(style=".overlay { visibility: hidden }")
        inside = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))[45:-45, 45:-45]
        return inside * (inside > 200)

    room.wait(lambda: bool(glass().any()), "the block in the glass")
    top, bottom, left, right = extent(glass()[..., 0] > 200)
    assert (right - left, bottom - top) == pytest.approx((4 * scale * 2.5, 8 * scale * 2.5), abs=2)
    assert abs((left + right) / 2 - 85) <= 2 and abs((top + bottom) / 2 - 85) <= 2
    assert int(glass().max()) == 249
    room.press("i")
    room.wait(lambda: int(glass().max()) == 255, "the glass inverted with the image")
    room.press("g")
    room.wait(lens.is_hidden, "the glass put down")


def test_lengths_are_in_pixels_and_said_to_be_where_there_is_no_spacing(show: Open) -> None:
    room = show(phantoms.block_radiograph(), **phantoms.radiograph(spacing=None))
    note = room.page.locator(".spacing-note.is-warning")
    assert note.inner_text() == "No pixel spacing: lengths in pixels"
    room.press("l")
    room.drag((0.3, 0.5), (0.7, 0.5))
    # From three to seven tenths of the 200 columns.
    said = room.page.locator(".svg-layer text")
    room.wait(
        lambda: any(re.fullmatch(r"(79|80)\.\d px", text) for text in said.all_text_contents()),
        "a length of 80 pixels",
    )


def test_fingers_window_and_zoom_and_the_toolbar_fits_them(
    show: Open, context: BrowserContext
) -> None:
    room = show(phantoms.block_radiograph(), **phantoms.radiograph())
    touch = context.new_cdp_session(room.page)
    touch.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 5})

    def send(kind: str, *points: tuple[float, float]) -> None:
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})
        room.page.wait_for_timeout(30)

    send("touchStart", (300, 300))
    for step in range(1, 8):
        send("touchMove", (300 + 20 * step, 300))
    send("touchEnd")
    room.wait(lambda: "W 4096" not in room.overlay("bottom-left"), "another width")
    before = room.overlay("bottom-left").split("Zoom ")[1]
    send("touchStart", (350, 300), (450, 300))
    for step in range(1, 8):
        send("touchMove", (350 - 10 * step, 300), (450 + 10 * step, 300))
    send("touchEnd")
    room.wait(
        lambda: (
            int(room.overlay("bottom-left").split("Zoom ")[1].split()[0])
            > 1.2 * int(before.split()[0])
        ),
        "a closer view",
    )
    boxes = [tool.bounding_box() for tool in room.page.locator(".tool:visible").all()]
    sizes = [(box["width"], box["height"]) for box in boxes if box]
    assert len(sizes) >= 12 and all(min(size) >= 24 for size in sizes)
    assert len({round(box["y"]) for box in boxes if box}) == 1, "one row"
