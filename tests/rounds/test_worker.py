"""The learner's jobs, on a real database, real frames and the real learner."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import torch
from django.db import connection, connections
from numpy.typing import NDArray

from annotator.claims import claim_next_task
from annotator.models import Task
from annotator.queue import reopen_tasks
from annotator.withdrawals import undo_last
from learner.backbones import WIDTH
from learner.cache import EmbeddingCache, FrameCache
from learner.frames import SIZE, chosen_slices
from learner.questions import Question
from learner.ranker import Ranker
from rounds import pool as pools
from rounds import serving, worker
from rounds.models import Activity, PoolMap, Round
from rounds.worker import embedding
from rounds.worker import ranking as reranking
from rounds.worker.opening import opens_at
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


def test_every_scan_is_embedded_and_ranked(radiographs: LearningProject) -> None:
    worker.embed(project_id=radiographs.project.pk)
    folder = serving.cache_folder(radiographs.project.pk)
    bags = FrameCache(folder, SIZE).read()
    embeddings = EmbeddingCache.find(folder, "r0")
    assert sorted(bags.tasks) == sorted(radiographs.has_nodule)
    assert embeddings is not None and embeddings.shape == (24, WIDTH)
    worker.rerank(project_id=radiographs.project.pk)
    assert set(radiographs.generations().values()) == {1}
    activity = Activity.objects.get(project=radiographs.project)
    assert activity.doing.startswith("Ranked 24 scans after 0 labels in ")


def test_each_label_gives_a_new_order(radiographs: LearningProject) -> None:
    worker.embed(project_id=radiographs.project.pk)
    for labels in range(1, 13):
        annotation = radiographs.read_next()
        worker.rerank(project_id=radiographs.project.pk)
        ranking = last_ranking(radiographs)
        assert (ranking.labels, ranking.last_annotation) == (labels, annotation.pk)
        assert ranking.generation == labels
        assert ranking.placed == 24 - labels
    assert ranking.strategy == "uncertainty_herding"


def test_the_pool_is_drawn_as_the_ranking_sees_it(radiographs: LearningProject) -> None:
    worker.embed(project_id=radiographs.project.pk)
    worker.rerank(project_id=radiographs.project.pk)
    drawn = PoolMap.objects.get(project=radiographs.project)
    assert sorted(task for task, *_ in drawn.points) == sorted(radiographs.has_nodule)
    assert {doubt for *_, doubt in drawn.points} == {None}
    assert drawn.uncertainty == []
    for _ in range(8):
        radiographs.read_next()
    worker.rerank(project_id=radiographs.project.pk)
    drawn.refresh_from_db()
    assert drawn.generation == 2
    assert sum(drawn.uncertainty) == 24 - 8
    for axis in (1, 2):
        places = [point[axis] for point in drawn.points]
        assert (min(places), max(places)) == (0, 1)
    assert all(0 <= point[3] <= 1 for point in drawn.points)


def test_a_task_in_hand_is_left_where_it_is(radiographs: LearningProject) -> None:
    worker.embed(project_id=radiographs.project.pk)
    claimed = claim_next_task(project=radiographs.project, reader=radiographs.cast.bob)
    assert claimed is not None
    worker.rerank(project_id=radiographs.project.pk)
    assert radiographs.generations()[claimed.task_id] is None


def test_an_answer_taken_back_is_no_label_any_more(radiographs: LearningProject) -> None:
    worker.embed(project_id=radiographs.project.pk)
    radiographs.read_next()
    worker.rerank(project_id=radiographs.project.pk)
    assert last_ranking(radiographs).labels == 1
    undo_last(project=radiographs.project, reader=radiographs.cast.bob)
    worker.rerank(project_id=radiographs.project.pk)
    assert last_ranking(radiographs).labels == 0


def test_a_learner_that_starts_anew_knows_all_labels(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.embed(project_id=radiographs.project.pk)
    for _ in range(3):
        radiographs.read_next()
    worker.rerank(project_id=radiographs.project.pk)
    monkeypatch.setattr(reranking, "_live_projects", {})
    worker.rerank(project_id=radiographs.project.pk)
    assert last_ranking(radiographs).labels == 3


def test_a_task_that_was_numbered_early_and_came_late_is_embedded_too(
    radiographs: LearningProject,
) -> None:
    project_id = radiographs.project.pk
    numbers = Task.objects.filter(project=project_id).order_by("pk").values_list("pk", flat=True)
    cache = FrameCache(serving.cache_folder(project_id), SIZE)
    cache.append([numbers[23]], [np.zeros((1, SIZE, SIZE), dtype=np.uint8)])
    worker.embed(project_id=project_id)
    assert cache.read().tasks.tolist() == [numbers[23], *numbers[:23]]


def test_new_scans_join_the_pool(radiographs: LearningProject) -> None:
    project_id = radiographs.project.pk
    worker.embed(project_id=project_id)
    worker.rerank(project_id=project_id)
    add_scans(radiographs, 3, frame_count=20)  # volumes
    worker.sweep()
    assert "rounds.embed" in waiting_jobs()
    worker.embed(project_id=project_id)
    worker.rerank(project_id=project_id)
    bags = FrameCache(serving.cache_folder(project_id), SIZE).read()
    assert bags.counts.tolist() == [1] * 24 + [20] * 3
    assert last_ranking(radiographs).placed == 27
    pooled = reranking._live_projects[project_id].bags.pooled()
    assert np.abs(pooled[:24, WIDTH:]).max() == 0
    assert np.abs(pooled[24:, WIDTH:]).max() > 0


def test_tasks_that_replace_others_are_embedded_and_ranked_in_their_place(
    transactional_db: None,
) -> None:
    learning = make_learning_project(reading_unit="study")
    project_id = learning.project.pk
    worker.embed(project_id=project_id)
    worker.rerank(project_id=project_id)
    before = set(learning.generations())
    add_second_views(learning)
    tasks = set(learning.generations())
    assert (len(tasks), tasks & before) == (24, set())
    worker.rerank(project_id=project_id)  # nothing that is embedded is a task any more
    worker.sweep()
    assert "rounds.embed" in waiting_jobs()
    worker.embed(project_id=project_id)
    learning.read_next()
    worker.rerank(project_id=project_id)
    ranking = last_ranking(learning)
    assert (ranking.labels, ranking.placed) == (1, 23)
    live = reranking._live_projects[project_id]
    assert set(live.pool.tasks) == tasks
    assert len(live.ranker._space) == len(live.bags.counts) == 24
    assert live.bags.counts.tolist() == [2] * 24
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    worker.sweep()
    assert "rounds.embed" not in waiting_jobs()


def test_a_scan_counts_as_embedded_with_its_last_frame(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = radiographs.project.pk
    add_scans(radiographs, 2, frame_count=20)
    monkeypatch.setattr(embedding, "FRAMES", 50)
    serves = serving.serving_of(project_id=project_id)
    backbone = embedding.serving_backbones(serves)
    assert embedding._embed_chunk(project_id, serves, backbone)  # 24 images, a volume, 6 slices
    worker.rerank(project_id=project_id)
    assert last_ranking(radiographs).placed == 25
    worker.sweep()
    assert "rounds.embed" in waiting_jobs()
    worker.embed(project_id=project_id)
    worker.rerank(project_id=project_id)
    assert last_ranking(radiographs).placed == 26


def test_a_volume_opens_at_the_frame_that_is_least_sure(transactional_db: None) -> None:
    learning = make_learning_project(count=2)
    add_scans(learning, 2, frame_count=100)
    volume = Task.objects.filter(project=learning.project).order_by("pk").last()
    assert volume is not None
    worker.embed(project_id=learning.project.pk)
    worker.rerank(project_id=learning.project.pk)
    live = reranking._live_projects[learning.project.pk]
    rows = np.arange(len(live.pool))
    bag = live.pool.rows_of(np.array([volume.pk]))[0][0]
    features = live.bags.features[live.bags.firsts[bag] :][:64].astype(np.float32)
    odd = int(np.linalg.norm(features - features.mean(axis=0), axis=1).argmax())

    def predict(pooled: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        nearness = 1 / (
            1 + np.abs(pooled[:, WIDTH:] - (features[odd] - features.mean(axis=0))).sum(1)
        )
        return {"diagnosis": np.stack([1 - nearness / 2, nearness / 2], axis=1)}

    questions = [Question("diagnosis", "single", ("Normal", "Nodule"))]
    opens = opens_at(live.pool.tasks.tolist(), live.bags.of(rows), questions, predict)
    assert opens[volume.pk] == {"scan": 0, "frame": chosen_slices(100)[odd]}
    assert set(opens) <= set(live.pool.tasks[live.bags.counts > 1].tolist())


def test_tasks_of_every_arm_open_where_the_model_is_least_sure(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a reader could tell a task of the audit sample by where it opens."""
    learning = make_learning_project(count=6, overlap=2)
    audit, drawn, begun = sorted(learning.has_nodule)[:3]
    for task, arm in ((audit, Task.Arm.AUDIT), (drawn, Task.Arm.RANDOM)):
        Task.objects.filter(pk=task).update(arm=arm)
    Task.objects.filter(pk=begun).update(answers=1)
    monkeypatch.setattr(
        reranking, "opens_at", lambda tasks, *_: {task: {"scan": 0, "frame": 5} for task in tasks}
    )
    worker.embed(project_id=learning.project.pk)
    worker.rerank(project_id=learning.project.pk)
    tasks = Task.objects.filter(project=learning.project)
    # But for the one that its first reader has answered: it might show the answer.
    assert tasks.get(opens_at__isnull=True).pk == begun
    assert tasks.filter(opens_at={"scan": 0, "frame": 5}).count() == 5
    assert set(tasks.filter(generation=None).values_list("pk", flat=True)) == {audit, drawn}


def test_begun_tasks_are_finished_before_others_a_batch_at_a_time(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reranking, "BATCH", 2)
    learning = make_learning_project(overlap=2)
    worker.embed(project_id=learning.project.pk)
    begun = {learning.read_next().task_id for _ in range(5)}
    worker.rerank(project_id=learning.project.pk)
    assert last_ranking(learning).placed == 4  # two that are begun, two that are new
    claimed = claim_next_task(project=learning.project, reader=learning.cast.dora)
    assert claimed is not None and claimed.task_id in begun


def test_tasks_that_a_greater_overlap_opens_again_are_ranked(radiographs: LearningProject) -> None:
    worker.embed(project_id=radiographs.project.pk)
    read = radiographs.read_next()
    worker.rerank(project_id=radiographs.project.pk)
    assert last_ranking(radiographs).placed == 23
    radiographs.project.overlap = 2
    radiographs.project.save()
    reopen_tasks(project=radiographs.project)
    assert "rounds.rerank" in waiting_jobs()
    worker.rerank(project_id=radiographs.project.pk)
    assert last_ranking(radiographs).placed == 24
    assert radiographs.generations()[read.task_id] == last_ranking(radiographs).generation


def test_the_audit_sample_is_measured_and_never_learned_from(transactional_db: None) -> None:
    learning = make_learning_project(count=40)
    audit = sorted(learning.has_nodule)[:10]
    Task.objects.filter(pk__in=audit).update(arm=Task.Arm.AUDIT)
    worker.embed(project_id=learning.project.pk)
    learning.project.audit_share = 0.5  # half of what Bob is served
    for _ in range(24):
        learning.read_next()
    worker.rerank(project_id=learning.project.pk)
    ranking = last_ranking(learning)
    read = Task.objects.filter(project=learning.project, answers=1)
    audited = read.filter(arm=Task.Arm.AUDIT).count()
    assert (ranking.labels, ranking.metrics["audit"]) == (24 - audited, audited)
    assert ranking.metrics["labels"] == 24 - audited
    metrics = ranking.metrics["questions"]["diagnosis"]
    assert metrics["accuracy"]["n"] == audited
    assert 0 <= metrics["accuracy"]["low"] <= metrics["accuracy"]["value"] <= 1
    assert not Task.objects.filter(pk__in=audit, generation__isnull=False).exists()
    live = reranking._live_projects[learning.project.pk]
    assert len(live.ranker._labelled) == 24 - audited
    assert not live.pool.is_audit[live.ranker._labelled].any()


def test_the_random_arm_is_learned_from_and_never_ranked(transactional_db: None) -> None:
    learning = make_learning_project(count=24)
    drawn = sorted(learning.has_nodule)[:8]
    Task.objects.filter(pk__in=drawn).update(arm=Task.Arm.RANDOM)
    worker.embed(project_id=learning.project.pk)
    learning.project.random_share = 0.5  # half of what Bob is served
    for _ in range(10):
        learning.read_next()
    worker.rerank(project_id=learning.project.pk)
    read = Task.objects.filter(project=learning.project, answers=1)
    assert 0 < read.filter(arm=Task.Arm.RANDOM).count() < 10
    assert last_ranking(learning).labels == 10
    live = reranking._live_projects[learning.project.pk]
    assert len(live.ranker._labelled) == 10
    assert set(live.pool.tasks[live.pool.is_random]) == set(drawn)
    placed = Task.objects.filter(project=learning.project, generation__isnull=False)
    assert set(placed.values_list("arm", flat=True)) == {"pool"}


def test_a_label_that_was_not_taken_in_is_taken_in_the_next_time(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.embed(project_id=radiographs.project.pk)
    worker.rerank(project_id=radiographs.project.pk)
    radiographs.read_next()

    def broken(*given: object) -> None:
        raise RuntimeError("the database was away")

    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(pools, "targets_of", broken)
        worker.rerank(project_id=radiographs.project.pk)
    worker.rerank(project_id=radiographs.project.pk)
    assert last_ranking(radiographs).labels == 1


def test_a_pool_is_built_once_however_many_ask_for_it(
    radiographs: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker.embed(project_id=radiographs.project.pk)
    built: list[int] = []

    def slowly(*given: Any) -> Ranker:
        built.append(1)
        time.sleep(0.2)
        return made(*given)

    def ask() -> object:
        try:
            return reranking.live_project(radiographs.project)
        finally:
            connections.close_all()

    made = reranking._ranker
    monkeypatch.setattr(reranking, "_ranker", slowly)
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(lambda _: ask(), range(2))
    assert one is other
    assert built == [1]


@pytest.mark.parametrize(("strategy", "propensity"), [("random", 1 / 24), ("typiclust", 1.0)])
def test_each_placed_task_says_what_placed_it(
    transactional_db: None, strategy: str, propensity: float
) -> None:
    learning = make_learning_project(strategy=strategy)
    worker.embed(project_id=learning.project.pk)
    worker.rerank(project_id=learning.project.pk)
    tasks = Task.objects.filter(project=learning.project)
    assert set(tasks.values_list("strategy", "model")) == {(strategy, 0)}  # no round is done yet
    chances = tasks.values_list("propensity", flat=True)
    assert list(chances) == pytest.approx([propensity] * 24)


def test_the_model_is_the_number_of_the_round_that_serves(radiographs: LearningProject) -> None:
    config = {"embeddings": "r4a1", "serves": True}
    Round.objects.create(project=radiographs.project, number=4, state="done", config=config)
    serves = serving.serving_of(project_id=radiographs.project.pk)
    assert (serves.name, serves.number) == ("r4a1", 4)
