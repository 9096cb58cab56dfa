"""With which chance each task of a release was served."""

import csv
import io
import json
import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.claims import claim_next_task
from annotator.models import Annotation, Claim, Task
from annotator.propensities import propensities_of
from annotator.withdrawals import undo_last
from projects.errors import Refused
from releases.formats import FORMATS
from releases.queries import contents_of
from releases.records import Dataset
from tests.annotator.cast import NODULE, Asking, Cast, answer, make_cast, make_tasks, place


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast(audit_share=0.0)


def read(cast: Cast, name: str = "bob") -> int:
    """The person reads the next task: its id."""
    reader = getattr(cast, name)
    claim = claim_next_task(project=cast.project, reader=reader)
    assert claim is not None
    answer(cast.project, claim.task_id, reader)
    return claim.task_id


def released(cast: Cast, contents: dict[str, Any] | None = None) -> list[list[float | None]]:
    """Of each task, by id, the propensities of its answers."""
    dataset = Dataset(contents or contents_of(project=cast.project))
    told = [{answer.id: answer.propensity for answer in task.answers} for task in dataset]
    if contents is None:  # the REST interface, which asks of one task at a time, says the same
        tasks = Task.objects.filter(project=cast.project).order_by("pk")
        overlap = cast.project.overlap
        assert [propensities_of(task, overlap=overlap) for task in tasks] == told
    return [list(answers.values()) for answers in told]


@pytest.mark.parametrize("arm", list(Task.Arm))
def test_each_task_that_an_arm_holds_is_as_likely(cast: Cast, arm: Task.Arm) -> None:
    make_tasks(cast.project, 4, arm=arm)
    make_tasks(cast.project, 2, arm=Task.Arm.AUDIT if arm == "random" else Task.Arm.RANDOM)
    cast.project.audit_share = float(arm == "audit")  # the coin only: which arm is served first
    cast.project.random_share = float(arm == "random")
    assert [read(cast) for _ in range(3)]
    assert released(cast)[:4] == [[1 / 4], [1 / 3], [1 / 2], []]


def test_a_ranking_says_its_own_and_begins_nothing_anew(cast: Cast) -> None:
    first, second, third = make_tasks(cast.project, 3)
    assert read(cast) == first.pk
    place(cast.project, 1, [(third.pk, 0.5)])
    assert [read(cast), read(cast)] == [third.pk, second.pk]
    assert released(cast) == [[1 / 3], [1.0], [1.0]]  # only the second was left to chance


def test_a_second_reader_could_have_been_served_every_task_that_is_not_closed(db: None) -> None:
    cast = make_cast(overlap=2, audit_share=0.0)
    make_tasks(cast.project, 3)
    for name in ("bob", "dora", "dora", "bob", "ada"):
        read(cast, name)
    # Task 1 by Bob and Dora; then two are open to each; Ada has one left.
    assert released(cast) == [[1 / 3, 1 / 3], [1 / 2, 1 / 2], [1.0]]


def test_a_task_was_held_for_who_was_served_it_in_place_of_another(cast: Cast) -> None:
    """Bob's claim expires, Dora is served the task and answers it, and then Bob does, too."""
    task, *_ = make_tasks(cast.project, 3)
    claim_next_task(project=cast.project, reader=cast.bob)
    Claim.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert read(cast, "dora") == task.pk
    answer(cast.project, task.pk, cast.bob)
    assert released(cast) == [[1 / 3, 1 / 3], [], []]


@pytest.mark.parametrize("seed", range(3))
def test_many_readers_at_once(db: None, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    cast = make_cast(overlap=2, audit_share=0.3, random_share=0.3)
    for arm in Task.Arm:
        make_tasks(cast.project, 4, arm=arm)
    readers = [cast.bob, cast.dora, cast.ada]
    for _ in range(30):
        reader = chance.choice(readers)
        claim = claim_next_task(project=cast.project, reader=reader)
        if claim and chance.random() < 0.7:
            answer(cast.project, claim.task_id, reader)
        elif chance.random() < 0.3 and Annotation.objects.filter(reader=reader).exists():
            with suppress(Refused):
                undo_last(project=cast.project, reader=reader)
    told = [propensity for answers in released(cast) for propensity in answers]
    assert len(told) > 5 and all(propensity and 0.25 <= propensity <= 1 for propensity in told)


def test_what_was_taken_back_was_not_served_and_what_was_given_anew_was_served_then(
    cast: Cast,
) -> None:
    make_tasks(cast.project, 3)
    read(cast)
    read(cast)
    claim = undo_last(project=cast.project, reader=cast.bob)
    assert released(cast) == [[1 / 3], [], []]
    answer(cast.project, claim.task_id, cast.bob)
    assert released(cast) == [[1 / 3], [1 / 2], []]


def test_an_imported_label_has_no_propensity_and_its_task_is_not_held(cast: Cast) -> None:
    imported, other, _ = make_tasks(cast.project, 3)
    Annotation.objects.create(
        task=imported,
        project=cast.project,
        reader=cast.alice,
        result=NODULE,
        asked={},
        origin="import",
    )
    Task.objects.filter(pk=imported.pk).update(answers=1, is_open=False)
    assert read(cast) == other.pk
    assert released(cast) == [[None], [1 / 2], []]


@pytest.mark.parametrize("arm", [Task.Arm.AUDIT, Task.Arm.RANDOM])
def test_what_chance_drew_is_held_for_readers_whatever_was_imported(
    cast: Cast, arm: Task.Arm
) -> None:
    imported, other, _ = make_tasks(cast.project, 3, arm=arm)
    label = {"reader": cast.alice, "result": NODULE, "asked": {}, "origin": "import"}
    Annotation.objects.create(task=imported, project=cast.project, **label)
    assert [read(cast, "bob"), read(cast, "alice")] == [imported.pk, other.pk]
    assert released(cast) == [[None, 1 / 3], [1 / 2], []]


def test_a_release_is_the_same_whatever_comes_after(cast: Cast) -> None:
    make_tasks(cast.project, 3)
    read(cast)
    contents = contents_of(project=cast.project)
    read(cast)
    make_tasks(cast.project, 2)
    Task.objects.update(generation=4, strategy="margin", propensity=0.5)
    assert released(cast, contents) == [[1 / 3], [], []]


def test_every_format_and_the_rest_interface_tell_the_same(cast: Cast) -> None:
    tasks = make_tasks(cast.project, 3, arm=Task.Arm.RANDOM)
    read(cast)
    dataset = Dataset(contents_of(project=cast.project))
    table = "".join(FORMATS["csv"].pieces(dataset))
    row = next(csv.DictReader(io.StringIO(table)))
    assert (row["arm"], float(row["propensity_1"])) == ("random", 1 / 3)
    assert (row["strategy_1"], row["model_1"]) == ("", "")
    given = json.loads("".join(FORMATS["labelstudio"].pieces(dataset)))
    assert given[0]["annotations"][0]["propensity"] == 1 / 3
    _, reply = Asking(cast.erin).ask("GET", f"/api/tasks/{tasks[0].pk}/")
    assert reply["propensity"] is None  # the task's own: no ranking placed it
    (told,) = reply["annotations"]
    assert (told["arm"], told["propensity"]) == ("random", 1 / 3)
    assert told["why"] == "Drawn by chance"
