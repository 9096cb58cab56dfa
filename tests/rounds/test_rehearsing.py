"""Rehearsals of a project that has been read."""

import json
from io import StringIO
from pathlib import Path

import pytest
import torch
from django.core.management import CommandError, call_command

from projects.models import Project
from rounds import worker
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
