"""What is asked in a project, and how the answers are spread so far."""

from dataclasses import dataclass

from django.utils.translation import gettext

from annotator.results import questions_of
from projects.label_config import REGION_KINDS, Question, asked_of_task
from projects.models import Project
from rounds.queries import class_balance

_MAY_HAVE_NONE = ("multiple", *REGION_KINDS)  # read, and nothing found: an answer as well
COUNTED = ("single", "multiple", "rating", *REGION_KINDS)


@dataclass(frozen=True)
class ClassCount:
    label: str
    answers: int
    percent: float  # of all answers


@dataclass(frozen=True)
class Balance:
    title: str
    classes: tuple[ClassCount, ...]


def balance_of(*, project: Project) -> list[Balance]:
    """For each question with classes, how many answers say which."""
    questions = [
        question
        for question in asked_of_task(questions_of(project.label_config))
        if question.kind in COUNTED
    ]
    judged, counts = class_balance(project=project, names=[question.name for question in questions])
    return [
        Balance(question.title, _classes(question, counts[question.name], judged))
        for question in questions
    ]


def _classes(question: Question, counts: dict[str, int], judged: int) -> tuple[ClassCount, ...]:
    if question.kind == "rating":
        names = {str(value): str(value) for value in range(1, int(question.maximum or 5) + 1)}
    else:
        names = {option.answer: option.value for option in question.options}
    answers = [(words, counts.get(answer, 0)) for answer, words in names.items()]
    if question.kind in _MAY_HAVE_NONE:
        answers.append((gettext("None of these"), judged - counts.get("", 0)))
    return tuple(ClassCount(words, count, 100 * count / max(judged, 1)) for words, count in answers)


def titles_of(project: Project) -> dict[str, str]:
    return {question.name: question.title for question in questions_of(project.label_config)}
