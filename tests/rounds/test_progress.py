"""The progress page and its interface: who sees what, and exact numbers."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import Role, User
from annotator.models import Annotation, Claim, Task
from rounds.learning import learning_of, metrics_measured
from rounds.models import Activity, Ranking, Round
from rounds.parts import PARTS
from rounds.queries import (
    counts_of,
    progress_per_reader,
    read_per_day,
    remembered,
    tasks_left_for,
)
from rounds.questions import balance_of
from tests.releases.cast import Cast, findings, quality


@pytest.fixture(autouse=True)
def nothing_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, no count is remembered."""
    monkeypatch.setattr("rounds.queries._QUICK_SECONDS", 600.0)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def token_of(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def answered(
    cast: Cast, task: Task, reader: User, *result: dict[str, Any], **more: Any
) -> Annotation:
    """An answer, and what the service that takes answers does to its task."""
    annotation = cast.answer(task, reader, *result, **more)
    Task.objects.filter(pk=task.pk).update(answers=1, is_open=False)
    return annotation


def half_read(cast: Cast) -> None:
    """Six tasks: Bob read two, Bea could not judge one, Bob holds one and has one reserved."""
    tasks = [cast.task(f"{number}.png", patient=f"p{number}") for number in range(6)]
    answered(cast, tasks[0], cast.bob, findings("Nodule"), quality("Artefact"), lead_time=4.0)
    answered(cast, tasks[1], cast.bob, quality("No artefact"), lead_time=9.0)
    answered(cast, tasks[2], cast.bea, was_cancelled=True, skip_reason="Blurred", lead_time=2.0)
    soon = timezone.now() + timedelta(minutes=5)
    for task, is_ahead in ((tasks[3], False), (tasks[4], True)):
        Claim.objects.create(
            task=task,
            project=cast.project,
            reader=cast.bob,
            is_ahead=is_ahead,
            expires_at=soon,
            rank=1,
        )


def measured(value: float, *, n: int = 40, **more: float) -> dict[str, Any]:
    return {"value": value, "low": None, "high": None, "n": n, **more}


def ranked(cast: Cast, generation: int, **questions: Any) -> Ranking:
    return Ranking.objects.create(
        project=cast.project,
        generation=generation,
        strategy="uncertainty",
        labels=generation,
        placed=50,
        milliseconds=87.4,
        metrics={"labels": generation, "audit": 40, "questions": questions},
    )


def test_tasks_are_counted(cast: Cast) -> None:
    half_read(cast)
    counts = counts_of(project=cast.project)
    assert (counts.tasks, counts.read, counts.open) == (6, 3, 3)
    assert (counts.in_hand, counts.not_judgeable) == (1, 1)


def test_a_withdrawn_answer_counts_nowhere(cast: Cast) -> None:
    half_read(cast)
    Annotation.objects.update(withdrawn_at=timezone.now())
    assert counts_of(project=cast.project).not_judgeable == 0
    assert [row.read for row in progress_per_reader(project=cast.project)] == [0, 0]
    assert read_per_day(project=cast.project) == {}
    assert {c.answers for q in balance_of(project=cast.project) for c in q.classes} == {0}


def test_each_reader_has_a_line(cast: Cast) -> None:
    half_read(cast)
    bob, bea = progress_per_reader(project=cast.project)
    assert (bob.name, bob.read, bob.not_judgeable, bob.median_seconds) == (
        "bob@example.org",
        2,
        0,
        6.5,
    )
    assert (bea.name, bea.read, bea.not_judgeable, bea.median_seconds) == (
        "bea@example.org",
        1,
        1,
        2.0,
    )


def test_imported_labels_took_no_time(cast: Cast) -> None:
    answered(cast, cast.task("a.png"), cast.alice, findings(), origin="import", lead_time=0.0)
    alice = progress_per_reader(project=cast.project)[0]
    assert (alice.read, alice.median_seconds) == (1, None)


def test_answers_are_counted_by_day(cast: Cast) -> None:
    half_read(cast)
    today = timezone.now()
    Annotation.objects.update(created_at=today)
    Annotation.objects.filter(reader=cast.bea).update(created_at=today - timedelta(days=2))
    assert read_per_day(project=cast.project) == {
        today.date(): 2,
        (today - timedelta(days=2)).date(): 1,
    }
    assert read_per_day(project=cast.project, reader_id=cast.bob.pk) == {today.date(): 2}


def test_the_answers_so_far_are_counted_by_class(cast: Cast) -> None:
    half_read(cast)
    by_title = {
        question.title: {c.label: (c.answers, c.percent) for c in question.classes}
        for question in balance_of(project=cast.project)
    }
    assert by_title["Findings"] == {"Nodule": (1, 50.0), "Effusion": (0, 0.0)}
    assert by_title["Quality"] == {"No artefact": (1, 50.0), "Artefact": (1, 50.0)}


def test_a_reader_is_told_what_is_left_for_them(cast: Cast) -> None:
    half_read(cast)
    assert tasks_left_for(project=cast.project, reader_id=cast.bob.pk) == 3


@pytest.mark.django_db
def test_what_was_quick_is_asked_anew() -> None:
    given = iter(range(10))
    assert [remembered("quick", lambda: next(given)) for _ in range(2)] == [0, 1]


@pytest.mark.django_db
def test_what_took_long_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rounds.queries._QUICK_SECONDS", 2.0)
    clock = iter([0.0, 3.0])
    monkeypatch.setattr("rounds.queries.time.monotonic", lambda: next(clock))
    given = iter(range(10))
    assert [remembered("slow", lambda: next(given)) for _ in range(3)] == [0, 0, 0]
    cache.delete("slow")


def test_the_curve_has_a_point_for_each_number_of_labels(cast: Cast) -> None:
    ranked(cast, 1, findings={"roc_auc": measured(0.5)})
    ranked(cast, 2)
    ranked(cast, 3, findings={"roc_auc": measured(0.75, low=0.6, high=0.9)})
    learning = learning_of(project=cast.project, question="findings", metric="roc_auc")
    assert [(p.labels, p.value, p.low, p.high) for p in learning.points] == [
        (1, 0.5, None, None),
        (3, 0.75, 0.6, 0.9),
    ]
    assert (learning.audit_cases, learning.is_uncertain) == (40, False)


def test_a_long_curve_is_thinned_and_keeps_its_newest_point(cast: Cast) -> None:
    Ranking.objects.bulk_create(
        Ranking(
            project=cast.project,
            generation=generation,
            strategy="uncertainty",
            labels=generation,
            placed=1,
            milliseconds=1,
            metrics={"questions": {"findings": {"accuracy": measured(0.5)}}},
        )
        for generation in range(1, 1001)
    )
    points = learning_of(project=cast.project, question="findings", metric="accuracy").points
    assert len(points) == 200
    assert points[-1].labels == 1000


def test_a_ranking_that_is_not_measured_yet_takes_no_choice_away(cast: Cast) -> None:
    ranked(cast, 1, findings={"accuracy": measured(0.5)})
    ranked(cast, 2)
    Ranking.objects.filter(generation=2).update(metrics={})
    assert metrics_measured(project=cast.project) == {"findings": ["accuracy"]}


def test_a_metric_of_rounds_alone_is_offered_too(cast: Cast) -> None:
    ranked(cast, 1, findings={"accuracy": measured(0.5)})
    Round.objects.create(
        project=cast.project,
        number=1,
        state="done",
        labels=50,
        metrics={"questions": {"findings": {"roc_auc": measured(0.8, low=0.7, high=0.9)}}},
    )
    assert metrics_measured(project=cast.project) == {"findings": ["roc_auc", "accuracy"]}
    learning = learning_of(project=cast.project, question="findings", metric="roc_auc")
    assert (learning.points, learning.rounds[0].value) == ((), 0.8)


@pytest.mark.parametrize("name", list(PARTS))
def test_charlie_sees_no_part_of_the_page(cast: Cast, name: str) -> None:
    address = f"/projects/{cast.project.pk}/progress/{name}/"
    assert signed_in(cast.charlie).get(address).status_code == 404
    assert signed_in(cast.bob).get(address).status_code == 403
    assert signed_in(cast.alice).get(address).status_code == 200
    assert signed_in(cast.ann).get(address).status_code == 200
    assert Client().get(address)["HX-Refresh"] == "true"


def test_charlie_sees_no_page(cast: Cast) -> None:
    address = f"/projects/{cast.project.pk}/"
    assert signed_in(cast.charlie).get(address).status_code == 404
    assert Client().get(address).status_code == 302


@pytest.mark.parametrize("path", ["progress", "progress/", "rounds", "rounds/", "rankings/latest/"])
def test_charlie_reads_nothing_through_the_interface(cast: Cast, path: str) -> None:
    ranked(cast, 1)
    address = f"/api/projects/{cast.project.pk}/{path}"
    assert token_of(cast.charlie).get(address).status_code == 404
    assert APIClient().get(address).status_code == 401
    assert token_of(cast.alice).get(address).status_code == 200
    expected = 200 if path.startswith("progress") else 403
    assert token_of(cast.bob).get(address).status_code == expected


def test_bob_sees_his_own_part_and_nothing_of_bea(cast: Cast) -> None:
    half_read(cast)
    page = signed_in(cast.bob).get(f"/projects/{cast.project.pk}/").text
    tiles = dict(re.findall(r"<dt>(.*?)</dt><dd>(\d+)", page))
    assert tiles == {
        "You have read": "2",
        "Left for you": "3",
        "Your median time": "6",
        "Could not be judged": "0",
    }
    assert "bea" not in page
    assert "Learner" not in page
    told = token_of(cast.bob).get(f"/api/projects/{cast.project.pk}/progress/").json()
    assert set(told) == {"left", "readers"}
    assert [row["reader"] for row in told["readers"]] == [cast.bob.pk]


def test_an_adjudicator_sees_everything(cast: Cast) -> None:
    cast.project.memberships.filter(user=cast.bea).update(role=Role.ADJUDICATOR)
    half_read(cast)
    page = signed_in(cast.bea).get(f"/projects/{cast.project.pk}/").text
    assert "bob@example.org" in page


def test_the_page_holds_every_part_at_once(cast: Cast) -> None:
    half_read(cast)
    ranked(cast, 7, findings={"roc_auc": measured(0.75, n=12)})
    page = signed_in(cast.alice).get(f"/projects/{cast.project.pk}/").text
    for name in PARTS:
        assert f'id="part-{name}"' in page
    assert "generation 7" in page
    assert "87 ms" in page
    assert "12 audit cases are too few" in page
    assert "Not running" in page
    assert ".venv/bin/python manage.py learner" in page
    assert "<script>" not in page


def test_what_the_page_shows_already_is_not_sent_again(cast: Cast) -> None:
    half_read(cast)
    client = signed_in(cast.alice)
    address = f"/projects/{cast.project.pk}/progress/people/"
    first = client.get(address)
    (seen,) = re.findall(r"seen=([0-9a-f]{16})", first.text)
    again = client.get(address, {"seen": seen})
    assert (again.status_code, again.content) == (204, b"")
    answered(cast, cast.task("new.png"), cast.bea, findings("Nodule"))
    assert client.get(address, {"seen": seen}).status_code == 200


def test_a_learner_that_is_silent_for_forty_seconds_is_not_running(cast: Cast) -> None:
    now = timezone.now()
    activity = Activity.objects.create(
        project=cast.project, doing="Training round 4", since=now, seen_at=now
    )
    client = signed_in(cast.alice)
    address = f"/projects/{cast.project.pk}/progress/now/"
    assert "Training round 4" in client.get(address).text
    Activity.objects.filter(pk=activity.pk).update(seen_at=now - timedelta(seconds=41))
    silent = client.get(address).text
    assert "Not running" in silent
    assert "Training round 4" not in silent


def test_the_chosen_curve_is_drawn(cast: Cast) -> None:
    both = {"roc_auc": measured(0.75), "accuracy": measured(0.8)}
    ranked(cast, 1, findings=both, quality=both)
    client = signed_in(cast.alice)
    address = f"/projects/{cast.project.pk}/progress/curve/"
    assert "ROC-AUC of Findings" in client.get(address).text
    assert "Accuracy of Quality" in client.get(address, {"of": "quality:accuracy"}).text
    assert "ROC-AUC of Findings" in client.get(address, {"of": "nothing:there"}).text


def test_rounds_are_listed_with_their_intervals(cast: Cast) -> None:
    now = timezone.now()
    Round.objects.create(
        project=cast.project,
        number=1,
        state="done",
        labels=50,
        started_at=now - timedelta(seconds=118),
        finished_at=now,
        config={"serves": True},
        metrics={"questions": {"findings": {"roc_auc": measured(0.812, low=0.7, high=0.9, n=20)}}},
    )
    Round.objects.create(
        project=cast.project, number=2, state="failed", labels=99, error="Out of memory"
    )
    text = signed_in(cast.alice).get(f"/projects/{cast.project.pk}/progress/rounds/").text
    assert "0.812" in text
    assert "(0.700–0.900)" in text
    assert "n = 20" in text
    assert "118 s" in text
    assert "Out of memory" in text


def test_the_interface_tells_progress_rounds_and_the_latest_ranking(cast: Cast) -> None:
    half_read(cast)
    client = token_of(cast.ann)
    base = f"/api/projects/{cast.project.pk}/"
    assert client.get(base + "rankings/latest/").status_code == 404
    serving = Round.objects.create(project=cast.project, number=1, state="done", labels=50)
    ranking = ranked(cast, 3)
    Ranking.objects.filter(pk=ranking.pk).update(round=serving)
    progress = client.get(base + "progress/").json()
    assert progress["counts"] == {
        "tasks": 6,
        "read": 3,
        "open": 3,
        "in_hand": 1,
        "not_judgeable": 1,
    }
    assert progress["learner"] == {
        "is_running": False,
        "doing": None,
        "since": None,
        "seen_at": None,
    }
    assert [row["number"] for row in client.get(base + "rounds/").json()] == [1]
    latest = client.get(base + "rankings/latest/").json()
    assert (latest["generation"], latest["round"], latest["milliseconds"]) == (3, 1, 87.4)


def test_the_page_asks_the_same_number_of_questions_however_many_read(
    cast: Cast, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    half_read(cast)
    for number in range(20):
        reader = User.objects.create_user(f"r{number}@example.org")
        answered(cast, cast.task(f"r{number}.png"), reader, findings("Nodule"))
    client = signed_in(cast.alice)
    with django_assert_max_num_queries(40):
        client.get(f"/projects/{cast.project.pk}/")
