"""What the progress page counts: exact numbers."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from annotator.models import Annotation, Task
from rounds.charts import value_domain
from rounds.learning import learning_of, metrics_measured
from rounds.models import Ranking, Round
from rounds.queries import (
    anything_left_for,
    counts_of,
    progress_per_reader,
    read_per_day,
    remembered,
)
from rounds.questions import balance_of
from tests.releases.cast import Cast, findings
from tests.rounds.half_read import answered, half_read, measured, ranked


@pytest.fixture(autouse=True)
def nothing_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """However busy the machine, no count is remembered."""
    monkeypatch.setattr("rounds.queries._QUICK_SECONDS", 600.0)


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
    assert by_title["Findings"] == {
        "Nodule": (1, 50.0),
        "Effusion": (0, 0.0),
        "None of these": (1, 50.0),  # read, and normal
    }
    assert by_title["Quality"] == {"No artefact": (1, 50.0), "Artefact": (1, 50.0)}


def test_a_reader_is_told_whether_anything_is_left_for_them(cast: Cast) -> None:
    half_read(cast)
    assert anything_left_for(project=cast.project, reader_id=cast.bob.pk)
    Task.objects.filter(project=cast.project).update(is_open=False)
    assert not anything_left_for(project=cast.project, reader_id=cast.bob.pk)


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


def test_a_trained_model_stands_at_the_labels_it_was_measured_with(cast: Cast) -> None:
    ranked(cast, 1, findings={"accuracy": measured(0.5)})
    Round.objects.create(
        project=cast.project,
        number=1,
        state="done",
        labels=0,  # when it was queued, and for its backbone; its heads had learned from twelve
        metrics={"labels": 12, "questions": {"findings": {"accuracy": measured(0.8)}}},
    )
    learning = learning_of(project=cast.project, question="findings", metric="accuracy")
    assert [(point.labels, point.value) for point in learning.rounds] == [(12, 0.8)]


def test_a_metric_of_rounds_alone_is_offered_too(cast: Cast) -> None:
    ranked(cast, 1, findings={"accuracy": measured(0.5)})
    Round.objects.create(
        project=cast.project,
        number=1,
        state="done",
        labels=50,
        metrics={
            "labels": 50,
            "questions": {"findings": {"roc_auc": measured(0.8, low=0.7, high=0.9)}},
        },
    )
    assert metrics_measured(project=cast.project) == {"findings": ["roc_auc", "accuracy"]}
    learning = learning_of(project=cast.project, question="findings", metric="roc_auc")
    assert (learning.points, learning.rounds[0].value) == ((), 0.8)


def test_what_a_number_explains_is_offered_and_may_lie_below_nothing(cast: Cast) -> None:
    ranked(cast, 1, size={"mae": measured(2.0), "r2": measured(-0.5, low=-1.5, high=0.2)})
    assert metrics_measured(project=cast.project) == {"size": ["mae", "r2"]}
    learning = learning_of(project=cast.project, question="size", metric="r2")
    assert value_domain(learning.points, is_share=learning.is_share) == (-1.5, 0.5)
