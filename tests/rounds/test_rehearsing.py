"""Rehearsals of a project that has been read."""

import json
from io import StringIO
from pathlib import Path

import pytest
import torch
from django.core.management import CommandError, call_command

from annotator.models import Annotation
from projects.models import Project
from rounds import worker
from rounds.worker import rehearsing
from tests.rounds.learning_project import LearningProject, make_learning_project

torch.set_num_threads(1)

TWO_QUESTIONS = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="diagnosis" toName="image" choice="single">
    <Choice value="Normal"/><Choice value="Nodule"/>
  </Choices>
  <Choices name="quality" toName="image" choice="single">
    <Choice value="Good"/><Choice value="Bad"/>
  </Choices>
</View>
"""

FINDINGS = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Mass"/>
  </Choices>
</View>
"""


@pytest.fixture
def radiographs(transactional_db: None, new_learner: None) -> LearningProject:
    return make_learning_project(20)


def rehearse(project: Project, *arguments: str) -> str:
    printed = StringIO()
    few = ["--budget", "8", "--seeds", "2", "--processes", "1"]
    command = ["rehearse", "--project", str(project.pk), *few, *arguments]
    call_command(*command, stdout=printed, stderr=StringIO())
    return printed.getvalue()


def test_a_project_is_rehearsed_on_what_its_readers_agreed_on(
    radiographs: LearningProject, tmp_path: Path
) -> None:
    worker.embed(project_id=radiographs.project.pk)
    for _ in range(16):
        radiographs.read_next()
    out = tmp_path / "out.json"
    printed = rehearse(radiographs.project, "--strategies", "margin", "--json", str(out))
    result = json.loads(out.read_text())
    assert (result["pictures"], result["groups"], result["question"]) == (16, 16, "diagnosis")
    assert list(result["strategies"]) == ["random", "margin"]
    assert [point[0] for point in result["strategies"]["margin"]["curve"]] == [2, 4, 6, 8]
    assert "balanced_accuracy with all labels" in printed


def test_a_finding_that_came_in_later_is_left_out(radiographs: LearningProject) -> None:
    project = radiographs.project
    worker.embed(project_id=project.pk)
    Project.objects.filter(pk=project.pk).update(label_config=FINDINGS)
    for _ in range(12):
        radiographs.read_next()
    tasks = Annotation.objects.filter(project=project)
    for number, answer in enumerate(tasks):
        choices = [{"from_name": "findings", "to_name": "image", "type": "choices",
                    "value": {"choices": ["Nodule"] * (number % 2)}}]  # fmt: skip
        asked = ["Nodule"] if number < 9 else ["Nodule", "Mass"]
        tasks.filter(pk=answer.pk).update(result=choices, asked={"findings": asked})
    said: list[str] = []
    few = {"budget": 4, "seeds": 1, "processes": 1}
    result = rehearsing.rehearse_project(project.pk, answer=None, settings=few, say=said.append)
    assert result["pictures"] == 12
    assert "'Mass' is left out: most tasks were read before it was asked about" in said


def test_a_project_that_cannot_be_rehearsed_is_told_why(radiographs: LearningProject) -> None:
    project = radiographs.project
    with pytest.raises(CommandError, match="there is no project 99999"):
        call_command("rehearse", "--project", "99999")
    with pytest.raises(CommandError, match="not embedded yet"):
        rehearse(project)
    worker.embed(project_id=project.pk)
    with pytest.raises(CommandError, match="fewer than two tasks have a consensus"):
        rehearse(project)
    with pytest.raises(CommandError, match=r"no question .stage.* asks diagnosis"):
        rehearse(project, "--answer", "stage")
    Project.objects.filter(pk=project.pk).update(label_config=TWO_QUESTIONS)
    with pytest.raises(CommandError, match="--answer: diagnosis, quality"):
        rehearse(project)
