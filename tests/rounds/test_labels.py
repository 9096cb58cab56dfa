"""What readers said together, as the learner's targets."""

import numpy as np
import pytest

from annotator.asked import Asked
from annotator.dataset import LabelledTask, ReaderAnswer
from annotator.models import Task
from projects.label_config import parse
from rounds.labels import targets_of

QUESTIONS = parse(
    """
    <View>
      <Image name="image" value="$image"/>
      <Choices name="diagnosis" toName="image" choice="single">
        <Choice value="Normal"/><Choice value="Nodule"/><Choice value="Effusion"/>
      </Choices>
      <Choices name="findings" toName="image" choice="multiple">
        <Choice value="Line"/><Choice value="Tube"/>
      </Choices>
      <Number name="length" toName="image"/>
    </View>
    """
)
ALL: Asked = {"findings": ["Line", "Tube"]}


def entry(name: str, kind: str, value: object) -> dict[str, object]:
    return {"from_name": name, "to_name": "image", "type": kind, "value": {kind: value}}


def said(
    diagnosis: str = "", findings: tuple[str, ...] = (), length: float | None = None
) -> list[dict[str, object]]:
    result = [entry("findings", "choices", list(findings))] if findings else []
    if diagnosis:
        result.append(entry("diagnosis", "choices", [diagnosis]))
    if length is not None:
        result.append(entry("length", "number", length))
    return result


def targets(
    *results: list[dict[str, object]], cancelled: int = 0, asked: Asked = ALL
) -> dict[str, list[float]]:
    given = [(result, False) for result in results] + [([], True)] * cancelled
    answers = tuple(
        ReaderAnswer(n, n, result, asked, skipped) for n, (result, skipped) in enumerate(given)
    )
    task = LabelledTask(1, Task.Arm.POOL, 1, answers)
    return {name: target.tolist() for name, target in targets_of(task, QUESTIONS).items()}


def test_one_reader_s_answer_is_the_label() -> None:
    label = targets(said("Nodule", ("Tube",), 12.5))
    assert label == {"diagnosis": [0, 1, 0], "findings": [0, 1], "length": [12.5]}


def test_the_majority_decides_and_numbers_take_the_median() -> None:
    label = targets(
        said("Nodule", ("Tube",), 1), said("Nodule", ("Tube", "Line"), 2), said("Normal", (), 9)
    )
    assert label == {"diagnosis": [0, 1, 0], "findings": [0, 1], "length": [2]}


def test_where_readers_are_even_there_is_no_label() -> None:
    label = targets(said("Nodule", ("Tube",)), said("Normal", ("Tube", "Line")))
    assert np.isnan(label["diagnosis"]).all()
    assert np.isnan(label["findings"][0]) and label["findings"][1] == 1


def test_no_finding_is_an_answer_and_an_open_question_is_none() -> None:
    label = targets(said())
    assert label["findings"] == [0, 0]
    assert np.isnan(label["diagnosis"]).all() and np.isnan(label["length"]).all()


def test_what_was_not_asked_is_no_answer() -> None:
    assert np.isnan(targets(said("Nodule"), asked={})["findings"]).all()
    line, tube = targets(said("Nodule"), asked={"findings": ["Line"]})["findings"]
    assert line == 0 and np.isnan(tube)


@pytest.mark.parametrize("cancelled", [1, 2])
def test_what_as_many_could_not_judge_has_no_label(cancelled: int) -> None:
    label = targets(said("Nodule", ("Tube",), 3), cancelled=cancelled)
    assert all(np.isnan(target).all() for target in label.values())


def test_an_option_that_is_offered_no_more_is_no_label() -> None:
    assert np.isnan(targets(said("Mass"))["diagnosis"]).all()
