"""Keys of one's own, the lists, what is opened from them, and a keyboard that is never lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect

from annotator.models import Annotation, Claim, Draft
from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.rooms import Room, sign_in

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[..., Room]

FINDINGS = """
<Header value="Findings"/>
<Choices name="findings" toName="image" choice="multiple">
  <Choice value="Nodule"/><Choice value="Effusion"/>
</Choices>
"""


@pytest.fixture
def project(archive: Archive, make_project: MakeProject) -> Project:
    frames = [phantoms.block_radiograph() for _ in range(4)]
    return make_project(FINDINGS, phantoms.scans_of(archive, frames, **phantoms.radiograph()))


def is_inverted(room: Room) -> bool:
    """The corner of the phantom's frame is black; inverted, white."""
    picture = room.picture()
    return bool(picture[picture.shape[0] // 2, picture.shape[1] // 2].mean() > 128)


def answers() -> list[Annotation]:
    return list(Annotation.objects.filter(withdrawn_at=None).order_by("pk"))


def wait_for_answers(room: Room, count: int) -> None:
    room.wait(lambda: len(answers()) == count, f"{count} answers on the server")


def test_a_key_of_bobs_own_is_there_on_every_computer(project: Project, enter: Enter) -> None:
    room = enter(project)
    page, keys = room.page, room.page.get_by_role("dialog", name="Keys")
    room.press("?")
    expect(page.get_by_label("Find a command")).to_be_focused()
    page.keyboard.type("invert")
    expect(keys.locator("li:visible")).to_have_count(1)
    page.get_by_role("button", name="Change the key of “Invert”").click()
    room.press("F5")
    expect(keys.get_by_role("status")).to_contain_text("belongs to the browser")
    room.press("w")
    expect(keys.get_by_role("status")).to_contain_text("W is the key of “Window: drag”.")
    room.press("Enter")
    expect(keys.get_by_role("status")).to_contain_text("exchanged")
    room.press("Escape")
    expect(keys).to_be_hidden()
    assert not is_inverted(room)
    room.press("w")
    room.wait(lambda: is_inverted(room), "the inverted image")
    expect(page.locator("[data-tool=invert] kbd")).to_have_text("W")

    room.enter()
    room.press("i")
    assert not is_inverted(room)
    room.press("w")
    room.wait(lambda: is_inverted(room), "the inverted image after a reload")
    room.press("?")
    page.get_by_role("button", name="Every key as it was").click()
    expect(keys.get_by_role("status")).to_contain_text("as they were")
    room.press("Escape", "i")
    room.wait(lambda: not is_inverted(room), "the image as it was")
    assert room.problems == []


def test_the_keyboard_is_never_lost_and_a_normal_radiograph_takes_one_stroke(
    project: Project, enter: Enter
) -> None:
    room = enter(project)
    page = room.page
    expect(page.locator(".undo-button")).to_be_hidden()
    expect(page.locator(".submit")).to_have_attribute("aria-keyshortcuts", "Enter")
    task = room.root("task")
    room.press("Enter")
    task = room.wait_for_task(other_than=task)
    expect(page.locator(".undo-button")).to_be_visible()
    wait_for_answers(room, 1)
    # By the mouse: a tool, the comment, an answer, the list of keys, the image.
    page.locator("[data-tool=zoom]").click()
    page.locator(".comment summary").click()
    page.get_by_role("checkbox", name="Nodule").click()
    page.get_by_role("button", name="Keys").click()
    room.press("Escape")
    room.drag((0.4, 0.4), (0.5, 0.5))
    # By the keyboard: into the comment and out, the reasons and out, and on.
    room.press("c", "a", "Escape", "x", "Escape", "2")
    assert room.chosen() == ["Nodule", "Effusion"]
    page.locator("[data-tool=fit]").click()
    room.press("Enter")
    task = room.wait_for_task(other_than=task)
    wait_for_answers(room, 2)
    assert [item["value"] for item in answers()[1].result] == [{"choices": ["Nodule", "Effusion"]}]
    assert answers()[1].comment == "a"
    page.get_by_role("button", name="Undo last").click()
    undone = room.wait_for_task(other_than=task)
    room.press("2", "Enter")
    assert room.wait_for_task(other_than=undone) == task
    assert room.problems == []


def test_bob_corrects_an_earlier_answer_and_goes_back_to_his_queue(
    project: Project, enter: Enter
) -> None:
    room = enter(project)
    page = room.page
    first = room.root("task")
    room.press("1", "Enter")
    in_hand = room.wait_for_task(other_than=first)
    wait_for_answers(room, 1)
    room.press("2")
    room.wait(lambda: Draft.objects.filter(task=int(in_hand)).exists(), "what was begun")
    room.press("Alt+r")
    expect(page.get_by_role("heading", name="My answers")).to_be_visible()
    expect(page.get_by_role("table")).to_contain_text("Nodule")
    page.get_by_label("Answer", exact=True).select_option("findings=Effusion")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("None of your answers passes these filters.")).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    page.get_by_role("link", name=first, exact=True).click()
    room.wait_for_state("ready")
    assert (room.root("task"), room.chosen()) == (first, ["Nodule"])
    expect(page.locator("[data-part=case]")).to_contain_text("Correcting your answer")
    expect(page.locator(".undo-button")).to_be_hidden()

    room.press("1", "2")
    room.wait(lambda: Draft.objects.filter(task=int(first)).exists(), "the draft on the server")
    page.evaluate("indexedDB.deleteDatabase('scout-reading')")  # another computer has none of it
    page.goto(page.url)
    room.wait_for_state("ready")
    assert room.chosen() == ["Effusion"]
    page.get_by_role("button", name="Leave it as it is").click()
    expect(page.get_by_role("heading", name="My answers")).to_be_visible()
    # What stays is the answer itself, so that a save under way does not bring back what was left.
    left = Draft.objects.get(task=int(first))
    assert left.result == Annotation.objects.get(task=int(first), withdrawn_at=None).result
    page.get_by_role("link", name=first, exact=True).click()
    room.wait_for_state("ready")
    assert room.chosen() == ["Nodule"]

    page.get_by_label("Why you correct it").fill("a slip")
    room.press("Escape", "1", "2", "Enter")
    # Back in the queue: the same case in hand, with what was begun there.
    room.wait(lambda: (room.root("state"), room.root("task")) == ("ready", in_hand), "the queue")
    assert room.chosen() == ["Effusion"]
    # A correction is corrected again, not taken back: nothing is offered that would be refused.
    expect(page.locator(".undo-button")).to_be_hidden()
    room.enter()
    expect(page.locator(".undo-button")).to_be_hidden()
    assert page.url.endswith("/read/")
    expect(page.locator("[data-part=case]")).to_have_count(0)
    (kept,) = answers()
    assert (kept.correction_reason, kept.said) == ("a slip", ["findings=Effusion"])
    assert kept.corrects is not None and kept.corrects.said == ["findings=Nodule"]
    assert Claim.objects.filter(task=int(in_hand), place=0).exists()
    page.wait_for_timeout(500)  # no echo of the correction
    room.press("Enter")
    room.wait_for_task(other_than=in_hand)
    expect(page.locator(".undo-button")).to_be_visible()
    assert room.problems == []


@pytest.fixture
def manager(project: Project, context: BrowserContext, live_server: Any) -> Callable[[], Page]:
    """Opens Alice's browser on the table of tasks, once Bob has read."""
    from accounts.models import Role, User
    from projects.models import Membership

    def open_tasks() -> Page:
        alice = User.objects.create_user("alice@example.org", "a long enough one")
        Membership.objects.create(project=project, user=alice, role=Role.MANAGER, added_by=alice)
        client = Client()
        client.force_login(alice)
        sign_in(context, live_server.url, client.cookies["sessionid"].value)
        page = context.new_page()
        page.goto(f"{live_server.url}/projects/{project.pk}/tasks/")
        return page

    return open_tasks


def test_alice_finds_a_task_and_looks_at_it_without_a_trace(
    project: Project, enter: Enter, manager: Callable[[], Page]
) -> None:
    bob = enter(project)
    task = bob.root("task")
    for keys in (["1"], ["2"]):
        bob.press(*keys, "Enter")
        bob.wait_for_task(other_than=task)
        task = bob.root("task")
    wait_for_answers(bob, 2)
    bob.page.close()
    page = manager()
    page.get_by_label("Answer", exact=True).select_option("findings=Effusion")
    page.get_by_label("State").select_option("read")
    page.get_by_role("button", name="Search").click()
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1)
    assert "said=findings%3DEffusion" in page.url
    rows.get_by_role("link").first.click()
    room = Room(page, page.url)
    room.wait_for_state("looking")
    case = page.locator("[data-part=case]")
    expect(case).to_contain_text("bob@example.org")
    expect(case.get_by_role("button", name="Effusion")).to_have_attribute("aria-pressed", "true")
    assert room.chosen() == ["Effusion"]
    assert room.picture().max() > 200
    # The image is hers to window; the answer is not hers to change.
    room.press("i")
    room.wait(lambda: is_inverted(room), "the inverted image")
    room.press("1", "Enter", "u", "x")
    page.wait_for_timeout(300)
    assert (room.root("state"), room.chosen()) == ("looking", ["Effusion"])
    room.press("Alt+w")
    expect(page.get_by_role("heading", name="Tasks")).to_be_visible()
    expect(rows).to_have_count(1)  # the list as she left it
    assert len(answers()) == 2 and not Claim.objects.filter(reader__email="alice@example.org")
    assert room.problems == []


def test_alice_steps_through_the_cases_of_a_filtered_list(
    project: Project, enter: Enter, manager: Callable[[], Page]
) -> None:
    bob = enter(project)
    read = []
    for keys in (["1"], ["2"], ["2"]):
        read.append(bob.root("task"))
        bob.press(*keys, "Enter")
        bob.wait_for_task(other_than=read[-1])
    wait_for_answers(bob, 3)
    bob.page.close()
    with_effusion = sorted(read[1:], key=int)
    page = manager()
    page.get_by_label("Answer", exact=True).select_option("findings=Effusion")
    page.get_by_role("button", name="Search").click()
    page.locator("tbody tr").get_by_role("link").first.click()
    room = Room(page, page.url)
    room.wait_for_state("looking")
    root = page.locator("#reading-room")
    steps = page.get_by_role("navigation", name="Cases of the list")
    before, after = (steps.get_by_role("button", name=way) for way in ("Previous", "Next"))
    expect(root).to_have_attribute("data-task", with_effusion[0])
    expect(before).to_be_disabled()
    after.click()
    expect(root).to_have_attribute("data-task", with_effusion[1])
    expect(after).to_be_disabled()
    edge, inner = (one.bounding_box() for one in (page.locator(".side"), after))
    assert edge and inner and inner["x"] + inner["width"] <= edge["x"] + edge["width"] - 8
    room.press("Alt+p")
    expect(root).to_have_attribute("data-task", with_effusion[0])
    room.press("Alt+n")
    expect(root).to_have_attribute("data-task", with_effusion[1])
    room.wait_for_state("looking")
    page.get_by_role("button", name="Back to the list").click()
    expect(page.locator("tbody tr")).to_have_count(2)
    assert room.problems == []
