"""The filters of the lists: exact, combinable, blind where their reader is, and bounded."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import User
from annotator import search
from annotator.claims import claim_next_task
from annotator.listing import earlier_answers, listing
from annotator.models import Annotation, Claim, Task
from annotator.search import TooWide, Wanted, bounded
from projects.models import Membership
from scans.models import Scan, Series
from tests.annotator.cast import NODULE, NORMAL, Cast, answer, make_cast, make_tasks, place
from tests.annotator.test_corrections import EFFUSION
from tests.clients import signed_in


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast(overlap=2, audit_share=0.0)


def member(cast: Cast, person: User) -> Membership:
    return Membership.objects.select_related("project").get(project=cast.project, user=person)


def give(cast: Cast, reader: User, *results: list[dict[str, Any]], **more: Any) -> None:
    for result in results:
        claim = claim_next_task(project=cast.project, reader=reader)
        assert claim is not None
        answer(cast.project, claim.task_id, reader, result, **more)


@pytest.fixture
def tasks(cast: Cast) -> list[Task]:
    """Five: Bob finds a nodule in two and nothing in a third, Dora an effusion in the first two."""
    made = make_tasks(cast.project, 5)
    give(cast, cast.bob, NODULE, NODULE, NORMAL)
    give(cast, cast.dora, EFFUSION, EFFUSION, comment="Left costophrenic angle")
    second = Annotation.objects.get(task=made[1], reader=cast.bob)
    Annotation.objects.filter(pk=second.pk).update(
        created_at=datetime(2026, 3, 2, 23, 59, tzinfo=UTC)
    )
    return made


# How many rows a filter may fetch whole, so that both of its ways are gone.
@pytest.fixture(params=[0, 5000], ids=["walked", "fetched"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FEW", request.param)


def found(cast: Cast, tasks: list[Task], **asked: Any) -> list[int]:
    """Which of the tasks, by their number from 0, Alice finds."""
    rows = listing(member(cast, cast.alice), Wanted(**asked)).rows
    return [[task.pk for task in tasks].index(row.task.pk) for row in rows]


def test_each_filter_is_exact(cast: Cast, tasks: list[Task]) -> None:
    def ask(**asked: Any) -> list[int]:
        return found(cast, tasks, **asked)

    assert ask() == [0, 1, 2, 3, 4]
    assert ask(reader=cast.bob.pk) == [0, 1, 2]
    assert ask(said="findings=Nodule") == [0, 1]
    assert ask(said="findings=Nodul") == []
    assert ask(until=date(2026, 3, 2)) == [1]
    assert ask(since=date(2026, 3, 3)) == [0, 1, 2]
    assert ask(until=date.max) == ask(since=date.min) == [0, 1, 2]
    assert ask(since=date(2026, 3, 2), until=date(2026, 3, 2)) == [1]
    assert ask(text="COSTOphrenic") == [0, 1]
    assert ask(text="2.dcm") == [2]
    assert ask(text="%.d") == ask(text="2_dcm") == []


def test_filters_of_answers_are_about_one_and_the_same_answer(
    cast: Cast, tasks: list[Task]
) -> None:
    assert found(cast, tasks, reader=cast.dora.pk, said="findings=Effusion") == [0, 1]
    assert found(cast, tasks, reader=cast.dora.pk, said="findings=Nodule") == []
    assert found(cast, tasks, reader=cast.bob.pk, until=date(2026, 3, 2)) == [1]
    assert found(cast, tasks, reader=cast.dora.pk, until=date(2026, 3, 2)) == []
    assert found(cast, tasks, text="angle", state="read", arm="pool") == [0, 1]


def test_a_long_name_keeps_its_end_in_the_list(cast: Cast, tasks: list[Task]) -> None:
    Scan.objects.filter(tasks=tasks[0]).update(name="1.2.840.113619.2.176.2025.1499492.7391.117175")
    row, other, *_ = listing(member(cast, cast.alice)).rows
    assert row.scans_short == "1.2.840.…1499492.7391.117175"[:9] + "499492.7391.117175"
    assert (len(row.scans), other.scans_short) == (45, "1.dcm")


def test_scans_are_found_by_their_modality(cast: Cast, tasks: list[Task]) -> None:
    Series.objects.filter(scans__tasks=tasks[3]).update(modality="CT")
    assert found(cast, tasks, modality="CT") == [3]
    assert found(cast, tasks, modality="DX") == [0, 1, 2, 4]


def test_the_score_and_the_order_find_what_the_learner_wants(cast: Cast, tasks: list[Task]) -> None:
    place(cast.project, 1, [(tasks[4].pk, 0.9), (tasks[2].pk, 0.5)])
    place(cast.project, 2, [(tasks[3].pk, 0.7)])
    assert found(cast, tasks, least=0.7) == [3, 4]
    assert found(cast, tasks, most=0.8) == [3]
    assert found(cast, tasks, least=0.7, most=0.7) == [3]
    # The order of the last ranking alone; an older one stands behind it.
    assert found(cast, tasks, first=1) == found(cast, tasks, first=9) == [3]


def test_a_task_that_one_holds_is_in_no_list_that_would_tell_of_it(
    cast: Cast, tasks: list[Task]
) -> None:
    place(cast.project, 1, [(tasks[2].pk, 0.5)])
    claim = claim_next_task(project=cast.project, reader=cast.alice)
    assert claim is not None and claim.task_id == tasks[2].pk
    assert found(cast, tasks) == [0, 1, 2, 3, 4]
    for asked in ({"reader": cast.bob.pk}, {"least": 0.1}, {"first": 5}, {"arm": "pool"}):
        assert 2 not in found(cast, tasks, **asked)


def test_how_one_reserved_ahead_was_closed_is_told_by_no_list(
    cast: Cast, tasks: list[Task]
) -> None:
    Annotation.objects.filter(task=tasks[2]).update(was_cancelled=True)
    Task.objects.filter(pk=tasks[2].pk).update(is_open=False)
    assert found(cast, tasks, state="not-judgeable") == [2]
    soon = timezone.now() + timedelta(minutes=5)
    kept = {"task": tasks[2], "project": cast.project, "reader": cast.alice, "rank": 1}
    Claim.objects.create(**kept, place=1, expires_at=soon)
    assert found(cast, tasks, state="not-judgeable") == []
    assert found(cast, tasks, state="read") == [0, 1]


def test_one_finds_ones_own_answers_newest_first(cast: Cast, tasks: list[Task]) -> None:
    def own(person: User, **asked: Any) -> list[int]:
        rows = earlier_answers(member(cast, person), Wanted(**asked)).rows
        return [[task.pk for task in tasks].index(row.answer.task_id) for row in rows]

    assert own(cast.bob) == [2, 0, 1]
    assert own(cast.bob, said="findings=Nodule") == [0, 1]
    assert own(cast.bob, text="costophrenic") == []
    assert own(cast.dora, text="costophrenic") == [1, 0]
    assert own(cast.bob, text="0.dcm") == [0]
    assert own(cast.alice) == []


def test_own_answers_are_paged_without_a_gap(
    cast: Cast, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("annotator.listing.PAGE", 1)
    Annotation.objects.update(created_at=datetime(2026, 3, 2, tzinfo=UTC))
    bob, told, before = member(cast, cast.bob), [], None
    while True:
        page = earlier_answers(bob, before=before)
        told += [row.answer.task_id for row in page.rows]
        if (before := page.before) is None:
            break
    assert told == [task.pk for task in reversed(tasks[:3])]


def test_the_pages_take_their_filters_from_the_address(cast: Cast, tasks: list[Task]) -> None:
    def page(person: User, query: str) -> str:
        return signed_in(person).get(f"/projects/{cast.project.pk}/{query}").content.decode()

    text = page(cast.alice, f"tasks/?said=findings%3DNodule&reader={cast.bob.pk}&modality=dx")
    assert [f"/tasks/{task.pk}/" in text for task in tasks] == [True, True, False, False, False]
    assert "Give at least three letters" in page(cast.alice, "tasks/?text=ab")
    assert "Enter a valid date" in page(cast.alice, "tasks/?since=yesterday")
    text = page(cast.bob, "answers/?text=1.dcm")
    assert [f"/tasks/{task.pk}/?correct" in text for task in tasks[:3]] == [False, True, False]
    assert "None of your answers passes" in page(cast.bob, "answers/?text=zzz")


@pytest.mark.parametrize(("name", "status"), [("charlie", 404), ("erin", 403), ("alice", 200)])
def test_who_does_not_read_has_no_answers(cast: Cast, name: str, status: int) -> None:
    reply = signed_in(getattr(cast, name)).get(f"/projects/{cast.project.pk}/answers/")
    assert reply.status_code == status


def test_a_search_that_takes_too_long_ends_and_says_so(
    cast: Cast, tasks: list[Task], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "SECONDS", 0.05)
    with pytest.raises(TooWide), bounded(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(1)")

    def refuse(*_: object, **__: object) -> None:
        raise TooWide

    monkeypatch.setattr("annotator.views.listing", refuse)
    page = signed_in(cast.alice).get(f"/projects/{cast.project.pk}/tasks/")
    assert "stopped after three seconds" in page.content.decode()


def test_what_an_answer_says_is_found_whatever_it_is_made_of(cast: Cast) -> None:
    marks: Callable[[str, Any], dict[str, Any]] = lambda kind, value: {  # noqa: E731
        "from_name": "q", "type": kind, "value": value,
    }  # fmt: skip
    said = {
        "choices": ({"choices": ["A", "B"]}, ["q=A", "q=B"]),
        "rectanglelabels": ({"x": 1, "rectanglelabels": ["Box"]}, ["q=Box"]),
        "brushlabels": ({"rle": [1, 2, 3], "brushlabels": ["Lung"]}, ["q=Lung"]),
        "rating": ({"rating": 4}, ["q=4"]),
        "number": ({"number": 12.5}, ["q=12.5"]),
        "textarea": ({"text": ["free"]}, []),
    }
    (task,) = make_tasks(cast.project, 1)
    for kind, (value, expected) in said.items():
        row = Annotation.objects.create(
            task=task, project=cast.project, reader=cast.bob, result=[marks(kind, value)], asked={}
        )
        row.refresh_from_db()
        assert sorted(row.said) == expected
        row.delete()
    assert Scan.objects.count() == 1
