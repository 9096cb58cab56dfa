"""How well the model does and what the learner is at, for the progress page."""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy

from projects.models import Project
from rounds.charts import Point
from rounds.models import Activity, Ranking, Round

# The learner renews its sign of life every few seconds; after this it is not running.
SILENT_AFTER = timedelta(seconds=40)
# Below this the interval is wider than most differences between models.
FEW_AUDIT_CASES = 30
# A curve is some hundred pixels wide.
MOST_POINTS = 200
# Rankings that may wait for their metrics at once.
LATEST = 50

METRICS = {
    "roc_auc": gettext_lazy("ROC-AUC"),
    "balanced_accuracy": gettext_lazy("Balanced accuracy"),
    "accuracy": gettext_lazy("Accuracy"),
    "sensitivity": gettext_lazy("Sensitivity"),
    "specificity": gettext_lazy("Specificity"),
    "ece": gettext_lazy("Calibration error"),
    "mae": gettext_lazy("Mean absolute error"),
    "mse": gettext_lazy("Mean squared error"),
    "r2": gettext_lazy("R²"),
}
OF_NUMBERS = ("mae", "mse", "r2")  # no shares: errors have no upper end, R² no lower one

_POINTS = """
    SELECT labels, metrics #> %(path)s FROM rounds_ranking
    WHERE project_id = %(project)s AND generation = ANY(%(generations)s)
      AND metrics #> %(path)s IS NOT NULL
    ORDER BY generation
"""


@dataclass(frozen=True)
class LearnerState:
    activity: Activity | None
    is_running: bool
    ranking: Ranking | None


@dataclass(frozen=True)
class Learning:
    """A metric of a question against the number of labels."""

    metric: str
    points: tuple[Point, ...]  # of the heads, at each ranking
    rounds: tuple[Point, ...]  # of the trained model, at each finished round
    audit_cases: int  # that the newest point was measured on

    @property
    def is_share(self) -> bool:
        return is_share(self.metric)

    @property
    def is_uncertain(self) -> bool:
        return self.audit_cases < FEW_AUDIT_CASES


def is_share(metric: str) -> bool:
    """Whether a metric lies between 0 and 1."""
    return metric not in OF_NUMBERS


def learner_state(*, project: Project) -> LearnerState:
    activity = Activity.objects.filter(project=project).first()
    # Its sign of life is renewed for all projects at once, and a new project has none of its own.
    is_running = Activity.objects.filter(seen_at__gt=timezone.now() - SILENT_AFTER).exists()
    return LearnerState(activity, is_running, last_ranking(project=project))


def last_ranking(*, project: Project) -> Ranking | None:
    return Ranking.objects.filter(project=project).order_by("-generation").first()


def metrics_measured(*, project: Project) -> dict[str, list[str]]:
    """The metrics that the newest ranking or round has, by question, the telling ones first."""
    measured: dict[str, list[str]] = {}
    finished = Round.objects.filter(project=project, state=Round.State.DONE).order_by("-number")
    for row in (_measured_ranking(project), finished.exclude(labels=0).first()):
        for question, metrics in (row.metrics.get("questions", {}) if row else {}).items():
            known = measured.setdefault(question, [])
            known.extend(name for name in METRICS if name in metrics and name not in known)
    return {
        question: sorted(names, key=list(METRICS).index) for question, names in measured.items()
    }


def _measured_ranking(project: Project) -> Ranking | None:
    """The newest ranking with metrics, among the latest: they are written after the order is."""
    last = last_ranking(project=project)
    if last is None:
        return None
    latest = Ranking.objects.filter(project=project, generation__gt=last.generation - LATEST)
    measured = latest.filter(metrics__has_key="questions").exclude(metrics__questions={})
    return measured.order_by("-generation").first()


def learning_of(*, project: Project, question: str, metric: str) -> Learning:
    """The learning curve, thinned to what can be drawn; of equal labels the newest counts."""
    last = last_ranking(project=project)
    newest = last.generation if last else 0
    step = max(1, newest // MOST_POINTS)
    with connection.cursor() as cursor:
        cursor.execute(
            _POINTS,
            {
                "path": ["questions", question, metric],
                "project": project.pk,
                "generations": list(range(newest, 0, -step)),
            },
        )
        # Django leaves jsonb of a raw cursor as text.
        by_labels = {labels: json.loads(measured) for labels, measured in cursor.fetchall()}
    rounds = _measured_rounds(project, question, metric)
    newest_measure = by_labels[max(by_labels)] if by_labels else (rounds[-1][1] if rounds else {})
    return Learning(
        metric,
        tuple(_point(labels, by_labels[labels]) for labels in sorted(by_labels)),
        tuple(_point(labels, measured) for labels, measured in rounds),
        newest_measure.get("n", 0),
    )


def _measured_rounds(
    project: Project, question: str, metric: str
) -> list[tuple[int, dict[str, Any]]]:
    rows = Round.objects.filter(project=project, state=Round.State.DONE).order_by("number")
    measured = []
    for metrics in rows.values_list("metrics", flat=True):
        value = metrics.get("questions", {}).get(question, {}).get(metric)
        if value is not None:
            measured.append((metrics["labels"], value))
    return measured


def _point(labels: int, measured: dict[str, Any]) -> Point:
    return Point(labels, measured["value"], measured.get("low"), measured.get("high"))


def headline(metrics: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """(question, metric, measured) of a round: its most telling metric for each question."""
    told = []
    for question, measured in sorted(metrics.get("questions", {}).items()):
        metric = next((name for name in METRICS if name in measured), None)
        if metric:
            told.append((question, metric, measured[metric]))
    return told
