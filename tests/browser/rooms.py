"""The reading room as a test drives it: keys, presses of the mouse, and what is on the screen."""

import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import BrowserContext, Page

_PATIENCE = 20.0  # seconds; software rendering on two busy cores


class Room:
    """One open reading page."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.problems.append(message.text)

    def enter(self, state: str = "ready") -> "Room":
        self.page.goto(self.url)
        self.wait_for_state(state)
        return self

    def root(self, name: str) -> str:
        """An attribute data-NAME of the page's root."""
        value = self.page.evaluate(
            "name => document.getElementById('reading-room')?.getAttribute('data-' + name)", name
        )
        return str(value or "")

    def wait_for_state(self, state: str) -> None:
        self.wait(lambda: self.root("state") == state, f"state {state}")

    def wait_for_task(self, *, other_than: str, is_sent: bool = True) -> str:
        """The next task, ready to be answered; `is_sent`: with every answer on the server."""
        self.wait(
            lambda: (
                self.root("state") == "ready"
                and self.root("task") not in ("", other_than)
                and not (is_sent and self.root("unsent"))
            ),
            f"another task than {other_than}",
        )
        return self.root("task")

    def wait(self, holds: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + _PATIENCE
        while not holds():
            if time.monotonic() > until:
                raise AssertionError(
                    f"waited in vain for {what}: state {self.root('state')}, {self.problems}"
                )
            self.page.wait_for_timeout(50)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def says(self, part: str) -> str:
        return str(self.page.locator(f"[data-part={part}]").inner_text())

    def overlay(self, place: str) -> str:
        return str(self.page.locator(f".overlay-part.{place}").inner_text())

    def chosen(self) -> list[str]:
        values: list[str] = self.page.locator("[aria-checked=true]").evaluate_all(
            "buttons => buttons.map(button => button.dataset.value)"
        )
        return values

    def picture(self) -> NDArray[np.uint8]:
        """The canvas of the first scan as drawn, [rows, columns, 3], without text over it."""
        hidden = ".overlay, .svg-layer, .brush-circle, .brush-bar { visibility: hidden !important }"
        shot = self.page.locator(".viewport canvas").first.screenshot(style=hidden)
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"))

    def on_page(self, share: tuple[float, float]) -> tuple[float, float]:
        """Where a point of the first viewport, in shares of its size, lies on the page."""
        box = self.page.locator(".viewport").first.bounding_box()
        assert box is not None
        return box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"]

    def drag(self, *shares: tuple[float, float]) -> None:
        """Drags the left button from point to point, in shares of the viewport's size."""
        self.stroke(*(self.on_page(share) for share in shares))

    def stroke(self, *points: tuple[float, float]) -> None:
        """Drags the left button from point to point of the page."""
        mouse = self.page.mouse
        mouse.move(*points[0])
        mouse.down()
        for point in points[1:]:
            mouse.move(*point, steps=8)
        mouse.up()


def sign_in(context: BrowserContext, url: str, session: str) -> None:
    context.add_cookies([{"name": "sessionid", "value": session, "url": url}])


def extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of what is set, the ends exclusive."""
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
