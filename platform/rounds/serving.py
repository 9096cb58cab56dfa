"""Which representation serves a project, what is due, and how the learner's jobs are woken."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import connection

from accounts.sentences import Sentence, sentence, system_error
from annotator.rerank import LEARNER_QUEUE, changing_labels
from projects.jobs import defer_once
from projects.models import Project
from rounds import services
from rounds.models import Round

logger = logging.getLogger(__name__)

EMBED_JOB = "rounds.embed"
MOST_ATTEMPTS = 5
# The first round waits until scans have stopped coming for a while, and needs some to learn from.
_QUIET_SECONDS = 20
_LEAST_SCANS = 16
_LONGEST = 500  # characters of an error that a page shows
_REST_SECONDS = 60.0
_resting: dict[int, float] = {}

_STALE = """
SELECT project.id FROM projects_project project
WHERE EXISTS (SELECT FROM annotator_task task WHERE task.project_id = project.id)
  AND NOT EXISTS (
    SELECT FROM rounds_ranking ranking WHERE ranking.project_id = project.id
      AND ranking.last_annotation >= coalesce((
          SELECT max(id) FROM annotator_annotation answer WHERE answer.project_id = project.id), 0)
      AND ranking.generation = (
          SELECT max(generation) FROM rounds_ranking last WHERE last.project_id = project.id))
"""
_UNFINISHED_WITHOUT_JOB = """
SELECT round.id, round.attempt, round.state FROM rounds_round round
WHERE round.state IN ('queued', 'running') AND NOT EXISTS (
    SELECT FROM procrastinate_jobs job
    WHERE job.task_name = 'rounds.train' AND job.status IN ('todo', 'doing')
      AND (job.args ->> 'round_id')::bigint = round.id)
"""
_WITHOUT_ROUND = """
SELECT project.id FROM projects_project project
WHERE NOT EXISTS (
    SELECT FROM rounds_round round WHERE round.project_id = project.id
      -- One that failed is tried again once the manager has changed the settings.
      AND (round.state <> 'failed' OR round.finished_at > project.updated_at))
  AND (SELECT count(*) >= %s AND max(created_at) < now() - make_interval(secs => %s)
       FROM annotator_task task WHERE task.project_id = project.id)
"""


@dataclass(frozen=True)
class Serving:
    """A representation: the name of its embeddings and where its weights lie."""

    name: str
    round_id: int | None = None
    number: int = 0  # of the round
    weights: Path | None = None  # None: random weights, with which every project begins


def serving_of(*, project_id: int) -> Serving:
    """The representation of the last round that was published and found better."""
    done = Round.objects.filter(project_id=project_id, state=Round.State.DONE, config__serves=True)
    last = done.order_by("-number").first()
    if last is None:
        return Serving("r0")
    weights = settings.MODEL_STORE / last.weights
    return Serving(last.config["embeddings"], last.pk, last.number, weights)


def cache_folder(project_id: int) -> Path:
    """Where the caches of a project lie; they can be deleted whenever the learner is stopped."""
    return Path(settings.LEARNER_CACHE) / f"project-{project_id}"


def wake_rerank(project_id: int) -> None:
    with changing_labels(project_id):
        pass  # what wakes the job is the end of a change, and a new representation is like one


def wake_embed(project_id: int) -> None:
    # One at a time, as embedding uses every core or the GPU.
    defer_once(
        EMBED_JOB,
        queue=LEARNER_QUEUE,
        lock="embed",
        queueing_lock=f"embed-{project_id}",
        project_id=project_id,
    )


def rest(project_id: int) -> None:
    """Leave a project that failed alone for a minute."""
    _resting[project_id] = time.monotonic() + _REST_SECONDS


def why(error: Exception) -> str:
    """What an error says: a sentence where a person can mend it, else the first line of it."""
    words = getattr(error, "words", None)  # learner.sentences.Told
    if words is not None:
        told: Sentence = sentence(words)
        return told
    if isinstance(error, OSError) and error.strerror:
        return system_error(error)
    return str(error).splitlines()[0][:_LONGEST] if str(error) else type(error).__name__


@contextmanager
def answering_for(project_id: int, doing: str) -> Iterator[None]:
    """Say on the progress page what failed, let the project rest, and hold up no other project."""
    try:
        yield
    except Exception as error:
        logger.exception("%s failed for project %s", doing, project_id)
        rest(project_id)
        services.note_activity(
            project_id=project_id,
            doing=Sentence("{doing} failed: {reason}", doing=doing, reason=why(error)),
        )
        raise


def sweep(*, embedded: Mapping[int, tuple[int, int]]) -> None:
    """Set going what no job was left for: stale rankings, new scans, first and orphaned rounds.

    `embedded` says of each project how many tasks the caches hold, and the highest task number.
    """
    services.renew_activity()
    for project_id in _ids(_STALE):
        wake_rerank(project_id)
    behind = _behind(embedded)
    for project_id in behind:
        wake_embed(project_id)
    for project_id in _ids(_WITHOUT_ROUND, [_LEAST_SCANS, _QUIET_SECONDS]):
        if project_id not in behind:
            services.queue_round(project_id=project_id, labels=0, last_annotation=0)
    _take_up_orphans()


def _behind(embedded: Mapping[int, tuple[int, int]]) -> list[int]:
    """Projects with tasks that the caches lack.

    They still hold tasks that gave way to others, so counting is not enough; but what takes their
    place has a higher number than any task before.
    """
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT project_id, count(*), max(id) FROM annotator_task GROUP BY 1")
        for project_id, count, last in cursor.fetchall():
            cached, last_cached = embedded.get(project_id, (0, 0))
            if (count > cached or last > last_cached) and not _rests(project_id):
                found.append(project_id)
    return found


def _ids(query: str, values: list[int] | None = None) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, values or [])
        return [row[0] for row in cursor.fetchall() if not _rests(row[0])]


def _rests(project_id: int) -> bool:
    return _resting.get(project_id, 0.0) > time.monotonic()


def _take_up_orphans() -> None:
    """Rounds whose worker died for good get a new job, until they have killed too many."""
    with connection.cursor() as cursor:
        cursor.execute(_UNFINISHED_WITHOUT_JOB)
        orphans = cursor.fetchall()
    for round_id, attempt, state in orphans:
        if state == Round.State.RUNNING and attempt >= MOST_ATTEMPTS:
            services.fail_round(
                round_id=round_id,
                attempt=attempt,
                error=Sentence("Broke off {attempt} times.", attempt=attempt),
            )
        else:
            services.defer_round(round_id=round_id)


def projects_with_tasks() -> list[int]:
    return list(Project.objects.filter(tasks__isnull=False).distinct().values_list("pk", flat=True))
