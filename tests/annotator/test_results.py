"""Results held against the label config."""

import math
from typing import Any

import pytest

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
</View>
"""


def entry(name: str, kind: str, **value: Any) -> dict[str, Any]:
    return {"id": "x", "from_name": name, "to_name": "image", "type": kind, "value": value}


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
        entry("masks", "brushlabels", format="rle", rle=[0, 255, 7], brushlabels=["Lesion"]),
    ],
)  # fmt: skip
def test_what_was_asked_is_taken(extra: dict[str, Any]) -> None:
    check_result(CONFIG, [GRADE, extra], complete=True)


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
    with pytest.raises(Refused) as refused:
        check_result(CONFIG, result, complete=False)
    assert str(refused.value).startswith(sentence)


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
