"""The jobs of the queue "learner", and the only bridge to the learner.

`rounds.rerank`  refit the heads on all labels and write a new order: the fast half
`rounds.embed`   bring the caches of small frames and embeddings up to the project's tasks
`rounds.train`   a training round in a process of its own: the slow half
"""

import functools
import logging
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray
from procrastinate.contrib.django import app

from annotator.dataset import labelled_answers
from annotator.rerank import LEARNER_QUEUE, RERANK_JOB
from learner.cache import EmbeddingCache, FrameCache
from learner.frames import SIZE, chosen_slices, shrink
from learner.metrics import evaluate
from learner.questions import Question as LearntQuestion
from learner.ranker import Ranker
from projects.models import Project
from rounds import services, serving, training
from rounds.models import Ranking
from rounds.pool import Pool, frames_of_tasks, held_tasks, learnt_questions, task_ids
from rounds.serving import (
    EMBED_JOB,
    Serving,
    answering_for,
    cache_folder,
    projects_with_tasks,
    serving_of,
    wake_embed,
    wake_rerank,
)
from scans.framestore import DamagedFrames, open_frames

if TYPE_CHECKING:
    from learner.embedding import Backbone
    from projects.label_config import Question

logger = logging.getLogger(__name__)

# How many tasks a ranking places: far more than are read before the next one, few enough that
# writing them takes milliseconds.
BATCH = 256
# Scans shrunk and embedded between two signs of life.
CHUNK = 64
_EMBED_LOCK = 0x5C09
# Projects whose features stay in memory, 4 bytes a number; another is read anew when it is ranked.
MOST_LIVE = 16
# Metrics are worked out after the order is written; when they take longer, only every few labels.
_CHEAP_SECONDS = 0.1
_LABELS_BETWEEN_METRICS = 5


@dataclass
class LiveProject:
    """What is kept between two rerankings of a project."""

    key: tuple[Any, ...]
    serves: Serving
    pool: Pool
    ranker: Ranker
    measured_labels: int = -1
    measured_seconds: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_live_projects: dict[int, LiveProject] = {}


@app.task(name=RERANK_JOB, queue=LEARNER_QUEUE)
def rerank(*, project_id: int) -> None:
    """Write a new order from all labels committed before now."""
    with answering_for(project_id, "Ranking"):
        project = Project.objects.filter(pk=project_id).first()
        live = _live(project) if project else None
        if project is None or live is None:
            return
        with live.lock:
            ranking = _rank(project, live)
            _measure(live, ranking)
        services.queue_due_round(project=project, ranking=ranking)


def _live(project: Project) -> LiveProject | None:
    """The project as last seen, rebuilt where scans, backbone or questions have changed."""
    serves = serving_of(project_id=project.pk)
    folder = cache_folder(project.pk)
    embeddings = EmbeddingCache.find(folder, serves.name)
    if embeddings is None or not len(embeddings):
        wake_embed(project.pk)
        return None
    key = (serves.name, len(embeddings), project.label_config, project.strategy)
    live = _live_projects.pop(project.pk, None)
    if live is None or live.key != key:
        questions = learnt_questions(project.label_config)
        if not questions:
            services.note_activity(
                project_id=project.pk, doing="No question of choice or number to learn"
            )
            return None
        tasks = FrameCache(folder, SIZE).read().tasks[: len(embeddings)]
        pool = Pool(project.pk, tasks, questions)
        live = LiveProject(key, serves, pool, _ranker(project, pool, embeddings))
    _live_projects[project.pk] = live  # behind all others: what was ranked longest ago goes first
    while len(_live_projects) > MOST_LIVE:
        del _live_projects[next(iter(_live_projects))]
    return live


def _ranker(project: Project, pool: Pool, embeddings: NDArray[np.float16]) -> Ranker:
    return Ranker(
        [learnt(question) for question in pool.questions],
        embeddings[: len(pool)],
        project.strategy,
        seed=project.pk,
        groups=pool.patients,
    )


def learnt(question: "Question") -> LearntQuestion:
    """A question of the label config as the learner sees it; a rating is a number."""
    kind = "number" if question.kind == "rating" else question.kind
    assert kind in ("single", "multiple", "number")  # noqa: S101  (narrows the type)
    classes = tuple(option.answer for option in question.options) if kind != "number" else ()
    return LearntQuestion(question.name, kind, classes)


def _rank(project: Project, live: LiveProject) -> Ranking:
    begun = time.perf_counter()
    pool = live.pool
    pool.take(labelled_answers(project=project, after=pool.watermark))
    live.ranker.refit(pool.labels(~pool.is_audit))
    free = (pool.answers < project.overlap) & ~pool.is_audit
    free[pool.rows_of(held_tasks(project_id=project.pk))[0]] = False
    new = free & (pool.answers == 0)
    ranked = live.ranker.rank(np.flatnonzero(new), BATCH)
    best = float(ranked.scores[0]) if len(ranked.scores) else 0.0
    # What a first reader has answered is finished before anything new is begun; a batch of it at a
    # time, as readers out of step leave thousands, and who has answered them walks past them all.
    begun_tasks = pool.tasks[free & ~new][:BATCH]
    placed = [(task, best) for task in begun_tasks.tolist()]
    placed += zip(pool.tasks[ranked.indices].tolist(), ranked.scores.tolist(), strict=True)
    labels = int((pool.is_labelled & ~pool.is_audit).sum())
    milliseconds = (time.perf_counter() - begun) * 1000
    ranking = services.publish_ranking(
        project=project,
        round_id=live.serves.round_id,
        strategy=ranked.strategy,
        labels=labels,
        last_annotation=pool.watermark,
        placed=placed,
        milliseconds=milliseconds,
    )
    services.note_activity(
        project_id=project.pk,
        doing=f"Ranked {new.sum()} scans after {labels} labels in {milliseconds:.0f} ms",
    )
    return ranking


def _measure(live: LiveProject, ranking: Ranking) -> None:
    """Add the heads' metrics on the audit sample to the ranking: a point of the learning curve."""
    new = abs(ranking.labels - live.measured_labels)
    if live.measured_seconds > _CHEAP_SECONDS and new < _LABELS_BETWEEN_METRICS:
        return
    begun = time.perf_counter()
    audited = live.pool.labels(live.pool.is_audit)
    predicted = live.ranker.predict(np.flatnonzero(live.pool.is_audit & live.pool.is_labelled))
    place = np.cumsum(live.pool.is_audit & live.pool.is_labelled) - 1
    reports: dict[str, Any] = {}
    for question in map(learnt, live.pool.questions):
        rows, targets = audited[question.name]
        if question.name in predicted and len(rows):
            reports[question.name] = services.told(
                evaluate(
                    question,
                    predicted[question.name][place[rows]],
                    targets,
                    live.pool.patients[rows],
                )
            )
    audit = int((live.pool.is_audit & live.pool.is_labelled).sum())
    services.add_ranking_metrics(
        ranking=ranking, metrics={"labels": ranking.labels, "audit": audit, "questions": reports}
    )
    live.measured_labels = ranking.labels
    live.measured_seconds = time.perf_counter() - begun


@app.task(name=EMBED_JOB, queue=LEARNER_QUEUE)
def embed(*, project_id: int) -> None:
    """Shrink and embed the tasks that the caches lack, in chunks, each of them ranked at once."""
    with answering_for(project_id, "Embedding"):
        serves = serving_of(project_id=project_id)
        backbone = _backbone(serves)
        ranked = 0.0
        while serving_of(project_id=project_id) == serves and _embed_chunk(
            project_id, serves, backbone
        ):
            if time.monotonic() - ranked > 5:
                wake_rerank(project_id)
                ranked = time.monotonic()
        wake_rerank(project_id)


@functools.lru_cache(maxsize=4)
def _backbone(serves: Serving) -> "Backbone":
    # torch and MONAI take seconds and memory: only a learner that embeds imports them.
    import torch

    from learner.embedding import Backbone, BackboneConfig, best_device

    torch.set_num_threads(os.cpu_count() or 1)
    if serves.weights is None:
        return Backbone(BackboneConfig()).to(best_device())
    return Backbone.load(serves.weights).to(best_device())


def _embed_chunk(project_id: int, serves: Serving, backbone: "Backbone") -> bool:
    """One step of `embed`; False when nothing is left to do, or another process does it."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The caches have one writer, also while a worker that was thought dead comes back.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_EMBED_LOCK, project_id])
        if not cursor.fetchone()[0]:
            return False
        folder = cache_folder(project_id)
        frames = FrameCache(folder, SIZE)
        bags = frames.read()
        wanted = task_ids(project_id=project_id)
        missing = np.setdiff1d(wanted, bags.tasks)[:CHUNK].tolist()
        if missing:
            frames.append(missing, _shrunk(missing))
            bags = frames.read()
        embeddings = EmbeddingCache(folder, serves.name, 2 * backbone.features)
        begin = len(embeddings.read())
        end = min(len(bags), begin + 4 * CHUNK)
        if begin < end:
            services.note_activity(
                project_id=project_id, doing=f"Embedding {len(wanted)} scans: {end} done"
            )
            embeddings.append(embedded(backbone, bags, begin, end), at=begin)
        return bool(missing) or begin < end


def embedded(backbone: "Backbone", bags: Any, begin: int, end: int) -> NDArray[np.float16]:
    """Embeddings of the bags from `begin` up to `end`."""
    from learner.embedding import pool_bags

    rows = bags.frames_of(np.arange(begin, end))
    return pool_bags(backbone.embed(bags.frames[rows]), bags.counts[begin:end])


def _shrunk(tasks: list[int]) -> list[NDArray[np.uint8]]:
    """The bag of small frames of each task: all its images, or slices spread over its volumes."""
    frames = frames_of_tasks(tasks)
    # Unpacking and resizing let go of the interpreter's lock.
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(lambda task: _bag(frames.get(task, [])), tasks))


def _bag(digests: list[str]) -> NDArray[np.uint8]:
    small: list[NDArray[np.uint8]] = []
    for digest in digests:
        try:
            file = open_frames(settings.FRAME_STORE, digest)
            numbers = chosen_slices(file.header["frame_count"])
            small += [shrink(file.frame(number), file.header) for number in numbers]
        except (DamagedFrames, OSError, ValueError) as error:
            # One unreadable scan must not keep all others from being ranked.
            logger.error("The frames %s cannot be read: %s", digest, error)
    return np.stack(small) if small else np.zeros((1, SIZE, SIZE), dtype=np.uint8)


@app.task(name=services.TRAIN_JOB, queue=LEARNER_QUEUE)
def train(*, round_id: int) -> None:
    """Run a training round in a child process and publish what it made."""
    begun = services.begin_round(round_id=round_id)
    if begun is None:
        return
    with answering_for(begun.project_id, f"Training round {begun.number}"):
        questions = learnt_questions(begun.project.label_config)
        tasks = FrameCache(cache_folder(begun.project_id), SIZE).read().tasks
        pool = Pool(begun.project_id, tasks, questions)
        pool.take(labelled_answers(project=begun.project))
        asked = [learnt(question) for question in questions]
        try:
            training.run(begun, pool, asked, size=SIZE)
        except training.Interrupted:
            # The sweep of the next learner takes it up again.
            services.lay_down_round(round_id=begun.pk, attempt=begun.attempt)
            return
        # Neither the embeddings that served until now nor those that were no better are read again.
        serves = serving_of(project_id=begun.project_id)
        EmbeddingCache.keep_only(cache_folder(begun.project_id), serves.name)
    wake_embed(begun.project_id)
    wake_rerank(begun.project_id)


def sweep() -> None:
    """Set going what no job was left for; the learner calls it every few seconds."""
    embedded = {}
    for project_id in projects_with_tasks():
        folder = cache_folder(project_id)
        done = EmbeddingCache.find(folder, serving_of(project_id=project_id).name)
        embedded[project_id] = 0 if done is None else len(done)
    serving.sweep(embedded=embedded)


def rehearse(folder: Path, labels: Path, **settings: Any) -> dict[str, object]:
    """`learner.rehearsal.rehearse`, for the command of that name: only here is it imported."""
    from learner.rehearsal import rehearse as replay_folder

    return replay_folder(folder, labels, **settings)


stop = training.stop
