"""Results held against the label config."""

import math
from typing import Any

import pytest
from django.utils import translation

from annotator.reading_serializers import AnswerSerializer
from annotator.results import check_result
from projects.errors import Refused

CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="grade" toName="image" choice="single" required="true">
    <Choice value="Mild" alias="1"/><Choice value="Severe"/>
  </Choices>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion"/>
  </Choices>
  <Number name="diameter" toName="image" min="0" max="500"/>
  <Rating name="stars" toName="image" maxRating="5"/>
  <TextArea name="remark" toName="image"/>
  <RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels>
  <BrushLabels name="masks" toName="image"><Label value="Lesion"/></BrushLabels>
  <KeyPointLabels name="points" toName="image"><Label value="Apex"/></KeyPointLabels>
  <EllipseLabels name="ellipses" toName="image"><Label value="Heart"/></EllipseLabels>
  <PolygonLabels name="outlines" toName="image"><Label value="Mass"/></PolygonLabels>
  <Choices name="density" toName="image" perRegion="true" visibleWhen="region-selected"
    whenTagName="outlines"><Choice value="Solid"/><Choice value="Cystic"/></Choices>
</View>
"""


def entry(name: str, kind: str, **value: Any) -> dict[str, Any]:
    return {"id": "x", "from_name": name, "to_name": "image", "type": kind, "value": value}


POINT = {"x": 0, "y": 100, "width": 0.25, "keypointlabels": ["Apex"]}
ELLIPSE = {
    "x": 50,
    "y": 50,
    "radiusX": 9,
    "radiusY": 4.5,
    "rotation": 30,
    "ellipselabels": ["Heart"],
}
OUTLINE = {"points": [[0, 0], [50, 0.5], [100, 100]], "closed": True, "polygonlabels": ["Mass"]}
GRADE = entry("grade", "choices", choices=["1"])
BOX = {"x": 10, "y": 20, "width": 30.5, "height": 40, "rotation": 0, "rectanglelabels": ["Nodule"]}


@pytest.mark.parametrize(
    "extra",
    [
        entry("findings", "choices", choices=["Nodule", "Effusion"]),
        entry("findings", "choices", choices=[]),
        entry("diameter", "number", number=12.3),
        entry("stars", "rating", rating=3),
        entry("remark", "textarea", text=["Näheres folgt"]),
        entry("boxes", "rectanglelabels", **BOX),
        entry("boxes", "rectanglelabels", **{**BOX, "x": 90, "rotation": 30}),
        entry("masks", "brushlabels", format="rle", rle=[0, 255, 7], brushlabels=["Lesion"]),
        entry("points", "keypointlabels", **POINT),
        entry("ellipses", "ellipselabels", **ELLIPSE),
        entry("outlines", "polygonlabels", **OUTLINE),
    ],
)  # fmt: skip
def test_what_was_asked_is_taken(extra: dict[str, Any]) -> None:
    check_result(CONFIG, [GRADE, extra], complete=True)


def refusal(result: list[dict[str, Any]]) -> str:
    """The sentence that refuses the result, in English; in German there is another."""
    told = {}
    for language in ("en-gb", "de"):
        with translation.override(language), pytest.raises(Refused) as refused:
            check_result(CONFIG, result, complete=False)
        told[language] = str(refused.value)
    assert told["de"] != told["en-gb"]
    return told["en-gb"]


MASS = {**entry("outlines", "polygonlabels", **OUTLINE), "id": "m1"}
HEART = {**entry("ellipses", "ellipselabels", **ELLIPSE), "id": "h1"}


def density(mark: str, *said: str) -> dict[str, Any]:
    return {**entry("density", "choices", choices=list(said)), "id": mark}


def test_what_is_said_of_a_mark_is_taken() -> None:
    other = {**MASS, "id": "m2"}
    said = [density("m1", "Solid"), density("m2", "Cystic")]
    check_result(CONFIG, [GRADE, *said, MASS, other], complete=True)
    check_result(CONFIG, [GRADE, MASS, other], complete=True)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ([density("m3", "Solid")], "its id is that of a mark of this result, which “m3” is not"),
        ([density("h1", "Solid")], "is not asked of marks of “ellipses” with label “Heart”"),
        ([density("m1", "Solid"), density("m1", "Cystic")], "answered 2 times of mark “m1”"),
        ([density("m1", "Firm")], "“density” does not offer “Firm”"),
    ],
)
def test_what_is_said_of_no_such_mark_is_refused(said: Any, sentence: str) -> None:
    assert sentence in refusal([GRADE, MASS, HEART, *said])


def test_what_is_required_of_each_mark_is_missed() -> None:
    config = CONFIG.replace('"density"', '"density" required="true"')
    check_result(config, [GRADE, HEART], complete=True)
    check_result(config, [GRADE, MASS], complete=False)
    with pytest.raises(Refused, match="“Density” is not answered of every mark"):
        check_result(config, [GRADE, MASS], complete=True)
    check_result(config, [GRADE, MASS, density("m1", "Solid")], complete=True)


def test_several_regions_are_taken() -> None:
    check_result(CONFIG, [GRADE, *[entry("boxes", "rectanglelabels", **BOX)] * 3], complete=True)


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        ([entry("colour", "choices", choices=["1"])], "There is no question “colour”"),
        ([{"value": {}}], "There is no question “None”"),
        ([entry("grade", "number", number=1)], "“grade” is answered with type “choices”"),
        ([{**GRADE, "to_name": "other"}], "“grade” is asked of “image”"),
        ([{**GRADE, "value": 3}], "“grade” has no value"),
        ([entry("grade", "choices", choices="1")], "“grade” is answered with a list"),
        ([entry("grade", "choices", choices=["Mild"])], "“grade” does not offer “Mild”"),
        ([entry("grade", "choices", choices=["1", "Severe"])], "“grade” takes exactly one"),
        ([GRADE, GRADE], "“grade” is answered 2 times"),
        ([entry("findings", "choices", choices=["Nodule", "Nodule"])], "“findings” names a choice"),
        ([entry("diameter", "number", number="12")], "“diameter” needs a number"),
        ([entry("diameter", "number", number=True)], "“diameter” needs a number"),
        ([entry("diameter", "number", number=-1)], "“diameter” is at least 0"),
        ([entry("diameter", "number", number=501)], "“diameter” is at most 500"),
        ([entry("stars", "rating", rating=2.5)], "“stars” is a whole number"),
        ([entry("stars", "rating", rating=6)], "“stars” is at most 5"),
        ([entry("remark", "textarea", text="alone")], "“remark” is answered with a list"),
        ([entry("boxes", "rectanglelabels", **{**BOX, "x": 80})], "A box of “boxes” does not lie"),
        ([entry("boxes", "rectanglelabels", **{**BOX, "width": 0})], "A box of “boxes” does not"),
        ([entry("boxes", "rectanglelabels", **{**BOX, "y": None})], "“boxes” needs a number"),
        ([entry("masks", "brushlabels", format="rle", rle=[256], brushlabels=["Lesion"])],
         "A mask of “masks” holds"),
        ([entry("masks", "brushlabels", rle=[1], brushlabels=["Lesion"])], "A mask of “masks” has"),
        ([entry("remark", "textarea", text=["a\x00"])], "The result holds the character NUL"),
        ([entry("remark", "textarea", text=["\ud800"])], "The result holds a number or"),
        ([{**GRADE, "score": math.inf}], "The result holds a number or"),
        ([GRADE] * 2001, "A result holds at most 2000 entries"),
    ],
)  # fmt: skip
def test_what_was_not_asked_is_refused(result: list[dict[str, Any]], sentence: str) -> None:
    assert refusal(result).startswith(sentence)


def test_a_required_question_may_wait_in_a_draft_and_not_in_an_answer() -> None:
    check_result(CONFIG, [], complete=False)
    with pytest.raises(Refused, match="“Grade” is not answered; it is required"):
        check_result(CONFIG, [], complete=True)


@pytest.mark.parametrize("number", [10**400, -(10**400), float("nan"), float("inf")])
def test_no_number_is_too_large_to_be_refused(number: float) -> None:
    with pytest.raises(Refused):
        check_result(CONFIG, [GRADE, entry("diameter", "number", number=number)], complete=True)


@pytest.mark.parametrize("rotation", ["a lot", None, [], True, 1e308, 361, 10**400])
def test_a_box_turned_by_what_is_no_angle_is_refused(rotation: object) -> None:
    box = entry("boxes", "rectanglelabels", **{**BOX, "rotation": rotation})
    with pytest.raises(Refused):
        check_result(CONFIG, [GRADE, box], complete=True)


def test_what_postgresql_could_not_hold_is_refused() -> None:
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    with pytest.raises(Refused, match="nested too deeply"):
        check_result(CONFIG, [{**GRADE, "meta": nested}], complete=True)
    with pytest.raises(Refused, match="larger than 32 MiB"):
        check_result(CONFIG, [{**GRADE, "meta": "x" * (33 << 20)}], complete=True)


SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "boxes": ("rectanglelabels", BOX),
    "points": ("keypointlabels", POINT),
    "ellipses": ("ellipselabels", ELLIPSE),
    "outlines": ("polygonlabels", OUTLINE),
}


@pytest.mark.parametrize(
    ("name", "changes", "sentence"),
    [
        ("boxes", {"rotation": 400}, "A mark of “boxes” is turned by more than 360 degrees."),
        ("points", {"x": 101}, "A point of “points” does not lie inside the image (0 to 100 %)."),
        ("points", {"width": -1}, "A point of “points” has a width from 0 to 100 %."),
        ("points", {"keypointlabels": ["Base"]}, "“points” does not offer “Base”; it offers"),
        ("points", {"keypointlabels": []}, "Each region of “points” has exactly one label."),
        ("points", {"y": "3"}, "“points” needs a number under “y”."),
        ("ellipses", {"y": -1}, "An ellipse of “ellipses” has its centre inside the image"),
        ("ellipses", {"radiusX": 0}, "An ellipse of “ellipses” has radii above 0"),
        ("ellipses", {"rotation": 999}, "A mark of “ellipses” is turned by more"),
        ("outlines", {"points": [[0, 0], [1, 1]]}, "A polygon of “outlines” has 3 to 20,000"),
        ("outlines", {"points": [[0, 0], [1, 1], [1, 101]]}, "A corner of “outlines” is [x, y]"),
        ("outlines", {"points": [[0, 0], [1, 1], [True, 1]]}, "A corner of “outlines” is [x, y]"),
        ("outlines", {"points": [[0, 0], [1, 1], [1]]}, "A corner of “outlines” is [x, y]"),
        ("outlines", {"points": [[0, 0], [1, 1], [1, 10**400]]}, "A corner of “outlines” is"),
        ("outlines", {"closed": False}, "A polygon of “outlines” is closed."),
    ],
)
def test_a_mark_that_cannot_be_is_refused(
    name: str, changes: dict[str, Any], sentence: str
) -> None:
    kind, value = SHAPES[name]
    assert refusal([entry(name, kind, **value | changes)]).startswith(sentence)


@pytest.mark.parametrize("mark", [["x"], {"x": 1}, 7, None])
def test_an_id_is_a_text(mark: object) -> None:
    with pytest.raises(Refused, match="The id of an answer to “grade” is no text"):
        check_result(CONFIG, [{**GRADE, "id": mark}], complete=True)
    check_result(CONFIG, [{name: GRADE[name] for name in GRADE if name != "id"}], complete=True)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"result": [1] * 200_000}, "A result holds at most 2000 entries; this one has 200000."),
        ({"result": [{}, *[1] * 1999]}, "Entry 2 of the result is no object."),
        ({"result": [], "decisions": dict.fromkeys(map(str, range(100_000)), 1)},
         "At most 2000 suggestions can be decided on; here are 100000."),
    ],
)  # fmt: skip
def test_what_is_too_long_is_refused_before_each_entry_is_looked_at(
    sent: dict[str, Any], sentence: str
) -> None:
    serializer = AnswerSerializer(data=sent)
    assert not serializer.is_valid()
    (told,) = serializer.errors.values()
    assert told == [sentence]
