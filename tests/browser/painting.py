"""Masks as a test paints them, sees them on the screen and finds them on the server."""

from collections.abc import Callable
from typing import Any

import numpy as np
from label_studio_sdk.converter.brush import decode_rle
from numpy.typing import NDArray

from annotator.models import Draft
from tests.browser.rooms import Room

Mask = NDArray[np.bool_]


def decoded(item: dict[str, Any], shape: tuple[int, int]) -> Mask:
    """The mask as Label Studio's own SDK decodes it."""
    image = decode_rle(item["value"]["rle"]).reshape(*shape, 4)
    assert set(np.unique(image)) <= {0, 255}
    mask: Mask = image[..., 3] > 0
    return mask


class Painting:
    """One viewport of a room whose frame fits into it, addressed in pixels of the frame."""

    def __init__(self, room: Room, rows: int, columns: int, viewport: int = 0) -> None:
        self.room, self.shape, self.viewport = room, (rows, columns), viewport
        box = room.page.locator(".viewport").nth(viewport).bounding_box()
        assert box is not None
        self.scale = min(box["width"] / columns, box["height"] / rows)
        self.left = box["x"] + (box["width"] - columns * self.scale) / 2
        self.top = box["y"] + (box["height"] - rows * self.scale) / 2
        self.x, self.y, self.width = box["x"], box["y"], box["width"]

    def point(self, row: float, column: float) -> tuple[float, float]:
        """On the page, the middle of a pixel."""
        return self.left + (column + 0.5) * self.scale, self.top + (row + 0.5) * self.scale

    def stroke(self, *places: tuple[float, float]) -> None:
        self.room.stroke(*(self.point(*place) for place in places))

    def click(self, row: float, column: float, *modifiers: str) -> None:
        keyboard = self.room.page.keyboard
        for key in modifiers:
            keyboard.down(key)
        self.room.page.mouse.click(*self.point(row, column))
        for key in modifiers:
            keyboard.up(key)

    def shown(self) -> Mask:
        """Which pixels of the frame carry paint on the screen, each looked at in its middle."""
        rows, columns = self.shape
        digits = self.room.page.evaluate(
            """([nth, left, top, scale, rows, columns]) => {
                const canvas = document.querySelectorAll('canvas.paint')[nth];
                const { data, width } = canvas.getContext('2d')
                    .getImageData(0, 0, canvas.width, canvas.height);
                const place = (start, index) => Math.floor(start + (index + 0.5) * scale);
                let digits = '';
                for (let row = 0; row < rows; row += 1) {
                    for (let column = 0; column < columns; column += 1) {
                        const at = place(top, row) * width + place(left, column);
                        digits += data[at * 4 + 3] > 0 ? '1' : '0';
                    }
                }
                return digits;
            }""",
            [self.viewport, self.left - self.x, self.top - self.y, self.scale, rows, columns],
        )
        shown: Mask = np.array(list(digits)).reshape(rows, columns) == "1"
        return shown


def kept(room: Room, holds: Callable[[list[dict[str, Any]]], bool], what: str) -> Any:
    """The draft's result on the server, once it is as it should be.

    The first save of a long stroke may hold its beginning alone.
    """

    def is_kept() -> bool:
        drafts = list(Draft.objects.all())
        return room.says("saved") == "Draft saved" and any(holds(draft.result) for draft in drafts)

    room.wait(is_kept, what)
    return Draft.objects.get().result


def masks(room: Room, shape: tuple[int, int], *labels: str) -> dict[str, Mask]:
    def has(result: list[dict[str, Any]]) -> bool:
        return [item["value"]["brushlabels"][0] for item in result] == list(labels)

    result = kept(room, has, f"masks of {labels}")
    return {item["value"]["brushlabels"][0]: decoded(item, shape) for item in result}


def settled(room: Room) -> None:
    """Until what was done last is on the server."""
    room.page.wait_for_timeout(100)
    room.wait(lambda: room.says("saved") == "Draft saved", "the saved draft")


def dice(one: Mask, other: Mask) -> float:
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


def disc(shape: tuple[int, int], row: float, column: float, radius: float) -> Mask:
    rows, columns = np.indices(shape)
    inside: Mask = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return inside
