"""Which part of a frame speaks for an answer, by the model that serves: worked out on demand."""

import io
import logging
from copy import deepcopy

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from PIL import Image
from procrastinate.contrib.django import app

from accounts.sentences import Sentence
from annotator.rerank import LEARNER_QUEUE
from learner.frames import shrink
from projects.models import Project
from rounds.explanations import EXPLAIN_JOB, Asked, keep_explanation
from rounds.pool import frames_of_tasks
from rounds.worker.embedding import serving_backbones
from rounds.worker.learnt import learnt
from rounds.worker.ranking import LiveProject, learn_labels, live_project
from scans.framestore import open_frames

logger = logging.getLogger(__name__)


class NoModelYet(Exception):
    """There is nothing that could be explained; the sentence says what it waits for."""


@app.task(name=EXPLAIN_JOB, queue=LEARNER_QUEUE)
def explain(
    *, project_id: int, task_id: int, question: str, answer: str, scan: int, frame: int
) -> None:
    """Work out a heat map and keep it, or the reason why there is none, for whoever asks next."""
    asked = Asked(task_id, question, answer, scan, frame)
    png, reason = None, ""
    try:
        png = _png(_heat(Project.objects.get(pk=project_id), asked))
    except NoModelYet as waiting:
        reason = waiting.args[0]
    except Exception:
        logger.exception("Task %s of project %s cannot be explained", task_id, project_id)
        reason = Sentence("This could not be explained; the log of the learner says why.")
    keep_explanation(project_id=project_id, asked=asked, png=png, reason=reason)


def _heat(project: Project, asked: Asked) -> NDArray[np.uint8]:
    # torch and MONAI take seconds and memory: only a learner that explains imports them.
    from learner.explanations import frame_direction, heat_map, on_native_grid

    live = live_project(project)
    if live is None:
        raise NoModelYet(Sentence("The scans are not embedded yet. Ask again in a minute."))
    rows, _ = live.pool.rows_of(np.array([asked.task_id]))
    if not len(rows):
        raise NoModelYet(Sentence("This scan is not embedded yet. Ask again in a minute."))
    bags, bag = live.bags, int(rows[0])
    weights = _weights(project, live, asked)
    if bags.harmony is not None:
        weights = bags.harmony.weights(weights, bag)
    direction = frame_direction(weights, int(bags.counts[bag]), bags.features.shape[1])
    file = open_frames(
        settings.FRAME_STORE, frames_of_tasks([asked.task_id])[asked.task_id][asked.scan]
    )
    small = shrink(file.frame(asked.frame), file.header)
    # A copy of the backbones: others embed with them at the same time.
    heat = heat_map(deepcopy(serving_backbones(live.serves)), small, direction)
    header = file.header
    return on_native_grid(heat, header["rows"], header["columns"], header.get("spacing"))


def _weights(project: Project, live: LiveProject, asked: Asked) -> NDArray[np.float32]:
    """How the logit of the answer, above the other answers', changes with an embedding [D]."""
    with live.lock:
        learn_labels(project, live)
        weights = live.ranker.weights(asked.question)
    if weights is None:
        raise NoModelYet(
            Sentence("There is no model for this question yet: it needs a few more answers.")
        )
    question = next(each for each in live.pool.questions if each.name == asked.question)
    known = learnt(question)
    if known.kind == "number":
        return weights[:, 0]
    own = weights[:, known.classes.index(asked.answer)]
    return own - weights.mean(axis=1) if known.kind == "single" else own


def _png(grey: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()
