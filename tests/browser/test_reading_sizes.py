"""The reading room fits diagnostic, upright, laptop and tablet screens, in both languages."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.rooms import Room

pytestmark = pytest.mark.browser

# A choice, a brush and boxes: the longest row of tools there is.
QUESTIONS = """
<Choices name="finding" toName="image"><Choice value="Normal"/><Choice value="Nodule"/></Choices>
<RectangleLabels name="boxes" toName="image"><Label value="Node"/></RectangleLabels>
<BrushLabels name="masks" toName="image"><Label value="Lesion"/></BrushLabels>
"""
# Screens, and the share of each that the image has at least.
SCREENS = {(3840, 2160): 0.8, (1200, 1600): 0.6, (1280, 800): 0.6, (1024, 768): 0.55}
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Of every control that is shown: how far it reaches out of the window.
OUT = """
Math.max(0, ...[...document.querySelectorAll('#reading-room button')].map((one) => {
  const { left, right, width } = one.getBoundingClientRect();
  return width ? Math.max(-left, right - innerWidth) : 0;
}))
"""
LINES = """
new Set([...document.querySelectorAll('.tools button')]
  .map((one) => one.getBoundingClientRect()).filter(({ width }) => width)
  .map(({ top, height }) => Math.round(top + height / 2))).size
"""


@pytest.mark.parametrize("language", ["en-gb", "de"])
def test_the_image_has_most_of_every_screen_and_the_tools_one_line(
    archive: Archive,
    make_project: Callable[[str, list[Scan]], Project],
    enter: Callable[[Project], Room],
    live_server: Any,
    context: BrowserContext,
    language: str,
) -> None:
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    scan = phantoms.keep_scan(archive, phantoms.counting_volume(), **phantoms.axial(9))
    room = enter(make_project(QUESTIONS, [scan]))
    assert room.page.locator("html").get_attribute("lang") == language
    for (width, height), share in SCREENS.items():
        room.page.set_viewport_size({"width": width, "height": height})
        room.page.wait_for_timeout(250)
        box = room.page.locator(".stage").bounding_box()
        assert box is not None
        assert box["width"] * box["height"] > share * width * height, (width, box)
        assert room.page.evaluate(WIDE) == 0, width
        assert room.page.evaluate(OUT) <= 0, width
        assert room.page.evaluate(LINES) == 1, width
    assert room.problems == []
