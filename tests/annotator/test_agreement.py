"""What several readers said together."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement import answer_value, consensus, found_by
from annotator.asked import Asked
from annotator.dataset import ReaderAnswer
from annotator.results import RESULT_TYPES, Result
from projects.label_config import Option, Question

GRADE = Question("grade", "image", "single", "Grade", (Option("Mild", alias="1"), Option("Severe")))
FINDINGS = Question("f", "image", "multiple", "Findings", (Option("Nodule"), Option("Effusion")))
DIAMETER = Question("d", "image", "number", "Diameter")
STARS = Question("s", "image", "rating", "Stars")
REMARK = Question("r", "image", "text", "Remark")
BOXES = Question("b", "image", "boxes", "Boxes", (Option("Nodule"),))
ALL: Asked = {"f": ["Nodule", "Effusion"], "b": ["Nodule"]}


def answered(result: Result, asked: Asked = ALL) -> ReaderAnswer:
    return ReaderAnswer(1, 1, result, asked, was_cancelled=False)


def entry(question: Question, value: Any) -> Result:
    kind = RESULT_TYPES[question.kind]
    key = "text" if question.kind == "text" else kind
    return [{"from_name": question.name, "to_name": "image", "type": kind, "value": {key: value}}]


def said(question: Question, value: Any, asked: Asked = ALL) -> ReaderAnswer:
    return answered(entry(question, value), asked)


NOTHING = answered([])


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([["1"]], "1"),
        ([["1"], ["1"], ["Severe"]], "1"),
        ([["1"], ["Severe"]], None),
        ([["1"], ["Severe"], ["1"], ["Severe"]], None),
    ],
)
def test_a_single_choice_goes_to_the_majority(answers: list[list[str]], expected: str) -> None:
    assert consensus(GRADE, [said(GRADE, answer) for answer in answers]) == expected


def test_findings_are_settled_one_by_one() -> None:
    results = [said(FINDINGS, ["Nodule"]), said(FINDINGS, ["Nodule", "Effusion"]), NOTHING]
    assert consensus(FINDINGS, results) == {"Nodule": True, "Effusion": False}


def test_two_readers_who_differ_leave_a_finding_open() -> None:
    results = [said(FINDINGS, ["Nodule"]), NOTHING]
    assert consensus(FINDINGS, results) == {"Nodule": None, "Effusion": False}


def test_read_and_normal_differs_from_not_read() -> None:
    assert consensus(FINDINGS, [NOTHING]) == {"Nodule": False, "Effusion": False}
    assert consensus(FINDINGS, []) is None


def test_who_was_not_asked_has_not_answered() -> None:
    diagnosis = said(GRADE, ["1"], asked={})
    assert answer_value(FINDINGS, diagnosis) is None and answer_value(BOXES, diagnosis) is None
    assert consensus(FINDINGS, [diagnosis]) is None and found_by(BOXES, [diagnosis]) is None
    assert consensus(FINDINGS, [diagnosis, NOTHING]) == {"Nodule": False, "Effusion": False}


def test_a_choice_that_came_later_is_open_where_it_was_not_asked() -> None:
    earlier = answered([], {"f": ["Nodule"]})
    assert consensus(FINDINGS, [earlier]) == {"Nodule": False}
    later = said(FINDINGS, ["Effusion"])
    assert consensus(FINDINGS, [earlier, later]) == {"Nodule": False, "Effusion": True}


def test_what_is_named_is_an_answer_whatever_was_asked() -> None:
    assert consensus(FINDINGS, [said(FINDINGS, ["Nodule"], asked={})]) == {"Nodule": True}


def test_numbers_meet_in_the_median() -> None:
    assert consensus(DIAMETER, [said(DIAMETER, one) for one in (4, 5.5, 30)]) == 5.5
    assert consensus(STARS, [said(STARS, one) for one in (2, 3)]) == 2.5
    assert consensus(DIAMETER, [NOTHING, said(DIAMETER, 7)]) == 7.0
    assert consensus(DIAMETER, [NOTHING]) is None


def test_text_and_regions_have_no_consensus() -> None:
    assert consensus(REMARK, [said(REMARK, ["Old fracture"])]) is None
    assert consensus(BOXES, [said(BOXES, ["Nodule"])]) is None


def test_one_result_as_plain_values() -> None:
    entries = entry(GRADE, ["1"]) + entry(DIAMETER, 3) + entry(REMARK, ["a", "b"])
    result = answered(entries)
    assert answer_value(GRADE, result) == "1"
    assert answer_value(DIAMETER, result) == 3.0
    assert answer_value(REMARK, result) == "a\nb"
    assert answer_value(FINDINGS, result) == frozenset()
    assert answer_value(STARS, result) is None
    twice = answered(entry(BOXES, ["Nodule"]) + entry(BOXES, ["Nodule"]))
    assert answer_value(BOXES, twice) == frozenset({"Nodule"})


@given(
    st.lists(st.sets(st.sampled_from(["Nodule", "Effusion"])), min_size=1, max_size=7), st.randoms()
)
def test_the_order_of_the_readers_does_not_matter(answers: list[set[str]], random: Any) -> None:
    results = [said(FINDINGS, sorted(answer)) for answer in answers]
    shuffled = list(results)
    random.shuffle(shuffled)
    assert consensus(FINDINGS, shuffled) == consensus(FINDINGS, results)
