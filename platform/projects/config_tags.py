"""Reads the tags of a label config: each into a question, or into a sentence on what is wrong."""

import math
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from django.utils.translation import gettext

from projects.errors import Refused
from projects.questions import REGION_KINDS, Kind, Option, Question

_CONTROLS: dict[str, Kind] = {
    "Choices": "single",  # or multiple, as its attribute `choice` says
    "Number": "number",
    "Rating": "rating",
    "TextArea": "text",
    "KeyPointLabels": "points",
    "RectangleLabels": "boxes",
    "EllipseLabels": "ellipses",
    "PolygonLabels": "polygons",
    "BrushLabels": "masks",
}
_OPTION_TAGS: dict[Kind, str] = {
    "single": "Choice",
    "multiple": "Choice",
    **dict.fromkeys(REGION_KINDS, "Label"),
}
_LAYOUT = frozenset({"View", "Header", "Style"})
# Tags of Label Studio that Scout cannot show yet; any other unknown tag is a spelling mistake.
_NOT_YET_NAMES = """
    Audio Bitmask BitmaskLabels Brush Chat Collapse DateTime Ellipse Filter
    HyperText HyperTextLabels KeyPoint Labels List MagicWand Markdown OcrLabels
    Pairwise ParagraphLabels Paragraphs Pdf Polygon Ranker ReactCode Rectangle
    Relation Relations Repeater Shortcut Table Taxonomy Text TimeSeries TimeSeriesLabels
    TimelineLabels Vector VectorLabels Video VideoRectangle VideoVector VideoVectorLabels
"""
_NOT_YET = frozenset(_NOT_YET_NAMES.split())
_INSTEAD = {
    "Rectangle": "RectangleLabels",
    "Ellipse": "EllipseLabels",
    "Polygon": "PolygonLabels",
    "KeyPoint": "KeyPointLabels",
    "Brush": "BrushLabels",
}
_DEEPEST = 20  # levels of tags
_MOST_STARS = 20


class LabelConfigError(Refused):
    """A label config that cannot be used; `problems` has a sentence for each reason."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(self.problems))


class TagReader:
    """Walks the tree once and collects questions and problems."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.problems: list[str] = []
        self.objects: list[str] = []
        self._header = ""  # the last <Header> that no question has taken as its title

    def walk(self, element: Element, depth: int = 0) -> None:
        if depth > _DEEPEST:
            self.problems.append(
                gettext("Tags are nested more than {most} levels deep.").format(most=_DEEPEST)
            )
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
            self.problems.append(
                gettext("<{tag}> belongs inside the question that it answers.").format(tag=tag)
            )
        elif tag in _NOT_YET:
            self.problems.append(_not_yet(tag))
        else:
            self.problems.append(
                gettext("There is no tag <{tag}> in Label Studio.").format(tag=tag)
            )

    def _image(self, element: Element) -> None:
        if not element.get("name") or not element.get("value", "").startswith("$"):
            self.problems.append(
                gettext('<Image> needs a name and a value such as value="$image".')
            )
        self.objects.append(element.get("name", ""))

    def _control(self, element: Element) -> None:
        name = element.get("name", "")
        if not name or not element.get("toName"):
            self.problems.append(
                gettext("<{tag}> needs a name and a toName.").format(tag=element.tag)
            )
            return
        self._refuse_conditions(element)
        kind = self._kind(element)
        minimum, maximum, step = self._range(element, kind)
        conditions = self._conditions(element, kind)
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
                **conditions,
            )
        )
        self._header = ""

    def _kind(self, element: Element) -> Kind:
        if element.tag != "Choices":
            return _CONTROLS[element.tag]
        choice = element.get("choice", "single")
        if choice not in ("single", "single-radio", "multiple"):
            self.problems.append(
                gettext(
                    "<Choices> “{name}”: choice must be single, single-radio or multiple."
                ).format(name=element.get("name"))
            )
        return "multiple" if choice == "multiple" else "single"

    def _refuse_conditions(self, element: Element) -> None:
        where = _where(element)
        if _is_true(element, "perItem"):
            self.problems.append(
                gettext(
                    "{where}: perItem is not supported; ask the question of the whole task."
                ).format(where=where)
            )
        is_per_region = element.tag in _CONTROLS and _is_true(element, "perRegion")
        if _is_true(element, "perRegion") and not is_per_region:
            self.problems.append(
                gettext("{where}: perRegion belongs on the question itself.").format(where=where)
            )
        if element.get("visibleWhen") and not is_per_region:
            self.problems.append(
                gettext(
                    "{where}: visibleWhen is not supported; a question is always shown."
                ).format(where=where)
            )
        if element.tag == "Choices" and element.get("value"):
            self.problems.append(
                gettext("{where}: choices from the task’s data are not supported.").format(
                    where=where
                )
            )

    def _conditions(self, element: Element, kind: Kind) -> dict[str, Any]:
        """Of which marks a question with perRegion is asked; nothing for the others."""
        if not _is_true(element, "perRegion"):
            return {}
        where = _where(element)
        if kind in REGION_KINDS:
            self.problems.append(
                gettext("{where}: marks are not drawn in marks; take perRegion away.").format(
                    where=where
                )
            )
        visible = element.get("visibleWhen", "")
        if visible not in ("", "region-selected"):
            self.problems.append(
                gettext("{where}: visibleWhen can only be region-selected.").format(where=where)
            )
        labels, tag = element.get("whenLabelValue", ""), element.get("whenTagName", "")
        # As in Label Studio, which heeds neither without it.
        if (labels or tag) and visible != "region-selected":
            self.problems.append(
                gettext(
                    "{where}: whenLabelValue and whenTagName need visibleWhen=“region-selected”."
                ).format(where=where)
            )
        named = tuple(label.strip() for label in labels.split(",") if label.strip())
        return {"per_region": True, "when_labels": named, "when_tag": tag}

    def _options(self, element: Element, kind: Kind) -> Iterator[Option]:
        wanted = _OPTION_TAGS.get(kind)
        for child in element:
            if child.tag != wanted:
                self.problems.append(
                    gettext("<{tag}> does not belong inside <{outer}>.").format(
                        tag=child.tag, outer=element.tag
                    )
                )
                continue
            if len(child):
                self.problems.append(
                    gettext("“{value}”: nested choices are not supported; list them all.").format(
                        value=child.get("value")
                    )
                )
            if not child.get("value", "").strip():
                self.problems.append(
                    gettext("A <{tag}> of “{name}” has no value.").format(
                        tag=child.tag, name=element.get("name")
                    )
                )
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
                self.problems.append(
                    gettext("“{name}”: min must be less than max.").format(name=element.get("name"))
                )
            return minimum, maximum, step
        return None, None, None

    def _most_stars(self, element: Element) -> float:
        most = self._number(element, "maxRating")
        if most is None:
            return 5.0  # Label Studio's default
        if most not in range(1, _MOST_STARS + 1):
            self.problems.append(
                gettext("“{name}”: maxRating is a whole number from 1 to {most}.").format(
                    name=element.get("name"), most=_MOST_STARS
                )
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
        self.problems.append(
            gettext("“{name}”: {attribute}=“{text}” is no number.").format(
                name=element.get("name"), attribute=attribute, text=text
            )
        )
        return None


def _not_yet(tag: str) -> str:
    if tag == "VectorLabels":
        return gettext(
            "Scout cannot show <{tag}> yet: ask for a <Number>, which takes a measured length."
        ).format(tag=tag)
    if tag in _INSTEAD:
        return gettext("Scout cannot show <{tag}> yet: ask for <{instead}>.").format(
            tag=tag, instead=_INSTEAD[tag]
        )
    return gettext("Scout cannot show <{tag}> yet.").format(tag=tag)


def _where(element: Element) -> str:
    if not element.get("name"):
        return f"<{element.tag}>"
    return gettext("<{tag}> “{name}”").format(tag=element.tag, name=element.get("name"))


def _is_true(element: Element, attribute: str) -> bool:
    return element.get(attribute, "").lower() == "true"
