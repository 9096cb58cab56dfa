"""Training rounds are begun, published once, taken up again, and end with a reason."""

import errno
import json
import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
from django.conf import settings
from django.db import connection
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from accounts.saying import said
from accounts.sentences import kept
from annotator.models import Task
from learner.cache import EmbeddingCache, FrameCache
from learner.frames import SIZE
from learner.round_material import Material
from learner.sentences import Unusable
from rounds import services, serving, training, worker
from rounds.models import Activity, Round
from rounds.worker import embedding
from rounds.worker.embedded import embedded
from scans.framestore import FrameFile, frames_path, open_frames
from tests.rounds.learning_project import (
    LearningProject,
    add_scans,
    add_second_views,
    last_ranking,
    make_learning_project,
    waiting_jobs,
)

torch.set_num_threads(1)
pytestmark = pytest.mark.usefixtures("new_learner")


def test_a_round_is_queued_once_when_enough_labels_have_come(transactional_db: None) -> None:
    learning = make_learning_project(labels_per_round=5)
    services.queue_round(project_id=learning.project.pk, labels=0, last_annotation=0)
    first = Round.objects.get(project=learning.project)
    services.begin_round(round_id=first.pk)
    config = {"embeddings": "r0", "serves": False}
    learned = {"labels": 0, "last_annotation": 0, "metrics": {}}
    services.finish_round(round_id=first.pk, attempt=1, weights="", config=config, **learned)  # type: ignore[arg-type]
    worker.embed(project_id=learning.project.pk)
    for _ in range(7):
        learning.read_next()
        worker.rerank(project_id=learning.project.pk)
    rounds = Round.objects.filter(project=learning.project)
    assert list(rounds.order_by("number").values_list("number", "labels")) == [(1, 0), (2, 5)]
    assert waiting_jobs().count("rounds.train") == 2  # the first one's own job was not run here


def test_the_first_round_learns_without_labels_and_serves(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = radiographs.project.pk
    worker.embed(project_id=project_id)
    monkeypatch.setitem(training.SECONDS, "self-supervised", 1.0)
    begun = services.queue_round(project_id=project_id, labels=0, last_annotation=0)
    assert begun is not None
    worker.train(round_id=begun.pk)
    begun.refresh_from_db()
    assert (begun.state, begun.error) == ("done", "")
    assert begun.weights == f"project-{project_id}/round-1/attempt-1"
    assert begun.config["kind"] == "self-supervised"
    assert begun.metrics["labels"] == 0
    worker.rerank(project_id=project_id)
    assert last_ranking(radiographs).round == begun
    assert EmbeddingCache.find(serving.cache_folder(project_id), "r0") is None
    add_scans(radiographs, 2)
    worker.embed(project_id=project_id)  # with the new weights
    found = EmbeddingCache.find(serving.cache_folder(project_id), "r1a1")
    assert found is not None and len(found) == 26


def test_a_round_never_sees_an_audit_task_that_gave_way_to_another(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    learning = make_learning_project(reading_unit="study", audit_share=0.5)
    worker.embed(project_id=learning.project.pk)
    add_second_views(learning)
    worker.embed(project_id=learning.project.pk)
    begun = services.queue_round(project_id=learning.project.pk, labels=0, last_annotation=0)
    assert begun is not None
    monkeypatch.setattr(training, "_run_child", lambda begun, folder: "not run here")
    worker.train(round_id=begun.pk)
    (folder,) = Path(settings.MODEL_STORE).rglob("attempt-1")
    material = Material.read(folder)
    tasks = Task.objects.filter(project=learning.project)
    audit = set(tasks.filter(arm="audit").values_list("pk", flat=True))
    assert 0 < len(audit) < 24
    seen = material.data.bags.tasks[material.unlabelled]
    assert set(material.data.bags.tasks) == set(tasks.values_list("pk", flat=True))
    assert set(seen) == set(learning.generations()) - audit


@pytest.mark.parametrize(("kind", "learned"), [("fine-tuned", 9), ("self-supervised", 5)])
def test_a_round_says_how_many_labels_it_learned_from_not_with_how_many_it_was_queued(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch, kind: str, learned: int
) -> None:
    project_id = radiographs.project.pk
    worker.embed(project_id=project_id)
    begun = services.queue_round(project_id=project_id, labels=5, last_annotation=5)
    assert begun is not None
    answers = [radiographs.read_next().pk for _ in range(9)]

    def trained(begun: Round, folder: Path) -> None:
        outcome = {"config": {"serves": False}, "metrics": {"labels": 9, "questions": {}}}
        (folder / "outcome.json").write_text(json.dumps(outcome))

    monkeypatch.setattr(training, "_run_child", trained)
    request = training._request
    monkeypatch.setattr(training, "_request", lambda *asked: request(*asked) | {"kind": kind})
    worker.train(round_id=begun.pk)
    begun.refresh_from_db()
    assert begun.labels == learned
    assert begun.last_annotation == (answers[-1] if kind == "fine-tuned" else 5)


def test_a_round_that_crashes_leaves_its_reason_and_the_old_order(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "CHILD", "learner.absent")
    worker.embed(project_id=radiographs.project.pk)
    begun = services.queue_round(project_id=radiographs.project.pk, labels=0, last_annotation=0)
    assert begun is not None
    worker.train(round_id=begun.pk)
    begun.refresh_from_db()
    assert begun.state == "failed"
    assert "No module named learner.absent" in begun.error
    assert serving.serving_of(project_id=radiographs.project.pk).name == "r0"


def test_a_round_that_the_learner_refuses_says_what_to_mend_in_the_language_of_the_page(
    radiographs: LearningProject,
) -> None:
    project = radiographs.project
    type(project).objects.filter(pk=project.pk).update(backbone="VGG")
    worker.embed(project_id=project.pk)
    begun = services.queue_round(project_id=project.pk, labels=0, last_annotation=0)
    assert begun is not None
    worker.train(round_id=begun.pk)
    begun.refresh_from_db()
    assert begun.error.startswith("No backbone is called 'VGG'. The networks are SlimResNet, ")
    with translation.override("de"):
        assert said(begun.error).startswith("Kein Grundmodell heißt 'VGG'. Die Netze sind Slim")


def test_a_worker_that_was_overtaken_publishes_nothing(radiographs: LearningProject) -> None:
    begun = services.queue_round(project_id=radiographs.project.pk, labels=0, last_annotation=0)
    assert begun is not None
    services.begin_round(round_id=begun.pk)
    second = services.begin_round(round_id=begun.pk)
    assert second is not None and second.attempt == 2
    publish = {"round_id": begun.pk, "weights": "w", "config": {}, "metrics": {}}
    publish |= {"labels": 0, "last_annotation": 0}
    assert not services.finish_round(attempt=1, **publish)  # type: ignore[arg-type]
    assert not services.fail_round(round_id=begun.pk, attempt=1, error="late")
    assert services.finish_round(attempt=2, **publish)  # type: ignore[arg-type]
    assert services.begin_round(round_id=begun.pk) is None


def test_two_rounds_are_never_unfinished_at_once(radiographs: LearningProject) -> None:
    project_id = radiographs.project.pk
    assert services.queue_round(project_id=project_id, labels=0, last_annotation=0)
    assert services.queue_round(project_id=project_id, labels=9, last_annotation=9) is None


def test_the_sweep_starts_what_nobody_started(radiographs: LearningProject) -> None:
    worker.sweep()
    assert waiting_jobs() == ["rounds.embed", "rounds.rerank"]
    worker.sweep()
    assert waiting_jobs() == ["rounds.embed", "rounds.rerank"]


def test_the_sweep_starts_the_first_round_when_no_more_scans_come(
    radiographs: LearningProject,
) -> None:
    worker.embed(project_id=radiographs.project.pk)
    worker.sweep()
    assert not Round.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE annotator_task SET created_at = now() - interval '1 minute'")
    worker.sweep()
    worker.sweep()
    assert Round.objects.get().labels == 0
    assert waiting_jobs().count("rounds.train") == 1


def test_a_round_whose_job_is_gone_gets_another_until_it_has_killed_five(
    radiographs: LearningProject,
) -> None:
    begun = services.queue_round(project_id=radiographs.project.pk, labels=0, last_annotation=0)
    assert begun is not None
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    worker.sweep()
    assert waiting_jobs().count("rounds.train") == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    Round.objects.update(state=Round.State.RUNNING, attempt=5)
    services.lay_down_round(round_id=begun.pk, attempt=5)  # the learner was stopped, not killed
    worker.sweep()
    assert waiting_jobs().count("rounds.train") == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    Round.objects.update(state=Round.State.RUNNING)
    worker.sweep()
    begun.refresh_from_db()
    assert (begun.state, begun.error) == ("failed", "Broke off 5 times.")


def test_a_damaged_frame_file_does_not_stop_the_others(radiographs: LearningProject) -> None:
    task = Task.objects.filter(project=radiographs.project).first()
    assert task is not None
    scan = task.scans.get()
    (Path(settings.FRAME_STORE) / scan.frames[:2] / f"{scan.frames}.frames").write_bytes(b"")
    worker.embed(project_id=radiographs.project.pk)
    worker.rerank(project_id=radiographs.project.pk)
    assert last_ranking(radiographs).placed == 24


@pytest.mark.parametrize("damage", ["missing", "cut short", "not compressed", "another header"])
def test_an_unreadable_scan_is_an_empty_frame(radiographs: LearningProject, damage: str) -> None:
    task = Task.objects.filter(project=radiographs.project).first()
    assert task is not None
    digest = task.scans.get().frames
    path = frames_path(settings.FRAME_STORE, digest)
    whole = path.read_bytes()
    (start, length), *_ = open_frames(settings.FRAME_STORE, digest).header["index"]
    if damage == "missing":
        path.unlink()
    elif damage == "cut short":
        path.write_bytes(whole[: start + length // 2])
    elif damage == "not compressed":
        middle = start + length // 2
        path.write_bytes(whole[:middle] + bytes(len(whole) - middle))
    else:
        path.write_bytes(whole[:12] + b"{}" + whole[14:])
    made, error = embedding._shrunk([task.pk])
    assert (made[task.pk].shape, made[task.pk].max(), error) == ((1, SIZE, SIZE), 0, None)


@pytest.mark.parametrize("place", [0, -1])
def test_a_scan_that_cannot_be_read_holds_up_no_other(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    project_id = radiographs.project.pk
    task = list(Task.objects.filter(project=radiographs.project).order_by("pk"))[place]
    shut = task.scans.get().frames

    def forbidden(root: Path, digest: str) -> FrameFile:
        if digest == shut:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return open_frames(root, digest)

    monkeypatch.setattr(embedding, "CHUNK", 5)
    monkeypatch.setattr(embedding, "FRAMES", 2)
    with monkeypatch.context() as patched, pytest.raises(PermissionError):
        patched.setattr(embedding, "open_frames", forbidden)
        worker.embed(project_id=project_id)
    assert "rounds.rerank" in waiting_jobs()
    found = embedded(project_id)
    assert found is not None and len(found.tasks) == 23 and task.pk not in found.tasks
    worker.embed(project_id=project_id)
    found = embedded(project_id)
    assert found is not None and len(found.tasks) == 24


def test_a_scan_that_cannot_be_read_now_is_read_later(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = radiographs.project.pk

    def too_many(root: Path, digest: str) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patched, pytest.raises(OSError, match="Too many open files"):
        patched.setattr(embedding, "open_frames", too_many)
        worker.embed(project_id=project_id)
    activity = Activity.objects.get(project=radiographs.project)
    assert said(activity.doing) == "Embedding failed: Too many open files"
    monkeypatch.setattr(serving, "_resting", {})  # a minute later
    worker.sweep()
    assert "rounds.embed" in waiting_jobs()
    worker.embed(project_id=project_id)
    assert FrameCache(serving.cache_folder(project_id), SIZE).read().frames.max(axis=(1, 2)).all()


def test_nothing_is_embedded_while_the_frame_store_is_away(
    radiographs: LearningProject, settings: Settings, tmp_path: Path
) -> None:
    project_id, store = radiographs.project.pk, settings.FRAME_STORE
    settings.FRAME_STORE = tmp_path  # where it is mounted, at other times
    with pytest.raises(FileNotFoundError):
        worker.embed(project_id=project_id)
    assert not len(FrameCache(serving.cache_folder(project_id), SIZE).read())
    settings.FRAME_STORE = store
    worker.embed(project_id=project_id)
    assert FrameCache(serving.cache_folder(project_id), SIZE).read().frames.max(axis=(1, 2)).all()


def test_a_failing_project_says_why_and_rests(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise RuntimeError("no more room on the disk")

    monkeypatch.setattr(embedding, "_embed_chunk", broken)
    with pytest.raises(RuntimeError):
        worker.embed(project_id=radiographs.project.pk)
    activity = Activity.objects.get(project=radiographs.project)
    assert activity.doing == "Embedding failed: no more room on the disk"
    worker.sweep()
    assert waiting_jobs() == []


def test_a_failed_first_round_is_tried_again_once_the_settings_have_changed(
    radiographs: LearningProject,
) -> None:
    project = radiographs.project
    worker.embed(project_id=project.pk)
    failed = services.queue_round(project_id=project.pk, labels=0, last_annotation=0)
    assert failed is not None
    services.begin_round(round_id=failed.pk)
    assert services.fail_round(round_id=failed.pk, attempt=1, error="No such network")
    Task.objects.filter(project=project).update(created_at=timezone.now() - timedelta(hours=1))
    worker.sweep()
    assert Round.objects.filter(project=project).count() == 1
    project.backbone = "ResNet18"
    project.save()
    worker.sweep()
    assert Round.objects.filter(project=project, state="queued").count() == 1


def test_an_attempt_that_was_overtaken_removes_nothing(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = radiographs.project.pk
    worker.embed(project_id=project_id)
    begun = services.queue_round(project_id=project_id, labels=0, last_annotation=0)
    assert begun is not None
    monkeypatch.setitem(training.SECONDS, "self-supervised", 0.5)
    of_successor = EmbeddingCache(serving.cache_folder(project_id), "r1a2", 4)
    of_successor.append(np.ones((1, 4), np.float16), at=0)

    def overtaken(**outcome: object) -> bool:
        return False

    monkeypatch.setattr(services, "finish_round", overtaken)
    worker.train(round_id=begun.pk)
    assert len(of_successor.read()) == 1
    assert EmbeddingCache.find(serving.cache_folder(project_id), "r0") is not None


def test_what_a_person_can_mend_is_said_in_their_language() -> None:
    told = serving.why(Unusable("{folder} is not there.", folder="/weights"))
    assert (told, kept(told)) == (
        "/weights is not there.", '["{folder} is not there.", {"folder": "/weights"}]',
    )  # fmt: skip
