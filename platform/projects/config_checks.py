"""What can only be said of a label config once all its tags are known."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from django.utils.translation import gettext

from projects.questions import REGION_KINDS, Question

_CHOICES = ("single", "multiple")


def problems_of_whole(questions: Sequence[Question], objects: Sequence[str]) -> list[str]:
    """A sentence for each problem; `objects` are the names of the config's images."""
    return list(_problems(questions, objects))


def _problems(questions: Sequence[Question], objects: Sequence[str]) -> Iterator[str]:
    if len(objects) != 1:
        yield gettext("There must be one <Image>: the scan that is read.")
    if not questions:
        yield gettext("Nothing is asked: add a question such as <Choices>.")
    names = [*(question.name for question in questions), *objects]
    for name in _twice(names):
        yield gettext("The name “{name}” is used twice.").format(name=name)
    for question in questions:
        yield from _problems_of(question, objects)
        if question.per_region:
            yield from _problems_per_region(question, questions)
    hotkeys = [option.hotkey for q in questions for option in q.options if option.hotkey]
    for key in _twice(hotkeys):
        yield gettext("The key “{key}” is given twice.").format(key=key)


def _problems_of(question: Question, objects: Sequence[str]) -> Iterator[str]:
    if question.to_name not in objects:
        yield gettext("“{name}” points to “{to_name}”, which is no <Image>.").format(
            name=question.name, to_name=question.to_name
        )
    if question.kind == "single" and len(question.options) < 2:
        yield gettext("“{name}” needs at least two choices.").format(name=question.name)
    elif question.kind in (*_CHOICES, *REGION_KINDS) and not question.options:
        tag = "Choice" if question.kind in _CHOICES else "Label"
        yield gettext("“{name}” needs at least one <{tag}>.").format(name=question.name, tag=tag)
    for answer in _twice(option.answer for option in question.options):
        yield gettext("“{name}” offers “{answer}” twice.").format(name=question.name, answer=answer)


def _problems_per_region(question: Question, questions: Sequence[Question]) -> Iterator[str]:
    """Whether there are marks that the question can be asked of."""
    tags = {other.name: other for other in questions if other.kind in REGION_KINDS}
    if not tags:
        yield gettext(
            "“{name}” is asked of each mark (perRegion), but no tag asks for marks."
        ).format(name=question.name)
        return
    if question.when_tag and question.when_tag not in tags:
        yield gettext("“{name}”: whenTagName=“{when_tag}” is no tag that asks for marks.").format(
            name=question.name, when_tag=question.when_tag
        )
        return
    asked = [tags[question.when_tag]] if question.when_tag else list(tags.values())
    labels = {option.answer for other in asked for option in other.options}
    for label in question.when_labels:
        if label not in labels:
            yield gettext("“{name}”: whenLabelValue=“{label}” is no label of the marks.").format(
                name=question.name, label=label
            )


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
