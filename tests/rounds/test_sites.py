"""A project of two scanners: the same scans on both, one's with an offset, are judged alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_django.fixtures import Settings

from annotator.dataset import labelled_answers
from learner.cache import EmbeddingCache, FrameCache
from learner.frames import SIZE
from rounds import services, serving, training, worker
from rounds.explanations import Asked
from rounds.worker import explaining, proving, rehearsing
from rounds.worker import ranking as reranking
from scans.models import Series
from tests.rounds.learning_project import LearningProject, make_learning_project

OFFSET, GAIN = 20.0, 1.5
PAIRS = 22


@pytest.fixture
def learning(transactional_db: None, new_learner: None) -> LearningProject:
    """Each scan twice, the second time on another scanner; a few pairs are read."""
    learning = make_learning_project(count=2 * PAIRS, strategy="random")
    embed(learning)
    for _ in range(12):
        learning.read_next()
    return learning


def embed(learning: LearningProject) -> None:
    """What would be embedded of the first PAIRS tasks on one scanner, then on the other."""
    rng = np.random.default_rng(0)
    tasks = sorted(learning.has_nodule)
    nodule = np.array([learning.has_nodule[task] for task in tasks[:PAIRS]])
    E = rng.normal(size=(PAIRS, 8))
    E[:, 0] += np.where(nodule, 6, 0)
    E = np.concatenate([E, GAIN * E + OFFSET])
    folder = serving.cache_folder(learning.project.pk)
    FrameCache(folder, SIZE).append(tasks, [np.zeros((1, SIZE, SIZE), np.uint8)] * len(tasks))
    EmbeddingCache(folder, "r0", 8).append(E.astype(np.float16), at=0)


def say_scanners(learning: LearningProject) -> None:
    for place, task in enumerate(sorted(learning.has_nodule)):
        model = "Ray 1" if place < PAIRS else "Ray 2"
        series = Series.objects.filter(scans__tasks=task)
        series.update(manufacturer="ACME", model_name=model)


def live(learning: LearningProject) -> reranking.LiveProject:
    worker.rerank(project_id=learning.project.pk)
    return reranking._live_projects[learning.project.pk]


def apart(values: NDArray[Any]) -> float:
    """How much the two of a pair differ, on average."""
    return float(np.abs(values[:PAIRS] - values[PAIRS:]).mean())


def test_the_same_scans_are_predicted_alike_whatever_the_scanner(
    learning: LearningProject,
) -> None:
    say_scanners(learning)
    ranker, bags = live(learning).ranker, live(learning).bags
    assert apart(bags.pooled()) < 0.3
    assert apart(ranker.predict()["diagnosis"]) < 0.05


def test_one_scanner_or_none_that_is_known_leaves_all_as_it_is(learning: LearningProject) -> None:
    embeddings = EmbeddingCache.find(serving.cache_folder(learning.project.pk), "r0")
    for maker in ("", "ACME"):
        Series.objects.update(manufacturer=maker, model_name="Ray 1")
        reranking._live_projects.clear()
        known = live(learning)
        assert known.pool.sites is None and known.bags.harmony is None
        np.testing.assert_array_equal(known.bags.pooled(), embeddings)
        assert np.shares_memory(known.bags.pooled(), known.bags.features)


def test_everything_that_learns_reads_the_same_embeddings(
    learning: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_scanners(learning)
    ranked = live(learning)
    project, pooled = learning.project, ranked.bags.pooled()
    gathered = proving._gather(project, labelled_answers(project=project))
    assert gathered is not None
    rows, _ = ranked.pool.rows_of(gathered[1])
    np.testing.assert_array_equal(gathered[0].embeddings, pooled[rows])
    tables = []
    monkeypatch.setattr(rehearsing, "rehearse_table", lambda table, *_, **__: tables.append(table))
    rehearsing.rehearse_project(project.pk, answer=None, settings={}, say=lambda words: None)
    read = np.flatnonzero(ranked.pool.is_labelled)
    np.testing.assert_array_equal(tables[0].embeddings, pooled[read])


def test_what_speaks_for_an_answer_is_told_for_the_scan_as_it_came(
    learning: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_scanners(learning)
    told = []

    def direction(weights: NDArray[np.float32], frames: int, features: int) -> None:
        told.append(weights)
        raise explaining.NoModelYet

    monkeypatch.setattr("learner.explanations.frame_direction", direction)
    tasks = sorted(learning.has_nodule)
    for task in (tasks[0], tasks[PAIRS]):
        with pytest.raises(explaining.NoModelYet):
            explaining._heat(learning.project, Asked(task, "diagnosis", "Nodule", 0, 0))
    # The second scanner's numbers are larger, and so each of them counts for less.
    scale = (told[1] / told[0])[np.abs(told[0]) > 0]
    assert (scale > 0.6).all() and (scale < 0.8).all()


def test_a_training_round_is_told_the_sites(
    learning: LearningProject, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    say_scanners(learning)
    monkeypatch.setattr(training, "_run_child", lambda begun, folder: "not here")
    begun = services.queue_round(project_id=learning.project.pk, labels=12, last_annotation=0)
    assert begun is not None
    worker.train(round_id=begun.pk)
    (file,) = Path(settings.MODEL_STORE).rglob("labels.npz")
    with np.load(file) as arrays:
        sites = arrays["sites"]
    assert len(set(sites[:PAIRS])) == len(set(sites[PAIRS:])) == 1
    assert sites[0] != sites[PAIRS]
