"""What a project asks of its readers: Label Studio's XML, read and checked.

Tags and attributes are those of https://labelstud.io/tags/. Scout reads a part of them; what it
cannot show to a reader is refused with a sentence, never dropped: a dropped question would be a
column of the dataset that nobody was asked.
"""

import dataclasses
import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Literal
from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException

from projects.errors import Refused

Kind = Literal["single", "multiple", "number", "rating", "text", "boxes", "masks"]

_CONTROLS: dict[str, Kind] = {
    "Choices": "single",  # or multiple, as its attribute `choice` says
    "Number": "number",
    "Rating": "rating",
    "TextArea": "text",
    "RectangleLabels": "boxes",
    "BrushLabels": "masks",
}
_OPTION_TAGS: dict[Kind, str] = {
    "single": "Choice",
    "multiple": "Choice",
    "boxes": "Label",
    "masks": "Label",
}
_LAYOUT = frozenset({"View", "Header", "Style"})
# Tags of Label Studio that Scout cannot show yet; any other unknown tag is a spelling mistake.
_NOT_YET_NAMES = """
    Audio Bitmask BitmaskLabels Brush Chat Collapse DateTime Ellipse EllipseLabels Filter
    HyperText HyperTextLabels KeyPoint KeyPointLabels Labels List MagicWand Markdown OcrLabels
    Pairwise ParagraphLabels Paragraphs Pdf Polygon PolygonLabels Ranker ReactCode Rectangle
    Relation Relations Repeater Shortcut Table Taxonomy Text TimeSeries TimeSeriesLabels
    TimelineLabels Vector VectorLabels Video VideoRectangle VideoVector VideoVectorLabels
"""
_NOT_YET = frozenset(_NOT_YET_NAMES.split())
_INSTEAD = {"PolygonLabels": ": ask for <RectangleLabels> or <BrushLabels>"}
_LONGEST = 200_000  # characters
_DEEPEST = 20  # levels of tags
_MOST_STARS = 20


class LabelConfigError(Refused):
    """A label config that cannot be used; `problems` has a sentence for each reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


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


def parse(xml: str) -> tuple[Question, ...]:
    """The questions in the order of the XML. Raises LabelConfigError with every problem found."""
    try:
        root = _root(xml)
    except (ParseError, DefusedXmlException) as error:
        raise LabelConfigError([_explain_xml(error)]) from error
    parser = _Parser()
    parser.walk(root)
    parser.check_whole()
    if parser.problems:
        raise LabelConfigError(parser.problems)
    return tuple(parser.questions)


def validate(xml: str) -> tuple[Question, ...]:
    """The questions, checked by Label Studio's own SDK as well. Raises LabelConfigError.

    The SDK takes seconds and 140 MB to import, so it is asked last, and only when a config is kept.
    """
    questions = parse(xml)
    from label_studio_sdk._legacy.exceptions import LabelStudioValidationErrorSentryIgnored
    from label_studio_sdk.label_interface.interface import LabelInterface

    try:
        LabelInterface(xml).validate()  # type: ignore[no-untyped-call]
    except LabelStudioValidationErrorSentryIgnored as error:
        raise LabelConfigError([f"Label Studio does not accept this: {error}"]) from error
    return questions


def question_json(questions: Iterable[Question]) -> list[dict[str, Any]]:
    """The questions as the viewer reads them; null where an attribute was not given."""

    def plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return {key: None if value == "" else value for key, value in pairs}

    return [dataclasses.asdict(question, dict_factory=plain) for question in questions]


def _root(xml: str) -> Element:
    if len(xml) > _LONGEST:
        raise LabelConfigError([f"The label config is longer than {_LONGEST:,} characters."])
    root: Element = defusedxml.ElementTree.fromstring(xml, forbid_dtd=True)
    if root.tag != "View":
        raise LabelConfigError([f"The outermost tag must be <View>, not <{root.tag}>."])
    return root


def _explain_xml(error: Exception) -> str:
    if isinstance(error, DefusedXmlException):
        return "Document types and entities are not allowed in a label config."
    return f"This is not well-formed XML: {error}."


class _Parser:
    """Walks the tree once and collects questions and problems."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.problems: list[str] = []
        self._objects: list[str] = []
        self._header = ""  # the last <Header> that no question has taken as its title

    def walk(self, element: Element, depth: int = 0) -> None:
        if depth > _DEEPEST:
            self.problems.append(f"Tags are nested more than {_DEEPEST} levels deep.")
            return
        for child in element:
            self._tag(child, depth)

    def _tag(self, element: Element, depth: int) -> None:
        tag = element.tag
        if tag == "Image":
            self._image(element)
        elif tag in _CONTROLS:
            self._control(element)
        elif tag in _LAYOUT:
            self._header = element.get("value", "") if tag == "Header" else self._header
            self._refuse_conditions(element)
            self.walk(element, depth + 1)
        elif tag in ("Choice", "Label"):
            self.problems.append(f"<{tag}> belongs inside the question that it answers.")
        elif tag in _NOT_YET:
            instead = _INSTEAD.get(tag, "")
            self.problems.append(f"Scout cannot show <{tag}> yet{instead}.")
        else:
            self.problems.append(f"There is no tag <{tag}> in Label Studio.")

    def _image(self, element: Element) -> None:
        if not element.get("name") or not element.get("value", "").startswith("$"):
            self.problems.append('<Image> needs a name and a value such as value="$image".')
        self._objects.append(element.get("name", ""))

    def _control(self, element: Element) -> None:
        name = element.get("name", "")
        if not name or not element.get("toName"):
            self.problems.append(f"<{element.tag}> needs a name and a toName.")
            return
        self._refuse_conditions(element)
        kind = self._kind(element)
        minimum, maximum, step = self._range(element, kind)
        self.questions.append(
            Question(
                name=name,
                to_name=element.get("toName", ""),
                kind=kind,
                title=self._header.strip() or name.replace("_", " ").replace("-", " ").capitalize(),
                options=tuple(self._options(element, kind)),
                required=_is_true(element, "required"),
                minimum=minimum,
                maximum=maximum,
                step=step,
            )
        )
        self._header = ""

    def _kind(self, element: Element) -> Kind:
        if element.tag != "Choices":
            return _CONTROLS[element.tag]
        choice = element.get("choice", "single")
        if choice not in ("single", "single-radio", "multiple"):
            self.problems.append(
                f"<Choices> “{element.get('name')}”: "
                "choice must be single, single-radio or multiple."
            )
        return "multiple" if choice == "multiple" else "single"

    def _refuse_conditions(self, element: Element) -> None:
        where = f"<{element.tag}>" + (f" “{element.get('name')}”" if element.get("name") else "")
        for attribute in ("perRegion", "perItem"):
            if _is_true(element, attribute):
                self.problems.append(
                    f"{where}: {attribute} is not supported; ask the question of the whole scan."
                )
        if element.get("visibleWhen"):
            self.problems.append(
                f"{where}: visibleWhen is not supported; a question is always shown."
            )
        if element.tag == "Choices" and element.get("value"):
            self.problems.append(f"{where}: choices from the task’s data are not supported.")

    def _options(self, element: Element, kind: Kind) -> Iterator[Option]:
        wanted = _OPTION_TAGS.get(kind)
        for child in element:
            if child.tag != wanted:
                self.problems.append(f"<{child.tag}> does not belong inside <{element.tag}>.")
                continue
            if len(child):
                self.problems.append(
                    f"“{child.get('value')}”: nested choices are not supported; list them all."
                )
            if not child.get("value", "").strip():
                self.problems.append(f"A <{child.tag}> of “{element.get('name')}” has no value.")
                continue
            yield Option(
                value=child.get("value", ""),
                alias=child.get("alias", ""),
                hotkey=child.get("hotkey", ""),
                background=child.get("background", ""),
            )

    def _range(
        self, element: Element, kind: Kind
    ) -> tuple[float | None, float | None, float | None]:
        if kind == "rating":
            return 1.0, self._most_stars(element), 1.0
        if kind == "number":
            minimum, maximum, step = (self._number(element, a) for a in ("min", "max", "step"))
            if minimum is not None and maximum is not None and minimum >= maximum:
                self.problems.append(f"“{element.get('name')}”: min must be less than max.")
            return minimum, maximum, step
        return None, None, None

    def _most_stars(self, element: Element) -> float:
        most = self._number(element, "maxRating")
        if most is None:
            return 5.0  # Label Studio's default
        if most not in range(1, _MOST_STARS + 1):
            self.problems.append(
                f"“{element.get('name')}”: maxRating is a whole number from 1 to {_MOST_STARS}."
            )
        return most

    def _number(self, element: Element, attribute: str) -> float | None:
        text = element.get(attribute)
        if text is None:
            return None
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if math.isfinite(number):
            return number
        self.problems.append(f"“{element.get('name')}”: {attribute}=“{text}” is no number.")
        return None

    def check_whole(self) -> None:
        """What can only be said once all tags are known."""
        if len(self._objects) != 1:
            self.problems.append("There must be one <Image>: the scan that is read.")
        if not self.questions:
            self.problems.append("Nothing is asked: add a question such as <Choices>.")
        names = [question.name for question in self.questions] + self._objects
        self.problems += [f"The name “{name}” is used twice." for name in _twice(names)]
        for question in self.questions:
            self._check_question(question)
        hotkeys = [option.hotkey for q in self.questions for option in q.options if option.hotkey]
        self.problems += [f"The key “{key}” is given twice." for key in _twice(hotkeys)]

    def _check_question(self, question: Question) -> None:
        if question.to_name not in self._objects:
            self.problems.append(
                f"“{question.name}” points to “{question.to_name}”, which is no <Image>."
            )
        at_least = {"single": 2}.get(question.kind, 1) if question.kind in _OPTION_TAGS else 0
        if len(question.options) < at_least:
            several = "two choices" if at_least == 2 else f"one <{_OPTION_TAGS[question.kind]}>"
            self.problems.append(f"“{question.name}” needs at least {several}.")
        for answer in _twice(option.answer for option in question.options):
            self.problems.append(f"“{question.name}” offers “{answer}” twice.")


def _is_true(element: Element, attribute: str) -> bool:
    return element.get(attribute, "").lower() == "true"


def _twice(values: Iterable[str]) -> list[str]:
    return [value for value, count in Counter(values).items() if count > 1]
