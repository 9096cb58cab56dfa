"""Who has looked at a task's answers, or at the model's view of it, reads it blind no more."""

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from annotator.claims import claim_next_task
from annotator.dataset import labelled_answers
from annotator.looks import looked_at, note_look
from annotator.models import Annotation, Claim, ModelShown, Task
from annotator.queries import is_more_of_patient_left, may_undo
from annotator.services import keep_prediction, save_draft
from annotator.shown import ANSWERS, MODEL
from annotator.withdrawals import undo_last
from projects.errors import Refused
from projects.models import Membership
from rounds.labels import targets_of
from rounds.pool import learnt_questions
from tests.annotator.cast import FINDINGS, NODULE, NORMAL, Cast, answer, make_cast, make_tasks
from tests.clients import signed_in

# Each shows a task's answers.
PLACES = (
    "/projects/{project}/tasks/{task}/",
    "/api/tasks/{task}/",
    "/api/tasks/{task}/annotations/",
    "/api/annotations/{annotation}/",
    "/api/annotations/{annotation}/history/",
)
PREDICTIONS = "/api/predictions/?task={task}"


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast(overlap=2, audit_share=0.0)


def task_that_bob_read(cast: Cast, *, arm: Task.Arm = Task.Arm.POOL) -> Task:
    (task,) = make_tasks(cast.project, 1, arm=arm)
    claim_next_task(project=cast.project, reader=cast.bob)
    answer(cast.project, task.pk, cast.bob)
    keep_prediction(
        project=cast.project, task_id=task.pk, result=NODULE, score=0.9,
        model_version="net", created_by=cast.erin,
    )  # fmt: skip
    return task


def look(cast: Cast, person: User, task: Task, place: str) -> Any:
    first = task.annotations.order_by("pk").first()
    address = place.format(project=cast.project.pk, task=task.pk, annotation=first and first.pk)
    return signed_in(person).get(address)


def served(cast: Cast, reader: User) -> int | None:
    claim = claim_next_task(project=cast.project, reader=reader)
    return None if claim is None else claim.task_id


def run_out(reader: User) -> None:
    Claim.objects.filter(reader=reader).update(expires_at=timezone.now() - timedelta(minutes=1))


def looks_of(reader: User) -> list[dict[str, Any]]:
    return [row.shown["looked_up"] for row in ModelShown.objects.filter(reader=reader)]


@pytest.mark.parametrize("place", PLACES)
def test_a_look_at_others_answers_is_noted_and_the_task_not_served_any_more(
    cast: Cast, place: str
) -> None:
    task = task_that_bob_read(cast)
    before = timezone.now().isoformat()
    assert b"Nodule" in look(cast, cast.alice, task, place).content
    (noted,) = looks_of(cast.alice)
    assert set(noted) == {"answers"} and before < noted["answers"] < timezone.now().isoformat()
    look(cast, cast.alice, task, place)
    assert looks_of(cast.alice) == [noted]  # the first look is the one that counts
    assert served(cast, cast.alice) is None
    assert served(cast, cast.ada) == task.pk


@pytest.mark.parametrize(("arm", "is_served"), [(Task.Arm.POOL, True), (Task.Arm.RANDOM, False),
                                                 (Task.Arm.AUDIT, False)])  # fmt: skip
def test_a_look_at_the_models_answer_spoils_what_chance_drew(
    cast: Cast, arm: Task.Arm, is_served: bool
) -> None:
    cast.project.random_share = cast.project.audit_share = 0.3
    cast.project.save()
    task = task_that_bob_read(cast, arm=arm)
    assert len(look(cast, cast.alice, task, PREDICTIONS).json()) == 1
    assert [set(noted) for noted in looks_of(cast.alice)] == [{"model"}]
    assert (served(cast, cast.alice) == task.pk) == is_served


@pytest.mark.parametrize("place", [*PLACES, PREDICTIONS])
def test_what_is_in_hand_is_not_looked_at(cast: Cast, place: str) -> None:
    task = task_that_bob_read(cast)
    assert served(cast, cast.alice) == task.pk
    assert b"Nodule" not in look(cast, cast.alice, task, place).content
    assert looks_of(cast.alice) == []


def test_what_was_claimed_in_the_moment_of_looking_is_not_shown(cast: Cast) -> None:
    task = task_that_bob_read(cast)
    membership = Membership.objects.get(project=cast.project, user=cast.alice)
    answers = Annotation.objects.filter(task=task)
    assert served(cast, cast.alice) == task.pk
    assert looked_at(membership, answers) == [] and looks_of(cast.alice) == []
    run_out(cast.alice)
    assert looked_at(membership, answers) == list(answers)


@pytest.mark.parametrize("place", PLACES)
def test_ones_own_answer_is_no_look(cast: Cast, place: str) -> None:
    (task,) = make_tasks(cast.project, 1)
    served(cast, cast.alice)
    answer(cast.project, task.pk, cast.alice)
    assert b"Nodule" in look(cast, cast.alice, task, place).content
    assert looks_of(cast.alice) == []


@pytest.mark.parametrize("place", [PLACES[0], PREDICTIONS])
@pytest.mark.parametrize("arm", list(Task.Arm))
def test_who_looks_when_their_claim_ran_out_answers_and_it_measures_nothing(
    cast: Cast, arm: Task.Arm, place: str
) -> None:
    cast.project.random_share = cast.project.audit_share = 0.3
    cast.project.save()
    task = task_that_bob_read(cast, arm=arm)
    assert served(cast, cast.alice) == task.pk
    run_out(cast.alice)
    look(cast, cast.alice, task, place)
    values: dict[str, Any] = {"result": NORMAL, "comment": "", "lead_time": 1, "version": 1}
    save_draft(project=cast.project, task_id=task.pk, reader=cast.alice, **values)
    renewed = Claim.objects.filter(reader=cast.alice, expires_at__gt=timezone.now()).exists()
    assert renewed == (arm == Task.Arm.POOL and place == PREDICTIONS)
    given = answer(cast.project, task.pk, cast.alice, NORMAL).annotation
    assert given.model_shown is not None and set(given.model_shown) == {"looked_up"}
    Annotation.objects.filter(reader=cast.bob).update(withdrawn_at=timezone.now())
    (labelled,) = labelled_answers(project=cast.project).tasks
    assert [one.is_blind for one in labelled.answers] == [False]
    (target,) = targets_of(labelled, learnt_questions(FINDINGS)).values()
    assert (target == 0).all() == (arm == Task.Arm.POOL)


def test_a_claim_that_ran_out_is_not_renewed_after_a_look(cast: Cast) -> None:
    task = task_that_bob_read(cast)
    served(cast, cast.alice)
    run_out(cast.alice)
    assert served(cast, cast.alice) == task.pk
    run_out(cast.alice)
    look(cast, cast.alice, task, PLACES[0])
    assert served(cast, cast.alice) is None
    answer(cast.project, task.pk, cast.alice)  # what was begun is taken all the same
    assert Annotation.objects.filter(reader=cast.alice).count() == 1


def test_who_has_seen_others_answers_does_not_take_their_own_back(cast: Cast) -> None:
    task = task_that_bob_read(cast)
    served(cast, cast.alice)
    answer(cast.project, task.pk, cast.alice)
    alice = Membership.objects.get(project=cast.project, user=cast.alice)
    assert may_undo(alice)
    look(cast, cast.alice, task, PLACES[0])
    assert not may_undo(alice)
    with pytest.raises(Refused, match="you have looked at what others answered"):
        undo_last(project=cast.project, reader=cast.alice)


@pytest.mark.parametrize("arm", list(Task.Arm))
def test_a_label_brought_along_is_learned_from_where_chance_drew_nothing(
    cast: Cast, arm: Task.Arm
) -> None:
    (task,) = make_tasks(cast.project, 1, arm=arm)
    origin = Annotation.Origin.IMPORT
    Annotation.objects.create(
        task=task, project=cast.project, reader=cast.bob, result=NODULE, origin=origin, asked={}
    )
    (labelled,) = labelled_answers(project=cast.project).tasks
    (target,) = targets_of(labelled, learnt_questions(FINDINGS)).values()
    assert (target[0] == 1) == (arm == Task.Arm.POOL)


def test_a_look_again_writes_nothing(cast: Cast) -> None:
    task = task_that_bob_read(cast)
    alice = Membership.objects.get(project=cast.project, user=cast.alice)

    def version_after(*at: str) -> Any:
        assert note_look(alice, [task.pk], at=at) == {task.pk}
        return ModelShown.objects.extra(select={"version": "xmin::text"}).get().version

    first = version_after(ANSWERS)
    assert version_after(ANSWERS) == first
    both = version_after(ANSWERS, MODEL)
    assert both != first and version_after(MODEL) == both
    assert set(looks_of(cast.alice)[0]) == {ANSWERS, MODEL}


@pytest.mark.parametrize("asked", ["said=findings%3DNodule", "text=spiculated"])
def test_a_list_of_what_others_answered_so_is_a_look_at_it(cast: Cast, asked: str) -> None:
    first, second = make_tasks(cast.project, 2)
    for task, result, comment in ((first, NODULE, "Spiculated"), (second, NORMAL, "")):
        assert served(cast, cast.bob) == task.pk
        answer(cast.project, task.pk, cast.bob, result, comment=comment)
    address = f"/projects/{cast.project.pk}/tasks/"
    for person in (cast.alice, cast.erin):
        signed_in(person).get(f"{address}?text={first.scans.get().name}")
        signed_in(person).get(f"{address}?reader={cast.bob.pk}")
    assert ModelShown.objects.count() == 0
    for person in (cast.alice, cast.erin):  # Erin does not read
        assert f"/tasks/{first.pk}/" in signed_in(person).get(f"{address}?{asked}").text
    assert list(ModelShown.objects.values_list("reader", "task")) == [(cast.alice.pk, first.pk)]
    assert served(cast, cast.alice) == second.pk


def test_an_export_is_a_look_at_all_that_others_answered(cast: Cast) -> None:
    first, second, third = make_tasks(cast.project, 3)
    assert served(cast, cast.bob) == first.pk
    answer(cast.project, first.pk, cast.bob)
    assert served(cast, cast.alice) == first.pk  # in hand, and told all the same
    assert served(cast, cast.bob) == second.pk
    answer(cast.project, second.pk, cast.bob)
    for person in (cast.alice, cast.erin):
        reply = signed_in(person).get(f"/api/projects/{cast.project.pk}/export")
        assert b"Nodule" in reply.getvalue()
    looked = ModelShown.objects.order_by("task").values_list("reader", "task")
    assert list(looked) == [(cast.alice.pk, first.pk), (cast.alice.pk, second.pk)]
    given = answer(cast.project, first.pk, cast.alice).annotation
    assert given.model_shown is not None and set(given.model_shown) == {"looked_up"}
    assert served(cast, cast.alice) == third.pk


@pytest.mark.django_db(transaction=True)
def test_a_look_waits_for_a_claim_under_way(cast: Cast) -> None:
    task = task_that_bob_read(cast)
    alice = Membership.objects.get(project=cast.project, user=cast.alice)

    def look_in_another_window() -> frozenset[int]:
        try:
            return note_look(alice, [task.pk], at=[ANSWERS])
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as another:
        with transaction.atomic():
            assert served(cast, cast.alice) == task.pk
            looking = another.submit(look_in_another_window)
            assert wait([looking], timeout=1).not_done
        assert looking.result(timeout=20) == frozenset()


def test_a_case_of_the_patient_that_is_held_may_come_though_it_is_closed(cast: Cast) -> None:
    first, second = make_tasks(cast.project, 2)
    Task.objects.update(patient=first.patient)
    served(cast, cast.bob)
    given = answer(cast.project, first.pk, cast.bob).annotation
    assert served(cast, cast.bob) == second.pk
    Task.objects.update(is_open=False)
    assert is_more_of_patient_left(reader=cast.bob, answered=given)
    assert not is_more_of_patient_left(reader=cast.dora, answered=given)
