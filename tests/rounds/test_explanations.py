"""An explanation is made on demand, of the model that serves, for those who may know of it."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from django.conf import settings
from django.test import Client
from numpy.typing import NDArray
from PIL import Image
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts.models import User
from annotator.claims import claim_next_task
from annotator.models import ModelShown, Task
from annotator.withdrawals import undo_last
from learner.ensemble import Ensemble
from projects.errors import Refused
from projects.models import ModelHelp
from rounds import explanations, serving, worker
from rounds.worker import embedding, explaining
from rounds.worker import ranking as reranking
from scans.framestore import open_frames
from tests.learner.test_explanations import Bright
from tests.rounds.learning_project import LearningProject, add_scans, make_learning_project

torch.set_num_threads(1)


class SeesBrightness(Bright):
    def embed(self, frames: NDArray[np.uint8]) -> NDArray[np.float16]:
        with torch.inference_mode():
            features = self(torch.from_numpy(np.array(frames)))
        return np.asarray(features.numpy(), dtype=np.float16)


@pytest.fixture
def learning(
    transactional_db: None, new_learner: None, monkeypatch: pytest.MonkeyPatch
) -> LearningProject:
    """Eight of twelve radiographs are read; the backbone knows nothing but bright from dark."""

    def backbones(serves: serving.Serving) -> Ensemble:
        return Ensemble((SeesBrightness(),))  # type: ignore[arg-type]

    monkeypatch.setattr(embedding, "serving_backbones", backbones)
    monkeypatch.setattr(explaining, "serving_backbones", backbones)
    learning = make_learning_project(count=12, model_help="after")
    worker.embed(project_id=learning.project.pk)
    for _ in range(8):
        learning.read_next()
    return learning


def ranked(learning: LearningProject) -> LearningProject:
    worker.rerank(project_id=learning.project.pk)
    return learning


def ask(user: User, task_id: int, **asked: Any) -> Any:
    client = Client()
    client.force_login(user)
    query = {"question": "diagnosis", "answer": "Nodule"} | asked
    return client.get(f"/api/tasks/{task_id}/explanation/", query, headers={"accept": "image/png"})


def work() -> int:
    """Do the explanations that are waited for; how many."""
    waiting = ProcrastinateJob.objects.filter(task_name="rounds.explain", status="todo")
    jobs = list(waiting.order_by("pk").values_list("pk", "args"))
    for _, args in jobs:
        worker.explain(**args)
    waiting.filter(pk__in=[pk for pk, _ in jobs]).delete()
    return len(jobs)


def a_nodule(learning: LearningProject, *, read: bool = True) -> Task:
    tasks = Task.objects.filter(project=learning.project, answers=int(read))
    return next(task for task in tasks.order_by("pk") if learning.has_nodule[task.pk])


def test_the_heat_lies_on_the_nodule(learning: LearningProject) -> None:
    task = a_nodule(ranked(learning), read=False)
    alice = learning.cast.alice
    first = ask(alice, task.pk)
    assert (first.status_code, first["Retry-After"]) == (202, "1")
    assert ask(alice, task.pk).status_code == 202
    assert work() == 1  # asked for twice, worked out once
    response = ask(alice, task.pk)
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    heat = np.asarray(Image.open(io.BytesIO(response.content)))
    assert (heat.shape, heat.dtype) == ((40, 40), np.dtype(np.uint8))
    assert heat.max() > 240
    scan = task.scans.get()
    picture = open_frames(settings.FRAME_STORE, scan.frames).frame(0)
    rows, columns = np.nonzero(picture == 900)
    row, column = np.unravel_index(heat.argmax(), heat.shape)
    assert abs(row - rows.mean()) < 5 and abs(column - columns.mean()) < 5


def test_a_frame_of_a_volume_is_explained_by_its_number(learning: LearningProject) -> None:
    add_scans(learning, 2, frame_count=20)
    worker.embed(project_id=learning.project.pk)
    ranked(learning)
    volume = Task.objects.filter(project=learning.project).order_by("pk").last()
    assert volume is not None
    ask(learning.cast.alice, volume.pk, frame=13)
    assert work() == 1
    assert ask(learning.cast.alice, volume.pk, frame=13).status_code == 200
    assert ask(learning.cast.alice, volume.pk, frame=12).status_code == 202
    refused = ask(learning.cast.alice, volume.pk, frame=20)
    assert refused.status_code == 400
    assert refused.json()["detail"] == "The scan has 20 frames; the first is frame 0."


def test_to_a_stranger_the_task_does_not_exist(learning: LearningProject) -> None:
    task = a_nodule(ranked(learning))
    assert ask(learning.cast.charlie, task.pk).status_code == 404
    assert Client().get(f"/api/tasks/{task.pk}/explanation/").status_code == 401
    assert work() == 0


def test_a_reader_sees_what_they_have_answered_and_nothing_before(
    learning: LearningProject,
) -> None:
    cast = ranked(learning).cast
    held = claim_next_task(project=learning.project, reader=cast.dora)
    assert held is not None
    refused = ask(cast.dora, held.task_id)
    assert refused.status_code == 403
    assert refused.json()["detail"].startswith("Answer this task first")
    assert ask(cast.dora, a_nodule(learning).pk).status_code == 404  # Bob has read it
    assert work() == 0
    read = learning.read_next()
    assert ask(cast.bob, read.task_id).status_code == 202
    undo_last(project=learning.project, reader=cast.bob)
    assert ask(cast.bob, read.task_id).status_code == 403


def test_before_reading_it_is_shown_where_the_policy_says_so_and_nowhere_else(
    learning: LearningProject,
) -> None:
    project, dora = ranked(learning).project, learning.cast.dora
    project.model_help = ModelHelp.BEFORE
    project.save()
    held = claim_next_task(project=project, reader=dora)
    assert held is not None
    assert ask(dora, held.task_id).status_code == 202
    assert not ModelShown.objects.exists()  # nothing is shown yet
    work()
    for _ in range(2):
        assert ask(dora, held.task_id).status_code == 200
    (heat,) = ModelShown.objects.get(task=held.task_id, reader=dora).shown["heat_maps"]
    del heat["at"]
    asked = {"question": "diagnosis", "answer": "Nodule", "scan": 0, "frame": 0}
    assert heat == {**asked, "model": 0, "when": "before"}
    task = Task.objects.filter(pk=held.task_id)
    for hidden in ({"arm": "audit"}, {"arm": "random"}, {"arm": "pool", "answers": 1}):
        task.update(**hidden)
        assert ask(dora, held.task_id).status_code == 403
    elsewhere = Task.objects.filter(project=project, answers=0).exclude(pk=held.task_id).first()
    assert elsewhere is not None
    assert ask(dora, elsewhere.pk).status_code == 404


def test_where_the_model_never_helps_readers_see_no_map(learning: LearningProject) -> None:
    project, bob = ranked(learning).project, learning.cast.bob
    read = learning.read_next()
    project.model_help = ModelHelp.OFF
    project.save()
    refused = ask(bob, read.task_id)
    assert refused.status_code == 403
    assert refused.json()["detail"] == "This project shows its readers nothing of the model."
    assert ask(learning.cast.alice, read.task_id).status_code == 202  # who oversees it may look


def test_an_answer_stands_once_its_reader_has_seen_what_the_model_sees(
    learning: LearningProject,
) -> None:
    bob = ranked(learning).cast.bob
    read = learning.read_next()
    assert ask(bob, read.task_id).status_code == 202  # nothing was shown yet
    undo_last(project=learning.project, reader=bob)
    read = learning.read_next()
    work()
    assert ask(bob, read.task_id).status_code == 200
    with pytest.raises(Refused, match="Your last answer stands"):
        undo_last(project=learning.project, reader=bob)
    read.refresh_from_db()
    assert read.withdrawn_at is None
    seen = read.model_seen_at
    assert seen is not None
    ask(bob, read.task_id)
    read.refresh_from_db()
    assert read.model_seen_at == seen  # when it was shown first


def test_whoever_takes_an_answer_back_while_asking_is_shown_nothing(
    learning: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = ranked(learning).cast.bob
    read = learning.read_next()

    def meanwhile(**asked: Any) -> bytes:
        undo_last(project=learning.project, reader=bob)
        return b"a picture"

    monkeypatch.setattr("rounds.explanation_api.explanation_of", meanwhile)
    assert ask(bob, read.task_id).status_code == 403


def test_a_manager_who_reads_a_task_is_blind_to_it_as_well(learning: LearningProject) -> None:
    held = claim_next_task(project=ranked(learning).project, reader=learning.cast.alice)
    assert held is not None
    assert ask(learning.cast.alice, held.task_id).status_code == 403


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"question": "age"}, "answers no question of this name. It answers: diagnosis."),
        ({"answer": "Cyst"}, "one of the answers to the question: Normal, Nodule."),
        ({"answer": ""}, "one of the answers to the question: Normal, Nodule."),
        ({"scan": 1}, "The task has 1 scans; the first is scan 0."),
        ({"frame": -1}, "frame: Ensure this value is greater than or equal to 0."),
    ],
)
def test_what_cannot_be_explained_is_said(
    learning: LearningProject, asked: dict[str, Any], said: str
) -> None:
    response = ask(learning.cast.alice, a_nodule(ranked(learning)).pk, **asked)
    assert response.status_code == 400
    assert said in response.json()["detail"]


def test_before_there_is_a_model_it_says_what_it_waits_for(
    learning: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = a_nodule(learning)
    unranked = ask(learning.cast.alice, task.pk)
    assert unranked.status_code == 400
    assert "has not ranked this project yet" in unranked.json()["detail"]
    ranked(learning)
    live = reranking._live_projects[learning.project.pk]
    monkeypatch.setattr(live.ranker, "weights", lambda question: None)
    assert ask(learning.cast.alice, task.pk).status_code == 202
    work()
    unfitted = ask(learning.cast.alice, task.pk)
    assert unfitted.status_code == 400
    assert "needs a few more answers" in unfitted.json()["detail"]
    monkeypatch.setattr(explanations, "REASON_SECONDS", -1.0)
    assert ask(learning.cast.alice, task.pk).status_code == 202  # it is tried again


def test_a_scan_that_cannot_be_read_leaves_a_reason(learning: LearningProject) -> None:
    task = a_nodule(ranked(learning))
    scan = task.scans.get()
    (Path(settings.FRAME_STORE) / scan.frames[:2] / f"{scan.frames}.frames").write_bytes(b"")
    ask(learning.cast.alice, task.pk)
    work()
    response = ask(learning.cast.alice, task.pk)
    assert response.status_code == 400
    assert "the log of the learner says why" in response.json()["detail"]


def test_old_ones_are_made_anew_and_only_so_many_are_kept(
    learning: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = list(Task.objects.filter(project=ranked(learning).project)[:3])
    monkeypatch.setattr(explanations, "MOST_KEPT", 2)
    for task in tasks:
        ask(learning.cast.alice, task.pk)
    assert work() == 3
    folder = serving.cache_folder(learning.project.pk) / "explanations"
    assert len(list(folder.iterdir())) == 2
    assert ask(learning.cast.alice, tasks[-1].pk).status_code == 200
    monkeypatch.setattr(explanations, "FRESH_SECONDS", -1.0)
    assert ask(learning.cast.alice, tasks[-1].pk).status_code == 202
