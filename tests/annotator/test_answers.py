"""Submitting, drafting, skipping and taking back."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from annotator.claims import claim_next_task
from annotator.dataset import labelled_answers
from annotator.models import Annotation, Claim, Draft, Task
from annotator.services import save_draft
from annotator.withdrawals import undo_last
from projects.errors import Refused
from tests.annotator.cast import NODULE, NORMAL, Cast, answer, make_tasks


@pytest.fixture
def in_hand(cast: Cast) -> Task:
    """A task that Bob has in his hand."""
    first, _ = make_tasks(cast.project, 2)
    claim_next_task(project=cast.project, reader=cast.bob)
    return first


def waiting_jobs(cast: Cast) -> list[tuple[str, str]]:
    jobs = ProcrastinateJob.objects.filter(args={"project_id": cast.project.pk})
    return list(jobs.values_list("task_name", "queueing_lock"))


def draft(cast: Cast, task: Task, version: int, comment: str = "") -> int:
    return save_draft(
        project=cast.project, task_id=task.pk, reader=cast.bob,
        result=NODULE, comment=comment, lead_time=3.5, version=version,
    )  # fmt: skip


def test_an_answer_ends_the_claim_and_closes_the_task(cast: Cast, in_hand: Task) -> None:
    draft(cast, in_hand, 1)
    submitted = answer(
        cast.project, in_hand.pk, cast.bob, lead_time=12.5, comment="Left upper lobe."
    )
    assert submitted.is_new
    kept = Annotation.objects.get()
    assert kept.pk == submitted.annotation.pk
    assert (kept.result, kept.lead_time, kept.comment) == (NODULE, 12.5, "Left upper lobe.")
    assert (kept.reader, kept.was_cancelled, kept.origin) == (cast.bob, False, "reading")
    assert not Claim.objects.exists() and not Draft.objects.exists()
    in_hand.refresh_from_db()
    assert (in_hand.answers, in_hand.is_open) == (1, False)


def test_the_same_submission_twice_is_one_annotation(cast: Cast, in_hand: Task) -> None:
    unique_id = uuid.uuid4()
    first = answer(cast.project, in_hand.pk, cast.bob, unique_id=unique_id)
    second = answer(cast.project, in_hand.pk, cast.bob, unique_id=unique_id)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.annotation.pk == second.annotation.pk
    in_hand.refresh_from_db()
    assert in_hand.answers == 1


def test_a_second_answer_to_the_same_task_is_refused(cast: Cast, in_hand: Task) -> None:
    answer(cast.project, in_hand.pk, cast.bob)
    with pytest.raises(Refused, match="You have answered this task"):
        answer(cast.project, in_hand.pk, cast.bob, NORMAL)
    assert Annotation.objects.count() == 1


def test_a_task_that_was_never_served_is_refused(cast: Cast, in_hand: Task) -> None:
    with pytest.raises(Refused, match="not in your hands"):
        answer(cast.project, in_hand.pk, cast.dora)
    assert not Annotation.objects.exists()


def test_an_answer_after_the_claim_expired_is_taken(cast: Cast, in_hand: Task) -> None:
    Claim.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert answer(cast.project, in_hand.pk, cast.bob).is_new


def test_an_answer_is_taken_and_counted_though_another_reader_took_the_place(
    cast: Cast, in_hand: Task
) -> None:
    Claim.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    claim = claim_next_task(project=cast.project, reader=cast.dora)
    assert claim is not None and claim.task_id == in_hand.pk
    answer(cast.project, in_hand.pk, cast.dora)
    assert answer(cast.project, in_hand.pk, cast.bob).is_new
    in_hand.refresh_from_db()
    assert (in_hand.answers, in_hand.is_open) == (2, False)


def test_a_draft_proves_that_the_task_was_served(cast: Cast, in_hand: Task) -> None:
    draft(cast, in_hand, 1)
    Claim.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    claim_next_task(project=cast.project, reader=cast.dora)
    claim_next_task(project=cast.project, reader=cast.bob)
    assert not Claim.objects.filter(task=in_hand, reader=cast.bob).exists()
    assert answer(cast.project, in_hand.pk, cast.bob).is_new


def test_a_skipped_task_is_read_by_nobody_else(cast: Cast, in_hand: Task) -> None:
    answer(
        cast.project, in_hand.pk, cast.bob, NORMAL, was_cancelled=True, skip_reason="Motion blur"
    )
    kept = Annotation.objects.get()
    assert (kept.was_cancelled, kept.skip_reason) == (True, "Motion blur")
    in_hand.refresh_from_db()
    assert (in_hand.answers, in_hand.is_open) == (1, False)


def test_a_skip_needs_a_reason(cast: Cast, in_hand: Task) -> None:
    with pytest.raises(Refused, match="Say why"):
        answer(cast.project, in_hand.pk, cast.bob, NORMAL, was_cancelled=True, skip_reason=" ")


def test_read_and_normal_is_an_answer(cast: Cast, in_hand: Task) -> None:
    answer(cast.project, in_hand.pk, cast.bob, NORMAL)
    assert Annotation.objects.get().result == []


def test_each_change_of_labels_leaves_one_rerank_job_waiting(cast: Cast, in_hand: Task) -> None:
    job = ("rounds.rerank", f"rerank-{cast.project.pk}")
    answer(cast.project, in_hand.pk, cast.bob)
    assert waiting_jobs(cast) == [job]
    undo_last(project=cast.project, reader=cast.bob)
    assert waiting_jobs(cast) == [job]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    answer(cast.project, in_hand.pk, cast.bob)
    assert waiting_jobs(cast) == [job]


def test_undo_withdraws_the_answer_and_keeps_it(cast: Cast, in_hand: Task) -> None:
    answer(cast.project, in_hand.pk, cast.bob, lead_time=9.0, comment="Sure?")
    taken_back = undo_last(project=cast.project, reader=cast.bob)
    assert (taken_back.task_id, taken_back.is_ahead) == (in_hand.pk, False)
    assert Annotation.objects.get().withdrawn_at is not None
    restored = Draft.objects.get()
    assert (restored.result, restored.comment, restored.lead_time) == (NODULE, "Sure?", 9.0)
    in_hand.refresh_from_db()
    assert (in_hand.answers, in_hand.is_open) == (0, True)
    assert answer(cast.project, in_hand.pk, cast.bob, NORMAL).is_new
    assert Annotation.objects.count() == 2


def test_there_is_nothing_to_undo_before_an_answer(cast: Cast, in_hand: Task) -> None:
    with pytest.raises(Refused, match="nothing to undo"):
        undo_last(project=cast.project, reader=cast.bob)


def test_undo_leaves_the_answers_of_others_alone(cast: Cast, in_hand: Task) -> None:
    answer(cast.project, in_hand.pk, cast.bob)
    with pytest.raises(Refused):
        undo_last(project=cast.project, reader=cast.dora)


def test_a_repeated_submission_that_was_taken_back_stays_withdrawn(
    cast: Cast, in_hand: Task
) -> None:
    unique_id = uuid.uuid4()
    answer(cast.project, in_hand.pk, cast.bob, unique_id=unique_id)
    undo_last(project=cast.project, reader=cast.bob)
    repeated = answer(cast.project, in_hand.pk, cast.bob, unique_id=unique_id)
    assert not repeated.is_new
    assert repeated.annotation.withdrawn_at is not None
    assert Claim.objects.filter(task=in_hand, reader=cast.bob).exists()


def test_an_older_draft_never_wins(cast: Cast, in_hand: Task) -> None:
    assert draft(cast, in_hand, 2, "second") == 2
    assert draft(cast, in_hand, 1, "first") == 2
    assert Draft.objects.get().comment == "second"
    assert draft(cast, in_hand, 3, "third") == 3
    assert Draft.objects.get().comment == "third"


def test_a_draft_renews_the_claim(cast: Cast, in_hand: Task) -> None:
    Claim.objects.update(expires_at=timezone.now() + timedelta(minutes=2))
    draft(cast, in_hand, 1)
    assert Claim.objects.get().expires_at > timezone.now() + timedelta(minutes=29)


def test_a_late_draft_of_an_answered_task_is_refused(cast: Cast, in_hand: Task) -> None:
    answer(cast.project, in_hand.pk, cast.bob)
    with pytest.raises(Refused, match="You have answered this task"):
        draft(cast, in_hand, 5)
    assert not Draft.objects.exists()


def test_the_learner_gets_every_change_once(cast: Cast, in_hand: Task) -> None:
    annotation = answer(cast.project, in_hand.pk, cast.bob).annotation
    seen = labelled_answers(project=cast.project)
    assert seen.watermark == annotation.pk
    (task,) = seen.tasks
    assert (task.task_id, task.arm, task.patient_id) == (in_hand.pk, "pool", in_hand.patient_id)
    (given,) = task.answers
    assert (given.annotation_id, given.reader_id) == (annotation.pk, cast.bob.pk)
    assert (given.result, given.was_cancelled) == (NODULE, False)
    assert labelled_answers(project=cast.project, after=seen.watermark).tasks == ()


def test_the_learner_hears_of_a_withdrawal(cast: Cast, in_hand: Task) -> None:
    answer(cast.project, in_hand.pk, cast.bob)
    seen = labelled_answers(project=cast.project)
    undo_last(project=cast.project, reader=cast.bob)
    changed = labelled_answers(project=cast.project, after=seen.watermark)
    assert [(task.task_id, task.answers) for task in changed.tasks] == [(in_hand.pk, ())]
