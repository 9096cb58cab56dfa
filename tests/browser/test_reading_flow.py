"""The reader's work: answers by key, submissions, drafts, and what happens when things break."""

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Route

from annotator.models import Annotation, Claim, Draft
from annotator.queue import Placement, apply_ranking
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
  <Choice value="Nodule"/><Choice value="Effusion"/><Choice value="Fracture" hotkey="p"/>
</Choices>
"""
DIAGNOSIS = """
<Header value="Diagnosis"/>
<Choices name="diagnosis" toName="image" choice="single" required="true">
  <Choice value="Normal" alias="n"/><Choice value="Pneumonia" alias="p"/>
</Choices>
"""
EVERYTHING = """
<Choices name="severity" toName="image" choice="single"><Choice value="Mild"/>
  <Choice value="Severe"/></Choices>
<Rating name="confidence" toName="image" maxRating="5"/>
<Number name="diameter" toName="image" min="0" max="500" step="0.1"/>
<TextArea name="remarks" toName="image"/>
"""


@pytest.fixture
def scans(archive: Archive) -> list[Scan]:
    frames = [phantoms.block_radiograph() for _ in range(4)]
    return phantoms.scans_of(archive, frames, **phantoms.radiograph())


def answers() -> list[Annotation]:
    return list(Annotation.objects.filter(withdrawn_at=None).order_by("pk"))


def values(annotation: Annotation) -> dict[str, Any]:
    return {item["from_name"]: item["value"] for item in annotation.result}


def wait_for_draft(room: Room, holds: Callable[[Draft], bool]) -> Draft:
    def kept() -> bool:
        return any(holds(draft) for draft in Draft.objects.all())

    room.wait(kept, "a draft on the server")
    return Draft.objects.get()


def test_bob_reads_every_task_with_the_keyboard_alone(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    assert room.says("count") == "0 read"
    task = room.root("task")
    for keys in (["1"], ["2", "1"], ["p"]):
        room.page.evaluate("performance.now = () => 0")
        room.press(*keys, "Enter")
        task = room.wait_for_task(other_than=task)
    assert room.says("count") == "3 read"
    assert "No finding" in room.page.locator(".submit").inner_text()
    room.press("Enter")  # no time has passed: it calls no case normal that nobody has seen
    assert (room.root("state"), room.root("task")) == ("ready", task)
    room.page.evaluate("delete performance.now")
    room.press("Enter")
    room.wait_for_state("empty")
    assert "nothing left" in room.says("veil")
    assert room.page.get_by_role("link", name="Back to the project").is_visible()
    assert room.page.locator(".submit").is_hidden()
    assert [values(answer) for answer in answers()] == [
        {"findings": {"choices": ["Nodule"]}},
        {"findings": {"choices": ["Nodule", "Effusion"]}},
        {"findings": {"choices": ["Fracture"]}},
        {},  # read, and normal
    ]
    assert [answer.was_cancelled for answer in answers()] == [False] * 4
    assert len({answer.task_id for answer in answers()}) == 4
    assert room.problems == []


def test_what_is_pressed_before_the_room_is_open_does_nothing(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    room.page.add_init_script("IDBFactory.prototype.open = () => ({})")  # it never opens
    room.page.goto(room.url)
    for part in ("[data-tool=invert]", ".help-button", ".skip-button"):
        room.page.locator(part).click()
    assert (room.root("state"), room.problems) == ("loading", [])


def test_a_required_question_is_asked_for_and_gets_the_keyboard(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(DIAGNOSIS, scans))
    room.press("Enter")
    question = room.page.locator("[data-question=diagnosis]")
    assert question.locator(".problem").inner_text() == "This question needs an answer."
    assert room.page.evaluate("document.activeElement.dataset.value") == "n"
    assert answers() == []
    task = room.root("task")
    room.press("2")
    assert question.locator(".problem").is_hidden()
    room.press("Enter")
    room.wait_for_task(other_than=task)
    assert values(answers()[0]) == {"diagnosis": {"choices": ["p"]}}


def test_every_kind_of_question_is_answered_and_comes_back_from_the_draft(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(EVERYTHING, scans))
    fourth = room.page.locator("[data-question=confidence] [data-value='4'] kbd").inner_text()
    room.press("2", fourth.lower())
    room.page.locator(".number").click()
    room.page.keyboard.type("12,5")
    room.page.locator("[data-question=remarks] textarea").click()
    room.page.keyboard.type("a clear line")
    room.press("Escape", "c")
    room.page.keyboard.type("seen twice")
    room.press("Escape")
    expected = {
        "severity": {"choices": ["Severe"]},
        "confidence": {"rating": 4},
        "diameter": {"number": 12.5},
        "remarks": {"text": ["a clear line"]},
    }
    wait_for_draft(room, lambda draft: draft.comment == "seen twice")
    task = room.root("task")
    room.enter()
    assert room.root("task") == task
    assert room.chosen() == ["Severe", "4"]
    assert room.page.locator(".number").input_value() == "12.5"
    room.press("Enter")
    room.wait_for_task(other_than=task)
    (answer,) = answers()
    assert values(answer) == expected
    assert answer.comment == "seen twice"
    assert room.chosen() == []
    assert room.page.locator(".number").input_value() == ""


def test_a_number_out_of_range_is_not_submitted(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(EVERYTHING, scans))
    room.page.locator(".number").click()
    room.page.keyboard.type("900")
    problem = room.page.locator("[data-question=diameter] .problem")
    assert problem.inner_text() == "At most 500."
    room.press("Enter")
    room.page.wait_for_timeout(300)
    assert answers() == []


def test_what_cannot_be_judged_is_skipped_with_a_reason(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    task = room.root("task")
    room.press("x", "2")
    task = room.wait_for_task(other_than=task)
    room.press("x", "4")
    room.page.keyboard.type("Bild verwackelt")
    room.press("Enter")
    task = room.wait_for_task(other_than=task)
    room.press("x", "Escape", "1", "Enter")
    room.wait_for_task(other_than=task)
    assert [(answer.was_cancelled, answer.skip_reason) for answer in answers()] == [
        (True, "Wrong body part"),
        (True, "Bild verwackelt"),
        (False, ""),
    ]


def test_undo_brings_the_answer_back_to_be_changed(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    first = room.root("task")
    room.press("1", "Enter")
    second = room.wait_for_task(other_than=first)
    room.press("2", "u")
    assert room.wait_for_task(other_than=second) == first
    assert room.chosen() == ["Nodule"]
    assert answers() == []
    assert room.says("count") == "0 read"
    room.wait(lambda: "taken back" in room.says("notice"), "a word about what is shown")
    room.press("1")
    assert room.page.locator("[data-part=notice]").is_hidden()
    room.press("2", "Enter")
    assert room.wait_for_task(other_than=first) == second
    assert room.chosen() == ["Effusion"]
    assert [values(answer) for answer in answers()] == [{"findings": {"choices": ["Effusion"]}}]


def test_why_a_case_came_is_said_once_it_is_answered(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    project = make_project(FINDINGS, scans)
    ranked = [Placement(task, 0.5) for task in project.tasks.values_list("pk", flat=True)]
    apply_ranking(project=project, generation=1, placed=ranked, strategy="margin", model=1)
    room = enter(project)
    why = room.page.locator("[data-part=why]")
    assert "unsure" not in room.page.content()
    top = room.page.locator(".questions").bounding_box()
    task = room.root("task")
    room.press("1", "Enter")
    room.wait_for_task(other_than=task)
    assert why.inner_text() == "Last case: The model is unsure here"
    assert why.get_attribute("role") == "status"  # said politely, where it is read aloud
    assert room.page.evaluate("document.activeElement.className") == "stage"
    assert room.page.locator(".questions").bounding_box() == top  # nothing has moved
    room.press("2")
    assert why.is_visible()
    room.press("u")
    room.wait(lambda: room.root("task") == task and room.root("state") == "ready", "the task")
    assert why.inner_text() == ""
    assert room.problems == []


def test_undo_with_nothing_to_undo_says_so(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    room.press("1", "u")
    room.wait(lambda: "nothing to undo" in room.says("notice"), "a sentence")
    assert room.chosen() == ["Nodule"]


def test_keys_are_listed_and_a_claimed_letter_moves_to_shift(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    room.press("?")
    assert "Pan: drag" in room.page.locator("dialog.help").inner_text()
    room.press("Escape", "Shift+P")
    assert room.page.locator(".tool[aria-pressed=true]").get_attribute("data-tool") == "pan"
    assert room.chosen() == []
    room.press("p")
    assert room.chosen() == ["Fracture"]


def test_a_dropped_network_loses_and_doubles_nothing(
    scans: list[Scan], make_project: MakeProject, enter: Enter, context: BrowserContext
) -> None:
    room = enter(make_project(FINDINGS, scans))
    task = room.root("task")
    sent: list[str] = []

    def drop_the_reply(route: Route) -> None:
        """The first time the server is not reached; the second time its reply is lost."""
        sent.append((route.request.post_data_json or {})["unique_id"])
        if len(sent) == 2:
            route.fetch()
        if len(sent) > 2:
            route.continue_()
        else:
            route.abort("connectionreset")

    room.page.route("**/annotations/", drop_the_reply)
    room.press("1", "Enter")
    room.wait(lambda: "1 answer waits" in room.says("unsent"), "a word about the network")
    room.wait_for_task(other_than=task)
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert [values(answer) for answer in answers()] == [{"findings": {"choices": ["Nodule"]}}]
    assert room.page.locator("[data-part=unsent]").is_hidden()


def test_an_unsent_answer_is_sent_at_the_next_start(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    task = room.root("task")
    room.page.route("**/annotations/", lambda route: route.abort())
    room.press("2", "Enter")
    room.wait(lambda: "1 answer waits" in room.says("unsent"), "a word about the network")
    room.page.unroute("**/annotations/")
    room.page.goto("about:blank")
    assert answers() == []
    room.enter()
    assert room.root("task") != task
    assert [values(answer) for answer in answers()] == [{"findings": {"choices": ["Effusion"]}}]


def test_an_ended_session_keeps_the_answer_and_leads_to_the_log_in(
    scans: list[Scan], make_project: MakeProject, enter: Enter, context: BrowserContext,
    session: str, live_server: Any,
) -> None:  # fmt: skip
    room = enter(make_project(FINDINGS, scans))
    context.clear_cookies()
    room.press("1", "Enter")
    room.wait_for_state("error")
    assert "You have been logged out" in room.says("notice")
    assert "Log in again" in room.says("notice")
    assert answers() == []
    sign_in(context, live_server.url, session)
    room.enter()
    assert "saved now" in room.says("notice")
    assert [values(answer) for answer in answers()] == [{"findings": {"choices": ["Nodule"]}}]


def test_a_server_that_fails_is_waited_for(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    task = room.root("task")
    failures = iter([503, 500])

    def fail(route: Route) -> None:
        status = next(failures, 0)
        if status:
            route.fulfill(status=status, body="upstream is away")
        else:
            route.continue_()

    room.page.route("**/annotations/", fail)
    room.press("1", "Enter")
    room.wait_for_task(other_than=task)
    assert len(answers()) == 1


def test_the_next_scan_is_fetched_while_this_one_is_read(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    task = room.root("task")
    fetched = (
        "() => performance.getEntriesByType('resource').filter(r => /frames/.test(r.name)).length"
    )
    room.wait(lambda: room.page.evaluate(fetched) == 3, "the frames of three tasks")
    room.page.route("**/frames/**", lambda route: route.abort())
    room.press("1", "Enter")
    room.wait_for_task(other_than=task)


def test_a_scan_that_does_not_load_is_not_answered(
    scans: list[Scan], make_project: MakeProject, enter: Enter, context: BrowserContext
) -> None:
    context.route("**/frames/**", lambda route: route.fulfill(status=404, json={"detail": "Gone."}))
    room = enter(make_project(FINDINGS, scans), "error")
    assert "Gone." in room.says("notice")
    assert room.root("image-shown") == ""
    room.press("1", "Enter")
    assert answers() == []
    context.unroute("**/frames/**")
    room.page.get_by_role("button", name="Try again").click()
    room.wait_for_state("ready")
    assert room.root("image-shown") != ""


def test_a_task_that_went_to_somebody_else_is_said_and_left(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    room.wait(lambda: Claim.objects.count() == 3, "the claims ahead")
    Claim.objects.all().delete()
    room.press("1")
    room.wait(lambda: "not in your hands" in room.says("notice"), "a sentence")
    room.page.get_by_role("button", name="Next scan").click()
    room.wait_for_state("ready")
    room.wait(lambda: Claim.objects.count() == 3, "a claim of the next task")


def test_reading_time_is_counted(
    scans: list[Scan], make_project: MakeProject, enter: Enter
) -> None:
    room = enter(make_project(FINDINGS, scans))
    task = room.root("task")
    room.page.wait_for_timeout(1500)
    room.press("1", "Enter")
    room.wait_for_task(other_than=task)
    assert 1.4 <= answers()[0].lead_time <= 6


def test_a_draft_survives_the_death_of_the_browser(
    scans: list[Scan], make_project: MakeProject, live_server: Any, session: str,
    killable: Callable[[], Any],
) -> None:  # fmt: skip
    project = make_project(FINDINGS, scans)
    url = f"{live_server.url}/projects/{project.pk}/read/"
    process, context = killable()
    sign_in(context, live_server.url, session)
    room = Room(context.new_page(), url).enter()
    task = room.root("task")
    # The server never hears of the draft: only the browser's own journal can bring it back.
    room.page.route("**/draft/", lambda route: route.abort())
    room.press("2", "c")
    room.page.keyboard.type("left lower zone")
    room.page.wait_for_timeout(400)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not Draft.objects.exists()
    _, context = killable()
    sign_in(context, live_server.url, session)
    room = Room(context.new_page(), url).enter()
    assert room.root("task") == task
    assert room.chosen() == ["Effusion"]
    assert room.page.locator(".comment textarea").input_value() == "left lower zone"
    wait_for_draft(room, lambda draft: draft.comment == "left lower zone")
