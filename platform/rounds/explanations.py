"""What in a frame speaks for an answer: asked for on the web, worked out by the learner.

The two meet in the learner's cache folder: an explanation that is not there is put on the learner's
queue, and is there a moment later.
"""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils.translation import gettext

from accounts.saying import said
from accounts.sentences import kept, read
from annotator.rerank import LEARNER_QUEUE
from projects.errors import Refused
from projects.jobs import defer_once
from projects.label_config import Question
from projects.models import Project
from rounds.learning import last_ranking
from rounds.pool import frame_counts_of_tasks, learnt_questions
from rounds.serving import cache_folder, serving_of

EXPLAIN_JOB = "rounds.explain"
# The heads change with every label, and an explanation is of what serves about now.
FRESH_SECONDS = 600.0
# A reason why there is none may be gone soon.
REASON_SECONDS = 20.0
MOST_KEPT = 1000  # of a project; the oldest go first


@dataclass(frozen=True)
class Asked:
    """Which answer is to be explained, and where."""

    task_id: int
    question: str
    answer: str  # a class; empty for a number
    scan: int  # its position in the task
    frame: int  # its number in the scan


def explanation_of(*, project: Project, asked: Asked) -> bytes | None:
    """The heat map as PNG; None where the learner has just been asked for it.

    Raises Refused where there is no such answer or frame, and where there is no model for it yet.
    """
    _check(project, asked)
    place = _place(project.pk, asked)
    reason = _read(place.with_suffix(".txt"), REASON_SECONDS)
    if reason is not None:
        raise Refused(said(read(reason.decode())))
    found = _read(place, FRESH_SECONDS)
    if found is None:
        _enqueue(project.pk, asked, place.stem)
    return found


def keep_explanation(*, project_id: int, asked: Asked, png: bytes | None, reason: str = "") -> None:
    """Put a heat map, or the reason why there is none, where the web looks for it."""
    place = _place(project_id, asked)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = place if png is not None else place.with_suffix(".txt")
    partial = place.with_suffix(".part")
    partial.write_bytes(kept(reason).encode() if png is None else png)
    partial.replace(target)
    newest = sorted(place.parent.iterdir(), key=lambda path: -path.stat().st_mtime)
    for path in newest[MOST_KEPT:]:
        path.unlink(missing_ok=True)


def _check(project: Project, asked: Asked) -> None:
    questions = {question.name: question for question in learnt_questions(project.label_config)}
    if asked.question not in questions:
        names = ", ".join(questions) or "–"
        raise Refused(
            gettext("The learner answers no question of this name. It answers: {names}.").format(
                names=names
            )
        )
    _check_answer(questions[asked.question], asked.answer)
    counts = frame_counts_of_tasks([asked.task_id]).get(asked.task_id, [])
    if asked.scan >= len(counts):
        raise Refused(
            gettext("The task has {len} scans; the first is scan 0.").format(len=len(counts))
        )
    if asked.frame >= counts[asked.scan]:
        raise Refused(
            gettext("The scan has {counts} frames; the first is frame 0.").format(
                counts=counts[asked.scan]
            )
        )
    if last_ranking(project=project) is None:
        raise Refused(
            gettext("The learner has not ranked this project yet. Ask again in a minute.")
        )


def _check_answer(question: Question, answer: str) -> None:
    answers = [option.answer for option in question.options]
    if answers and answer not in answers:
        raise Refused(
            gettext("Name one of the answers to the question: {value}.").format(
                value=", ".join(answers)
            )
        )
    if not answers and answer:
        raise Refused(gettext("The question asks for a number: leave the answer out."))


def _place(project_id: int, asked: Asked) -> Path:
    """One file for each answer and representation: what served before explains nothing now."""
    serving = serving_of(project_id=project_id)
    asked_for = json.dumps([serving.name, *asdict(asked).values()]).encode()
    name = hashlib.sha256(asked_for).hexdigest()
    return cache_folder(project_id) / "explanations" / f"{name}.png"


def _read(path: Path, seconds: float) -> bytes | None:
    try:
        if time.time() - path.stat().st_mtime > seconds:
            return None
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _enqueue(project_id: int, asked: Asked, name: str) -> None:
    defer_once(
        EXPLAIN_JOB,
        queue=LEARNER_QUEUE,
        lock="explain",
        queueing_lock=f"explain-{name}",
        project_id=project_id,
        **asdict(asked),
    )
