"""The reading interface over HTTP, and who is let in."""

import pytest
from django.test import Client
from rest_framework.authtoken.models import Token

from annotator.models import Annotation, Task
from tests.annotator.cast import NODULE, Asking, Cast, make_tasks, submission


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
        "asked": {"findings": ["Nodule", "Effusion"]},
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
        "correction_draft": "/api/annotations/{annotation}/draft/",
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
