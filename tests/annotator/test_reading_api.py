"""The reading interface over HTTP, and who is let in."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from accounts.models import User
from annotator.claims import claim_next_task
from annotator.models import Annotation, Prediction, Task
from annotator.queue import OpensAt, Placement, apply_ranking
from tests.annotator.cast import NODULE, Cast, answer, make_cast, make_tasks, place


class Asking:
    """One person's client."""

    def __init__(self, person: User) -> None:
        self.client = Client()
        self.client.force_login(person)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """(status, JSON) of the reply."""
        sent = "" if body is None else json.dumps(body)
        reply = self.client.generic(method, path, sent, content_type="application/json")
        return reply.status_code, json.loads(reply.content)


@pytest.fixture
def tasks(cast: Cast) -> list[Task]:
    return make_tasks(cast.project, 3)


def submission(**more: object) -> dict[str, object]:
    return {"result": NODULE, "lead_time": 4.2, "unique_id": str(uuid.uuid4()), **more}


def test_next_gives_the_task_with_its_scan(cast: Cast, tasks: list[Task]) -> None:
    status, reply = Asking(cast.bob).ask("POST", f"/api/projects/{cast.project.pk}/next/")
    scan = tasks[0].task_scans.get().scan_id
    task = reply["task"]
    claim = task.pop("claim")
    assert status == 200 and set(reply) == {"task"}
    assert set(claim) == {"expires_at", "is_ahead"} and claim["is_ahead"] is False
    assert task == {
        "id": tasks[0].pk,
        "project": cast.project.pk,
        "scans": [
            {
                "id": scan,
                "kind": "image",
                "frame_count": 1,
                "rows": 64,
                "columns": 48,
                "geometry": {"dtype": "uint16", "rows": 64, "columns": 48},
                "frame_url": f"/api/projects/{cast.project.pk}/scans/{scan}/frames/{{frame}}",
                "prior_days": None,
            }
        ],
        "draft": None,
        "opens_at": None,
        "model": None,
        "read": 0,
        "may_undo": False,
    }


def test_the_reply_to_a_submission_carries_the_next_task(cast: Cast, tasks: list[Task]) -> None:
    bob = Asking(cast.bob)
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next")
    body = submission(comment="Apex")
    status, reply = bob.ask("POST", f"/api/tasks/{tasks[0].pk}/annotations/", body)
    following = reply.pop("next")["task"]
    assert status == 201
    assert (following["id"], following["read"]) == (tasks[1].pk, 1)
    assert following["may_undo"]
    kept = Annotation.objects.get()
    times = {reply.pop("created_at"), reply.pop("updated_at")}
    assert times == {kept.created_at.isoformat().replace("+00:00", "Z")}
    assert reply == {
        "id": kept.pk,
        "task": tasks[0].pk,
        "project": cast.project.pk,
        "completed_by": cast.bob.pk,
        "result": NODULE,
        "was_cancelled": False,
        "lead_time": 4.2,
        "unique_id": body["unique_id"],
        "comment": "Apex",
        "skip_reason": "",
        "ground_truth": False,
        "corrects": None,
        "correction_reason": "",
        "is_after_model": False,
        "why": "No ranking yet",
    }


def test_the_same_post_again_gets_the_same_answer(cast: Cast, tasks: list[Task]) -> None:
    bob = Asking(cast.bob)
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    body = submission()
    first = bob.ask("POST", f"/api/tasks/{tasks[0].pk}/annotations/", body)
    second = bob.ask("POST", f"/api/tasks/{tasks[0].pk}/annotations/", body)
    assert (first[0], second[0]) == (201, 200)
    assert first[1] == second[1]
    assert Annotation.objects.count() == 1


def test_two_tasks_are_given_ahead_in_order(cast: Cast, tasks: list[Task]) -> None:
    bob = Asking(cast.bob)
    path = f"/api/projects/{cast.project.pk}/ahead/"
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    _, one = bob.ask("POST", path, {"count": 1})
    _, two = bob.ask("POST", path)
    assert [task["id"] for task in one["tasks"]] == [tasks[1].pk]
    assert [task["id"] for task in two["tasks"]] == [tasks[1].pk, tasks[2].pk]
    assert all(task["claim"]["is_ahead"] for task in two["tasks"])
    assert bob.ask("POST", path, {"count": 3})[0] == 400
    # Both are answered, in order, as a reader does who had no connection for a while.
    for task in tasks:
        status, _ = bob.ask("POST", f"/api/tasks/{task.pk}/annotations/", submission())
        assert status == 201
    assert Asking(cast.charlie).ask("POST", path)[0] == 404


def test_reading_comes_to_an_end(cast: Cast) -> None:
    (only,) = make_tasks(cast.project, 1)
    bob = Asking(cast.bob)
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    status, reply = bob.ask("POST", f"/api/projects/{cast.project.pk}/ahead/")
    assert (status, reply) == (200, {"tasks": []})
    _, reply = bob.ask("POST", f"/api/tasks/{only.pk}/annotations/", submission())
    assert reply["next"] == {
        "task": None,
        "reason": "There is nothing left for you to read in this project now.",
    }


def test_a_draft_comes_back_with_the_task(cast: Cast, tasks: list[Task]) -> None:
    bob = Asking(cast.bob)
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    body = {"result": NODULE, "comment": "?", "lead_time": 2.0, "version": 4}
    saved = bob.ask("PUT", f"/api/tasks/{tasks[0].pk}/draft/", body)
    assert saved == (200, {"version": 4})
    older = {**body, "version": 3}
    assert bob.ask("PUT", f"/api/tasks/{tasks[0].pk}/draft/", older) == (200, {"version": 4})
    _, reply = bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    assert reply["task"]["draft"] == {**body, "decisions": {}}


def test_undo_gives_the_task_back_with_the_answer(cast: Cast, tasks: list[Task]) -> None:
    bob = Asking(cast.bob)
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    bob.ask("POST", f"/api/tasks/{tasks[0].pk}/annotations/", submission())
    status, reply = bob.ask("POST", f"/api/projects/{cast.project.pk}/undo/")
    assert (status, reply["task"]["id"], reply["task"]["read"]) == (200, tasks[0].pk, 0)
    assert reply["task"]["draft"]["result"] == NODULE
    status, reply = bob.ask("POST", f"/api/projects/{cast.project.pk}/undo/")
    assert status == 400
    assert reply == {"detail": "There is nothing to undo: you have no answer in this project."}


def test_a_token_opens_the_interface_without_a_session(cast: Cast, tasks: list[Task]) -> None:
    token = Token.objects.create(user=cast.bob)
    reply = Client().post(
        f"/api/projects/{cast.project.pk}/next/", headers={"Authorization": f"Token {token.key}"}
    )
    assert reply.json()["task"]["id"] == tasks[0].pk


def test_a_session_needs_the_csrf_token(cast: Cast, tasks: list[Task]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.bob)
    assert client.post(f"/api/projects/{cast.project.pk}/next/").status_code == 403


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"lead_time": -1}, "lead_time: "),
        ({"lead_time": 1e9}, "lead_time: "),
        ({"lead_time": "long"}, "lead_time: "),
        ({"unique_id": "mine"}, "unique_id: "),
        ({"result": "Nodule"}, "result: "),
        ({"result": [1]}, "result: "),
        ({"skip_reason": "x" * 201}, "skip_reason: "),
        ({"comment": "a\u0000b"}, "comment: "),
        ({"was_cancelled": True}, "Say why"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(
    cast: Cast, tasks: list[Task], change: dict[str, object], sentence: str
) -> None:
    bob = Asking(cast.bob)
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    path = f"/api/tasks/{tasks[0].pk}/annotations/"
    status, reply = bob.ask("POST", path, submission(**change))
    assert status == 400
    assert set(reply) == {"detail"} and reply["detail"].startswith(sentence)
    assert not Annotation.objects.exists()


def every_request(cast: Cast, task: Task) -> list[tuple[str, str, object]]:
    """One request to each address that shows or changes something of the project."""
    annotation = Annotation.objects.get()
    draft = {"result": [], "version": 1}
    prediction = {"task": task.pk, "result": [], "model_version": "m"}
    return [
        ("POST", f"/api/projects/{cast.project.pk}/next/", None),
        ("POST", f"/api/projects/{cast.project.pk}/ahead/", None),
        ("POST", f"/api/projects/{cast.project.pk}/undo/", None),
        ("POST", f"/api/tasks/{task.pk}/annotations/", submission()),
        ("GET", f"/api/tasks/{task.pk}/annotations/", None),
        ("PUT", f"/api/tasks/{task.pk}/draft/", draft),
        ("GET", f"/api/tasks/{task.pk}/", None),
        ("GET", f"/api/tasks/?project={cast.project.pk}", None),
        ("GET", f"/api/annotations/{annotation.pk}/", None),
        ("GET", f"/api/predictions/?task={task.pk}", None),
        ("POST", "/api/predictions/", prediction),
    ]


def test_charlie_sees_nothing(cast: Cast, tasks: list[Task]) -> None:
    claim_next_task(project=cast.project, reader=cast.bob)
    answer(cast.project, tasks[0].pk, cast.bob)
    before = (Annotation.objects.count(), Prediction.objects.count())
    for request in every_request(cast, tasks[0]):
        assert Asking(cast.charlie).ask(*request)[0] == 404, request
    page = Asking(cast.charlie).client.get(f"/projects/{cast.project.pk}/read/")
    assert page.status_code == 404
    assert (Annotation.objects.count(), Prediction.objects.count()) == before


def test_nobody_enters_without_logging_in(cast: Cast, tasks: list[Task]) -> None:
    claim_next_task(project=cast.project, reader=cast.bob)
    answer(cast.project, tasks[0].pk, cast.bob)
    for method, path, body in every_request(cast, tasks[0]):
        reply = Client().generic(method, path, json.dumps(body), content_type="application/json")
        assert reply.status_code == 401, path
    page = Client().get(f"/projects/{cast.project.pk}/read/")
    assert (page.status_code, page["Location"].split("?")[0]) == (302, "/account/login/")


def test_an_analyst_does_not_read(cast: Cast, tasks: list[Task]) -> None:
    erin = Asking(cast.erin)
    for path in ("next", "ahead", "undo"):
        status, reply = erin.ask("POST", f"/api/projects/{cast.project.pk}/{path}/")
        assert status == 403
        assert "yours is Analyst" in reply["detail"]
    assert erin.ask("POST", f"/api/tasks/{tasks[0].pk}/annotations/", submission())[0] == 403


@pytest.mark.parametrize(
    ("arm", "reason"),
    [
        (Task.Arm.POOL, "The model is unsure here"),
        (Task.Arm.AUDIT, "Drawn by chance"),
        (Task.Arm.RANDOM, "Drawn by chance"),
    ],
)
def test_bob_learns_why_a_task_came_once_he_has_answered_it_and_not_before(
    cast: Cast, arm: Task.Arm, reason: str
) -> None:
    (task,) = make_tasks(cast.project, 1, arm=arm)
    (pool,) = make_tasks(cast.project, 1, first_rank=100)
    at: OpensAt = {"scan": 0, "frame": 3}
    placed = [Placement(one.pk, 0.5, opens_at=at) for one in (task, pool)]
    apply_ranking(
        project=cast.project, generation=1, placed=placed, strategy="margin", model=1,
        opened={task.pk: at},
    )  # fmt: skip
    Task.objects.filter(pk=pool.pk).update(is_open=arm == Task.Arm.POOL)
    bob = Asking(cast.bob)
    _, before = bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    assert before["task"]["id"] == task.pk and before["task"]["opens_at"] == at
    told = bob.client.get(f"/api/tasks/{task.pk}/").content + str(before).encode()
    for word in ("chance", "unsure", "margin", arm.label.lower(), "why", "strategy"):
        assert word.encode() not in told.lower()
    body = submission()
    for _ in range(2):
        _, reply = bob.ask("POST", f"/api/tasks/{task.pk}/annotations/", body)
        assert reply["why"] == reason
    assert not {"arm", "strategy", "propensity", "model"} & set(reply)


@pytest.mark.parametrize("arm", list(Task.Arm))
@pytest.mark.parametrize("dora_answered", [False, True])
def test_what_bob_is_served_says_nothing_of_others_or_of_its_arm(
    db: None, arm: Task.Arm, dora_answered: bool
) -> None:
    cast = make_cast(overlap=2, audit_share=0.0)
    (task,) = make_tasks(cast.project, 1, arm=arm)
    place(cast.project, 7, [(task.pk, 0.9)])
    if dora_answered:
        claim_next_task(project=cast.project, reader=cast.dora)
        answer(cast.project, task.pk, cast.dora)
    _, reply = Asking(cast.bob).ask("POST", f"/api/projects/{cast.project.pk}/next/")
    shown = reply["task"]
    assert set(shown) == {
        "id", "project", "scans", "draft", "opens_at", "claim", "read", "may_undo", "model",
    }  # fmt: skip
    assert shown["model"] is None
    assert (shown["draft"], shown["read"], shown["claim"]["is_ahead"]) == (None, 0, False)


def test_the_reading_page_starts_with_the_questions(cast: Cast) -> None:
    page = Asking(cast.bob).client.get(f"/projects/{cast.project.pk}/read/")
    assert page.status_code == 200
    bootstrap = page.context["bootstrap"]
    assert bootstrap["project"] == {"id": cast.project.pk, "title": "Nodules"}
    assert [question["name"] for question in bootstrap["questions"]] == ["findings"]
    assert bootstrap["reader"] == "bob@example.org"
    assert bootstrap["urls"] == {
        "next": f"/api/projects/{cast.project.pk}/next/",
        "ahead": f"/api/projects/{cast.project.pk}/ahead/",
        "undo": f"/api/projects/{cast.project.pk}/undo/",
        "annotations": "/api/tasks/{task}/annotations/",
        "corrections": "/api/annotations/{annotation}/corrections/",
        "draft": "/api/tasks/{task}/draft/",
        "preferences": "/api/preferences/",
        "leave": f"/projects/{cast.project.pk}/",
        "read": f"/projects/{cast.project.pk}/read/",
        "worklist": f"/projects/{cast.project.pk}/answers/",
        "answers": f"/projects/{cast.project.pk}/answers/",
        "task": f"/projects/{cast.project.pk}/tasks/{{task}}/",
        "model": "/api/tasks/{task}/model/",
        "explanation": "/api/tasks/{task}/explanation/",
    }
    assert "csrftoken" in page.cookies
