"""From readers' answers to what the learner learns from: one consensus per task and question. Pure.

Choices go by majority, a balance of votes is no label; numbers by the median. A task that as many
readers could not judge as judged has no label.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from annotator.queries import LabelledTask
from annotator.results import RESULT_TYPES
from projects.label_config import Question

Float32 = NDArray[np.float32]


def outputs_of(question: Question) -> int:
    """Columns of a question's targets: one per option, or one for a number."""
    return len(question.options) if question.kind in ("single", "multiple") else 1


def targets_of(task: LabelledTask, questions: Sequence[Question]) -> dict[str, Float32]:
    """Each question's consensus as [outputs]: one-hot, 0 or 1 per finding, the number, or NaN."""
    judged = [answer.result for answer in task.answers if not answer.was_cancelled]
    if 2 * len(judged) <= len(task.answers):
        judged = []
    return {question.name: _consensus(question, judged) for question in questions}


def _consensus(question: Question, results: Sequence[Sequence[Mapping[str, Any]]]) -> Float32:
    votes = [vote for result in results if (vote := _vote(question, result)) is not None]
    nothing = np.full(outputs_of(question), np.nan, dtype=np.float32)
    if not votes:
        return nothing
    ballot = np.array(votes, dtype=np.float32)  # [readers, outputs]
    if question.kind == "multiple":
        share = ballot.mean(axis=0)
        return np.where(share == 0.5, np.nan, share > 0.5).astype(np.float32)
    if question.kind == "single":
        winners = ballot.sum(axis=0) == ballot.sum(axis=0).max()
        return winners.astype(np.float32) if winners.sum() == 1 else nothing
    return np.asarray(np.median(ballot, axis=0), dtype=np.float32)


def _vote(question: Question, result: Sequence[Mapping[str, Any]]) -> list[float] | None:
    """One reader's answer [outputs]; None where the question was left open.

    To a multiple choice no entry is an answer: read, and nothing found.
    """
    entries = [entry["value"] for entry in result if entry["from_name"] == question.name]
    if question.kind == "multiple" or (question.kind == "single" and entries):
        chosen = {choice for value in entries for choice in value["choices"]}
        return [float(option.answer in chosen) for option in question.options]
    return [float(entries[0][RESULT_TYPES[question.kind]])] if entries else None
