"""What the learner says of the tasks that are served next, and of no others."""

import numpy as np
import pytest

from annotator.claims import claim_next_task
from annotator.models import Prediction, Task
from annotator.results import check_result
from projects.label_config import Question, parse
from rounds import worker
from rounds.worker.telling import predictions_of
from tests.rounds.learning_project import LearningProject, make_learning_project

pytestmark = pytest.mark.usefixtures("new_learner")
CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="diagnosis" toName="image" choice="single">
    <Choice value="Normal"/><Choice value="Mass" alias="mass"/>
  </Choices>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion"/>
  </Choices>
  <Number name="size" toName="image" min="0" max="50"/>
  <Rating name="quality" toName="image" maxRating="5"/>
</View>
"""


def learning(policy: str) -> LearningProject:
    """Twelve of sixteen radiographs are read, and the next is in Bob's hand."""
    project = make_learning_project(count=16, model_help=policy)
    worker.embed(project_id=project.project.pk)
    for _ in range(12):
        project.read_next()
    return project


def test_the_next_tasks_and_those_in_hand_are_predicted(transactional_db: None) -> None:
    read = learning("before")
    held = claim_next_task(project=read.project, reader=read.cast.bob)
    worker.rerank(project_id=read.project.pk)
    said = Prediction.objects.filter(project=read.project)
    unread = Task.objects.filter(project=read.project, answers=0)
    assert set(said.values_list("task", flat=True)) == set(unread.values_list("pk", flat=True))
    assert held is not None and said.filter(task=held.task_id).exists()
    one = said.first()
    assert one is not None
    assert (one.model_version, one.created_by) == ("Scout round 0, ranking 1", None)
    (entry,) = one.result
    chances = entry["meta"]["probabilities"]
    assert set(chances) == {"Normal", "Nodule"}
    assert sum(chances.values()) == pytest.approx(1, abs=2e-4)
    assert one.score == entry["score"] == max(chances.values())
    assert entry["value"] == {"choices": [max(chances, key=chances.__getitem__)]}


def test_a_newer_ranking_says_it_anew_and_leaves_answered_tasks_alone(
    transactional_db: None,
) -> None:
    read = learning("after")
    worker.rerank(project_id=read.project.pk)
    answered = read.read_next().task_id
    worker.rerank(project_id=read.project.pk)
    said = dict(Prediction.objects.values_list("task", "model_version"))
    assert said.pop(answered) == "Scout round 0, ranking 1"
    assert set(said.values()) == {"Scout round 0, ranking 2"}


def test_where_it_does_not_help_nothing_is_predicted(transactional_db: None) -> None:
    read = learning("off")
    worker.rerank(project_id=read.project.pk)
    assert not Prediction.objects.exists()


def test_every_kind_of_question_is_answered_as_the_label_config_asks() -> None:
    questions: tuple[Question, ...] = parse(CONFIG)
    opinions = {
        "diagnosis": np.array([[0.3, 0.7]], dtype=np.float32),
        "findings": np.array([[0.2, 0.1]], dtype=np.float32),
        "size": np.array([[61.34]], dtype=np.float32),
        "quality": np.array([[0.2]], dtype=np.float32),
    }
    deviations = {
        "size": np.array([[4.5678]], dtype=np.float32),
        "quality": np.array([[0.712]], dtype=np.float32),
    }
    (said,) = predictions_of([5], opinions, deviations, questions)
    check_result(CONFIG, said.result, complete=True)
    values = {entry["from_name"]: entry["value"] for entry in said.result}
    assert values == {
        "diagnosis": {"choices": ["mass"]},
        "findings": {"choices": []},
        "size": {"number": 50.0},
        "quality": {"rating": 1},
    }
    assert said.score == 0.7
    assert said.result[1]["meta"] == {"probabilities": {"Nodule": 0.2, "Effusion": 0.1}}
    assert [entry["meta"] for entry in said.result[2:]] == [
        {"deviation": 4.6}, {"deviation": 0.71},
    ]  # fmt: skip
    assert predictions_of([5], {}, {}, questions) == []


def test_of_a_finding_that_was_hardly_ever_asked_about_nothing_is_said() -> None:
    (_, findings, *_) = questions = parse(CONFIG)
    opinions = {"findings": np.array([[np.nan, 0.9]], dtype=np.float32)}
    (said,) = predictions_of([5], opinions, {}, questions)
    (entry,) = said.result
    assert (entry["value"], entry["score"]) == ({"choices": ["Effusion"]}, 0.9)
    assert entry["meta"] == {"probabilities": {"Effusion": 0.9}}
    nothing = {"findings": np.array([[np.nan, np.nan]], dtype=np.float32)}
    assert predictions_of([5], nothing, {}, [findings]) == []
