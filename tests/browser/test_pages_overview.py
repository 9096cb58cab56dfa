"""The map of the scans opens the case, by pointer and by key; the menu turns the theme."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from tests.browser.household import household
from tests.browser.test_axe import _log_in

pytestmark = pytest.mark.browser


def _noted(route: Route, opened: list[str]) -> None:
    """Keeps where the page wanted to go; without contents it stays where it is."""
    opened.append(route.request.url)
    route.fulfill(status=204)


def test_the_map_opens_the_case_under_the_pointer_and_in_hand(
    context: BrowserContext, live_server: Any, transactional_db: None
) -> None:
    from rounds import services

    house = household()
    tasks = list(house.project.tasks.order_by("pk").values_list("pk", flat=True))
    points = [[task, at / 5, 0.5, at / 5] for at, task in enumerate(tasks)]
    services.keep_pool_map(project=house.project, generation=1, points=points, uncertainty=[1])
    _log_in(context, live_server.url, house.manager)
    page = context.new_page()
    opened: list[str] = []
    page.route("**/tasks/*/", lambda route: _noted(route, opened))
    page.goto(f"{live_server.url}/projects/{house.project.pk}/")

    spot = page.locator(f'.spot[data-task="{tasks[0]}"]')
    said = page.locator("[data-map-said]")
    spot.hover()
    expect(said).to_contain_text("0.png · Read · Artefact · uncertainty 0.00")
    colour = "spot => getComputedStyle(spot).fill"
    by_state = spot.evaluate(colour)
    page.get_by_label("Colour").select_option("answer")
    assert spot.evaluate(colour) == "rgb(230, 159, 0)" != by_state  # the second answer's
    spot.click()
    page.locator("[data-map] svg").focus()
    page.keyboard.press("ArrowRight")
    expect(said).to_contain_text("1.png")
    page.keyboard.press("Enter")
    page.wait_for_timeout(200)
    assert [url.rsplit("/", 2)[1] for url in opened] == [str(tasks[0]), str(tasks[1])]

    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Light").click()
    # The page comes anew, and its style sheet after it.
    expect(page.locator("body")).to_have_css("background-color", "rgb(243, 246, 246)")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
