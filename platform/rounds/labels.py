"""From readers' answers to what the learner learns from: one consensus per task and question. Pure.

The readers agree as annotator.agreement has it; where they do not, there is no label, and none of a
finding that they were not asked about. A task that as many readers could not judge as judged has
none either.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from annotator.agreement import Consensus, consensus
from annotator.dataset import LabelledTask, ReaderAnswer
from annotator.models import Task
from projects.label_config import Question

Float32 = NDArray[np.float32]


def outputs_of(question: Question) -> int:
    """Columns of a question's targets: one per option, or one for a number."""
    return len(question.options) if question.kind in ("single", "multiple") else 1


def targets_of(task: LabelledTask, questions: Sequence[Question]) -> dict[str, Float32]:
    """Each question's consensus as [outputs]: one-hot, 0 or 1 per finding, the number, or NaN."""
    answers = [answer for answer in task.answers if counts(task, answer)]
    judged = [answer for answer in answers if not answer.was_cancelled]
    if 2 * len(judged) <= len(answers):
        judged = []
    return {question.name: _target(question, consensus(question, judged)) for question in questions}


def counts(task: LabelledTask, answer: ReaderAnswer) -> bool:
    """Whether the answer is learned from, or, in the audit sample, measured with.

    What chance drew is there to measure the model and to compare its order with: no answer counts
    there that was given with the model's opinion or another's answer in view. Of a label that was
    brought along nobody knows.
    """
    return task.arm == Task.Arm.POOL or (answer.is_blind and not answer.was_imported)


def _target(question: Question, agreed: Consensus) -> Float32:
    target = np.full(outputs_of(question), np.nan, dtype=np.float32)
    options = [option.answer for option in question.options]
    if isinstance(agreed, dict):
        there = [agreed.get(option) for option in options]  # None: even, or asked of nobody
        target[:] = [np.nan if one is None else one for one in there]
    elif isinstance(agreed, str):
        if agreed in options:  # one given while the manager was taking it away is no label
            target[:] = [option == agreed for option in options]
    elif agreed is not None:
        target[:] = agreed
    return target
