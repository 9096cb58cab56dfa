"""Nothing lost: reading on without a connection, strokes as they are drawn, and a second tab."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext

from annotator.models import Annotation, Claim, Draft
from projects.models import Project
from scans.models import Archive, Scan
from tests.browser import phantoms
from tests.browser.rooms import Room, sign_in

pytestmark = pytest.mark.browser

MakeProject = Callable[[str, list[Scan]], Project]
Enter = Callable[..., Room]

FINDINGS = """
<Choices name="findings" toName="image" choice="multiple">
  <Choice value="Nodule"/><Choice value="Effusion"/><Choice value="Fracture"/>
</Choices>
"""
MASKS = '<BrushLabels name="masks" toName="image"><Label value="Lesion"/></BrushLabels>'
# The masks that the browser's own journal has of the task in hand.
JOURNALLED = """async () => {
  const opened = indexedDB.open('scout-reading');
  await new Promise(done => { opened.onsuccess = done; });
  const store = opened.result.transaction('drafts').objectStore('drafts').getAll();
  await new Promise(done => { store.onsuccess = done; });
  opened.result.close();
  return store.result.flatMap(draft => draft.result);
}"""
# Notes, in seconds from the press of the button, when the journal has the first of the stroke.
WATCH = """
let pressed = 0;
addEventListener('pointerdown', () => { pressed = performance.now(); }, { capture: true });
const put = IDBObjectStore.prototype.put;
IDBObjectStore.prototype.put = function (value) {
  if (value.result.length > 0) this.transaction.addEventListener('complete', () => {
    window.keptAfter ??= (performance.now() - pressed) / 1000;
  });
  return put.call(this, value);
};
"""


@pytest.fixture
def scans(archive: Archive) -> list[Scan]:
    frames = [phantoms.block_radiograph() for _ in range(5)]
    return phantoms.scans_of(archive, frames, **phantoms.radiograph())


def chosen_in_order() -> list[list[str]]:
    answers = Annotation.objects.filter(withdrawn_at=None).order_by("pk")
    return [answer.result[0]["value"]["choices"] for answer in answers]


def wait_for_two_ahead(room: Room) -> None:
    frames = "performance.getEntriesByType('resource').filter(r => /frames/.test(r.name)).length"
    room.wait(lambda: Claim.objects.count() == 3, "two tasks ahead")
    room.wait(lambda: room.page.evaluate(frames) == 3, "their frames")


def test_without_a_connection_reading_goes_on_and_is_sent_in_order_once(
    scans: list[Scan], make_project: MakeProject, enter: Enter, context: BrowserContext
) -> None:
    room = enter(make_project(FINDINGS, scans))
    wait_for_two_ahead(room)
    unsent = room.page.locator("[data-part=unsent]")
    assert unsent.is_hidden()
    context.set_offline(True)
    read = [room.root("task")]
    for key in ("1", "2"):
        room.press(key, "Enter")
        read.append(room.wait_for_task(other_than=read[-1], is_sent=False))
        assert room.root("image-shown") != ""
    room.wait(lambda: unsent.inner_text() == "2 answers wait for the connection", "the count")
    assert room.says("count") == "2 read"
    room.press("3", "Enter")
    room.wait(lambda: "no further scan has been fetched" in room.says("veil"), "a word")
    assert "3 answers wait" in unsent.inner_text()
    assert chosen_in_order() == []
    context.set_offline(False)
    room.wait_for_task(other_than=read[-1])
    assert unsent.is_hidden() and room.page.locator("[data-part=veil]").is_hidden()
    assert chosen_in_order() == [["Nodule"], ["Effusion"], ["Fracture"]]
    answered = Annotation.objects.order_by("pk").values_list("task", flat=True)
    assert [str(task) for task in answered] == read
    assert room.says("count") == "3 read"


def test_unsent_answers_outlive_the_page_and_are_sent_in_order(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    wait_for_two_ahead(room)
    room.page.route("**/annotations/", lambda route: route.abort())
    task = room.root("task")
    for key in ("3", "1"):
        room.press(key, "Enter")
        task = room.wait_for_task(other_than=task, is_sent=False)
    room.press("2")
    room.wait(lambda: room.says("saved") == "Draft saved", "the draft of the third")
    room.page.unroute("**/annotations/")
    room.page.goto("about:blank")
    assert chosen_in_order() == []
    room.enter()
    assert "The 2 answers kept on this computer are saved now." in room.says("notice")
    assert chosen_in_order() == [["Fracture"], ["Nodule"]]
    assert (room.root("task"), room.chosen()) == (task, ["Effusion"])


def test_a_refused_answer_is_opened_again(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    wait_for_two_ahead(room)
    task = room.root("task")
    refuse = {"detail": "The questions have changed."}
    room.page.route(
        "**/annotations/", lambda route: route.fulfill(status=400, json=refuse), times=1
    )
    room.press("2", "Enter")
    room.wait(lambda: "The questions have changed." in room.says("notice"), "the refusal")
    assert (room.root("task"), room.chosen()) == (task, ["Effusion"])
    room.page.wait_for_timeout(500)  # no echo of the first
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert chosen_in_order() == [["Effusion"]]


def test_a_stroke_is_kept_while_it_is_drawn(
    scans: list[Scan], make_project: MakeProject, enter: Enter, context: BrowserContext
) -> None:
    context.add_init_script(WATCH)
    room = enter(make_project(MASKS, scans))
    room.press("1")
    box = room.page.locator(".viewport").first.bounding_box()
    assert box is not None
    mouse = room.page.mouse
    mouse.move(box["x"] + 300, box["y"] + 300)
    mouse.down()
    began = time.monotonic()
    saved = 0.0
    while not saved and time.monotonic() - began < 6:
        step = int(100 * (time.monotonic() - began))
        mouse.move(box["x"] + 300 + step % 100, box["y"] + 300 + step // 10)
        if any(draft.result for draft in Draft.objects.all()):
            saved = time.monotonic() - began
    kept = room.page.evaluate("window.keptAfter")
    assert kept < 1, f"in the journal after {kept:.2f} s"
    assert 0 < saved < 5, f"on the server after {saved:.2f} s"
    mouse.up()


def test_a_stroke_survives_the_death_of_the_browser(
    scans: list[Scan], make_project: MakeProject, live_server: Any, session: str,
    killable: Callable[[], Any],
) -> None:  # fmt: skip
    project = make_project(MASKS, scans)
    url = f"{live_server.url}/projects/{project.pk}/read/"
    process, context = killable()
    sign_in(context, live_server.url, session)
    room = Room(context.new_page(), url).enter()
    task = room.root("task")
    room.page.route("**/draft/", lambda route: route.abort())
    room.press("1")
    room.drag((0.4, 0.5), (0.6, 0.5))
    room.wait(lambda: len(room.page.evaluate(JOURNALLED)) == 1, "the stroke in the journal")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not Draft.objects.exists()
    _, context = killable()
    sign_in(context, live_server.url, session)
    room = Room(context.new_page(), url).enter()
    assert room.root("task") == task
    room.wait(lambda: Draft.objects.filter(version__gt=0).exists(), "the draft on the server")
    (mask,) = Draft.objects.get().result
    assert mask["value"]["brushlabels"] == ["Lesion"]


def test_a_second_tab_takes_the_room_over_when_told_to(
    scans: list[Scan], make_project: MakeProject, enter: Enter, context: BrowserContext
) -> None:
    first = enter(make_project(FINDINGS, scans))
    wait_for_two_ahead(first)
    first.press("2")
    second = Room(context.new_page(), first.url).enter("elsewhere")
    assert "open in another tab" in second.says("veil")
    second.press("1", "Enter")
    assert second.root("task") == "" and chosen_in_order() == []
    second.page.get_by_role("button", name="Read here").click()
    second.wait_for_state("ready")
    # What the first tab had not saved yet is there.
    assert (second.root("task"), second.chosen()) == (first.root("task"), ["Effusion"])
    first.wait_for_state("elsewhere")
    first.press("1", "Enter")
    task = second.root("task")
    second.press("1", "Enter")
    second.wait_for_task(other_than=task)
    assert chosen_in_order() == [["Nodule", "Effusion"]]
    first.page.get_by_role("button", name="Read here").click()
    first.wait_for_state("ready")
    second.wait_for_state("elsewhere")
    first.wait(lambda: Claim.objects.count() == 3, "no more claims than one tab makes")


def test_a_full_disk_is_said_and_the_server_has_everything(
    scans: list[Scan], make_project: MakeProject, enter: Enter, context: BrowserContext
) -> None:
    context.add_init_script(
        "IDBObjectStore.prototype.put = () => { throw new DOMException('', 'QuotaExceededError'); }"
    )
    room = enter(make_project(FINDINGS, scans))
    task = room.root("task")
    room.press("1")
    room.wait(lambda: "saved on the server alone" in room.says("notice"), "a word about the disk")
    room.wait(lambda: Draft.objects.filter(version__gt=0).exists(), "the draft on the server")
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert chosen_in_order() == [["Nodule"]]
