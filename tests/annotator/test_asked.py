"""What a reader was not asked they have not answered, whatever is asked by now."""

import csv
import io
import json
import uuid
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from django.apps import apps

from annotator.claims import claim_next_task
from annotator.corrections import correct_annotation
from annotator.dataset import labelled_answers
from annotator.models import Annotation, Task
from annotator.services import Submission
from projects.errors import Refused
from projects.services import update_settings
from releases.formats import FORMATS
from releases.queries import contents_of
from releases.records import Dataset
from rounds.labels import targets_of
from rounds.pool import learnt_questions
from tests.annotator.cast import FINDINGS, NODULE, NORMAL, Asking, Cast, answer, make_tasks
from tests.annotator.cast import submission as sent

MORE_CHOICES = FINDINGS.replace('"Effusion"/>', '"Effusion"/><Choice value="Mass"/>')
MORE_QUESTIONS = MORE_CHOICES.replace(
    "</View>",
    '<Choices name="devices" toName="image" choice="multiple"><Choice value="Tube"/></Choices>'
    '<RectangleLabels name="boxes" toName="image"><Label value="Nodule"/></RectangleLabels></View>',
)


def read(cast: Cast, result: list[dict[str, Any]] = NORMAL) -> Annotation:
    claim = claim_next_task(project=cast.project, reader=cast.bob)
    assert claim is not None
    return answer(cast.project, claim.task_id, cast.bob, result).annotation


def ask(cast: Cast, label_config: str) -> None:
    update_settings(project_id=cast.project.pk, label_config=label_config)
    cast.project.refresh_from_db()


def targets(cast: Cast) -> dict[str, list[float | None]]:
    """Of the one task that has been answered; None: no label."""
    (task,) = labelled_answers(project=cast.project).tasks
    learnt = targets_of(task, learnt_questions(cast.project.label_config))
    return {
        name: [None if np.isnan(value) else value for value in target.tolist()]
        for name, target in learnt.items()
    }


def exported(cast: Cast, name: str) -> str:
    return "".join(FORMATS[name].pieces(Dataset(contents_of(project=cast.project))))


@pytest.mark.parametrize("arm", [Task.Arm.POOL, Task.Arm.AUDIT])
def test_what_came_into_the_label_config_later_is_not_absent(cast: Cast, arm: Task.Arm) -> None:
    make_tasks(cast.project, 1, arm=arm)
    read(cast)
    assert targets(cast) == {"findings": [0, 0]}
    ask(cast, MORE_QUESTIONS)
    assert targets(cast) == {"findings": [0, 0, None], "devices": [None]}


def test_a_choice_that_was_away_for_a_while_was_asked_all_the_same(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    ask(cast, MORE_CHOICES)
    read(cast)
    ask(cast, FINDINGS)
    assert targets(cast) == {"findings": [0, 0]}
    ask(cast, MORE_CHOICES)
    assert targets(cast) == {"findings": [0, 0, 0]}


def test_a_reader_confirms_that_what_came_later_is_not_there_either(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    first = read(cast, NODULE)
    same = Submission(result=NODULE, unique_id=uuid.uuid4())
    correction: dict[str, Any] = {
        "project": cast.project,
        "annotation_id": first.pk,
        "reader": cast.bob,
        "submission": same,
    }
    with pytest.raises(Refused, match="Nothing is changed"):
        correct_annotation(**correction)
    ask(cast, MORE_QUESTIONS)
    correct_annotation(**{**correction, "project": cast.project})
    assert targets(cast) == {"findings": [1, 0, 0], "devices": [0]}


def test_a_page_that_was_open_before_says_what_it_asks(cast: Cast) -> None:
    (task,) = make_tasks(cast.project, 1)
    bob = Asking(cast.bob)
    room = bob.client.get(f"/projects/{cast.project.pk}/read/").context["bootstrap"]
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    ask(cast, MORE_QUESTIONS)
    of_the_page = sent(result=NORMAL, asked=room["asked"])
    status, _ = bob.ask("POST", f"/api/tasks/{task.pk}/annotations/", of_the_page)
    assert (status, Annotation.objects.get().asked) == (201, {"findings": ["Nodule", "Effusion"]})
    assert targets(cast) == {"findings": [0, 0, None], "devices": [None]}


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        (None, {"findings": ["Nodule", "Effusion"]}),
        ({"findings": ["Effusion", "Fracture"], "colour": []}, {"findings": ["Effusion"]}),
        ({}, {}),
    ],
)
def test_of_what_a_client_says_it_asked_what_is_asked_is_kept(
    cast: Cast, asked: object, kept: object
) -> None:
    (task,) = make_tasks(cast.project, 1)
    bob = Asking(cast.bob)
    bob.ask("POST", f"/api/projects/{cast.project.pk}/next/")
    path = f"/api/tasks/{task.pk}/annotations/"
    assert bob.ask("POST", path, sent(asked="all"))[0] == 400
    assert bob.ask("POST", path, sent(asked=asked))[0] == 201
    assert Annotation.objects.get().asked == kept


def test_an_export_tells_nothing_found_from_not_asked(cast: Cast) -> None:
    make_tasks(cast.project, 1)
    read(cast)
    ask(cast, MORE_QUESTIONS)
    (row,) = csv.DictReader(io.StringIO(exported(cast, "csv")))
    assert (row["state"], row["not_asked_1"]) == ("read", "findings=Mass|devices|boxes")
    told = ["consensus_findings", "consensus_devices", "consensus_boxes", "answer_1_findings"]
    assert [row[name] for name in told] == ["none", "", "", "none"]
    (task,) = json.loads(exported(cast, "labelstudio"))
    assert task["annotations"][0]["asked"] == {"findings": ["Nodule", "Effusion"]}
    assert task["meta"]["consensus"] == {"findings": [], "devices": None, "boxes": None}


def test_answers_of_before_this_was_kept_were_asked_all_and_labels_their_columns(
    cast: Cast,
) -> None:
    first, second = make_tasks(cast.project, 2)
    fields: dict[str, Any] = {"project": cast.project, "reader": cast.bob, "asked": {}}
    Annotation.objects.create(task=first, result=NORMAL, **fields)
    Annotation.objects.create(task=second, result=NODULE, origin="import", **fields)
    ask(cast, MORE_QUESTIONS)
    import_module("annotator.migrations.0008_asked").ask(apps, None)
    findings = ["Nodule", "Effusion", "Mass"]
    everything = {"findings": findings, "devices": ["Tube"], "boxes": ["Nodule"]}
    kept = Annotation.objects.order_by("pk").values_list("asked", flat=True)
    assert list(kept) == [everything, {"findings": findings}]
