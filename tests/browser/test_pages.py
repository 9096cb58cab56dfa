"""The managers' pages in a real browser: under the content security policy, by mouse and by key."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route, expect

if TYPE_CHECKING:
    from accounts.models import User
    from projects.models import Project

pytestmark = pytest.mark.browser

PASSWORD = "a long enough pass phrase"
STATIC = Path(__file__).parents[2] / "platform/config/static/scout"
PAGES = ["/", "/projects/new/", "/account/token/", "/account/password/change/"]
PROJECT_PAGES = ["settings/", "people/", "scans/", "tasks/"]


@pytest.fixture
def alice(transactional_db: None) -> "User":
    from accounts.models import User

    return User.objects.create_user("alice@example.org", PASSWORD, may_create_projects=True)


@pytest.fixture
def project(alice: "User") -> "Project":
    from projects.label_templates import TEMPLATES
    from projects.services import create_project

    return create_project(
        creator=alice,
        title="Chest radiographs of the accident and emergency department",
        label_config=TEMPLATES[0].xml,
        readers=["a.person.with.a.long.address@radiology.university-hospital.example.org"],
    )


@pytest.fixture
def page(context: BrowserContext, alice: "User", live_server: Any) -> Iterator[Page]:
    """Alice's browser, logged in; whatever the console complains about fails the test."""
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.extend(_complaint(message)))
    page.goto(f"{live_server.url}/projects/new/")
    page.get_by_label("E-mail address").fill(alice.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(
        page.get_by_role("heading", name="New project")
    ).to_be_visible()  # where she wanted to go
    yield page
    assert complaints == []


def _complaint(message: ConsoleMessage) -> list[str]:
    # A connection that a test cuts is reported by the browser, too.
    wanted = message.type == "error" and "ERR_" not in message.text
    return [message.text] if wanted else []


def test_alice_creates_a_project_from_a_template(page: Page) -> None:
    preview = page.locator("#preview")
    expect(preview).to_contain_text("Pleural effusion")
    page.get_by_text("Severity grade").click()
    expect(preview).to_contain_text("Moderate")
    editor = page.get_by_label("Label config")
    editor.fill(editor.input_value().replace("Moderate", "Middling"))
    expect(preview).to_contain_text("Middling")
    editor.press("End")
    editor.type("<")
    expect(preview).to_contain_text("not well-formed XML")
    editor.press("Backspace")
    expect(preview).to_contain_text("Middling")
    page.get_by_label("Title").fill("Severity of oedema")
    page.get_by_role("button", name="Create project").click()
    expect(page.get_by_role("heading", name="Scans")).to_be_visible(timeout=30_000)
    expect(page.get_by_role("status")).to_contain_text("The project is ready")


def test_another_template_does_not_overwrite_what_was_typed_unasked(page: Page) -> None:
    editor = page.get_by_label("Label config")
    editor.press("End")
    editor.type(" ")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_text("Single diagnosis").click()
    assert "Pleural effusion" in editor.input_value()
    assert page.locator('input[value="findings"]').is_checked()


def test_a_folder_is_sent_through_a_lost_connection(
    page: Page, project: "Project", live_server: Any, tmp_path: Path
) -> None:
    from scans.models import Ingest, IngestedFile

    folder = tmp_path / "delivery"
    folder.mkdir()
    for name in ("one.png", "two.png", "three.png"):
        (folder / name).write_bytes(name.encode() * 1000)
    lost: list[str] = []

    def lose_first(route: Route) -> None:
        if lost:
            route.continue_()
        else:
            lost.append(route.request.url)
            route.abort("connectionreset")

    page.route("**/chunks/**", lose_first)
    page.goto(f"{live_server.url}/projects/{project.pk}/scans/")
    page.locator("input[webkitdirectory]").set_input_files(folder)
    expect(page.get_by_role("heading", name=re.compile("Delivery of"))).to_be_visible()
    assert len(lost) == 1
    report = page.locator("#report")
    expect(report).to_contain_text("Waiting for a worker")
    # The report follows the worker without being loaded again.
    ingest = Ingest.objects.get()
    IngestedFile.objects.create(
        ingest=ingest, path="delivery/one.png", outcome="rejected", reason="This is no image."
    )
    Ingest.objects.update(state=Ingest.State.DONE)
    expect(report).to_contain_text("This is no image.")
    expect(report).to_contain_text("Done")
    assert report.get_attribute("hx-trigger") is None


def test_an_upload_is_stopped_and_says_so(
    page: Page, project: "Project", live_server: Any, tmp_path: Path
) -> None:
    from scans.models import Ingest

    file = tmp_path / "one.png"
    file.write_bytes(b"x")
    page.route("**/chunks/**", lambda route: route.abort("connectionreset"))
    page.goto(f"{live_server.url}/projects/{project.pk}/scans/")
    page.locator('input[type="file"]:not([webkitdirectory])').set_input_files(file)
    expect(page.get_by_text("Connection lost")).to_be_visible()
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_text("You stopped it.")).to_be_visible()
    page.get_by_role("button", name="Start again").click()
    expect(page.get_by_text("Drop a folder, files or a zip here")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Failed")).to_be_visible()
    assert Ingest.objects.get().error == "Cancelled."


def test_roles_change_at_once_and_removal_is_asked_about(
    page: Page, project: "Project", live_server: Any
) -> None:
    page.goto(f"{live_server.url}/projects/{project.pk}/people/")
    reader = page.get_by_role("row").filter(has_text="a.person")
    reader.get_by_role("combobox").select_option("analyst")
    expect(page.get_by_role("status")).to_contain_text("now has the role Analyst")
    page.once("dialog", lambda dialog: dialog.dismiss())
    reader.get_by_role("button", name="Remove").click()
    assert project.memberships.count() == 2
    page.once("dialog", lambda dialog: dialog.accept())
    reader.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status")).to_contain_text("is out of the project")
    assert project.memberships.count() == 1


def test_read_on_a_projects_card_leads_to_its_queue(
    page: Page, project: "Project", alice: "User", live_server: Any
) -> None:
    from tests.annotator.cast import make_tasks

    make_tasks(project, 1)
    project.memberships.filter(user=alice).update(role="reader")
    page.route("**/projects/*/", lambda route: route.fulfill(body="overview"))
    page.route("**/projects/*/read/", lambda route: route.fulfill(body="queue"))
    page.goto(live_server.url)
    page.get_by_role("link", name="Read", exact=True).click()
    expect(page.get_by_text("queue")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name=project.title).click()
    expect(page.get_by_text("overview")).to_be_visible()


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_no_page_is_wider_than_the_window(
    width: int, page: Page, project: "Project", live_server: Any
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    for path in [*PAGES, *(f"/projects/{project.pk}/{name}" for name in PROJECT_PAGES)]:
        page.goto(live_server.url + path)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert (path, wide) == (path, width)


def test_a_page_is_left_and_entered_by_keyboard(page: Page, live_server: Any) -> None:
    page.goto(live_server.url + "/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    menu = page.locator("details.menu")
    menu.locator("summary").press("Enter")
    expect(page.get_by_text("Change password")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Change password")).to_be_hidden()


def _luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, WCAG 2.2."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_and_edges_have_the_contrast_of_wcag_aa(theme: str) -> None:
    sheet = (STATIC / "tokens.css").read_text()
    block = sheet.split(f'[data-theme="{theme}"] {{')[1].split("}")[0]
    tokens = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
    grounds = ["ground", "surface", "raised", "sunken"]
    texts = ["text", "text-soft", "accent", "accent-strong", "good", "warning", "bad"]
    pairs = [(text, ground) for text in texts for ground in grounds]
    pairs += [("text", f"{kind}-wash") for kind in ("accent", "good", "warning", "bad")]
    pairs += [("text-soft", "accent-wash"), ("on-accent", "accent"), ("on-accent", "accent-strong")]
    pairs += [(kind, f"{kind}-wash") for kind in ("good", "warning", "bad")]
    low = {pair: round(_contrast(*(tokens[name] for name in pair)), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in low.items() if ratio < 4.5} == {}
    edges = {ground: _contrast(tokens["line-strong"], tokens[ground]) for ground in grounds}
    assert {ground: ratio for ground, ratio in edges.items() if ratio < 3} == {}
