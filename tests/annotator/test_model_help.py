"""The model helps as the project's policy says, and what was shown is known for ever."""

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from annotator.claims import claim_next_task
from annotator.dataset import labelled_answers
from annotator.models import Annotation, ModelShown, Prediction, Task
from annotator.predictions import OwnPrediction, keep_own_predictions
from annotator.services import keep_prediction
from annotator.withdrawals import undo_last
from projects.errors import Refused
from projects.models import ModelHelp
from rounds.labels import targets_of
from rounds.pool import learnt_questions
from tests.annotator.cast import Cast, answer, make_cast, make_tasks

CONFIG = """
<View>
  <Image name="image" value="$image"/>
  <Choices name="findings" toName="image" choice="multiple">
    <Choice value="Nodule"/><Choice value="Effusion"/>
  </Choices>
  <RectangleLabels name="lesions" toName="image"><Label value="Lesion"/></RectangleLabels>
</View>
"""
FINDINGS: dict[str, Any] = {
    "id": "findings",
    "from_name": "findings",
    "to_name": "image",
    "type": "choices",
    "value": {"choices": ["Nodule"]},
    "score": 0.9,
    "meta": {"probabilities": {"Nodule": 0.83, "Effusion": 0.1}},
}


def box(number: int, **more: Any) -> dict[str, Any]:
    value = {"x": 10 * number, "y": 20, "width": 5, "height": 6, "rectanglelabels": ["Lesion"]}
    return {
        "id": "box",
        "from_name": "lesions",
        "to_name": "image",
        "type": "rectanglelabels",
        "value": {**value, **more},
    }


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast(label_config=CONFIG, audit_share=0.0)


def helping(cast: Cast, policy: ModelHelp, *, arm: Task.Arm = Task.Arm.POOL, count: int = 2) -> int:
    """A task that two models have said something of, the first of those to be read."""
    cast.project.model_help = policy
    cast.project.save()
    task = make_tasks(cast.project, count, arm=arm)[0]
    keep_own_predictions(
        project=cast.project,
        model=3,
        generation=41,
        predictions=[OwnPrediction(task.pk, [FINDINGS], 0.9)],
    )
    keep_prediction(
        project=cast.project,
        task_id=task.pk,
        result=[{**FINDINGS, "value": {"choices": ["Effusion"]}}, box(1), box(2), box(3), box(4)],
        score=0.7,
        model_version="boxnet 2",
        created_by=cast.erin,
    )
    return task.pk


def post(user: User, path: str, sent: Any = None) -> Any:
    client = Client()
    client.force_login(user)
    return client.post(f"/api/{path}", json.dumps(sent or {}), content_type="application/json")


def get(user: User, path: str) -> Any:
    client = Client()
    client.force_login(user)
    return client.get(f"/api/{path}")


def shown_with(task: int) -> dict[str, Any]:
    """What the answer in force says of what was shown."""
    shown = Annotation.objects.get(task=task, withdrawn_at=None).model_shown
    assert shown is not None
    return dict(shown)


def next_task(cast: Cast, reader: User) -> Any:
    return post(reader, f"projects/{cast.project.pk}/next/").json()["task"]


@pytest.mark.parametrize("policy", [ModelHelp.OFF, ModelHelp.AFTER])
def test_nothing_is_shown_before_reading_unless_the_policy_says_so(
    cast: Cast, policy: ModelHelp
) -> None:
    helping(cast, policy)
    assert next_task(cast, cast.bob)["model"] is None
    assert not ModelShown.objects.exists()


@pytest.mark.parametrize("arm", [Task.Arm.AUDIT, Task.Arm.RANDOM])
def test_what_chance_drew_is_never_helped_before(cast: Cast, arm: Task.Arm) -> None:
    task = helping(cast, ModelHelp.BEFORE, arm=arm)
    assert next_task(cast, cast.bob)["model"] is None
    answer(cast.project, task, cast.bob)
    kept = Annotation.objects.get()
    assert kept.model_shown is None and not ModelShown.objects.exists()


def test_before_reading_each_question_has_one_answer_and_marks_are_suggested(cast: Cast) -> None:
    task = helping(cast, ModelHelp.BEFORE)
    model = next_task(cast, cast.bob)["model"]
    own = Prediction.objects.get(model_version="Scout round 3, ranking 41").pk
    boxnet = Prediction.objects.get(model_version="boxnet 2").pk
    assert [(entry["id"], entry["model_version"]) for entry in model["result"]] == [
        (f"{own}-0", "Scout round 3, ranking 41"),
        (f"{boxnet}-1", "boxnet 2"),
        (f"{boxnet}-2", "boxnet 2"),
        (f"{boxnet}-3", "boxnet 2"),
        (f"{boxnet}-4", "boxnet 2"),
    ]
    assert model["result"][0]["meta"] == {"probabilities": {"Nodule": 0.83, "Effusion": 0.1}}
    assert (model["result"][1]["score"], model["decisions"]) == (0.7, {})
    assert ModelShown.objects.get().shown["before"]["result"] == model["result"]
    assert ModelShown.objects.get().task_id == task


def test_what_was_shown_stays_whatever_the_model_says_by_then(cast: Cast) -> None:
    task = helping(cast, ModelHelp.BEFORE)
    first = next_task(cast, cast.bob)["model"]
    Prediction.objects.all().delete()
    keep_own_predictions(
        project=cast.project, model=4, generation=42, predictions=[OwnPrediction(task, [], None)]
    )
    assert next_task(cast, cast.bob)["model"] == first


def test_what_became_of_each_suggestion_is_kept_with_the_answer(cast: Cast) -> None:
    task = helping(cast, ModelHelp.BEFORE)
    _, one, two, three, four = (
        entry["id"] for entry in next_task(cast, cast.bob)["model"]["result"]
    )
    draft = {"result": [], "version": 1, "decisions": {three: "rejected"}}
    client = Client()
    client.force_login(cast.bob)
    client.put(f"/api/tasks/{task}/draft/", draft, content_type="application/json")
    assert next_task(cast, cast.bob)["model"]["decisions"] == {three: "rejected"}
    sent = {
        "result": [{**box(1), "id": one}, {**box(2, width=7), "id": two}],
        "unique_id": str(uuid.uuid4()),
        "decisions": {one: "accepted", two: "accepted", three: "rejected", "none": "accepted"},
    }
    reply = post(cast.bob, f"tasks/{task}/annotations/", sent)
    assert reply.status_code == 201
    assert "model_shown" not in reply.json()
    shown = shown_with(task)
    assert shown["suggestions"] == {
        one: "accepted", two: "edited", three: "rejected", four: "untouched",
    }  # fmt: skip
    assert set(shown) == {"before", "suggestions"}
    told = get(cast.erin, f"tasks/{task}/annotations/").json()[0]
    assert told["model_shown"]["suggestions"] == shown["suggestions"]


def test_an_answer_taken_back_and_given_anew_is_still_known_to_be_helped(cast: Cast) -> None:
    task = helping(cast, ModelHelp.BEFORE)
    next_task(cast, cast.bob)
    answer(cast.project, task, cast.bob)
    undo_last(project=cast.project, reader=cast.bob)
    cast.project.model_help = ModelHelp.OFF
    cast.project.save()
    answer(cast.project, task, cast.bob)
    shown = shown_with(task)
    assert shown["before"]["result"][0]["model_version"] == "Scout round 3, ranking 41"


def test_after_reading_the_model_says_what_it_thought_and_the_answer_stands(cast: Cast) -> None:
    task = helping(cast, ModelHelp.AFTER)
    next_task(cast, cast.bob)
    assert post(cast.bob, f"tasks/{task}/model/").status_code == 403
    answer(cast.project, task, cast.bob)
    said = post(cast.bob, f"tasks/{task}/model/").json()
    assert said["result"][0]["value"] == {"choices": ["Nodule"]}
    assert post(cast.bob, f"tasks/{task}/model/").json() == said
    kept = Annotation.objects.get()
    assert shown_with(task)["after"]["result"] == said["result"]
    assert kept.model_seen_at is not None
    with pytest.raises(Refused, match="Your last answer stands"):
        undo_last(project=cast.project, reader=cast.bob)


def test_until_it_is_shown_an_answer_can_be_taken_back(cast: Cast) -> None:
    task = helping(cast, ModelHelp.AFTER)
    next_task(cast, cast.bob)
    answer(cast.project, task, cast.bob)
    undo_last(project=cast.project, reader=cast.bob)
    assert post(cast.bob, f"tasks/{task}/model/").status_code == 403


def test_to_others_the_model_says_nothing(cast: Cast) -> None:
    task = helping(cast, ModelHelp.AFTER)
    answer_of_bob(cast, task)
    assert post(cast.charlie, f"tasks/{task}/model/").status_code == 404
    assert post(cast.dora, f"tasks/{task}/model/").status_code == 403
    assert post(cast.erin, f"tasks/{task}/model/").status_code == 403  # exports, and reads nothing
    cast.project.model_help = ModelHelp.OFF
    cast.project.save()
    refused = post(cast.bob, f"tasks/{task}/model/")
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This project shows its readers nothing of the model."


def answer_of_bob(cast: Cast, task: int) -> None:
    claimed = claim_next_task(project=cast.project, reader=cast.bob)
    assert claimed is not None and claimed.task_id == task
    answer(cast.project, task, cast.bob)


def test_a_second_reader_sees_what_was_said_before_the_first_had_answered(cast: Cast) -> None:
    cast.project.overlap = 2
    task = helping(cast, ModelHelp.BEFORE, count=1)
    answer_of_bob(cast, task)
    swayed = {**FINDINGS, "value": {"choices": ["Effusion"]}}
    keep_own_predictions(
        project=cast.project,
        model=4,
        generation=42,
        predictions=[OwnPrediction(task, [swayed], 0.99)],
    )
    (said, *_) = next_task(cast, cast.dora)["model"]["result"]
    assert said["model_version"] == "Scout round 3, ranking 41"
    assert said["value"] == {"choices": ["Nodule"]}


def test_of_an_unanswered_task_only_the_newest_prediction_is_kept(cast: Cast) -> None:
    task = helping(cast, ModelHelp.BEFORE)
    keep_own_predictions(
        project=cast.project,
        model=4,
        generation=42,
        predictions=[OwnPrediction(task, [FINDINGS], 0.8)],
    )
    versions = Prediction.objects.order_by("pk").values_list("model_version", flat=True)
    assert list(versions) == ["boxnet 2", "Scout round 4, ranking 42"]
    keep_own_predictions(project=cast.project, model=4, generation=43, predictions=[])
    assert [one.model_version for one in Prediction.objects.all()] == ["boxnet 2"]


def test_predictions_are_kept_in_one_statement_however_many(
    cast: Cast, django_assert_num_queries: Any
) -> None:
    tasks = make_tasks(cast.project, 3)
    said = [OwnPrediction(task.pk, [FINDINGS], 0.9) for task in tasks]
    with django_assert_num_queries(1):
        keep_own_predictions(project=cast.project, model=1, generation=1, predictions=said)
    assert Prediction.objects.count() == 3


def test_a_policy_that_names_nothing_is_refused(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.alice)
    refused = client.patch(
        f"/api/projects/{cast.project.pk}/",
        {"model_help": "often"},
        content_type="application/json",
    )
    assert refused.status_code == 400


def test_helped_answers_are_trained_on_and_never_measured_with(cast: Cast) -> None:
    task = helping(cast, ModelHelp.BEFORE)
    next_task(cast, cast.bob)
    answer(cast.project, task, cast.bob)
    questions = learnt_questions(CONFIG)
    (labelled,) = labelled_answers(project=cast.project).tasks
    assert not labelled.answers[0].is_blind
    assert targets_of(labelled, questions)["findings"].tolist() == [1.0, 0.0]
    Task.objects.filter(pk=task).update(arm=Task.Arm.AUDIT)  # which nothing ever does
    (forged,) = labelled_answers(project=cast.project).tasks
    assert all(value != value for value in targets_of(forged, questions)["findings"])  # NaN


def test_only_what_was_suggested_is_kept_as_decided(cast: Cast) -> None:
    helping(cast, ModelHelp.BEFORE)
    task = next_task(cast, cast.bob)
    box_id = task["model"]["result"][1]["id"]
    decided = {box_id: "rejected", "nul\0": "accepted", "x" * 9999: "accepted"}
    client = Client()
    client.force_login(cast.bob)
    sent = json.dumps({"result": [], "version": 1, "decisions": decided})
    reply = client.put(f"/api/tasks/{task['id']}/draft/", sent, content_type="application/json")
    assert reply.status_code == 200
    assert ModelShown.objects.get().shown["decisions"] == {box_id: "rejected"}
