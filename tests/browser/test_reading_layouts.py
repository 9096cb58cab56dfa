"""How a task's scans stand on the screen: side by side, back to back, before and now, in planes."""

import io
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Locator

from annotator.queue import create_tasks
from projects.hanging import BUILT_IN
from projects.models import Project
from scans.models import Archive, Scan, Study
from tests.browser import phantoms
from tests.browser.rooms import Room, extent

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[[Project], Room]
BOXES = """
<RectangleLabels name="box" toName="image"><Label value="Nodule"/></RectangleLabels>
"""
HIDDEN = ".overlay, .svg-layer, .crosshairs, .viewport::after { visibility: hidden !important }"


@pytest.fixture
def read_studies(make_project: MakeProject, enter: Enter) -> Callable[..., Room]:
    """Opens the reading room of a project that reads a study at a time, with its prior."""

    def read(scans: list[Scan], hanging: list[dict[str, Any]] | None = None) -> Room:
        project = make_project(BOXES, [])
        project.reading_unit, project.hanging = "prior", hanging or []
        project.save()
        create_tasks(project=project, scans=scans)
        tasks = project.tasks.filter(task_scans__is_prior=True)
        if tasks.exists():  # the prior's own task is not what is looked at here
            project.tasks.exclude(pk__in=tasks.values("pk")).delete()
        return enter(project)

    return read


def cells(room: Room) -> Locator:
    return room.page.locator(".viewport")


def shown(room: Room) -> list[int]:
    """The scans on the screen, in the order of the cells."""
    numbers: list[str] = cells(room).evaluate_all("all => all.map(one => one.dataset.scan)")
    return [int(number) for number in numbers]


def wait_for_cells(room: Room, count: int) -> None:
    room.wait(lambda: cells(room).count() == count, f"{count} viewports")
    room.page.wait_for_timeout(400)


def picture(room: Room, nth: int) -> NDArray[np.uint8]:
    """The canvas of the nth cell, [rows, columns], without what lies over it."""
    canvas = cells(room).nth(nth).locator("canvas").first
    shot = canvas.screenshot(style=HIDDEN)
    return np.asarray(Image.open(io.BytesIO(shot)).convert("L"))


def said(room: Room, nth: int, place: str) -> str:
    return str(cells(room).nth(nth).locator(f".overlay-part.{place}").inner_text())


def is_active(room: Room, nth: int) -> bool:
    return "is-active" in str(cells(room).nth(nth).get_attribute("class"))


def test_the_frontal_view_stands_beside_the_lateral_whatever_their_order(
    archive: Archive, read_studies: Callable[..., Room]
) -> None:
    block = phantoms.block_radiograph()
    lateral = phantoms.keep_scan(archive, block, **phantoms.radiograph(view="LL"))
    frontal = phantoms.keep_scan(archive, block, **phantoms.radiograph())
    room = read_studies([lateral, frontal])
    assert shown(room) == [frontal.pk, lateral.pk]
    assert is_active(room, 0)
    room.press(".")
    assert is_active(room, 1)
    # Alone, and back; by the key and by a double click.
    room.press("d")
    wait_for_cells(room, 1)
    assert shown(room) == [lateral.pk]
    assert room.page.locator("[data-part=page]").inner_text() == "Page 2 of 2"
    room.press(",")
    room.wait(lambda: shown(room) == [frontal.pk], "the page before")
    room.press("d")
    wait_for_cells(room, 2)
    cells(room).nth(1).dblclick(position={"x": 100, "y": 100})
    wait_for_cells(room, 1)
    assert shown(room) == [lateral.pk]
    room.press("Alt+0")
    wait_for_cells(room, 2)
    # A mark on a scan that leaves the screen stays, and is numbered through all scans.
    room.press("1")
    room.drag((0.2, 0.45), (0.4, 0.55))
    room.wait(lambda: room.page.locator(".region").count() == 1, "the mark")
    room.press(".", "d")
    wait_for_cells(room, 1)
    assert room.page.locator(".region").count() == 1
    room.page.locator(".region").click()
    room.wait(lambda: shown(room) == [frontal.pk], "the mark's own scan")
    assert room.problems == []


def mammogram(archive: Archive, side: str, view: str, **header: Any) -> Scan:
    """A breast with its chest wall on the left as stored: columns 0 to 39 of 100 are bright."""
    frame = np.zeros((120, 100), np.uint16)
    frame[30:90, :40] = 4000
    return phantoms.keep_scan(
        archive, frame, modality="MG", view=view, laterality=side, spacing=[0.5, 0.5],
        window=[2048.0, 4096.0], **header,
    )  # fmt: skip


@pytest.mark.usefixtures("drawn_both_ways")
def test_mammograms_hang_back_to_back(archive: Archive, read_studies: Callable[..., Room]) -> None:
    scans = [
        mammogram(archive, "L", "MLO"),
        mammogram(archive, "R", "MLO"),
        mammogram(archive, "L", "CC", patient_orientation=["A", "R"]),
        mammogram(archive, "R", "CC", patient_orientation=["A", "R"]),
    ]
    room = read_studies(scans)
    wait_for_cells(room, 4)
    assert shown(room) == [scan.pk for scan in (scans[3], scans[2], scans[1], scans[0])]
    for nth in range(4):
        bright = picture(room, nth) > 200
        top, bottom, left, right = extent(bright)
        width = bright.shape[1]
        # The breast touches the edge in the middle of the screen, and nothing else does.
        assert (width - right if nth % 2 == 0 else left) <= 1, (nth, left, right, width)
        assert (left if nth % 2 == 0 else width - right) > width / 4
        assert (right - left) / (bottom - top) == pytest.approx(40 / 60, abs=0.03)
    # The right breast's rows ran to the front: it is seen from the other side, the letters with it.
    assert (said(room, 0, "left"), said(room, 0, "top")) == ("A", "R")
    assert (said(room, 1, "right"), said(room, 1, "top")) == ("A", "L")
    # No letter lies on the tissue at the chest wall.
    assert (said(room, 0, "right"), said(room, 1, "left")) == ("", "")
    # So it hangs after "fit" too, and in a window of another size.
    room.press("f")
    room.page.set_viewport_size({"width": 1500, "height": 800})
    room.page.wait_for_timeout(600)
    _, _, left, right = extent(picture(room, 0) > 200)
    assert picture(room, 0).shape[1] - right <= 1
    assert room.problems == []


def block_volume() -> NDArray[np.int16]:
    """20 slices, 30 rows, 40 columns: air, but a block in columns 5-14, rows 3-8, slices 2-5."""
    volume = np.full((20, 30, 40), -1000, np.int16)
    volume[2:6, 3:9, 5:15] = 1000
    return volume


def anisotropic() -> dict[str, Any]:
    """1 mm between columns, 2 mm between rows, 3 mm between slices that run to the head."""
    return phantoms.axial(20) | {
        "spacing": [2.0, 1.0],
        "slice_spacing": 3.0,
        "positions": [[0.0, 0.0, 3.0 * number] for number in range(20)],
        "window": [0.0, 2000.0],
    }


def place(
    picture: NDArray[np.uint8], size: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Top, bottom, left and right of what is bright, in mm from the middle of the frame.

    `size`: height and width of the frame in mm, which is fitted into the picture.
    """
    rows, columns = picture.shape
    scale = max(size[0] / rows, size[1] / columns)
    top, bottom, left, right = extent(picture > 128)
    return (
        (top - rows / 2) * scale, (bottom - rows / 2) * scale,
        (left - columns / 2) * scale, (right - columns / 2) * scale,
    )  # fmt: skip


def places(room: Room) -> list[str]:
    """Which slice each plane shows, of how many."""
    return [said(room, nth, "top-right").split("\n")[0] for nth in range(3)]


def go_to_block(room: Room) -> None:
    """Slice 4 of the file, which is the 16th from the head; row 6; column 10."""
    for nth, (slices, key) in enumerate([(15, "ArrowDown"), (10, "ArrowUp"), (9, "ArrowUp")]):
        room.page.keyboard.press("." if nth else "Home")
        for _ in range(slices):
            room.press(key)
        room.page.wait_for_timeout(300)
    assert places(room) == ["16 / 20", "11 / 40", "7 / 30"]


def click_in_sagittal(room: Room, *, behind: float, below: float) -> None:
    """So many mm from the middle of the second plane, which is 60 mm high and wide."""
    box = cells(room).nth(1).bounding_box()
    assert box is not None
    millimetres = 60 / min(box["width"], box["height"])
    room.page.mouse.click(
        box["x"] + box["width"] / 2 + behind / millimetres,
        box["y"] + box["height"] / 2 + below / millimetres,
    )
    room.page.wait_for_timeout(300)


@pytest.mark.usefixtures("drawn_both_ways")
def test_a_block_in_a_volume_is_in_its_place_in_all_three_planes(
    archive: Archive, read_studies: Callable[..., Room]
) -> None:
    scan = phantoms.keep_scan(archive, block_volume(), **anisotropic())
    room = read_studies([scan], [{"layout": "mpr", "cells": [{"kind": "volume"}]}])
    wait_for_cells(room, 3)
    assert [said(room, nth, "top-right").split("\n")[-1] for nth in range(3)] == [
        "Axial", "Sagittal", "Coronal",
    ]  # fmt: skip
    go_to_block(room)
    # In mm from the middle of a frame: 60 to 40 (axial), 60 to 60 (sagittal), 60 to 40 (coronal).
    x, y, z = (5 - 20, 15 - 20), (2 * 3 - 30, 2 * 9 - 30), (3 * (20 - 6) - 30, 3 * (20 - 2) - 30)
    for nth, (down, across, size) in enumerate(
        [(y, x, (60, 40)), (z, y, (60, 60)), (z, x, (60, 40))]
    ):
        found = place(picture(room, nth), size)
        assert found == pytest.approx((*down, *across), abs=0.8), nth
    letters = [
        [said(room, nth, edge) for edge in ("left", "right", "top", "bottom")] for nth in range(3)
    ]
    assert letters == [["R", "L", "A", "P"], ["A", "P", "H", "F"], ["R", "L", "H", "F"]]
    # The window is shared.
    room.press("Shift+ArrowRight")
    room.page.wait_for_timeout(300)
    assert len({said(room, nth, "bottom-left").split("\n")[0] for nth in range(3)}) == 1
    # 7.4 mm below the middle of 60 is in the 13th slice, 10.6 mm behind it in the 21st row.
    click_in_sagittal(room, behind=10.6, below=7.4)
    assert places(room) == ["13 / 20", "11 / 40", "21 / 30"]
    # Marks are kept on the acquired slices alone.
    room.press("1")
    cells(room).nth(1).click(position={"x": 60, "y": 60})
    assert "as they were acquired" in room.says("notice")
    assert room.page.locator(".region").count() == 0
    # The plane alone, and back.
    room.press("1", "d")
    wait_for_cells(room, 1)
    assert said(room, 0, "left") == "A"
    room.press("d")
    wait_for_cells(room, 3)
    # As the reader has set its greys, the volume is shown in every layout.
    window = said(room, 0, "bottom-left").split("\n")[0]
    room.press("Alt+1")
    wait_for_cells(room, 1)
    assert said(room, 0, "bottom-left").split("\n")[0] == window != "C 0  W 2000"
    room.press("i", "Alt+4")
    wait_for_cells(room, 3)
    lines = {said(room, nth, "bottom-left").split("\n")[0] for nth in range(3)}
    assert lines == {f"{window}  Inverted"}
    assert room.problems == []


def test_a_prior_stands_beside_the_current_study_and_scrolls_with_it(
    archive: Archive, read_studies: Callable[..., Room]
) -> None:
    volumes = [
        phantoms.keep_scan(archive, phantoms.counting_volume(count), **phantoms.axial(count))
        for count in (17, 9)
    ]
    prior, current = volumes
    Study.objects.filter(pk=current.series.study_id).update(date=date(2024, 6, 1))
    prior.series.study = Study.objects.create(
        archive=archive, patient=current.series.study.patient, uid="1.9", date=date(2024, 5, 2)
    )
    prior.series.save()
    room = read_studies(volumes, BUILT_IN)
    wait_for_cells(room, 2)
    assert shown(room) == [current.pk, prior.pk]
    assert said(room, 1, "top-left").split("\n")[0] == "Prior, 30 days earlier"
    assert "Prior" not in said(room, 0, "top-left")

    def slices() -> list[str]:
        return [said(room, nth, "top-right") for nth in range(2)]

    assert slices() == ["5 / 9", "9 / 17"]
    room.press("ArrowDown")
    room.wait(lambda: slices() == ["6 / 9", "9 / 17"], "one alone")
    room.press("j", "ArrowDown")
    room.wait(lambda: slices() == ["7 / 9", "13 / 17"], "as far through the prior")
    room.press("+")
    room.page.wait_for_timeout(300)
    zooms = {said(room, nth, "bottom-left").split("Zoom ")[1] for nth in range(2)}
    assert len(zooms) == 1
    room.press("Shift+2")
    room.wait(lambda: "C -600" in said(room, 1, "bottom-left"), "the prior's window")
    room.press("j", "ArrowDown")
    room.wait(lambda: slices() == ["8 / 9", "13 / 17"], "no longer linked")
    assert room.problems == []
