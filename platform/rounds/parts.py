"""The parts of the progress page, each able to refresh itself."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from accounts.saying import said
from projects.models import Project
from projects.strategies import title
from rounds.charts import learning_curve
from rounds.learning import METRICS, headline, learner_state, learning_of, metrics_measured
from rounds.models import Round
from rounds.poolmap import picture_of
from rounds.proofs import comparison_of, findings_of, proof_of, why_impossible
from rounds.queries import counts_of, progress_per_reader
from rounds.questions import balance_of, titles_of
from rounds.throughput import MOST_READERS, throughput

LAST_ROUNDS = 20


@dataclass(frozen=True)
class Part:
    seconds: int  # between two refreshes
    context: Callable[[Project, str], dict[str, Any]]  # what it shows, given the curve chosen


def _now(project: Project, of: str) -> dict[str, Any]:
    learner = learner_state(project=project)
    return {
        "counts": counts_of(project=project),
        "learner": learner,
        "strategy": title(learner.ranking.strategy) if learner.ranking else "",
    }


def _choice(project: Project, of: str) -> dict[str, Any]:
    """What the learning curve can show, as ("question:metric", words), and which it shows: `of`, or
    the first where `of` is not measured."""
    titles = titles_of(project)
    choices = [
        (f"{question}:{metric}", f"{titles.get(question, question)} · {METRICS[metric]}")
        for question, metrics in sorted(metrics_measured(project=project).items())
        for metric in metrics
    ]
    first = choices[0][0] if choices else ""
    return {"choices": choices, "chosen": of if of in dict(choices) else first}


def _curve(project: Project, of: str) -> dict[str, Any]:
    chosen = _choice(project, of)["chosen"]
    if not chosen:
        return {}
    question, _, metric = chosen.rpartition(":")
    learning = learning_of(project=project, question=question, metric=metric)
    curve = learning_curve(learning.points, learning.rounds, is_share=learning.is_share)
    return {
        "curve": curve,
        "learning": learning,
        "question": titles_of(project).get(question, question),
        "metric": METRICS[metric],
    }


def _proof(project: Project, of: str) -> dict[str, Any]:
    """What the order saves, for the question whose curve is chosen, and whether to read on."""
    impossible = why_impossible(project=project)
    proof = proof_of(project=project)
    if proof is None:
        return {"impossible": impossible}
    return {
        "impossible": impossible,
        "proof": proof,
        "savings": findings_of(project=project, proof=proof, savings=True),
        "stopping": findings_of(project=project, proof=proof, savings=False),
        "comparison": comparison_of(project=project, proof=proof, question=of.rpartition(":")[0]),
    }


def _people(project: Project, of: str) -> dict[str, Any]:
    readers = progress_per_reader(project=project)
    return {
        "readers": readers,
        "per_day": throughput(project=project, unit="day", readers=readers),
        "per_hour": throughput(project=project, unit="hour", readers=readers),
        "words": {"day": gettext("Answers per day"), "hour": gettext("Answers per hour, UTC")},
        "shown": [reader for reader in readers[:MOST_READERS] if reader.read],
        "others": len(readers) > MOST_READERS,
        "balance": balance_of(project=project),
    }


def _pool(project: Project, of: str) -> dict[str, Any]:
    return {"picture": picture_of(project=project)}


def _rounds(project: Project, of: str) -> dict[str, Any]:
    rounds = Round.objects.filter(project=project).order_by("-number")[:LAST_ROUNDS]
    titles = titles_of(project)
    return {
        "rows": [
            {
                "round": row,
                "seconds": _seconds(row),
                # What a program says when it breaks off, it says last.
                "error": said(row.error).strip().rpartition("\n")[2],
                "measured": [
                    (titles.get(question, question), METRICS[metric], value)
                    for question, metric, value in headline(row.metrics)
                ],
            }
            for row in rounds
        ]
    }


def _seconds(row: Round) -> float | None:
    if row.started_at is None or row.finished_at is None:
        return None
    return (row.finished_at - row.started_at).total_seconds()


PARTS = {
    "now": Part(2, _now),
    "choice": Part(5, _choice),
    "curve": Part(3, _curve),
    "proof": Part(10, _proof),
    "pool": Part(15, _pool),
    "people": Part(4, _people),
    "rounds": Part(5, _rounds),
}


def part_html(request: HttpRequest, name: str, *, project: Project) -> tuple[str, str]:
    """The part as it is now, ready to be put on the page, and a digest of what it says."""
    part = PARTS[name]
    context = {"project": project, **part.context(project, request.GET.get("of", ""))}
    body = render_to_string(f"rounds/parts/{name}.html", context, request)
    seen = hashlib.sha256(body.encode()).hexdigest()[:16]
    frame = {
        "name": name,
        "body": mark_safe(body),  # noqa: S308  a template's own output
        "seen": seen,
        "address": reverse("progress_part", args=[project.pk, name]),
        "seconds": part.seconds,
    }
    return render_to_string("rounds/parts/polled.html", frame, request), seen
