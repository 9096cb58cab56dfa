"""No page breaks a rule of WCAG 2.2 AA that a program can find, in either theme."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from playwright.sync_api import BrowserContext, Page, Route

from tests.browser.household import Household, household
from tests.browser.rooms import Room, sign_in

if TYPE_CHECKING:
    from accounts.models import User

pytestmark = pytest.mark.browser

_AXE = Path(__file__).parents[2] / "annotator/viewer/node_modules/axe-core/axe.min.js"
_RUN = """async (onlyColours) => {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const runOnly = onlyColours
        ? { type: "rule", values: ["color-contrast"] } : { type: "tag", values: tags };
    // Text over the image itself lies on a canvas, whose colours axe cannot know.
    const context = { exclude: [".viewport"] };
    const found = await axe.run(context, { runOnly, resultTypes: ["violations"] });
    return found.violations.map(({ id, nodes }) =>
        `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 160)).join(" | ")}`);
}"""
_QUESTIONS = """
    <Choices name="findings" toName="image" choice="multiple"><Choice value="Nodule"/></Choices>
    <Rating name="severity" toName="image" maxRating="4"/>
    <Number name="size" toName="image"/>
    <TextArea name="remarks" toName="image"/>
    <RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels>
    <BrushLabels name="masks" toName="image"><Label value="Lung"/></BrushLabels>
"""
_TURN = "theme => document.documentElement.dataset.theme = theme"


@pytest.fixture
def house(transactional_db: None) -> Household:
    return household()


def _log_in(context: BrowserContext, url: str, user: "User") -> None:
    client = Client()
    client.force_login(user)
    sign_in(context, url, client.cookies["sessionid"].value)


def _violations(page: Page) -> dict[str, list[str]]:
    """What axe objects to, by theme."""
    # Colours are read as they come to rest.
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(_AXE.read_text())
    found = {}
    for theme in ("light", "dark"):  # which differ in their colours alone
        page.evaluate(_TURN, theme)
        found[theme] = page.evaluate(_RUN, theme == "dark")
    return {theme: rules for theme, rules in found.items() if rules}


def _of_pages(page: Page, url: str, paths: list[str]) -> dict[str, Any]:
    found = {}
    for path in paths:
        page.goto(url + path)
        found[path] = _violations(page)
    return {path: rules for path, rules in found.items() if rules}


def test_who_is_not_logged_in_meets_no_barrier(
    context: BrowserContext, live_server: Any, house: Household
) -> None:
    page = context.new_page()
    paths = ["/account/login/", house.invitation, "/account/invitation/x/y/"]
    assert _of_pages(page, live_server.url, paths) == {}


def test_a_manager_meets_no_barrier(
    context: BrowserContext, live_server: Any, house: Household
) -> None:
    _log_in(context, live_server.url, house.manager)
    project = f"/projects/{house.project.pk}"
    paths = [
        "/", "/projects/new/", "/account/token/", "/account/password/change/", "/account/logout/",
        f"{project}/", f"{project}/second-look/", f"{project}/people/", f"{project}/scans/",
        f"{project}/ingests/{house.ingest.pk}/", f"{project}/tasks/", f"{project}/settings/",
        f"{project}/releases/", f"{project}/releases/{house.release.number}/", "/nothing/",
    ]  # fmt: skip
    page = context.new_page()
    assert _of_pages(page, live_server.url, paths) == {}
    page.goto(live_server.url + "/")
    page.locator("details.menu summary").click()
    assert _violations(page) == {}


def test_a_reader_meets_no_barrier(
    context: BrowserContext, live_server: Any, house: Household
) -> None:
    _log_in(context, live_server.url, house.reader)
    project = f"/projects/{house.project.pk}"
    paths = ["/", f"{project}/", f"{project}/answers/", f"{project}/settings/"]
    assert _of_pages(context.new_page(), live_server.url, paths) == {}


@pytest.mark.parametrize("template", ["403_csrf.html", "429.html", "500.html"])
def test_a_page_of_a_fault_is_no_barrier(
    template: str, context: BrowserContext, live_server: Any
) -> None:
    page = context.new_page()

    def answer(route: Route) -> None:
        route.fulfill(body=render_to_string(template), content_type="text/html")

    page.route("**/broken/", answer)
    assert _of_pages(page, live_server.url, ["/broken/"]) == {}


def test_the_reading_room_is_no_barrier(archive: Any, enter: Any, make_project: Any) -> None:
    from tests.browser import phantoms

    scan = phantoms.keep_scan(archive, phantoms.counting_volume(), **phantoms.axial(9))
    room: Room = enter(make_project(_QUESTIONS, [scan]))
    found = {"room": _violations(room.page)}
    room.press("?")
    found["keys"] = _violations(room.page)
    room.press("Escape", "x")
    found["skip"] = _violations(room.page)
    assert {part: rules for part, rules in found.items() if rules} == {}
