"""The progress page and its interface: who sees what."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import Role, User
from rounds.models import Activity, Ranking, Round
from rounds.parts import PARTS
from tests.clients import signed_in, token_of
from tests.releases.cast import Cast, findings
from tests.rounds.half_read import answered, half_read, measured, ranked


@pytest.fixture(autouse=True)
def nothing_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, no count is remembered."""
    monkeypatch.setattr("rounds.queries._QUICK_SECONDS", 600.0)


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
        "Your median time": "6",
        "Could not be judged": "0",
    }
    assert "bea" not in page
    assert "Learner" not in page
    told = token_of(cast.bob).get(f"/api/projects/{cast.project.pk}/progress/").json()
    assert set(told) == {"anything_left", "readers"}
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
    assert "Uncertainty" in page
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
        metrics={
            "labels": 50,
            "questions": {"findings": {"roc_auc": measured(0.812, low=0.7, high=0.9, n=20)}},
        },
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
