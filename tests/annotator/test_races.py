"""Readers at the same moment, each on a connection of their own."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Count, F
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import Role, User
from annotator import rerank
from annotator.claims import claim_ahead, claim_next_task
from annotator.dataset import labelled_answers
from annotator.models import Annotation, Claim, Task
from annotator.queue import create_tasks
from annotator.rerank import changing_labels
from annotator.withdrawals import undo_last
from projects.models import Membership
from tests.annotator.cast import Cast, answer, make_cast, make_scans, make_tasks, place

pytestmark = pytest.mark.django_db(transaction=True)

READERS = 6


@pytest.fixture(autouse=True)
def no_jobs_left() -> Iterator[None]:
    """The flush after such a test empties Django's own tables alone."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")


def waiting_jobs(cast: Cast) -> int:
    lock = rerank.rerank_lock_name(cast.project.pk)
    return ProcrastinateJob.objects.filter(queueing_lock=lock).count()


def together(*jobs: Callable[[], object]) -> list[object]:
    """Run all jobs at the same moment, each in a thread with a connection; what they returned."""
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        try:
            connection.ensure_connection()
            gate.wait(timeout=20)
            return job()
        finally:
            connection.close()

    connection.close()  # so that the pool has a connection for every thread
    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def more_readers(cast: Cast) -> list[User]:
    readers = [User.objects.create_user(f"reader{n}@example.org") for n in range(READERS)]
    Membership.objects.bulk_create(
        Membership(project=cast.project, user=reader, role=Role.READER, added_by=cast.alice)
        for reader in readers
    )
    return readers


def read_all(cast: Cast, reader: User, *, with_ahead: bool) -> list[int]:
    """Read until nothing is left; the tasks that were served, in order."""
    served = []
    while claim := claim_next_task(project=cast.project, reader=reader):
        served.append(claim.task_id)
        if with_ahead:
            claim_ahead(project=cast.project, reader=reader)
            assert Claim.objects.filter(reader=reader).count() <= 3
        answer(cast.project, claim.task_id, reader)
    return served


@pytest.mark.parametrize("with_ahead", [False, True])
@pytest.mark.parametrize("overlap", [1, 2])
def test_readers_at_once_never_exceed_the_overlap(overlap: int, with_ahead: bool) -> None:
    cast = make_cast(overlap=overlap, audit_share=0.2)
    make_tasks(cast.project, 40)
    make_tasks(cast.project, 10, arm=Task.Arm.AUDIT)
    jobs = [
        lambda reader=reader: read_all(cast, reader, with_ahead=with_ahead)
        for reader in more_readers(cast)
    ]
    served = together(*jobs)
    times = Counter(task for tasks in served for task in tasks)  # type: ignore[attr-defined]
    assert set(times.values()) == {overlap}
    assert len(times) == 50
    assert not Task.objects.filter(is_open=True).exists()
    assert not Task.objects.exclude(answers=overlap).exists()
    counted = Task.objects.annotate(n=Count("annotations")).exclude(n=F("answers"))
    assert not counted.exists()
    assert not Claim.objects.exists()


def test_the_same_post_in_parallel_is_one_annotation() -> None:
    cast = make_cast(overlap=3, audit_share=0.0)
    (task,) = make_tasks(cast.project, 1)
    claim_next_task(project=cast.project, reader=cast.bob)
    unique_id = uuid.uuid4()
    same = [lambda: answer(cast.project, task.pk, cast.bob, unique_id=unique_id)] * 6
    submitted = together(*same)
    assert sorted(one.is_new for one in submitted) == [False] * 5 + [True]  # type: ignore[attr-defined]
    assert Annotation.objects.count() == 1
    task.refresh_from_db()
    assert (task.answers, task.is_open) == (1, True)


def test_the_same_reader_in_two_tabs_gets_one_task() -> None:
    cast = make_cast(overlap=1, audit_share=0.0)
    make_tasks(cast.project, 8)
    claims = together(
        *[lambda: claim_next_task(project=cast.project, reader=cast.bob)] * 4,
        *[lambda: claim_ahead(project=cast.project, reader=cast.bob)] * 3,
    )
    in_hand = {claim.task_id for claim in claims[:4]}  # type: ignore[attr-defined]
    assert len(in_hand) == 1
    assert Claim.objects.filter(place=0).count() == 1
    assert 2 <= Claim.objects.count() <= 3


def test_undo_and_submissions_at_once_keep_the_count() -> None:
    cast = make_cast(overlap=2, audit_share=0.0)
    (task,) = make_tasks(cast.project, 1)
    for reader in (cast.bob, cast.dora):
        claim_next_task(project=cast.project, reader=reader)
    answer(cast.project, task.pk, cast.bob)
    together(
        lambda: undo_last(project=cast.project, reader=cast.bob),
        lambda: answer(cast.project, task.pk, cast.dora),
    )
    task.refresh_from_db()
    assert (task.answers, task.is_open) == (1, True)


def test_a_submission_whose_connection_dies_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cast = make_cast(overlap=1, audit_share=0.0)
    (task,) = make_tasks(cast.project, 1)
    place(cast.project, 1, [(task.pk, 0.5)], strategy="badge", model=3)
    claim_next_task(project=cast.project, reader=cast.bob)
    place(cast.project, 2, [(task.pk, 0.25)])
    unique_id = uuid.uuid4()

    def die(project_id: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patched:
        patched.setattr(rerank, "_enqueue", die)
        with pytest.raises(DatabaseError):
            answer(cast.project, task.pk, cast.bob, unique_id=unique_id)
    connection.close()
    task.refresh_from_db()
    assert (task.answers, task.is_open) == (0, True)
    assert not Annotation.objects.exists() and waiting_jobs(cast) == 0
    assert Claim.objects.get().reader == cast.bob
    again = answer(cast.project, task.pk, cast.bob, unique_id=unique_id)
    kept = again.annotation
    assert again.is_new and (kept.generation, kept.score) == (1, 0.5)
    assert (kept.strategy, kept.model, kept.propensity) == ("badge", 3, 1.0)


def test_two_deliveries_at_once_make_one_task_of_a_scan() -> None:
    cast = make_cast(audit_share=0.0)
    scans = make_scans(cast.project, 20)
    made = together(*[lambda: create_tasks(project=cast.project, scans=scans)] * 3)
    assert sorted(made) == [0, 0, 20]  # type: ignore[type-var]
    assert Task.objects.count() == 20


def test_answers_and_rankings_at_once_keep_the_record_of_what_was_served() -> None:
    cast = make_cast(audit_share=0.0)
    tasks = [task.pk for task in make_tasks(cast.project, 12)]
    place(cast.project, 1, [(task, 1.0) for task in tasks], strategy="margin", model=1)

    def rank_on() -> list[int]:
        for generation in range(2, 40):
            strategy = "badge" if generation % 2 else "margin"
            placed = [(task, 1 / generation) for task in tasks]
            place(cast.project, generation, placed, strategy=strategy, model=generation)
        return []

    together(rank_on, *[lambda r=r: read_all(cast, r, with_ahead=True) for r in more_readers(cast)])
    answers = Annotation.objects.all()
    assert answers.count() == 12
    for one in answers:
        assert one.generation is not None
        served_from = (1.0 / one.generation, one.generation, 1.0)
        assert (one.score, one.model, one.propensity) == served_from
        assert one.strategy == ("badge" if one.generation % 2 and one.generation > 1 else "margin")
        assert one.served_at is not None and one.served_at <= one.created_at


def test_a_claim_waits_for_the_ranking_that_is_being_written() -> None:
    cast = make_cast(audit_share=0.0)
    first, second = make_tasks(cast.project, 2)
    is_placed, may_commit = threading.Event(), threading.Event()

    def rank() -> None:
        with transaction.atomic():
            placed = [(second.pk, 1.0), (first.pk, 0.5)]
            place(cast.project, 1, placed)
            is_placed.set()
            may_commit.wait(timeout=20)

    def read() -> int | None:
        is_placed.wait(timeout=20)
        threading.Timer(0.2, may_commit.set).start()
        claim = claim_next_task(project=cast.project, reader=cast.bob)
        return claim.task_id if claim else None

    assert together(rank, read)[1] == second.pk


def test_the_learner_waits_for_answers_that_are_being_written() -> None:
    cast = make_cast(audit_share=0.0)
    (task,) = make_tasks(cast.project, 1)
    claim_next_task(project=cast.project, reader=cast.bob)
    is_written, may_commit = threading.Event(), threading.Event()

    def submit() -> None:
        with changing_labels(cast.project.pk):
            answer(cast.project, task.pk, cast.bob)
            is_written.set()
            may_commit.wait(timeout=20)

    def learn() -> list[int]:
        is_written.wait(timeout=20)
        threading.Timer(0.2, may_commit.set).start()
        return [seen.task_id for seen in labelled_answers(project=cast.project).tasks]

    assert together(submit, learn)[1] == [task.pk]


def test_changes_at_once_leave_one_rerank_job() -> None:
    cast = make_cast(overlap=1, audit_share=0.0)
    make_tasks(cast.project, 6)
    readers = more_readers(cast)
    claims = {reader: claim_next_task(project=cast.project, reader=reader) for reader in readers}
    together(
        *(
            lambda reader=reader, claim=claim: answer(cast.project, claim.task_id, reader)
            for reader, claim in claims.items()
            if claim is not None
        )
    )
    assert Annotation.objects.count() == 6
    assert waiting_jobs(cast) == 1
