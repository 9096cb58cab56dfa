"""Tasks, annotations and predictions looked up over HTTP, and who may see what of them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone

from annotator.claims import claim_next_task
from annotator.models import Annotation, Claim, Prediction, Task
from annotator.withdrawals import undo_last
from tests.annotator.cast import NODULE, NORMAL, Asking, Cast, answer, make_cast, make_tasks, place


@pytest.fixture
def read_twice(db: None) -> tuple[Cast, Task]:
    """A task that Bob and Dora have answered, and two more."""
    cast = make_cast(overlap=3, audit_share=0.0)
    task, *_ = make_tasks(cast.project, 3)
    for reader, result in ((cast.bob, NODULE), (cast.dora, NORMAL)):
        claim_next_task(project=cast.project, reader=reader)
        answer(cast.project, task.pk, reader, result)
    return cast, task


def ids(reply: list[dict[str, Any]]) -> list[int]:
    return [row["completed_by"] for row in reply]


def test_tasks_are_paged_from_one_to_a_404(cast: Cast) -> None:
    tasks = make_tasks(cast.project, 5)
    alice = Asking(cast.alice)
    pages = []
    for page in (1, 2, 3):
        path = f"/api/tasks/?project={cast.project.pk}&page={page}&page_size=2"
        status, reply = alice.ask("GET", path)
        assert (status, reply["total"]) == (200, 5)
        pages.append([task["id"] for task in reply["tasks"]])
    assert pages == [[t.pk for t in tasks[:2]], [t.pk for t in tasks[2:4]], [tasks[4].pk]]
    path = f"/api/tasks/?project={cast.project.pk}&page=4&page_size=2"
    assert alice.ask("GET", path)[0] == 404


def test_a_project_without_tasks_has_one_empty_page(cast: Cast) -> None:
    status, reply = Asking(cast.erin).ask("GET", f"/api/tasks/?project={cast.project.pk}")
    assert (status, reply["tasks"], reply["total"]) == (200, [], 0)


def test_a_page_needs_a_project(cast: Cast) -> None:
    status, reply = Asking(cast.alice).ask("GET", "/api/tasks/")
    assert (status, reply) == (400, {"detail": "project: This field is required."})


def test_erin_sees_everything_of_a_task(read_twice: tuple[Cast, Task]) -> None:
    cast, task = read_twice
    Prediction.objects.create(task=task, project=cast.project, result=NODULE, model_version="m")
    status, reply = Asking(cast.erin).ask("GET", f"/api/tasks/{task.pk}")
    frame = f"/api/projects/{cast.project.pk}/scans/{task.task_scans.get().scan_id}/frames/0"
    answers = reply.pop("annotations")
    reply.pop("created_at")
    assert status == 200
    assert reply == {
        "id": task.pk,
        "project": cast.project.pk,
        "data": {"image": frame, "scans": [frame]},
        "overlap": 3,
        "is_labeled": False,
        "total_annotations": 2,
        "cancelled_annotations": 0,
        "total_predictions": 1,
        "state": "open",
        "arm": "pool",
        "generation": None,
        "rank": 1,
        "score": None,
        "strategy": "",
        "model": None,
        "propensity": None,
        "why": "No ranking yet",
    }
    assert ids(answers) == [cast.bob.pk, cast.dora.pk]


def test_bob_sees_his_own_answer_alone(read_twice: tuple[Cast, Task]) -> None:
    cast, task = read_twice
    bob = Asking(cast.bob)
    _, reply = bob.ask("GET", f"/api/tasks/{task.pk}/")
    assert set(reply) == {"id", "project", "data", "created_at", "overlap", "annotations"}
    assert ids(reply["annotations"]) == [cast.bob.pk]
    assert ids(bob.ask("GET", f"/api/tasks/{task.pk}/annotations/")[1]) == [cast.bob.pk]
    for annotation in Annotation.objects.all():
        status, _ = bob.ask("GET", f"/api/annotations/{annotation.pk}/")
        assert status == (200 if annotation.reader == cast.bob else 404)


RECORD = {"arm", "generation", "rank", "score", "strategy", "model", "propensity", "why"}


def test_who_oversees_learns_why_an_answer_came_and_a_reader_does_not(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    place(cast.project, 5, [(task.pk, 0.75)], strategy="galaxy", model=2)
    claim_next_task(project=cast.project, reader=cast.bob)
    annotation = answer(cast.project, task.pk, cast.bob).annotation
    expected = {
        "arm": "pool",
        "generation": 5,
        "rank": 1 - (5 << 20),
        "score": 0.75,
        "strategy": "galaxy",
        "model": 2,
        "propensity": 1.0,
        "why": "A rare finding is likely",
    }
    paths = (f"/api/annotations/{annotation.pk}/", f"/api/tasks/{task.pk}/annotations/")
    for person, wanted in ((cast.alice, expected), (cast.erin, expected), (cast.bob, {})):
        asking = Asking(person)
        one, many = (asking.ask("GET", path)[1] for path in paths)
        shown = asking.ask("GET", f"/api/tasks/{task.pk}/")[1]
        assert [one] == many == shown["annotations"]
        assert {name: one[name] for name in RECORD & set(one)} == wanted
        assert {name: shown[name] for name in RECORD & set(shown)} == wanted
    assert [Asking(cast.charlie).ask("GET", path)[0] for path in paths] == [404, 404]


def test_bob_finds_only_tasks_that_he_has_read_or_holds(read_twice: tuple[Cast, Task]) -> None:
    cast, task = read_twice
    held = claim_next_task(project=cast.project, reader=cast.bob)
    assert held is not None
    bob = Asking(cast.bob)
    _, page = bob.ask("GET", f"/api/tasks/?project={cast.project.pk}")
    assert [row["id"] for row in page["tasks"]] == [task.pk, held.task_id]
    assert (page["total"], page["total_annotations"], page["total_predictions"]) == (2, 1, 0)
    assert all("arm" not in row and "total_annotations" not in row for row in page["tasks"])
    other = Task.objects.exclude(pk__in=[task.pk, held.task_id]).get()
    assert bob.ask("GET", f"/api/tasks/{other.pk}/")[0] == 404
    assert bob.ask("GET", f"/api/tasks/{other.pk}/annotations/")[0] == 404


def test_who_oversees_is_blind_to_the_task_in_hand(read_twice: tuple[Cast, Task]) -> None:
    cast, task = read_twice
    Prediction.objects.create(task=task, project=cast.project, result=NODULE, model_version="m")
    ada = Asking(cast.ada)
    assert claim_next_task(project=cast.project, reader=cast.ada) is not None
    _, reply = ada.ask("GET", f"/api/tasks/{task.pk}/")
    assert set(reply) == {"id", "project", "data", "created_at", "overlap", "annotations"}
    assert reply["annotations"] == []
    assert ada.ask("GET", f"/api/tasks/{task.pk}/annotations/")[1] == []
    assert ada.ask("GET", f"/api/predictions/?task={task.pk}")[1] == []
    assert ada.ask("GET", f"/api/annotations/{Annotation.objects.first().pk}/")[0] == 404  # type: ignore[union-attr]
    _, page = ada.ask("GET", f"/api/tasks/?project={cast.project.pk}")
    assert "total_annotations" not in page["tasks"][0] and "arm" in page["tasks"][1]
    answer(cast.project, task.pk, cast.ada)
    assert len(ada.ask("GET", f"/api/tasks/{task.pk}/annotations/")[1]) == 3


def test_a_withdrawn_answer_is_not_shown(read_twice: tuple[Cast, Task]) -> None:
    cast, task = read_twice
    undo_last(project=cast.project, reader=cast.bob)
    Claim.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert ids(Asking(cast.alice).ask("GET", f"/api/tasks/{task.pk}/annotations/")[1]) == [
        cast.dora.pk
    ]


def test_a_prediction_replaces_what_the_same_model_said(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    alice = Asking(cast.alice)
    body = {"task": task.pk, "result": NODULE, "score": 0.25, "model_version": "densenet"}
    status, first = alice.ask("POST", "/api/predictions/", body)
    again, second = alice.ask("POST", "/api/predictions/", {**body, "score": 0.75})
    assert (status, again, first["id"]) == (201, 201, second["id"])
    _, kept = alice.ask("GET", f"/api/predictions/?task={task.pk}")
    assert [(row["score"], row["model_version"], row["result"]) for row in kept] == [
        (0.75, "densenet", NODULE)
    ]
    assert Prediction.objects.get().created_by == cast.alice


def test_nobody_speaks_under_the_learners_name(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    body = {"task": task.pk, "result": NODULE, "model_version": "Scout round 3, ranking 7"}
    status, reply = Asking(cast.alice).ask("POST", "/api/predictions/", body)
    assert status == 400 and "those of Scout's own model" in str(reply)
    assert not Prediction.objects.exists()


def test_predictions_are_hidden_from_readers(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    body = {"task": task.pk, "result": NODULE, "model_version": "densenet"}
    bob = Asking(cast.bob)
    assert bob.ask("GET", f"/api/predictions/?task={task.pk}")[0] == 403
    assert bob.ask("POST", "/api/predictions/", body)[0] == 403
    assert Asking(cast.ada).ask("POST", "/api/predictions/", body)[0] == 403


def test_a_prediction_must_answer_what_was_asked(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    result = [{**NODULE[0], "value": {"choices": ["Unicorn"]}}]
    body = {"task": task.pk, "result": result, "model_version": "densenet"}
    status, reply = Asking(cast.alice).ask("POST", "/api/predictions/", body)
    assert status == 400
    assert reply["detail"].startswith("“findings” does not offer “Unicorn”")


@pytest.mark.parametrize("path", ["tasks/{n}/", "tasks/{n}/annotations/", "annotations/{n}/"])
@pytest.mark.parametrize("n", [10**9, 10**17, 10**30])
def test_what_does_not_exist_is_not_found(cast: Cast, path: str, n: int) -> None:
    with override_settings(DEBUG=False):
        reply = Asking(cast.alice).client.get("/api/" + path.format(n=n))
    assert reply.status_code == 404
