"""What a project asks of its readers: Label Studio's XML, read and checked.

Tags and attributes are those of https://labelstud.io/tags/. Scout reads a part of them; what it
cannot show to a reader is refused with a sentence, never dropped: a dropped question would be a
column of the dataset that nobody was asked.
"""

from xml.etree.ElementTree import Element, ParseError

import defusedxml.ElementTree
from defusedxml.common import DefusedXmlException
from django.utils.translation import gettext

from accounts.saying import said
from accounts.sentences import Sentence
from projects.config_checks import problems_of_whole
from projects.config_tags import LabelConfigError, TagReader
from projects.questions import REGION_KINDS, Kind, Option, Question, asked_of_task, question_json

__all__ = [
    "REGION_KINDS",
    "Kind",
    "LabelConfigError",
    "Option",
    "Question",
    "asked_of_task",
    "parse",
    "question_json",
    "validate",
]

_LONGEST = 200_000  # characters


def parse(xml: str) -> tuple[Question, ...]:
    """The questions in the order of the XML. Raises LabelConfigError with every problem found."""
    try:
        root = _root(xml)
    except (ParseError, DefusedXmlException) as error:
        raise LabelConfigError([_explain_xml(error)]) from error
    reader = TagReader()
    reader.walk(root)
    problems = [*reader.problems, *problems_of_whole(reader.questions, reader.objects)]
    if problems:
        raise LabelConfigError(problems)
    return tuple(reader.questions)


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
        raise LabelConfigError(
            [gettext("Label Studio does not accept this: {error}").format(error=error)]
        ) from error
    return questions


def _root(xml: str) -> Element:
    if len(xml) > _LONGEST:
        raise LabelConfigError(
            [said(Sentence("The label config is longer than {most} characters.", most=_LONGEST))]
        )
    root: Element = defusedxml.ElementTree.fromstring(xml, forbid_dtd=True)
    if root.tag != "View":
        raise LabelConfigError(
            [gettext("The outermost tag must be <View>, not <{tag}>.").format(tag=root.tag)]
        )
    return root


def _explain_xml(error: Exception) -> str:
    if isinstance(error, DefusedXmlException):
        return gettext("Document types and entities are not allowed in a label config.")
    return gettext("This is not well-formed XML: {error}.").format(error=error)
