"""What a project's labels prove, worked out beside the ranking."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from procrastinate.contrib.django import app

from accounts.sentences import Sentence
from annotator.dataset import LabelledAnswers, labelled_answers
from annotator.rerank import LEARNER_QUEUE
from learner.processes import aside
from learner.proof.evidence import Evidence
from learner.proof.refits import MOST_FOR_AXES
from learner.proof.report import prove as work_out
from projects.models import Project
from rounds import services
from rounds.labels import counts
from rounds.pool import Pool, learnt_questions
from rounds.queries import median_seconds
from rounds.serving import answering_for, why
from rounds.worker.embedded import embedded
from rounds.worker.learnt import learnt

Int64 = NDArray[np.int64]


@app.task(name=services.PROVE_JOB, queue=LEARNER_QUEUE)
def prove(*, project_id: int) -> None:
    """Work out the savings, the advice on stopping and the doubtful labels, and keep them."""
    with (
        answering_for(project_id, Sentence("Measuring the savings")),
        _told_on_the_page(project_id),
    ):
        project = Project.objects.filter(pk=project_id).first()
        if project is None:
            return
        answers = labelled_answers(project=project)
        gathered = _gather(project, answers)
        if gathered is None:
            return
        evidence, tasks = gathered
        found: dict[str, Any] = aside(partial(work_out, evidence, seed=project.pk)).as_json()
        for doubt in found["label_errors"]:
            doubt["task"] = int(tasks[doubt.pop("row")])
        services.keep_proof(
            project=project,
            labels=len(evidence.trained),
            last_annotation=answers.watermark,
            found=found | {"label_seconds": median_seconds(project=project)},
        )


@contextmanager
def _told_on_the_page(project_id: int) -> Iterator[None]:
    """The panel of savings says what failed, until a proof succeeds."""
    try:
        yield
    except Exception as error:
        services.fail_proof(project_id=project_id, error=why(error))
        raise


def _gather(project: Project, answers: LabelledAnswers) -> tuple[Evidence, Int64] | None:
    """The evidence, and the task of each of its rows; None where nothing can be learnt yet.

    Of the unread tasks a sample is enough.
    """
    questions = learnt_questions(project.label_config)
    found = embedded(project.pk)
    if found is None or not questions:
        return None
    pool = Pool(project.pk, found.tasks, questions)
    pool.take(answers)
    read = _in_order_of_reading(pool, answers)
    if not len(read):
        return None
    others = np.setdiff1d(np.arange(len(pool)), read)
    rng = np.random.default_rng(project.pk)
    sample = rng.choice(others, min(len(others), MOST_FOR_AXES), replace=False)
    rows = np.concatenate([read, np.sort(sample)])
    pooled = found.bags(pool).of(rows).pooled()
    arms = _arms(pool, read)
    evidence = Evidence(
        questions=tuple(learnt(question) for question in questions),
        embeddings=np.asarray(pooled),
        targets={name: targets[rows] for name, targets in pool.targets.items()},
        patients=pool.patients[rows],
        **arms,
    )
    return evidence, pool.tasks[rows]


def _in_order_of_reading(pool: Pool, answers: LabelledAnswers) -> Int64:
    """Rows with a label, by the answer that made it one."""
    last = {
        task.task_id: answer.annotation_id
        for task in answers.tasks
        for answer in task.answers
        if counts(task, answer)
    }
    labelled = np.flatnonzero(pool.is_labelled)
    order = np.argsort([last.get(task, 0) for task in pool.tasks[labelled].tolist()], kind="stable")
    return labelled[order]


def _arms(pool: Pool, read: Int64) -> dict[str, Int64]:
    """Places in `read` of each arm's rows.

    What was brought along was put in no order here: in the pool it counts in neither of the arms
    that are compared. What chance drew has its label of a reader (rounds.labels), whatever was
    brought along.
    """
    is_audit = pool.is_audit[read]
    is_random = pool.is_random[read]
    is_given = pool.is_imported[read] & ~is_audit & ~is_random
    return {
        "audit": np.flatnonzero(is_audit),
        "random": np.flatnonzero(is_random),
        "given": np.flatnonzero(is_given),
        "active": np.flatnonzero(~is_audit & ~is_random & ~is_given),
    }
