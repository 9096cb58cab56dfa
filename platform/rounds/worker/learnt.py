"""The questions of the label config as the learner sees them."""

from learner.questions import Question as LearntQuestion
from projects.label_config import Question


def learnt(question: Question) -> LearntQuestion:
    """A question of the label config as the learner sees it; a rating is a number."""
    kind = "number" if question.kind == "rating" else question.kind
    assert kind in ("single", "multiple", "number")  # noqa: S101  (narrows the type)
    classes = tuple(option.answer for option in question.options) if kind != "number" else ()
    return LearntQuestion(question.name, kind, classes)
