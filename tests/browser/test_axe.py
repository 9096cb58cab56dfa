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
    const colours = { runOnly: { type: "rule", values: ["color-contrast"] } };
    const others = {
        runOnly: { type: "tag", values: tags }, rules: { "color-contrast": { enabled: false } },
    };
    // Text over the image itself lies on a canvas, whose colours axe cannot know.
    const runs = [await axe.run({ exclude: [".viewport"] }, colours)];
    if (!onlyColours) runs.push(await axe.run(document, others));
    return runs.flatMap(({ violations }) => violations).map(({ id, nodes }) =>
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
_SAID: list[dict[str, Any]] = [
    {
        "id": "a", "from_name": "findings", "to_name": "image", "type": "choices", "score": 0.8,
        "value": {"choices": ["Nodule"]}, "meta": {"probabilities": {"Nodule": 0.8}},
    },
    {
        "id": "b", "from_name": "size", "to_name": "image", "type": "number",
        "value": {"number": 12}, "meta": {"deviation": 3.1},
    },
    {
        "id": "c", "from_name": "boxes", "to_name": "image", "type": "rectanglelabels",
        "value": {
            "x": 10, "y": 10, "width": 20, "height": 30, "rotation": 0,
            "rectanglelabels": ["Nodule"],
        },
    },
]  # fmt: skip
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
    room.press("Escape", "b", "Alt+4")
    room.wait(lambda: room.page.locator(".viewport").count() == 3, "three planes")
    room.page.wait_for_timeout(400)
    found["planes and brush"] = _violations(room.page)
    assert {part: rules for part, rules in found.items() if rules} == {}


def test_help_from_the_model_and_cases_out_of_a_list_are_no_barrier(
    archive: Any, enter: Any, make_project: Any, bob: "User"
) -> None:
    from accounts.models import Role
    from annotator.models import Task
    from annotator.services import keep_prediction
    from projects.models import Membership
    from tests.browser import phantoms

    scans = phantoms.scans_of(
        archive, [phantoms.block_radiograph() for _ in range(2)], **phantoms.radiograph()
    )
    project = make_project(_QUESTIONS, scans)
    project.model_help = "before"
    project.save()
    for task in Task.objects.all():
        keep_prediction(
            project=project, task_id=task.pk, result=_SAID, score=0.8, model_version="one",
            created_by=bob,
        )  # fmt: skip
    room: Room = enter(project)
    first = room.root("task")
    assert room.page.locator(".model-box").is_visible()
    found = {"help": _violations(room.page)}
    room.press("2", "Enter")
    room.wait_for_task(other_than=first)
    opened = Room(room.page, room.url.replace("/read/", f"/tasks/{first}/?correct")).enter()
    opened.page.get_by_role("button", name="What the model said").click()
    opened.wait(lambda: opened.page.locator(".model-head").count() > 0, "the model's word")
    found["correction"] = _violations(opened.page)
    Membership.objects.filter(user=bob).update(role=Role.MANAGER)
    looking = Room(room.page, room.url.replace("/read/", f"/tasks/{first}/")).enter("looking")
    found["looking"] = _violations(looking.page)
    assert {part: rules for part, rules in found.items() if rules} == {}
