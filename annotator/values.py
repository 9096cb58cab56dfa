"""Reads the parts of an answer's value. Raises Refused with a sentence for what does not fit."""

from collections.abc import Iterable
from typing import Any

from django.utils.formats import get_format
from django.utils.translation import gettext

from projects.errors import Refused
from projects.label_config import Question


def labels_of(question: Question, value: dict[str, Any], key: str) -> list[str]:
    """The choices or labels under `key`: each offered, none twice."""
    chosen = value.get(key)
    if not isinstance(chosen, list) or not all(isinstance(one, str) for one in chosen):
        raise Refused(
            gettext("“{name}” is answered with a list of texts under “{key}”.").format(
                name=question.name, key=key
            )
        )
    offered = [option.answer for option in question.options]
    for one in chosen:
        if one not in offered:
            raise Refused(
                gettext("“{name}” does not offer “{one}”; it offers {offered}.").format(
                    name=question.name, one=one, offered=listed(offered)
                )
            )
    if len(set(chosen)) < len(chosen):
        raise Refused(gettext("“{name}” names a choice twice.").format(name=question.name))
    return chosen


def listed(words: Iterable[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def number_of(question: Question, value: dict[str, Any], key: str) -> float:
    number = value.get(key)
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise Refused(
            gettext("“{name}” needs a number under “{key}”.").format(name=question.name, key=key)
        )
    if not abs(number) <= 1e15:  # false for NaN as well
        raise Refused(
            gettext("“{name}” has no usable number under “{key}”.").format(
                name=question.name, key=key
            )
        )
    return float(number)


def number_text(number: float) -> str:
    """With the decimal separator of the language in use."""
    return f"{number:g}".replace(".", get_format("DECIMAL_SEPARATOR"))
