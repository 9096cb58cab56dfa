"""What a reader is asked: the questions of a label config, as plain values."""

import dataclasses
from collections.abc import Iterable
from typing import Any, Literal

Kind = Literal[
    "single",
    "multiple",
    "number",
    "rating",
    "text",
    "points",
    "boxes",
    "ellipses",
    "polygons",
    "masks",
]

# Questions that are answered by marks on the image, each mark with one of the question's labels.
REGION_KINDS: frozenset[Kind] = frozenset({"points", "boxes", "ellipses", "polygons", "masks"})


@dataclasses.dataclass(frozen=True)
class Option:
    value: str  # what the reader sees
    alias: str = ""
    hotkey: str = ""
    background: str = ""

    @property
    def answer(self) -> str:
        """What stands in the result: the alias where there is one, as in Label Studio."""
        return self.alias or self.value


@dataclasses.dataclass(frozen=True)
class Question:
    name: str
    to_name: str
    kind: Kind
    title: str
    options: tuple[Option, ...] = ()
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    # Asked of each mark, not of the whole task; of those with one of these labels and of this
    # question of marks, where they are named.
    per_region: bool = False
    when_labels: tuple[str, ...] = ()
    when_tag: str = ""

    def is_asked_of(self, *, tag: str, label: str) -> bool:
        """Whether this per-region question is asked of a mark of question `tag` with `label`."""
        return (not self.when_tag or tag == self.when_tag) and (
            not self.when_labels or label in self.when_labels
        )


def asked_of_task(questions: Iterable[Question]) -> tuple[Question, ...]:
    """The questions that a task has one answer to: all but those asked of each mark."""
    return tuple(question for question in questions if not question.per_region)


def question_json(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """The questions as the viewer reads them; null where an attribute was not given."""

    def plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: None if value == "" else value for key, value in pairs}

    return [dataclasses.asdict(question, dict_factory=plain) for question in questions]
