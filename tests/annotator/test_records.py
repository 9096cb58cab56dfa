"""What is recorded of why a task was served, and that it survives whatever comes between."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from annotator.claims import claim_ahead, claim_next_task
from annotator.models import Annotation, Claim, Draft, Placed, Task
from annotator.queue import OpensAt, Placement, apply_ranking, place_of
from annotator.services import save_draft
from annotator.withdrawals import undo_last
from tests.annotator.cast import NODULE, Cast, answer, make_cast, make_tasks, place

RECORD = ("generation", "score", "strategy", "model", "propensity")


def record(row: Placed) -> tuple[Any, ...]:
    row.refresh_from_db()
    return tuple(getattr(row, name) for name in RECORD)


def rank_one(
    cast: Cast, task: Task, generation: int, at: OpensAt | None = None, **more: Any
) -> None:
    """A ranking of this task alone, by margin with the weights of round 1 unless told otherwise."""
    placement = Placement(task.pk, 0.25 * generation, propensity=0.5, opens_at=at)
    ranking: dict[str, Any] = {"strategy": "margin", "model": 1, **more}
    apply_ranking(project=cast.project, generation=generation, placed=[placement], **ranking)


def serve(cast: Cast, name: str = "bob") -> Claim:
    """The claim on the task that the person is served."""
    reader = getattr(cast, name)
    assert claim_next_task(project=cast.project, reader=reader) is not None
    return Claim.objects.get(reader=reader, place=0)


def test_a_task_its_claim_and_its_answer_say_why_it_came(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    rank_one(cast, task, 3, strategy="entropy", model=7)
    expected = (3, 0.75, "entropy", 7, 0.5)
    assert record(task) == expected
    claim = serve(cast)
    assert record(claim) == expected
    annotation = answer(cast.project, task.pk, cast.bob).annotation
    assert record(annotation) == expected
    assert annotation.served_at == claim.claimed_at


def test_what_counts_is_how_the_task_stood_when_it_was_served(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    rank_one(cast, task, 1, strategy="margin", model=0)
    serve(cast)
    rank_one(cast, task, 2, strategy="badge", model=1)
    assert record(task) == (2, 0.5, "badge", 1, 0.5)
    annotation = answer(cast.project, task.pk, cast.bob).annotation
    assert record(annotation) == (1, 0.25, "margin", 0, 0.5)
    assert annotation.rank == 1 - (1 << 20)


def test_a_task_that_chance_serves_is_recorded_without_a_propensity(cast: Cast) -> None:
    make_tasks(cast.project, 1, arm=Task.Arm.RANDOM)
    claim = serve(cast)
    annotation = answer(cast.project, claim.task_id, cast.bob).annotation
    assert record(annotation) == (None, None, "", None, None)
    assert annotation.served_at == claim.claimed_at


def test_a_task_that_another_began_keeps_why_it_came(db: None) -> None:
    cast = make_cast(overlap=2, audit_share=0.0)
    (task,) = make_tasks(cast.project, 1)
    rank_one(cast, task, 1, strategy="badge", at={"scan": 0, "frame": 4})
    serve(cast)
    answer(cast.project, task.pk, cast.bob)
    rank_one(cast, task, 2, strategy="margin", at={"scan": 0, "frame": 9})
    assert record(task) == (2, 0.25, "badge", 1, 0.5)
    assert (place_of(task.rank, 2), task.opens_at) == (1, {"scan": 0, "frame": 4})


def test_an_answer_that_is_taken_back_and_given_anew_was_served_when_it_was(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    rank_one(cast, task, 1)
    claimed_at = serve(cast).claimed_at
    first = answer(cast.project, task.pk, cast.bob).annotation
    undo_last(project=cast.project, reader=cast.bob)
    rank_one(cast, task, 2)
    again = answer(cast.project, task.pk, cast.bob).annotation
    assert record(again) == record(first) == (1, 0.25, "margin", 1, 0.5)
    assert again.served_at == claimed_at


@pytest.mark.parametrize("is_taken_back", [False, True])
def test_a_late_answer_keeps_the_record_of_a_claim_that_was_lost(
    cast: Cast, is_taken_back: bool
) -> None:
    """Bob's claim expires, Dora takes the place, and Bob has gone on before his answer comes."""
    task, other = make_tasks(cast.project, 2)
    rank_one(cast, task, 1)
    claimed_at = serve(cast).claimed_at
    if is_taken_back:
        answer(cast.project, task.pk, cast.bob)
        undo_last(project=cast.project, reader=cast.bob)
    else:
        values: dict[str, Any] = {"result": NODULE, "comment": "", "lead_time": 1, "version": 1}
        save_draft(project=cast.project, task_id=task.pk, reader=cast.bob, **values)
    Claim.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    rank_one(cast, task, 2)
    assert serve(cast, "dora").task_id == task.pk
    assert serve(cast).task_id == other.pk
    assert not Claim.objects.filter(task=task, reader=cast.bob).exists()
    late = answer(cast.project, task.pk, cast.bob).annotation
    assert record(late) == (1, 0.25, "margin", 1, 0.5)
    assert late.served_at == claimed_at
    assert not Draft.objects.exists()


def test_a_task_that_is_served_again_is_recorded_as_it_was_the_last_time(cast: Cast) -> None:
    task, _ = make_tasks(cast.project, 2)
    rank_one(cast, task, 1)
    serve(cast)
    values: dict[str, Any] = {"result": NODULE, "comment": "", "lead_time": 1, "version": 1}
    save_draft(project=cast.project, task_id=task.pk, reader=cast.bob, **values)
    Claim.objects.all().delete()
    rank_one(cast, task, 2)
    again = serve(cast)
    late = answer(cast.project, task.pk, cast.bob).annotation
    assert (late.generation, late.score, late.served_at) == (2, 0.5, again.claimed_at)


def test_the_same_answer_sent_twice_is_told_the_same(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    rank_one(cast, task, 1)
    serve(cast)
    unique_id = uuid.uuid4()
    first, second = (answer(cast.project, task.pk, cast.bob, unique_id=unique_id) for _ in "ab")
    assert (first.arm, second.arm) == (Task.Arm.POOL, Task.Arm.POOL)
    assert record(first.annotation) == record(second.annotation)


def test_a_task_opens_where_the_ranking_said_when_it_was_served(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    rank_one(cast, task, 1, at={"scan": 1, "frame": 30})
    claim = serve(cast)
    rank_one(cast, task, 2)
    claim.refresh_from_db()
    task.refresh_from_db()
    assert (claim.opens_at, task.opens_at) == ({"scan": 1, "frame": 30}, None)


def test_tasks_of_every_arm_open_at_a_chosen_frame(cast: Cast) -> None:
    tasks = {arm: make_tasks(cast.project, 1, arm=arm)[0] for arm in Task.Arm}
    at: OpensAt = {"scan": 0, "frame": 12}
    opened = {task.pk: at for arm, task in tasks.items() if arm != Task.Arm.POOL}
    rank_one(cast, tasks[Task.Arm.POOL], 1, at=at, opened=opened)
    for arm, task in tasks.items():
        task.refresh_from_db()
        assert task.opens_at == {"scan": 0, "frame": 12}
        assert (task.generation is None) == (arm != Task.Arm.POOL)


def test_a_reservation_ahead_is_recorded_when_it_was_made(cast: Cast) -> None:
    first, second = make_tasks(cast.project, 2)
    place(cast.project, 1, [(first.pk, 0.5), (second.pk, 0.25)])
    serve(cast)
    claim_ahead(project=cast.project, reader=cast.bob)
    place(cast.project, 2, [(second.pk, 0.9)])
    answer(cast.project, first.pk, cast.bob)
    assert serve(cast).task_id == second.pk
    answered = answer(cast.project, second.pk, cast.bob).annotation
    assert (answered.generation, answered.score) == (1, 0.25)


@pytest.mark.parametrize("propensity", [0.0, -0.5, 1.5, float("nan")])
def test_a_propensity_that_is_no_chance_is_refused(cast: Cast, propensity: float) -> None:
    (task,) = make_tasks(cast.project, 1)
    placed = [Placement(task.pk, 1.0, propensity)]
    with pytest.raises(ValueError, match="does not lie in"):
        apply_ranking(project=cast.project, generation=1, placed=placed, strategy="margin", model=0)
    assert not Annotation.objects.exists() and record(task) == (None, None, "", None, None)
