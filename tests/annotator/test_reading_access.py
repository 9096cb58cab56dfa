"""The reading interface tells each person what is theirs to know."""

import json

import pytest
from django.test import Client

from annotator.claims import claim_next_task
from annotator.models import Annotation, Prediction, Task
from annotator.queue import OpensAt, Placement, apply_ranking
from tests.annotator.cast import Asking, Cast, answer, make_cast, make_tasks, place, submission


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
        ("PUT", f"/api/annotations/{annotation.pk}/draft/", draft),
        ("DELETE", f"/api/annotations/{annotation.pk}/draft/", None),
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
def test_why_is_not_told_while_another_case_of_the_patient_may_come(
    cast: Cast, arm: Task.Arm
) -> None:
    tasks = make_tasks(cast.project, 3, arm=arm)
    Task.objects.filter(project=cast.project).update(patient=tasks[0].patient)
    make_tasks(cast.project, 1, arm=arm, first_rank=10)  # of somebody else
    told = []
    for task in tasks:
        Asking(cast.bob).ask("POST", f"/api/projects/{cast.project.pk}/next/")
        path = f"/api/tasks/{task.pk}/annotations/"
        told.append(Asking(cast.bob).ask("POST", path, submission())[1]["why"])
    reason = "No ranking yet" if arm == Task.Arm.POOL else "Drawn by chance"
    assert told == ["", "", reason]


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
