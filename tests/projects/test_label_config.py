"""The label config: what is read, and what is refused with which sentence."""

import pytest
from django.utils import translation

from projects.label_config import (
    LabelConfigError,
    Option,
    Question,
    parse,
    question_json,
    validate,
)
from projects.label_templates import TEMPLATES, LabelTemplate

IMAGE = '<Image name="image" value="$image"/>'


def view(inside: str, *, image: str = IMAGE) -> str:
    return f"<View>{image}{inside}</View>"


def problems(xml: str) -> tuple[str, ...]:
    """What is wrong, in English; each of the problems is told in German too."""
    told = {}
    for language in ("en-gb", "de"):
        with translation.override(language), pytest.raises(LabelConfigError) as caught:
            parse(xml)
        told[language] = caught.value.problems
    assert not set(told["en-gb"]) & set(told["de"])
    return told["en-gb"]


def test_a_multiple_choice_is_read_whole() -> None:
    xml = view(
        '<Header value="What do you see?"/>'
        '<Choices name="findings" toName="image" choice="multiple" required="true">'
        '<Choice value="Nodule" alias="nod" hotkey="n" background="#ff0000"/>'
        '<Choice value="Effusion"/></Choices>'
    )
    assert parse(xml) == (
        Question(
            name="findings",
            to_name="image",
            kind="multiple",
            title="What do you see?",
            options=(Option("Nodule", "nod", "n", "#ff0000"), Option("Effusion")),
            required=True,
        ),
    )


def test_the_alias_is_the_answer() -> None:
    assert (Option("Nodule", alias="nod").answer, Option("Nodule").answer) == ("nod", "Nodule")


@pytest.mark.parametrize("choice", ["", 'choice="single"', 'choice="single-radio"'])
def test_choices_are_single_unless_they_say_multiple(choice: str) -> None:
    xml = view(f'<Choices name="d" toName="image" {choice}>{TWO}</Choices>')
    assert parse(xml)[0].kind == "single"


def test_numbers_ratings_and_texts_are_read() -> None:
    number, rating, text = parse(
        view(
            '<Number name="size_mm" toName="image" min="0" max="50" step="0.5"/>'
            '<Rating name="grade" toName="image" maxRating="4"/>'
            '<TextArea name="note" toName="image"/>'
        )
    )
    assert (number.kind, number.minimum, number.maximum, number.step) == ("number", 0, 50, 0.5)
    assert number.title == "Size mm"
    assert (rating.kind, rating.minimum, rating.maximum) == ("rating", 1, 4)
    assert (text.kind, text.options) == ("text", ())


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("KeyPointLabels", "points"),
        ("RectangleLabels", "boxes"),
        ("EllipseLabels", "ellipses"),
        ("PolygonLabels", "polygons"),
        ("BrushLabels", "masks"),
    ],
)
def test_regions_are_read(tag: str, kind: str) -> None:
    xml = view(f'<{tag} name="r" toName="image"><Label value="Mass" background="red"/></{tag}>')
    assert (parse(xml)[0].kind, parse(xml)[0].options) == (kind, (Option("Mass", "", "", "red"),))


def test_a_header_titles_only_the_next_question() -> None:
    questions = parse(
        view(
            '<View><Header value="Grade"/><Rating name="a" toName="image"/></View>'
            '<Rating name="b" toName="image"/>'
        )
    )
    assert [question.title for question in questions] == ["Grade", "B"]


def test_the_viewer_reads_null_for_what_is_not_given() -> None:
    xml = view('<RectangleLabels name="r" toName="image"><Label value="Mass"/></RectangleLabels>')
    assert question_json(parse(xml)) == [
        {
            "name": "r",
            "to_name": "image",
            "kind": "boxes",
            "title": "R",
            "options": ({"value": "Mass", "alias": None, "hotkey": None, "background": None},),
            "required": False,
            "minimum": None,
            "maximum": None,
            "step": None,
            "per_region": False,
            "when_labels": (),
            "when_tag": None,
        }
    ]


PER_REGION = 'perRegion="true" visibleWhen="region-selected"'
NODULES = (
    '<RectangleLabels name="boxes" toName="image"><Label value="Nodule" alias="nod"/>'
    '<Label value="Node"/></RectangleLabels>'
)


def test_a_question_is_asked_of_each_mark() -> None:
    _, density, diameter = parse(
        view(
            f'{NODULES}<Choices name="density" toName="image" {PER_REGION} whenTagName="boxes"'
            f' whenLabelValue="nod, Node">{TWO}</Choices>'
            '<Number name="diameter" toName="image" perRegion="true"/>'
        )
    )
    assert (density.per_region, density.when_tag) == (True, "boxes")
    assert density.when_labels == ("nod", "Node")
    assert density.is_asked_of(tag="boxes", label="nod")
    assert not density.is_asked_of(tag="boxes", label="Mass")
    assert not density.is_asked_of(tag="masks", label="nod")
    assert diameter.per_region
    assert diameter.is_asked_of(tag="anything", label="at all")


RATING = '<Rating name="a" toName="image"/>'
TWO = '<Choice value="A"/><Choice value="B"/>'


@pytest.mark.parametrize(
    ("xml", "sentence"),
    [
        ("<View>", "This is not well-formed XML: no element found: line 1, column 6."),
        ("<Choices/>", "The outermost tag must be <View>, not <Choices>."),
        (view(""), "Nothing is asked: add a question such as <Choices>."),
        (view(RATING, image=""), "There must be one <Image>: the scan that is read."),
        (view(RATING + RATING), "The name “a” is used twice."),
        (view('<Rating name="image" toName="image"/>'), "The name “image” is used twice."),
        (
            view('<Rating name="a" toName="scan"/>'),
            "“a” points to “scan”, which is no <Image>.",
        ),
        (view('<Rating toName="image"/>'), "<Rating> needs a name and a toName."),
        (view(RATING + "<Foo/>"), "There is no tag <Foo> in Label Studio."),
        (view(RATING + "<choices/>"), "There is no tag <choices> in Label Studio."),
        (view(RATING + "<Taxonomy/>"), "Scout cannot show <Taxonomy> yet."),
        (
            view('<Polygon name="a" toName="image"/>'),
            "Scout cannot show <Polygon> yet: ask for <PolygonLabels>.",
        ),
        (view(RATING + '<Choice value="A"/>'), "<Choice> belongs inside the question"),
        (
            view(f'<Choices name="a" toName="image" perRegion="true">{TWO}</Choices>'),
            "“a” is asked of each mark (perRegion), but no tag asks for marks.",
        ),
        (
            view(RATING.replace("/>", ' perItem="true"/>')),
            "<Rating> “a”: perItem is not supported; ask the question of the whole task.",
        ),
        (
            view(f'<View perRegion="true">{RATING}</View>'),
            "<View>: perRegion belongs on the question itself.",
        ),
        (
            view(NODULES.replace("toName", 'perRegion="true" toName')),
            "<RectangleLabels> “boxes”: marks are not drawn in marks; take perRegion away.",
        ),
        (
            view(NODULES + RATING.replace("/>", f' {PER_REGION} whenTagName="dots"/>')),
            "“a”: whenTagName=“dots” is no tag that asks for marks.",
        ),
        (
            view(NODULES + RATING.replace("/>", f' {PER_REGION} whenLabelValue="Mass"/>')),
            "“a”: whenLabelValue=“Mass” is no label of the marks.",
        ),
        (
            view(NODULES + RATING.replace("/>", ' perRegion="true" whenLabelValue="Node"/>')),
            "“a”: whenLabelValue and whenTagName need visibleWhen=“region-selected”.",
        ),
        (
            view(
                NODULES + RATING.replace("/>", ' perRegion="true" visibleWhen="choice-selected"/>')
            ),
            "“a”: visibleWhen can only be region-selected.",
        ),
        (
            view(f'<View visibleWhen="region-selected">{RATING}</View>'),
            "<View>: visibleWhen is not supported; a question is always shown.",
        ),
        (
            view(
                '<Choices name="a" toName="image"><Choice value="A"><Choice value="C"/></Choice>'
                '<Choice value="B"/></Choices>'
            ),
            "“A”: nested choices are not supported; list them all.",
        ),
        (
            view('<Choices name="a" toName="image" value="$list"/>'),
            "<Choices> “a”: choices from the task’s data are not supported.",
        ),
        (
            view(f'<Choices name="a" toName="image" choice="many">{TWO}</Choices>'),
            "<Choices> “a”: choice must be single, single-radio or multiple.",
        ),
        (
            view('<Choices name="a" toName="image"><Choice value="A"/></Choices>'),
            "“a” needs at least two choices.",
        ),
        (view('<BrushLabels name="a" toName="image"/>'), "“a” needs at least one <Label>."),
        (
            view(f'<Choices name="a" toName="image">{TWO}<Choice value="C" alias="A"/></Choices>'),
            "“a” offers “A” twice.",
        ),
        (
            view('<Choices name="a" toName="image"><Choice value=" "/>' + TWO + "</Choices>"),
            "A <Choice> of “a” has no value.",
        ),
        (
            view(f'<BrushLabels name="a" toName="image">{TWO}</BrushLabels>'),
            "<Choice> does not belong inside <BrushLabels>.",
        ),
        (
            view(
                '<Choices name="a" toName="image"><Choice value="A" hotkey="x"/>'
                '<Choice value="B" hotkey="x"/></Choices>'
            ),
            "The key “x” is given twice.",
        ),
        (
            view('<Number name="a" toName="image" min="5" max="2"/>'),
            "“a”: min must be less than max.",
        ),
        (view('<Number name="a" toName="image" min="low"/>'), "“a”: min=“low” is no number."),
        (view('<Number name="a" toName="image" max="inf"/>'), "“a”: max=“inf” is no number."),
        (view('<Number name="a" toName="image" min="nan"/>'), "“a”: min=“nan” is no number."),
        (view('<Rating name="a" toName="image" maxRating="1e9"/>'), "whole number from 1 to 20"),
        (view('<Rating name="a" toName="image" maxRating="-3"/>'), "whole number from 1 to 20"),
        (view("<View>" * 30 + RATING + "</View>" * 30), "nested more than 20 levels"),
        ("<View>" + " " * 200_000, "longer than 200,000 characters"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(xml: str, sentence: str) -> None:
    assert any(sentence in problem for problem in problems(xml)), problems(xml)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE v [<!ENTITY a "aaaaaaaaaa">]>',
        '<!DOCTYPE v [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "<!DOCTYPE v>",
    ],
)
def test_entities_are_refused(doctype: str) -> None:
    assert problems(doctype + view(RATING)) == (
        "Document types and entities are not allowed in a label config.",
    )


def test_every_problem_is_named_at_once() -> None:
    assert len(problems(view('<Foo/><Taxonomy/><Rating name="a" toName="scan"/>'))) == 3


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.slug)
def test_every_template_passes_label_studio(template: LabelTemplate) -> None:
    assert validate(template.xml)


def test_the_templates_ask_what_they_promise() -> None:
    kinds = {t.slug: [question.kind for question in parse(t.xml)] for t in TEMPLATES}
    assert kinds == {
        "findings": ["multiple"],
        "diagnosis": ["single"],
        "severity": ["single", "rating"],
        "measurement": ["number", "text"],
        "boxes": ["boxes"],
        "points": ["points"],
        "outlines": ["polygons", "ellipses"],
        "nodules": ["boxes", "single", "number"],
        "masks": ["masks"],
    }


def test_what_only_label_studio_objects_to_is_told() -> None:
    with pytest.raises(LabelConfigError):
        validate(view('<Rating name="a" toName="image" maxRating="five stars"/>'))
