"""Rehearsals for the command of that name: on a folder, or on a project that has been read."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import learner.questions
from annotator.dataset import labelled_answers
from learner.curve_report import page, picture, table_rows, text_table
from learner.rehearsal import Settings, rehearse, rehearse_table
from learner.tables import Table
from projects.label_config import Question
from projects.models import Project
from rounds.labels import Float32
from rounds.pool import Pool, learnt_questions
from rounds.worker.embedded import embedded
from rounds.worker.learnt import learnt

Say = Callable[[str], None]


def rehearse_folder(
    folder: Path, labels: Path, *, settings: dict[str, Any], say: Say, **choices: Any
) -> dict[str, Any]:
    """`learner.rehearsal.rehearse`, with `Settings` of these values."""
    return rehearse(folder, labels, settings=Settings(**settings), say=say, **choices)


def rehearse_project(
    project_id: int, *, answer: str | None, settings: dict[str, Any], say: Say
) -> dict[str, Any]:
    """Replay a project's tasks with a consensus, on the embeddings that its order is made from.

    `answer` names the question where the project asks several. ValueError: no such project or
    question, tasks not embedded yet, or too few that have a consensus.
    """
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        raise ValueError(f"there is no project {project_id}")
    question = _asked(learnt_questions(project.label_config), answer)
    found = embedded(project_id)
    if found is None:
        raise ValueError("the project's scans are not embedded yet: start the learner and wait")
    pool = Pool(project_id, found.tasks, (question,))
    pool.take(labelled_answers(project=project))
    asked, targets = _often_asked(learnt(question), pool.targets[question.name], say)
    rows = np.flatnonzero(~np.isnan(targets).any(axis=1))
    if len(rows) < 2:
        raise ValueError(f"fewer than two tasks have a consensus on {question.name!r}")
    embeddings = found.bags(pool).of(rows).pooled()
    say(f"{len(rows)} tasks with a consensus on {question.name!r}")
    table = Table(asked, embeddings, targets[rows], pool.patients[rows])
    return rehearse_table(table, Settings(**settings), say=say)


def _often_asked(
    question: learner.questions.Question, targets: Float32, say: Say
) -> tuple[learner.questions.Question, Float32]:
    """Without findings that most tasks were not asked about: they came in later."""
    if question.kind != "multiple":
        return question, targets
    answered = (~np.isnan(targets)).sum(axis=0)
    often = 2 * answered >= answered.max()
    for finding, is_kept in zip(question.classes, often, strict=True):
        if not is_kept:
            say(f"{finding!r} is left out: most tasks were read before it was asked about")
    kept = np.array(question.classes)[often].tolist()
    return replace(question, classes=tuple(kept)), targets[:, often]


def _asked(questions: Sequence[Question], answer: str | None) -> Question:
    names = ", ".join(question.name for question in questions)
    if answer is None and len(questions) == 1:
        return questions[0]
    if answer is None:
        raise ValueError(f"name the question with --answer: {names or 'none of choice or number'}")
    found = next((question for question in questions if question.name == answer), None)
    if found is None:
        raise ValueError(f"no question {answer!r} of choice or number; the project asks {names}")
    return found


def rehearsal_table(result: dict[str, Any]) -> str:
    """What each strategy needed, for the terminal."""
    header, rows = table_rows(result["strategies"])
    line = (
        f"{result['measure']} with all labels: {result['full_score']:.3f} "
        f"({result['pictures']} pictures, {result['seeds']} seeds, "
        f"at most {result['batch']} labels a ranking)"
    )
    return f"{line}\n{text_table(header, rows)}"


def write_rehearsal(
    result: dict[str, Any], title: str, *, png: Path | None, html: Path | None
) -> None:
    """The learning curves as a picture, and as a page that needs no other file."""
    if png is not None:
        strategies, full = result["strategies"], result["full_score"]
        png.write_bytes(picture(title, strategies, full_score=full, measure=result["measure"]))
    if html is not None:
        html.write_text(page(result, title))
