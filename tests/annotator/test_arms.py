"""The arms: who is drawn into which, and from which the next task is served."""

import hashlib
import hmac
import random
from collections import Counter

import pytest
from django.db import IntegrityError, transaction
from hypothesis import assume, given
from hypothesis import strategies as st

from annotator.claims import _arms, claim_next_task
from annotator.models import Task
from annotator.queue import create_tasks, drawn_arm
from projects.models import Project
from tests.annotator.cast import Cast, answer, make_cast, make_scans, make_tasks, place

SHARES = st.floats(0, 0.5)


def arm_of(patient: str, audit: float, other: float, *, secret: bytes = b"secret") -> Task.Arm:
    return drawn_arm(
        secret=secret, project_id=3, pseudonym=patient, audit_share=audit, random_share=other
    )


@given(st.text(max_size=20), SHARES, SHARES, SHARES, st.binary(max_size=8))
def test_the_random_share_changes_nobody_of_the_audit_sample(
    patient: str, audit: float, other: float, another: float, secret: bytes
) -> None:
    assume(audit + other < 1 and audit + another < 1)
    first = arm_of(patient, audit, other, secret=secret)
    second = arm_of(patient, audit, another, secret=secret)
    assert (first == Task.Arm.AUDIT) == (second == Task.Arm.AUDIT)
    assert first == arm_of(patient, audit, other, secret=secret)


@given(st.text(max_size=20), SHARES)
def test_the_audit_sample_is_the_one_that_was_drawn_when_there_was_no_random_arm(
    patient: str, audit: float
) -> None:
    digest = hmac.digest(b"secret", f"audit-3-{patient}".encode(), hashlib.sha256)
    was_audit = int.from_bytes(digest[:8], "big") < audit * 2**64
    assert (arm_of(patient, audit, 0.5 if audit < 0.5 else 0) == Task.Arm.AUDIT) == was_audit


@given(st.text(max_size=20), SHARES, st.floats(0, 0.25), st.floats(0, 0.25))
def test_a_larger_random_share_only_adds_patients(
    patient: str, audit: float, share: float, more: float
) -> None:
    assume(audit + share + more < 1)
    if arm_of(patient, audit, share) == Task.Arm.RANDOM:
        assert arm_of(patient, audit, share + more) == Task.Arm.RANDOM


def test_patients_are_drawn_in_proportion_to_the_shares() -> None:
    drawn = Counter(arm_of(f"patient-{n}", 0.1, 0.05) for n in range(20_000))
    # Standard deviations of 42 and 31; four of them to either side.
    assert abs(drawn[Task.Arm.AUDIT] - 2000) < 170
    assert abs(drawn[Task.Arm.RANDOM] - 1000) < 125


def test_the_coin_falls_in_proportion_to_the_shares_also_among_the_arms_left() -> None:
    project = Project(audit_share=0.2, random_share=0.1)
    random.seed(20)
    orders = Counter(tuple(_arms(project)) for _ in range(20_000))
    first = Counter[Task.Arm]()
    for order, times in orders.items():
        first[order[0]] += times
    assert [round(first[arm] / 20_000, 1) for arm in Task.Arm] == [0.7, 0.2, 0.1]
    without_pool = {order: times for order, times in orders.items() if order[0] == Task.Arm.POOL}
    audit_next = without_pool[(Task.Arm.POOL, Task.Arm.AUDIT, Task.Arm.RANDOM)]
    # 0.2 against 0.1 of 14,000 times: two thirds, with a standard deviation of 0.004.
    assert abs(audit_next / sum(without_pool.values()) - 2 / 3) < 0.016


def test_an_arm_without_a_share_comes_last() -> None:
    project = Project(audit_share=0.0, random_share=0.3)
    assert {_arms(project)[-1] for _ in range(50)} == {Task.Arm.AUDIT}


@pytest.mark.django_db
@pytest.mark.parametrize("arm", list(Task.Arm))
def test_the_last_arm_that_holds_a_task_is_served(arm: Task.Arm) -> None:
    cast = make_cast(audit_share=0.2, random_share=0.2)
    tasks = make_tasks(cast.project, 3, arm=arm)
    served = []
    while claim := claim_next_task(project=cast.project, reader=cast.bob):
        served.append(claim.task_id)
        answer(cast.project, claim.task_id, cast.bob)
    assert served == [task.pk for task in tasks]


def test_no_ranking_places_a_task_of_the_random_arm(cast: Cast) -> None:
    (drawn,) = make_tasks(cast.project, 1, arm=Task.Arm.RANDOM)
    place(cast.project, 1, [(drawn.pk, 1.0)])
    drawn.refresh_from_db()
    assert (drawn.rank, drawn.generation, drawn.strategy) == (1, None, "")


@pytest.mark.django_db
def test_a_patient_keeps_their_arm_whatever_the_shares_become() -> None:
    cast = make_cast(audit_share=0.3, random_share=0.4)
    scans = make_scans(cast.project, 60, per_patient=3)
    create_tasks(project=cast.project, scans=scans[::3])
    cast.project.random_share = 0.0
    create_tasks(project=cast.project, scans=scans)
    arms: dict[int, set[str]] = {}
    for patient, arm in Task.objects.values_list("patient", "arm"):
        arms.setdefault(patient, set()).add(arm)
    assert len(arms) == 20 and all(len(of_patient) == 1 for of_patient in arms.values())
    assert set.union(*arms.values()) == {"pool", "audit", "random"}


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.1, 0.6), (0.1, -0.1)])
def test_the_database_refuses_shares_that_leave_no_pool(
    cast: Cast, shares: tuple[float, float]
) -> None:
    audit, other = shares
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.update(audit_share=audit, random_share=other)
