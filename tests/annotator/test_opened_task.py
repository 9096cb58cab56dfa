"""Opening a task out of a list: who may, what they see, and what they can do there."""

import json
import re
from typing import Any

import pytest

from accounts.models import User
from annotator.claims import claim_next_task
from annotator.models import ModelShown, Task
from annotator.services import keep_prediction
from tests.annotator.cast import NODULE, Cast, answer, make_tasks
from tests.clients import signed_in


def opened(cast: Cast, person: User, task: Task, query: str = "") -> tuple[int, Any]:
    reply = signed_in(person).get(f"/projects/{cast.project.pk}/tasks/{task.pk}/{query}")
    found = re.search(r'id="bootstrap"[^>]*>(.*?)</script>', reply.content.decode())
    return reply.status_code, json.loads(found[1])["opened"] if found else None


@pytest.fixture
def tasks(cast: Cast) -> list[Task]:
    made = make_tasks(cast.project, 2)
    assert claim_next_task(project=cast.project, reader=cast.bob)
    answer(cast.project, made[0].pk, cast.bob, comment="apex", lead_time=3.5)
    return made


def test_a_reader_opens_an_answer_to_correct_it(cast: Cast, tasks: list[Task]) -> None:
    status, found = opened(cast, cast.bob, tasks[0])
    own = tasks[0].annotations.get()
    assert (status, found["task"]["corrects"], found["task"]["is_read_only"]) == (
        200,
        own.pk,
        False,
    )
    assert found["task"]["draft"] == {
        "result": NODULE, "comment": "apex", "lead_time": 3.5, "version": 0,
    }  # fmt: skip
    assert [scan["frame_count"] for scan in found["task"]["scans"]] == [1]


def test_a_reader_opens_nothing_else(cast: Cast, tasks: list[Task]) -> None:
    assert [opened(cast, person, tasks[1])[0] for person in (cast.bob, cast.charlie)] == [404, 404]
    assert opened(cast, cast.dora, tasks[0])[0] == 404
    assert claim_next_task(project=cast.project, reader=cast.bob)
    # What is in hand is read where it is read.
    assert opened(cast, cast.bob, tasks[1]) == (302, None)


@pytest.mark.parametrize("name", ["alice", "ada", "erin"])
def test_who_oversees_looks_at_every_answer_and_writes_none(
    cast: Cast, tasks: list[Task], name: str
) -> None:
    status, found = opened(cast, getattr(cast, name), tasks[0], "?correct")
    assert (status, found["task"]["corrects"], found["task"]["is_read_only"]) == (200, None, True)
    (given,) = found["answers"]
    assert given["reader"] == "bob@example.org"
    assert [version["result"] for version in given["versions"]] == [NODULE]
    assert opened(cast, getattr(cast, name), tasks[1])[1]["answers"] == []


def test_nothing_of_the_model_is_shown_with_what_is_opened(cast: Cast, tasks: list[Task]) -> None:
    cast.project.model_help = "before"
    cast.project.save()
    keep_prediction(
        project=cast.project, task_id=tasks[0].pk, result=NODULE, score=0.9,
        model_version="one", created_by=cast.alice,
    )  # fmt: skip
    for person in (cast.bob, cast.alice):
        assert opened(cast, person, tasks[0])[1]["task"]["model"] is None
    # Alice has looked at Bob's answer, and at nothing else.
    shown = ModelShown.objects.values_list("reader", "shown__looked_up__model")
    assert list(shown) == [(cast.alice.pk, None)]


def test_a_manager_is_blind_to_what_she_holds_and_corrects_what_she_gave(
    cast: Cast, tasks: list[Task]
) -> None:
    assert claim_next_task(project=cast.project, reader=cast.alice)
    assert opened(cast, cast.alice, tasks[1]) == (302, None)
    answer(cast.project, tasks[1].pk, cast.alice)
    assert opened(cast, cast.alice, tasks[1])[1]["task"]["is_read_only"]
    assert not opened(cast, cast.alice, tasks[1], "?correct")[1]["task"]["is_read_only"]


def test_the_cases_beside_one_are_those_of_the_filtered_table(cast: Cast) -> None:
    made = make_tasks(cast.project, 4)
    for task in made[:3]:
        assert claim_next_task(project=cast.project, reader=cast.bob)
        answer(cast.project, task.pk, cast.bob)
    pages = f"/projects/{cast.project.pk}"
    found = opened(cast, cast.alice, made[2], "?state=read&after=3")[1]
    assert (found["before"], found["after"]) == (
        f"{pages}/tasks/{made[1].pk}/?state=read&after=3",
        None,
    )
    assert found["list"] == f"{pages}/tasks/?state=read&after=3"
    found = opened(cast, cast.alice, made[2])[1]
    assert (found["after"], found["list"]) == (f"{pages}/tasks/{made[3].pk}/", f"{pages}/tasks/")
    # What she is about to read herself is not stepped into.
    held = claim_next_task(project=cast.project, reader=cast.alice)
    assert held and held.task_id == made[3].pk
    assert opened(cast, cast.alice, made[2])[1]["after"] is None


def test_the_cases_beside_an_own_answer_are_older_and_newer_ones(cast: Cast) -> None:
    made = make_tasks(cast.project, 3)
    for task in made:
        assert claim_next_task(project=cast.project, reader=cast.bob)
        answer(cast.project, task.pk, cast.bob)
    pages = f"/projects/{cast.project.pk}"
    first, second, third = (f"{pages}/tasks/{task.pk}/?correct" for task in made)
    for task, newer, older in ((made[1], third, first), (made[2], None, second)):
        found = opened(cast, cast.bob, task, "?correct")[1]
        assert (found["before"], found["after"]) == (newer, older)
        assert found["list"] == f"{pages}/answers/"
    nothing_says_so = "?correct&text=nowhere"
    found = opened(cast, cast.bob, made[1], nothing_says_so)[1]
    assert (found["before"], found["after"]) == (None, None)
    assert found["list"] == f"{pages}/answers/?text=nowhere"
