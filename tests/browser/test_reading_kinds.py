"""A photograph, a NIfTI volume and a multi-frame image: taken in as files, read, and marked."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from PIL import Image

from annotator.models import Draft
from projects.models import Project
from scans.models import Archive, Scan
from tests.browser.painting import Painting, kept
from tests.browser.rooms import Room
from tests.scans.cast import dicom, written
from tests.scans.ingests import ingested

pytestmark = pytest.mark.browser

BOXES = '<RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels>'
XA = "1.2.840.10008.5.1.4.1.1.12.1"
# nibabel has no types.
nib: Any = nibabel


@pytest.fixture
def open_file(
    archive: Archive,
    make_project: Callable[[str, list[Scan]], Project],
    enter: Callable[[Project], Room],
) -> Callable[[Path], Room]:
    """Takes a file in and opens the one scan that it holds."""

    def opened(path: Path) -> Room:
        ingested(archive, path)
        return enter(make_project(BOXES, [Scan.objects.get()]))

    return opened


def value_at(room: Room, painting: Painting, row: int, column: int) -> str:
    """What the reader is told of a pixel under the pointer."""
    room.page.mouse.move(*painting.point(row, column))
    room.page.wait_for_timeout(50)
    return str(room.page.locator(".pixel-value").inner_text())


def boxed(room: Room, painting: Painting, rows: tuple[int, int], columns: tuple[int, int]) -> Any:
    """The result after a box is drawn around whole pixels, the ends exclusive."""
    before = len(Draft.objects.get().result) if Draft.objects.exists() else 0
    room.press("1")
    corners = zip(rows, columns, strict=True)
    painting.stroke(*((row - 0.5, column - 0.5) for row, column in corners))
    room.press("Escape")
    return kept(room, lambda result: len(result) == before + 1, "the box")[-1]


def pixels(item: dict[str, Any]) -> list[float]:
    """Top, left, height and width."""
    value, wide, high = item["value"], item["original_width"], item["original_height"]
    return [
        value["y"] * high / 100, value["x"] * wide / 100,
        value["height"] * high / 100, value["width"] * wide / 100,
    ]  # fmt: skip


def test_a_photograph_is_seen_inverted_and_marked(
    open_file: Callable[[Path], Room], tmp_path: Path
) -> None:
    photo = np.zeros((60, 90, 3), np.uint8)
    photo[:, :30], photo[:, 30:60], photo[:, 60:] = (200, 30, 40), (20, 180, 60), (10, 20, 220)
    path = tmp_path / "photo.png"
    Image.fromarray(photo).save(path)
    room = open_file(path)
    painting = Painting(room, 60, 90)
    assert "Colour" in room.overlay("bottom-left")
    assert value_at(room, painting, 20, 45) == "45, 20   20 180 60"

    def colour() -> list[int]:
        picture = room.picture()
        return [int(one) for one in picture[picture.shape[0] // 2, picture.shape[1] // 2]]

    assert colour() == pytest.approx([20, 180, 60], abs=2)
    room.press("i")
    room.wait(lambda: colour() == pytest.approx([235, 75, 195], abs=2), "the negative")
    item = boxed(room, painting, (10, 50), (30, 60))
    assert pixels(item) == pytest.approx([10, 30, 40, 30], abs=0.5)
    assert "item_index" not in item
    assert room.problems == []


def test_a_nifti_volume_is_scrolled_windowed_and_marked(
    open_file: Callable[[Path], Room], tmp_path: Path
) -> None:
    # To the right, the front and the head: a block whose value tells the slice.
    voxels = np.zeros((40, 30, 9), np.int16)
    voxels[5:15, 16:26] = 100 * np.arange(9)
    path = tmp_path / "volume.nii.gz"
    nib.save(nib.Nifti1Image(voxels, np.diag([2.0, 2.0, 3.0, 1.0])), path)
    room = open_file(path)
    painting = Painting(room, 30, 40)
    sides = [room.overlay(side) for side in ("left", "right", "top", "bottom")]
    assert (sides, room.overlay("top-right")) == (["R", "L", "A", "P"], "5 / 9")
    # The patient's right and front come first: columns 25 to 34, rows 4 to 13.
    assert value_at(room, painting, 8, 30) == "30, 8   400"
    assert [value_at(room, painting, row, 30)[-3:] for row in (3, 4, 13, 14)] == [
        "  0", "400", "400", "  0",
    ]  # fmt: skip
    room.press("ArrowDown")
    room.wait(lambda: room.overlay("top-right") == "6 / 9", "the slice below")
    assert value_at(room, painting, 8, 25) == "25, 8   300"
    before = room.overlay("bottom-left")
    room.press("Shift+ArrowRight")
    room.wait(lambda: room.overlay("bottom-left") != before, "a wider window")
    item = boxed(room, painting, (4, 14), (25, 35))
    assert pixels(item) == pytest.approx([4, 25, 10, 10], abs=0.3)
    assert item["item_index"] == 3, "the fourth slice from the feet"
    assert room.problems == []


def test_a_multi_frame_image_is_played_windowed_and_marked(
    open_file: Callable[[Path], Room], tmp_path: Path
) -> None:
    frames = np.zeros((5, 40, 60), np.uint16)
    for number in range(5):
        frames[number, 10:30, 10 * number : 10 * number + 10] = 1000 + number
    run = dicom(frames, SOPClassUID=XA, Modality="XA", WindowCenter=1000, WindowWidth=2000)
    room = open_file(written(run, tmp_path / "run.dcm"))
    painting = Painting(room, 40, 60)
    assert room.overlay("top-right") == "3 / 5"
    assert value_at(room, painting, 20, 25) == "25, 20   1002"
    assert value_at(room, painting, 20, 35) == "35, 20   0"
    room.press("ArrowDown")
    room.wait(lambda: room.overlay("top-right").startswith("4 / 5"), "the fourth frame")
    assert value_at(room, painting, 20, 35) == "35, 20   1003"
    before = room.overlay("bottom-left")
    room.press("Shift+ArrowUp")
    room.wait(lambda: room.overlay("bottom-left") != before, "a brighter window")
    item = boxed(room, painting, (10, 30), (30, 40))
    assert pixels(item) == pytest.approx([10, 30, 20, 10], abs=0.3)
    assert item["item_index"] == 3
    room.press("k")
    room.wait(lambda: not room.overlay("top-right").startswith("4 / 5"), "the next frame by itself")
    room.press("k")
    assert room.problems == []
