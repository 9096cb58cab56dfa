"""Small frames and embeddings of the project's tasks, brought up to date in chunks."""

import functools
import logging
import os
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from gzip import BadGzipFile
from typing import TYPE_CHECKING

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from numpy.typing import NDArray
from procrastinate.contrib.django import app

from accounts.sentences import Sentence
from annotator.rerank import LEARNER_QUEUE
from learner.cache import Bags, EmbeddingCache, FrameCache
from learner.frames import SIZE, chosen_slices, shrink
from rounds import services
from rounds.pool import frames_of_tasks, tasks_after
from rounds.serving import (
    EMBED_JOB,
    Serving,
    answering_for,
    cache_folder,
    serving_of,
    wake_rerank,
)
from scans.framestore import DamagedFrames, open_frames

if TYPE_CHECKING:
    from learner.ensemble import Ensemble

logger = logging.getLogger(__name__)

# Scans shrunk and frames embedded between two signs of life.
CHUNK = 64
FRAMES = 256
_EMBED_LOCK = 0x5C09
_UNREADABLE = (DamagedFrames, FileNotFoundError, BadGzipFile, EOFError, zlib.error, ValueError)


@app.task(name=EMBED_JOB, queue=LEARNER_QUEUE)
def embed(*, project_id: int) -> None:
    """Shrink and embed the tasks that the caches lack, in chunks, each of them ranked at once."""
    with answering_for(project_id, Sentence("Embedding")):
        serves = serving_of(project_id=project_id)
        backbone = serving_backbones(serves)
        ranked = 0.0
        try:
            while serving_of(project_id=project_id) == serves and _embed_chunk(
                project_id, serves, backbone
            ):
                if time.monotonic() - ranked > 5:
                    wake_rerank(project_id)
                    ranked = time.monotonic()
        except OSError:
            wake_rerank(project_id)  # what could be read is embedded
            raise
        wake_rerank(project_id)


@functools.lru_cache(maxsize=4)
def serving_backbones(serves: Serving) -> "Ensemble":
    """The backbones of a representation, on the best device; shared by all who ask for them."""
    # torch and MONAI take seconds and memory: only a learner that embeds imports them.
    import torch

    from learner.backbones import BackboneConfig
    from learner.embedding import Backbone, best_device
    from learner.ensemble import Ensemble

    torch.set_num_threads(os.cpu_count() or 1)
    if serves.weights is None:
        return Ensemble((Backbone(BackboneConfig()),)).to(best_device())
    return Ensemble.load(serves.weights).to(best_device())


def _embed_chunk(project_id: int, serves: Serving, backbone: "Ensemble") -> bool:
    """One step of `embed`; False when nothing is left to do, or another process does it."""
    with transaction.atomic(), connection.cursor() as cursor:
        # The caches have one writer, also while a worker that was thought dead comes back.
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_EMBED_LOCK, project_id])
        if not cursor.fetchone()[0]:
            return False
        folder = cache_folder(project_id)
        frames = FrameCache(folder, SIZE)
        bags = frames.read()
        embeddings = EmbeddingCache(folder, serves.name, backbone.features)
        begin = len(embeddings.read())
        missing = _missing(project_id, bags, look_everywhere=begin >= len(bags.frames))
        if missing:
            made, error = _shrunk(missing)
            frames.append(list(made), list(made.values()))
            bags = frames.read()
            if error is not None and not made and begin >= len(bags.frames):
                raise error  # whatever could be done without these has been done
        end = min(len(bags.frames), begin + FRAMES)
        if begin < end:
            services.note_activity(
                project_id=project_id,
                doing=Sentence("Embedding scans: {done} done", done=int(bags.whole(end))),
            )
            embeddings.append(backbone.embed(bags.frames[begin:end]), at=begin)
        return bool(missing) or begin < end


def _missing(project_id: int, bags: Bags, *, look_everywhere: bool) -> list[int]:
    """The next tasks that the cache of frames lacks.

    Tasks come in the order of their numbers, but for a transaction that took its numbers early and
    committed late. To look for those among all tasks takes long, so it is done last.
    """
    last = int(bags.tasks.max(initial=0))
    missing = tasks_after(last, project_id=project_id, count=CHUNK)
    if not len(missing) and look_everywhere:
        missing = np.setdiff1d(tasks_after(0, project_id=project_id), bags.tasks)[:CHUNK]
    return [int(task) for task in missing]


def _shrunk(tasks: list[int]) -> tuple[dict[int, NDArray[np.uint8]], OSError | None]:
    """The bag of small frames of each task: all its images, or slices spread over its volumes.

    Without those that cannot be read now, and one of the errors that say why.
    """
    frames = frames_of_tasks(tasks)
    errors: list[OSError] = []

    def attempt(task: int) -> NDArray[np.uint8] | None:
        try:
            return _bag(frames.get(task, []))
        except OSError as error:
            logger.warning("Task %d cannot be read now: %s", task, error)
            errors.append(error)
            return None

    # Unpacking and resizing let go of the interpreter's lock.
    with ThreadPoolExecutor(2) as threads:
        bags = zip(tasks, threads.map(attempt, tasks), strict=True)
        found = {task: bag for task, bag in bags if bag is not None}
    return found, errors[0] if errors else None


def _bag(digests: list[str]) -> NDArray[np.uint8]:
    """The small frames of these scans; those that are missing or damaged for good are left out.

    Raises OSError where they may be there at another time: the cache would keep what is put in it.
    """
    small: list[NDArray[np.uint8]] = []
    for digest in digests:
        try:
            file = open_frames(settings.FRAME_STORE, digest)
            numbers = chosen_slices(file.header["frame_count"])
            small += [shrink(file.frame(number), file.header) for number in numbers]
        except _UNREADABLE as error:
            if isinstance(error, FileNotFoundError) and not any(settings.FRAME_STORE.glob("??")):
                raise  # it is the store that is missing, or nothing is mounted there
            logger.error("The frames %s cannot be read: %s", digest, error)
    return np.stack(small) if small else np.zeros((1, SIZE, SIZE), dtype=np.uint8)
