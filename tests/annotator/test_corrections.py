"""Correcting one's own answer later: what counts, what is kept, and what is refused."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from annotator import corrections
from annotator.claims import claim_next_task
from annotator.corrections import correct_annotation, history_of
from annotator.dataset import labelled_answers
from annotator.models import Annotation, Claim, Draft, Prediction, Task
from annotator.opened import opened_task
from annotator.queries import may_undo
from annotator.services import Submission
from annotator.withdrawals import undo_last
from projects.errors import Refused
from projects.models import Membership, Project
from tests.annotator.cast import NODULE, NORMAL, Cast, answer, make_tasks, see_heat_map
from tests.annotator.test_races import together
from tests.clients import token_of

EFFUSION: list[dict[str, Any]] = [{**NODULE[0], "value": {"choices": ["Effusion"]}}]


def read(cast: Cast, reader: User, result: list[dict[str, Any]] = NODULE) -> Annotation:
    claim = claim_next_task(project=cast.project, reader=reader)
    assert claim is not None
    return answer(cast.project, claim.task_id, reader, result).annotation


def correct(
    cast: Cast, old: Annotation, result: list[dict[str, Any]], reason: str = "", **more: Any
) -> Annotation:
    submission = Submission(**{"result": result, "unique_id": uuid.uuid4(), **more})
    corrected = correct_annotation(
        project=cast.project,
        annotation_id=old.pk,
        reader=old.reader,
        submission=submission,
        reason=reason,
    )
    return corrected.annotation


def in_force() -> list[Annotation]:
    return list(Annotation.objects.filter(withdrawn_at=None))


def test_the_newest_answer_counts_and_every_earlier_one_is_kept(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    first = read(cast, cast.bob)
    second = correct(cast, first, EFFUSION, "seen the lateral", comment="left")
    third = correct(cast, second, NORMAL)
    assert in_force() == [third]
    told = [(one.result, one.correction_reason, one.comment) for one in history_of(third)]
    assert told == [(NORMAL, "", ""), (EFFUSION, "seen the lateral", "left"), (NODULE, "", "")]
    task.refresh_from_db()
    assert (task.answers, task.is_open) == (1, False)
    assert third.served_at == first.served_at
    assert [third.is_after_model, second.is_after_model] == [False, False]


def test_the_learner_is_told_of_a_correction(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    first = read(cast, cast.bob)
    seen = labelled_answers(project=cast.project)
    assert labelled_answers(project=cast.project, after=seen.watermark).tasks == ()
    correct(cast, first, EFFUSION)
    (changed,) = labelled_answers(project=cast.project, after=seen.watermark).tasks
    assert [one.result for one in changed.answers] == [EFFUSION]


@pytest.mark.parametrize(
    ("arm", "learnt"), [("audit", NODULE), ("random", NODULE), ("pool", NORMAL)]
)
def test_what_was_corrected_after_the_models_view_is_marked_and_measures_nothing(
    cast: Cast, arm: str, learnt: list[dict[str, Any]]
) -> None:
    make_tasks(cast.project, 1, arm=Task.Arm(arm))
    first = read(cast, cast.bob)
    see_heat_map(first.task_id, cast.bob)
    swayed = correct(cast, first, EFFUSION)
    again = correct(cast, swayed, NORMAL)
    assert (swayed.unswayed, again.unswayed) == (first, first)
    assert again.is_after_model and again.model_seen_at is not None
    (task,) = labelled_answers(project=cast.project).tasks
    assert [one.result for one in task.answers] == [learnt]


@pytest.mark.parametrize(("arm", "counts"), [("audit", NODULE), ("random", NODULE),
                                             ("pool", NORMAL)])  # fmt: skip
def test_what_was_corrected_after_a_look_at_others_answers_measures_nothing(
    cast: Cast, arm: str, counts: list[dict[str, Any]]
) -> None:
    Project.objects.update(overlap=2)
    cast.project.refresh_from_db()
    (task,) = make_tasks(cast.project, 1, arm=Task.Arm(arm))
    first = read(cast, cast.alice)
    read(cast, cast.dora)
    assert len(token_of(cast.alice).get(f"/api/tasks/{task.pk}/annotations/").json()) == 2
    swayed = correct(cast, first, EFFUSION)
    again = correct(cast, swayed, NORMAL)
    assert (swayed.unswayed, again.unswayed) == (first, first) and again.is_after_model
    (labelled,) = labelled_answers(project=cast.project).tasks
    given = {one.reader_id: (one.result, one.is_blind) for one in labelled.answers}
    assert given[cast.alice.pk] == (counts, True)


def test_what_is_shown_while_a_correction_is_sent_is_in_its_record(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_tasks(cast.project, 1)
    first = read(cast, cast.bob)
    monkeypatch.setattr(corrections, "lock_task", lambda task: see_heat_map(task, cast.bob))
    second = correct(cast, first, EFFUSION)
    assert second.unswayed == first
    assert second.model_shown is not None
    assert [heat["answer"] for heat in second.model_shown["heat_maps"]] == ["Nodule"]


def test_who_looks_the_models_answers_up_has_seen_them(cast: Cast) -> None:
    make_tasks(cast.project, 2, arm=Task.Arm.AUDIT)
    first = read(cast, cast.ada)
    path = f"/api/predictions/?task={first.task_id}"
    assert token_of(cast.ada).get(path).json() == []
    assert undo_last(project=cast.project, reader=cast.ada).task_id == first.task_id
    second = read(cast, cast.ada)
    said = {"task_id": first.task_id, "project": cast.project, "result": EFFUSION}
    Prediction.objects.create(**said, model_version="m")
    assert len(token_of(cast.ada).get(path).json()) == 1
    with pytest.raises(Refused, match="Your last answer stands"):
        undo_last(project=cast.project, reader=cast.ada)
    assert correct(cast, second, EFFUSION).unswayed == second


def test_what_was_corrected_before_it_measures_as_corrected(cast: Cast) -> None:
    make_tasks(cast.project, 1, arm=Task.Arm.AUDIT)
    second = correct(cast, read(cast, cast.bob), EFFUSION)
    see_heat_map(second.task_id, cast.bob)
    assert correct(cast, second, NORMAL).unswayed == second
    (task,) = labelled_answers(project=cast.project).tasks
    assert [one.result for one in task.answers] == [EFFUSION]


def test_the_case_in_hand_is_left_alone(cast: Cast) -> None:
    make_tasks(cast.project, 3)
    first = read(cast, cast.bob)
    held = claim_next_task(project=cast.project, reader=cast.bob)
    correct(cast, first, EFFUSION)
    assert Claim.objects.count() == 1
    assert claim_next_task(project=cast.project, reader=cast.bob) == held


def test_a_correction_is_not_undone_but_corrected_again(cast: Cast) -> None:
    make_tasks(cast.project, 2)
    bob = Membership.objects.get(project=cast.project, user=cast.bob)
    assert not may_undo(bob), "nothing is answered yet"
    second = correct(cast, read(cast, cast.bob), EFFUSION)
    assert not may_undo(bob)
    with pytest.raises(Refused, match="What you did last was a correction"):
        undo_last(project=cast.project, reader=cast.bob)
    last = read(cast, cast.bob)
    assert may_undo(bob)
    assert undo_last(project=cast.project, reader=cast.bob).task_id == last.task_id
    assert in_force() == [second]


def test_what_is_no_correction_is_refused(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    first = read(cast, cast.bob)
    with pytest.raises(Refused, match="Nothing is changed"):
        correct(cast, first, NODULE)
    with pytest.raises(Refused, match="skip_reason"):
        correct(cast, first, NORMAL, was_cancelled=True)
    second = correct(cast, first, EFFUSION)
    with pytest.raises(Refused, match="in another window"):
        correct(cast, first, NORMAL)
    first.reader = cast.dora
    with pytest.raises(Refused, match="no answer that you gave"):
        correct(cast, first, NORMAL)
    assert in_force() == [second]


def test_the_same_correction_sent_twice_is_one(cast: Cast) -> None:
    make_tasks(cast.project, 2)
    first = read(cast, cast.bob)
    path = f"/api/annotations/{first.pk}/corrections/"
    sent = {"result": EFFUSION, "unique_id": str(uuid.uuid4()), "reason": "a slip"}
    held = claim_next_task(project=cast.project, reader=cast.bob)
    assert held is not None
    replies = [token_of(cast.bob).post(path, sent, format="json") for _ in range(2)]
    assert [reply.status_code for reply in replies] == [201, 200]
    assert {reply.json()["id"] for reply in replies} == {in_force()[0].pk}
    assert replies[0].json()["next"]["task"]["id"] == held.task_id
    assert replies[0].json()["corrects"] == first.pk
    assert Annotation.objects.count() == 2


def test_nobody_corrects_or_looks_into_the_past_of_anothers_answer(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    second = correct(cast, read(cast, cast.bob), EFFUSION)
    sent = {"result": NORMAL}
    path = f"/api/annotations/{second.pk}"
    people = {"dora": (400, 404), "charlie": (404, 404), "erin": (403, 200), "alice": (400, 200)}
    for name, expected in people.items():
        client = token_of(getattr(cast, name))
        corrected = client.post(f"{path}/corrections/", sent, format="json")
        assert (corrected.status_code, client.get(f"{path}/history/").status_code) == expected
    told = token_of(cast.bob).get(f"{path}/history/").json()
    assert [one["result"] for one in told] == [EFFUSION, NODULE]


def test_an_unfinished_correction_is_kept_and_counts_for_nothing(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    first = read(cast, cast.bob)
    path = f"/api/annotations/{first.pk}/draft/"
    bob = token_of(cast.bob)

    def save(result: Any, version: int) -> tuple[int, Any]:
        sent = {"result": result, "comment": "", "lead_time": 4, "version": version}
        reply = bob.put(path, sent, format="json")
        return reply.status_code, reply.json().get("version") or reply.json()["detail"]

    assert save(EFFUSION, 2) == (200, 2)
    assert save(NORMAL, 1) == (200, 2)  # an older save never wins
    assert save([{"from_name": "x"}], 3)[0] == 400
    task = Membership.objects.get(project=cast.project, user=cast.bob), first.task
    assert opened_task(*task, to_correct=True).task["draft"]["result"] == EFFUSION
    assert in_force() == [first]
    second = correct(cast, first, NORMAL)
    # A save that was under way is no beginning of the next correction.
    assert save(EFFUSION, 9) == (400, str(corrections._NOT_LATEST))
    assert opened_task(*task, to_correct=True).task["draft"]["result"] == NORMAL
    path = f"/api/annotations/{second.pk}/draft/"
    assert save(EFFUSION, 1) == (200, 1)
    assert bob.delete(path).status_code == 400
    assert bob.delete(f"{path}?version=0").status_code == 204  # before that was begun
    assert opened_task(*task, to_correct=True).task["draft"]["result"] == EFFUSION
    assert bob.delete(f"{path}?version=2").status_code == 204
    assert opened_task(*task, to_correct=True).task["draft"]["result"] == NORMAL
    assert save(EFFUSION, 2) == (200, 2)  # sent before it was left, and come late
    assert opened_task(*task, to_correct=True).task["draft"]["result"] == NORMAL
    assert (
        token_of(cast.alice).put(path, {"result": [], "version": 1}, format="json").status_code
        == 400
    )


def test_what_was_left_before_it_was_ever_saved_stays_left(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    path = f"/api/annotations/{read(cast, cast.bob).pk}/draft/?version=3"
    assert token_of(cast.bob).delete(path).status_code == 204
    (draft,) = Draft.objects.all()
    assert (draft.result, draft.version) == (NODULE, 3)


@pytest.mark.parametrize(("begun", "goes_on"), [(0, NODULE), (7, EFFUSION)])
def test_an_answer_taken_back_goes_on_as_its_correction_was_begun(
    cast: Cast, begun: int, goes_on: list[dict[str, Any]]
) -> None:
    make_tasks(cast.project, 1)
    first = read(cast, cast.bob)
    sent = {"result": EFFUSION, "comment": "precious", "version": begun}
    Draft.objects.create(task=first.task, reader=cast.bob, **sent)
    undo_last(project=cast.project, reader=cast.bob)
    draft = Draft.objects.get()
    assert (draft.result, draft.version) == (goes_on, begun or 1)
    assert (draft.comment, draft.served_at) == ("precious" if begun else "", first.served_at)


@pytest.mark.django_db(transaction=True)
def test_of_two_corrections_at_once_one_is_taken(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    first = read(cast, cast.bob)
    outcomes = together(
        *[lambda result=result: _attempt(cast, first, result) for result in (EFFUSION, NORMAL) * 3]
    )
    assert sorted(str(outcome) for outcome in outcomes) == ["refused"] * 5 + ["taken"]
    (kept,) = in_force()
    assert history_of(kept) == [kept, first]
    assert timezone.now() > kept.created_at


def _attempt(cast: Cast, old: Annotation, result: list[dict[str, Any]]) -> str:
    try:
        correct(cast, old, result)
    except Refused:
        return "refused"
    return "taken"
