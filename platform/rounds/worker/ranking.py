"""The fast half: after every label, heads refitted and a new order written."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from procrastinate.contrib.django import app

from accounts.sentences import Sentence
from annotator.dataset import labelled_answers
from annotator.predictions import keep_own_predictions
from annotator.queue import OpensAt, Placement
from annotator.rerank import LEARNER_QUEUE, RERANK_JOB
from learner.attention import FrameBags
from learner.metrics import evaluate
from learner.ranker import Ranked, Ranker
from projects.models import ModelHelp, Project
from rounds import services
from rounds.models import Ranking
from rounds.pool import Int64, Pool, held_tasks, learnt_questions, next_by_chance
from rounds.serving import Serving, answering_for, wake_embed
from rounds.worker.embedded import embedded
from rounds.worker.learnt import learnt
from rounds.worker.mapping import map_pool
from rounds.worker.opening import opens_at
from rounds.worker.telling import predictions_of

# How many tasks a ranking places: far more than are read before the next one, few enough that
# writing them takes milliseconds.
BATCH = 256
# Of each arm that chance serves, how many are told where to open: more than are served meanwhile.
_BY_CHANCE = 64
# Projects whose features stay in memory, 4 bytes a number; another is read anew when it is ranked.
MOST_LIVE = 16
# Metrics are worked out after the order is written; when they take longer, only every few labels.
_CHEAP_SECONDS = 0.1
_LABELS_BETWEEN_METRICS = 5
# A map that takes longer is drawn anew only so often.
_SECONDS_BETWEEN_MAPS = 30.0


@dataclass
class LiveProject:
    """What is kept between two rerankings of a project."""

    key: tuple[Any, ...]
    serves: Serving
    pool: Pool
    bags: FrameBags
    ranker: Ranker
    measured_labels: int = -1
    measured_seconds: float = 0.0
    mapped_at: float = 0.0
    mapping_seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_live_projects: dict[int, LiveProject] = {}
_looking: dict[int, threading.Lock] = {}  # by project: one at a time builds it
_keeping = threading.Lock()  # of _live_projects, while one is put there and another goes


@app.task(name=RERANK_JOB, queue=LEARNER_QUEUE)
def rerank(*, project_id: int) -> None:
    """Write a new order from all labels committed before now."""
    with answering_for(project_id, Sentence("Ranking")):
        project = Project.objects.filter(pk=project_id).first()
        live = live_project(project) if project else None
        if project is None or live is None:
            return
        with live.lock:
            ranking = _rank(project, live)
            _measure(live, ranking)
            _map(live, ranking)
        services.queue_due_round(project=project, ranking=ranking)
        services.queue_due_proof(project=project, ranking=ranking)


def live_project(project: Project) -> LiveProject | None:
    """The project as last seen, rebuilt where scans, backbone or questions have changed.

    Whoever asks for it meanwhile, to rank or to explain, waits and gets the same; nobody waits for
    another project.
    """
    with _looking.setdefault(project.pk, threading.Lock()):
        live = _found_or_built(project)
        if live is not None:
            with _keeping:  # behind all others: what was asked for longest ago goes first
                _live_projects.pop(project.pk, None)
                _live_projects[project.pk] = live
                while len(_live_projects) > MOST_LIVE:
                    del _live_projects[next(iter(_live_projects))]
        return live


def _found_or_built(project: Project) -> LiveProject | None:
    found = embedded(project.pk)
    if found is None:
        wake_embed(project.pk)
        return None
    key = (found.serves.name, len(found.tasks), project.label_config, project.strategy)
    live = _live_projects.get(project.pk)
    if live is not None and live.key == key:
        return live
    questions = learnt_questions(project.label_config)
    if not questions:
        services.note_activity(
            project_id=project.pk, doing=Sentence("No question of choice or number to learn")
        )
        return None
    pool = Pool(project.pk, found.tasks, questions)
    if not len(pool):  # all gave way to tasks that are embedded next
        return None
    bags = found.bags(pool)
    return LiveProject(key, found.serves, pool, bags, _ranker(project, pool, bags.pooled()))


def _ranker(project: Project, pool: Pool, embeddings: NDArray[np.floating]) -> Ranker:
    return Ranker(
        [learnt(question) for question in pool.questions],
        embeddings,
        project.strategy,
        seed=project.pk,
        groups=pool.patients,
    )


def learn_labels(project: Project, live: LiveProject) -> None:
    """Take in what was answered since, and refit the heads. Its lock must be held."""
    live.pool.take(labelled_answers(project=project, after=live.pool.watermark))
    live.ranker.refit(live.pool.labels(~live.pool.is_audit))


def _rank(project: Project, live: LiveProject) -> Ranking:
    begun = time.perf_counter()
    pool = live.pool
    learn_labels(project, live)
    free = (pool.answers < project.overlap) & ~pool.is_audit & ~pool.is_random
    held = held_tasks(project_id=project.pk)
    in_hand = pool.rows_of(held)[0]
    free[in_hand] = False
    new = free & (pool.answers == 0)
    ranked = live.ranker.rank(np.flatnonzero(new), BATCH, pending=in_hand)
    # What a first reader has answered is finished before anything new is begun; a batch of it at a
    # time, as readers out of step leave thousands, and who has answered them walks past them all.
    begun_tasks = pool.tasks[free & ~new][:BATCH]
    by_chance = next_by_chance(project_id=project.pk, count=_BY_CHANCE)
    opens = _opens(live, np.concatenate([begun_tasks, by_chance, pool.tasks[ranked.indices]]))
    placed = _placements(live, begun_tasks.tolist(), ranked, opens)
    labels = int((pool.is_labelled & ~pool.is_audit).sum())
    milliseconds = (time.perf_counter() - begun) * 1000
    ranking = services.publish_ranking(
        project=project,
        round_id=live.serves.round_id,
        model=live.serves.number,
        strategy=ranked.strategy,
        labels=labels,
        last_annotation=pool.watermark,
        placed=placed,
        opened={task: opens.get(task) for task in by_chance.tolist()},
        milliseconds=milliseconds,
    )
    if project.model_help != ModelHelp.OFF:
        _tell(project, live, ranking, np.concatenate([pool.tasks[ranked.indices], by_chance, held]))
    services.note_activity(
        project_id=project.pk,
        doing=Sentence(
            "Ranked {scans} scans after {labels} labels in {milliseconds} ms",
            scans=int(new.sum()),
            labels=labels,
            milliseconds=round(milliseconds),
        ),
    )
    return ranking


def _tell(project: Project, live: LiveProject, ranking: Ranking, tasks: Int64) -> None:
    """Say of the tasks that readers have, or get next, what the model thinks of them."""
    rows, _ = live.pool.rows_of(np.unique(tasks))
    rows = rows[live.pool.answers[rows] == 0]
    opinions = live.ranker.opinions(rows, live.pool.is_random)
    deviations = live.ranker.deviations(rows)
    told = predictions_of(live.pool.tasks[rows].tolist(), opinions, deviations, live.pool.questions)
    keep_own_predictions(
        project=project,
        model=live.serves.number,
        generation=ranking.generation,
        predictions=told,
    )


def _opens(live: LiveProject, tasks: Int64) -> dict[int, OpensAt]:
    """Where tasks open that may be served next, of whichever arm: so none tells which it is of."""
    rows, known = live.pool.rows_of(tasks)
    questions = [learnt(question) for question in live.pool.questions]
    bags = live.bags.of(rows)
    return opens_at(tasks[known].tolist(), bags, questions, live.ranker.predict_embeddings)


def _placements(
    live: LiveProject, begun: list[int], ranked: Ranked, opens: dict[int, OpensAt]
) -> list[Placement]:
    """Tasks that somebody has begun in front, then those the strategy chose."""
    best = float(ranked.scores[0]) if len(ranked.scores) else 0.0
    tasks = live.pool.tasks[ranked.indices].tolist()
    chosen = zip(tasks, ranked.scores.tolist(), ranked.propensity.tolist(), strict=True)
    return [Placement(task, best, opens_at=opens.get(task)) for task in begun] + [
        Placement(task, score, propensity, opens.get(task)) for task, score, propensity in chosen
    ]


def _measure(live: LiveProject, ranking: Ranking) -> None:
    """Add the heads' metrics on the audit sample to the ranking: a point of the learning curve."""
    new = abs(ranking.labels - live.measured_labels)
    if live.measured_seconds > _CHEAP_SECONDS and new < _LABELS_BETWEEN_METRICS:
        return
    begun = time.perf_counter()
    audited = np.flatnonzero(live.pool.is_audit & live.pool.is_labelled)
    predicted = live.ranker.predict(audited)
    patients = live.pool.patients[audited]
    reports: dict[str, Any] = {}
    for question in map(learnt, live.pool.questions):
        targets = live.pool.targets[question.name][audited]
        if question.name in predicted and not np.isnan(targets).all():
            report = evaluate(question, predicted[question.name], targets, patients)
            reports[question.name] = services.told(report)
    services.add_ranking_metrics(
        ranking=ranking,
        metrics={"labels": ranking.labels, "audit": len(audited), "questions": reports},
    )
    live.measured_labels = ranking.labels
    live.measured_seconds = time.perf_counter() - begun


def _map(live: LiveProject, ranking: Ranking) -> None:
    """Draw the pool as the ranking sees it, for whoever would rather look than read."""
    begun = time.perf_counter()
    rests = begun - live.mapped_at < _SECONDS_BETWEEN_MAPS
    if live.mapping_seconds > _CHEAP_SECONDS and rests:
        return
    map_pool(live.pool, live.bags, live.ranker, ranking)
    live.mapped_at, live.mapping_seconds = begun, time.perf_counter() - begun
