"""What may change in a label config once readers have answered."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext

from projects.label_config import Question

# Under which key of a result's value its choices or labels stand.
_ANSWER_KEYS = (
    "choices",
    "keypointlabels",
    "rectanglelabels",
    "ellipselabels",
    "polygonlabels",
    "brushlabels",
)

Used = Mapping[str, frozenset[str]]  # question's name -> the choices and labels given so far


def answers_in(results: Iterable[list[dict[str, Any]]]) -> dict[str, frozenset[str]]:
    """The questions answered in these results, each with the choices and labels that were given."""
    used: dict[str, set[str]] = {}
    for result in results:
        for region in result:
            given = used.setdefault(region.get("from_name", ""), set())
            for key in _ANSWER_KEYS:
                given.update(region.get("value", {}).get(key, ()))
    return {name: frozenset(given) for name, given in used.items()}


def refusals(old: Iterable[Question], new: Iterable[Question], used: Used) -> list[str]:
    """A sentence for each change that would orphan an answer; empty where the change is safe."""
    known = {question.name: question for question in new}
    sentences = []
    for question in old:
        if question.name in used:
            sentences += _refusals_of(question, known.get(question.name), used[question.name])
    return sentences


def _refusals_of(old: Question, new: Question | None, given: frozenset[str]) -> list[str]:
    if new is None:
        return [
            gettext("“{name}” has been answered: it cannot be removed or renamed.").format(
                name=old.name
            )
        ]
    if (old.kind, old.to_name) != (new.kind, new.to_name):
        return [
            gettext(
                "“{name}” has been answered: it cannot become another kind of question."
            ).format(name=old.name)
        ]
    if old.per_region != new.per_region:
        return [
            gettext(
                "“{name}” has been answered: what was asked of each mark cannot be asked of the "
                "task, nor the other way round."
            ).format(name=old.name)
        ]
    offered = {option.answer for option in new.options}
    return [
        gettext(
            "“{answer}” of “{name}” has been given as an answer: it cannot be removed or renamed."
        ).format(answer=answer, name=old.name)
        for answer in sorted(given - offered)
    ]
