"""What a reader was asked about, so that their silence can be told from "not asked". Pure.

No answer to a multiple choice and no mark are answers too: read, and nothing found. They say so of
what the reader was asked, and of nothing else: not of a question or a choice that came into the
label config later, nor of the empty cell of an imported label. So beside each answer stands what it
was asked, as `Annotation.asked`: the choices or labels offered, by question.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from annotator.results import Result, questions_of
from projects.label_config import REGION_KINDS, Question, asked_of_task

Asked = Mapping[str, Sequence[str]]


class Given(Protocol):
    """A reader's answer: what they said, and what they were asked."""

    @property
    def result(self) -> Result: ...
    @property
    def asked(self) -> Asked: ...


def asks_by_silence(question: Question) -> bool:
    """Whether to leave the question empty is to answer it: nothing found."""
    return not question.per_region and question.kind in {"multiple", *REGION_KINDS}


def asked_by(label_config: str) -> dict[str, list[str]]:
    """What a reader is asked who has this label config before them."""
    return {
        question.name: [option.answer for option in question.options]
        for question in asked_of_task(questions_of(label_config))
        if asks_by_silence(question)
    }


def asked_on(page: Asked | None, *, label_config: str) -> dict[str, list[str]]:
    """What was asked on a reader's page, which may be older than the label config; None: all."""
    now = asked_by(label_config)
    if page is None:
        return now
    return {
        name: [answer for answer in offered if answer in page[name]]
        for name, offered in now.items()
        if name in page
    }


def not_asked(questions: Sequence[Question], answer: Given) -> list[str]:
    """Of what the questions find by silence now: those not asked, or as "question=choice"."""
    left: list[str] = []
    for question in questions:
        if not asks_by_silence(question):
            continue
        if question.name not in answer.asked:
            left.append(question.name)
            continue
        offered = answer.asked[question.name]
        left += [
            f"{question.name}={option.answer}"
            for option in question.options
            if option.answer not in offered
        ]
    return left
