"""Which task a reader gets, and what becomes of claims."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.claims import claim_ahead, claim_next_task
from annotator.models import Annotation, Claim, Task
from annotator.queue import create_tasks, reopen_tasks
from annotator.withdrawals import undo_last
from tests.annotator.cast import Cast, answer, make_cast, make_scans, make_tasks, place


def next_id(cast: Cast, name: str) -> int | None:
    claim = claim_next_task(project=cast.project, reader=getattr(cast, name))
    return claim.task_id if claim else None


def expire(task: Task) -> None:
    Claim.objects.filter(task=task).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_the_lowest_rank_is_served_first(cast: Cast) -> None:
    first, second = make_tasks(cast.project, 2)
    assert next_id(cast, "bob") == first.pk
    assert next_id(cast, "dora") == second.pk


def test_a_reader_keeps_the_task_in_hand(cast: Cast) -> None:
    first, _ = make_tasks(cast.project, 2)
    assert [next_id(cast, "bob"), next_id(cast, "bob")] == [first.pk, first.pk]
    assert Claim.objects.count() == 1


def test_nothing_is_left_once_all_is_answered_or_held(cast: Cast) -> None:
    (only,) = make_tasks(cast.project, 1)
    assert next_id(cast, "bob") == only.pk
    assert next_id(cast, "dora") is None
    answer(cast.project, only.pk, cast.bob)
    assert next_id(cast, "bob") is None
    assert next_id(cast, "dora") is None


def test_two_readers_read_the_same_task_at_overlap_two(db: None) -> None:
    cast = make_cast(overlap=2, audit_share=0.0)
    (only,) = make_tasks(cast.project, 1)
    assert next_id(cast, "bob") == only.pk
    assert next_id(cast, "dora") == only.pk
    assert next_id(cast, "ada") is None
    answer(cast.project, only.pk, cast.bob)
    only.refresh_from_db()
    assert (only.answers, only.is_open) == (1, True)
    assert next_id(cast, "bob") is None
    answer(cast.project, only.pk, cast.dora)
    only.refresh_from_db()
    assert (only.answers, only.is_open) == (2, False)


def test_a_claim_remembers_where_the_ranking_had_the_task(cast: Cast) -> None:
    first, second = make_tasks(cast.project, 2)
    place(cast.project, 3, [(second.pk, 0.75), (first.pk, 0.5)])
    assert next_id(cast, "bob") == second.pk
    claim = Claim.objects.get()
    assert (claim.generation, claim.rank, claim.score) == (3, -(3 << 20) + 1, 0.75)
    annotation = answer(cast.project, second.pk, cast.bob).annotation
    annotation.refresh_from_db()
    assert (annotation.generation, annotation.rank, annotation.score) == (3, -3145727, 0.75)


def test_an_answer_to_an_unranked_task_has_no_rank(cast: Cast) -> None:
    (only,) = make_tasks(cast.project, 1)
    next_id(cast, "bob")
    annotation = answer(cast.project, only.pk, cast.bob).annotation
    annotation.refresh_from_db()
    assert (annotation.generation, annotation.rank, annotation.score) == (None, None, None)


def test_a_newer_ranking_changes_what_is_served_next(cast: Cast) -> None:
    tasks = make_tasks(cast.project, 4)
    served = [next_id(cast, "bob")]
    for generation, best in ((1, tasks[3]), (2, tasks[1])):
        place(cast.project, generation, [(best.pk, 1.0)])
        answer(cast.project, served[-1] or 0, cast.bob)
        served.append(next_id(cast, "bob"))
    assert served == [tasks[0].pk, tasks[3].pk, tasks[1].pk]


def test_an_older_ranking_that_comes_late_changes_nothing(cast: Cast) -> None:
    first, second = make_tasks(cast.project, 2)
    place(cast.project, 2, [(second.pk, 1.0)])
    place(cast.project, 1, [(first.pk, 1.0), (second.pk, 0.5)])
    assert next_id(cast, "bob") == second.pk
    second.refresh_from_db()
    assert second.generation == 2


def test_a_ranking_leaves_audit_and_finished_tasks_alone(cast: Cast) -> None:
    (audit,) = make_tasks(cast.project, 1, arm=Task.Arm.AUDIT)
    (finished,) = make_tasks(cast.project, 1)
    next_id(cast, "bob")
    answer(cast.project, finished.pk, cast.bob)
    place(cast.project, 1, [(audit.pk, 1.0), (finished.pk, 1.0)])
    assert not Task.objects.filter(generation__isnull=False).exists()


def test_an_expired_claim_frees_the_task_for_others(cast: Cast) -> None:
    (only,) = make_tasks(cast.project, 1)
    next_id(cast, "bob")
    assert next_id(cast, "dora") is None
    expire(only)
    assert next_id(cast, "dora") == only.pk
    assert next_id(cast, "bob") is None


def test_an_expired_claim_is_renewed_while_nobody_took_the_place(cast: Cast) -> None:
    first, _ = make_tasks(cast.project, 2)
    next_id(cast, "bob")
    expire(first)
    assert next_id(cast, "bob") == first.pk
    assert Claim.objects.get().expires_at > timezone.now() + timedelta(minutes=29)


def ahead(cast: Cast, count: int = 2) -> list[tuple[int, int]]:
    """What is reserved for Bob behind the task in his hand: (task, place)."""
    held = claim_ahead(project=cast.project, reader=cast.bob, count=count)
    assert all(claim.is_ahead for claim in held)
    return [(claim.task_id, claim.place) for claim in held]


def test_the_two_tasks_reserved_ahead_become_the_next(cast: Cast) -> None:
    first, second, third, fourth = make_tasks(cast.project, 4)
    next_id(cast, "bob")
    assert ahead(cast, 1) == [(second.pk, 1)]
    assert ahead(cast) == ahead(cast) == [(second.pk, 1), (third.pk, 2)]
    assert next_id(cast, "dora") == fourth.pk
    answer(cast.project, first.pk, cast.bob)
    claim = claim_next_task(project=cast.project, reader=cast.bob)
    assert claim is not None and (claim.task_id, claim.is_ahead) == (second.pk, False)
    assert ahead(cast, 1) == [(third.pk, 1)]
    answer(cast.project, second.pk, cast.bob)
    assert next_id(cast, "bob") == third.pk
    assert ahead(cast) == []


def test_the_database_allows_one_in_hand_and_two_ahead(cast: Cast) -> None:
    tasks = make_tasks(cast.project, 4)
    next_id(cast, "bob")
    ahead(cast)
    soon = timezone.now() + timedelta(minutes=1)
    for wanted in range(4):
        with pytest.raises(IntegrityError), transaction.atomic():
            Claim.objects.create(
                task=tasks[3], project=cast.project, reader=cast.bob, place=wanted,
                expires_at=soon, rank=1,
            )  # fmt: skip


def test_a_newer_ranking_reaches_a_reader_behind_what_is_reserved(cast: Cast) -> None:
    first, second, third, fourth = make_tasks(cast.project, 4)
    next_id(cast, "bob")
    assert ahead(cast, 1) == [(second.pk, 1)]
    place(cast.project, 1, [(fourth.pk, 1.0)])
    assert ahead(cast) == [(second.pk, 1), (fourth.pk, 2)]
    place(cast.project, 2, [(third.pk, 1.0)])
    answer(cast.project, first.pk, cast.bob)
    assert next_id(cast, "bob") == second.pk
    assert ahead(cast) == [(fourth.pk, 1), (third.pk, 2)]


def test_an_undone_task_pushes_the_one_in_hand_ahead(cast: Cast) -> None:
    first, second, third, fourth, _ = make_tasks(cast.project, 5)
    next_id(cast, "bob")
    answer(cast.project, first.pk, cast.bob)
    next_id(cast, "bob")
    ahead(cast)
    assert undo_last(project=cast.project, reader=cast.bob).task_id == first.pk
    held = Claim.objects.order_by("place").values_list("task", "place")
    assert list(held) == [(first.pk, 0), (second.pk, 1), (third.pk, 2)]
    assert next_id(cast, "dora") == fourth.pk


def test_what_was_read_ahead_is_taken_when_everything_has_expired(cast: Cast) -> None:
    tasks = make_tasks(cast.project, 3)
    next_id(cast, "bob")
    ahead(cast)
    Claim.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for reader in ("dora", "ada"):
        assert next_id(cast, reader) in {task.pk for task in tasks}
    answer(cast.project, tasks[0].pk, cast.bob)
    # The others took two of the three; what Bob gave up for it is still taken from him.
    assert next_id(cast, "bob") == tasks[2].pk
    for task in tasks[1:]:
        assert answer(cast.project, task.pk, cast.bob).is_new
        served = Annotation.objects.get(task=task, reader=cast.bob)
        assert served.served_at is not None


def test_a_tenth_of_what_is_served_is_of_the_audit_sample(db: None) -> None:
    cast = make_cast(audit_share=0.1)
    make_tasks(cast.project, 260)
    make_tasks(cast.project, 60, arm=Task.Arm.AUDIT)
    served = []
    for _ in range(250):
        served.append(next_id(cast, "bob") or 0)
        answer(cast.project, served[-1], cast.bob)
    audit = Task.objects.filter(pk__in=served, arm=Task.Arm.AUDIT).count()
    # 25 expected with a standard deviation of 4.7: five of them to either side.
    assert 2 <= audit <= 48


def test_the_other_arm_is_served_when_one_is_empty(db: None) -> None:
    cast = make_cast(audit_share=0.0)
    (only,) = make_tasks(cast.project, 1, arm=Task.Arm.AUDIT)
    assert next_id(cast, "bob") == only.pk


def test_a_smaller_overlap_closes_tasks_and_a_larger_one_opens_them(cast: Cast) -> None:
    (only,) = make_tasks(cast.project, 1)
    next_id(cast, "bob")
    answer(cast.project, only.pk, cast.bob)
    cast.project.overlap = 2
    reopen_tasks(project=cast.project)
    only.refresh_from_db()
    assert only.is_open
    cast.project.overlap = 1
    reopen_tasks(project=cast.project)
    only.refresh_from_db()
    assert not only.is_open


def test_each_scan_becomes_one_task_once(cast: Cast) -> None:
    scans = make_scans(cast.project, 5)
    assert create_tasks(project=cast.project, scans=scans[:3]) == 3
    assert create_tasks(project=cast.project, scans=scans) == 2
    assert create_tasks(project=cast.project, scans=scans) == 0
    ranks = set(Task.objects.values_list("rank", flat=True))
    assert len(ranks) == 5 and min(ranks) > 0
    shown = Task.objects.values_list("task_scans__scan", flat=True)
    assert sorted(shown) == [scan.pk for scan in scans]


def test_a_patient_is_never_split_between_pool_and_audit(db: None) -> None:
    cast = make_cast(audit_share=0.5)
    scans = make_scans(cast.project, 60, per_patient=3)
    create_tasks(project=cast.project, scans=scans[::3])
    cast.project.audit_share = 0.1
    create_tasks(project=cast.project, scans=scans)
    arms: dict[int, set[str]] = {}
    for patient, arm in Task.objects.values_list("patient", "arm"):
        arms.setdefault(patient, set()).add(arm)
    assert len(arms) == 20
    assert all(len(of_patient) == 1 for of_patient in arms.values())
    assert {arm for of_patient in arms.values() for arm in of_patient} == {"pool", "audit"}
