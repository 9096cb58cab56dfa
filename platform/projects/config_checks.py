"""What can only be said of a label config once all its tags are known."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from projects.questions import REGION_KINDS, Question

_CHOICES = ("single", "multiple")


def problems_of_whole(questions: Sequence[Question], objects: Sequence[str]) -> list[str]:
    """A sentence for each problem; `objects` are the names of the config's images."""
    return list(_problems(questions, objects))


def _problems(questions: Sequence[Question], objects: Sequence[str]) -> Iterator[str]:
    if len(objects) != 1:
        yield "There must be one <Image>: the scan that is read."
    if not questions:
        yield "Nothing is asked: add a question such as <Choices>."
    names = [*(question.name for question in questions), *objects]
    yield from (f"The name “{name}” is used twice." for name in _twice(names))
    for question in questions:
        yield from _problems_of(question, objects)
        if question.per_region:
            yield from _problems_per_region(question, questions)
    hotkeys = [option.hotkey for q in questions for option in q.options if option.hotkey]
    yield from (f"The key “{key}” is given twice." for key in _twice(hotkeys))


def _problems_of(question: Question, objects: Sequence[str]) -> Iterator[str]:
    if question.to_name not in objects:
        yield f"“{question.name}” points to “{question.to_name}”, which is no <Image>."
    if question.kind == "single" and len(question.options) < 2:
        yield f"“{question.name}” needs at least two choices."
    elif question.kind in (*_CHOICES, *REGION_KINDS) and not question.options:
        tag = "Choice" if question.kind in _CHOICES else "Label"
        yield f"“{question.name}” needs at least one <{tag}>."
    for answer in _twice(option.answer for option in question.options):
        yield f"“{question.name}” offers “{answer}” twice."


def _problems_per_region(question: Question, questions: Sequence[Question]) -> Iterator[str]:
    """Whether there are marks that the question can be asked of."""
    tags = {other.name: other for other in questions if other.kind in REGION_KINDS}
    if not tags:
        yield f"“{question.name}” is asked of each mark (perRegion), but no tag asks for marks."
        return
    if question.when_tag and question.when_tag not in tags:
        yield f"“{question.name}”: whenTagName=“{question.when_tag}” is no tag that asks for marks."
        return
    asked = [tags[question.when_tag]] if question.when_tag else list(tags.values())
    labels = {option.answer for other in asked for option in other.options}
    for label in question.when_labels:
        if label not in labels:
            yield f"“{question.name}”: whenLabelValue=“{label}” is no label of the marks."


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
