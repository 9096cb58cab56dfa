"""The job that works out what the labels prove, on a real database and the real learner."""

import os
from typing import Any

import pytest
import torch
from procrastinate.contrib.django.models import ProcrastinateJob

from annotator.dataset import labelled_answers
from annotator.models import Annotation, Task
from learner.processes import aside
from rounds import services, worker
from rounds.models import Proof
from rounds.worker import proving
from tests.rounds.learning_project import LearningProject, make_learning_project

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def in_this_process(new_learner: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # A process of its own takes seconds to start; two tests below have it.
    monkeypatch.setattr(proving, "aside", lambda function, *arguments: function(*arguments))


@pytest.fixture
def read_project(transactional_db: None) -> LearningProject:
    """Ten audit tasks, ten of the random arm, sixteen of the pool: all read."""
    learning = make_learning_project(count=36)
    tasks = sorted(learning.has_nodule)
    Task.objects.filter(pk__in=tasks[:10]).update(arm=Task.Arm.AUDIT)
    Task.objects.filter(pk__in=tasks[10:20]).update(arm=Task.Arm.RANDOM)
    worker.embed(project_id=learning.project.pk)
    for _ in range(36):
        learning.read_next()
    return learning


def waiting_proofs() -> int:
    return ProcrastinateJob.objects.filter(status="todo", task_name="rounds.prove").count()


def test_the_proof_is_kept_and_says_what_is_missing(read_project: LearningProject) -> None:
    project = read_project.project
    worker.prove(project_id=project.pk)
    proof = Proof.objects.get(project=project)
    assert proof.labels == 26
    assert proof.last_annotation == Annotation.objects.latest("pk").pk
    (savings,) = proof.savings
    assert (savings["audit"], savings["random"], savings["active"]) == (10, 10, 16)
    assert savings["verdict"] == "not enough"
    assert savings["missing"] == [
        ["about {count} more audit patients", {"count": 20}],
        ["about {count} more random-arm patients", {"count": 10}],
        ["about {count} more actively chosen answers", {"count": 4}],
    ]
    assert proof.stopping[0]["verdict"] == "cannot tell"
    assert proof.label_errors == []


def test_the_arms_are_in_the_order_of_reading_without_labels_that_were_brought_along(
    read_project: LearningProject,
) -> None:
    brought = list(Task.objects.filter(arm="pool").values_list("pk", flat=True)[:6])
    drawn = Task.objects.filter(arm="random").values_list("pk", flat=True)
    Annotation.objects.filter(task__in=[*brought, *drawn[:3]]).update(origin="import")
    also_read = {"task_id": drawn[3], "project": read_project.project, "origin": "import"}
    Annotation.objects.create(reader=read_project.cast.dora, result=[], asked={}, **also_read)
    gathered = proving._gather(read_project.project, labelled_answers(project=read_project.project))
    assert gathered is not None
    evidence, tasks = gathered
    read = dict(Annotation.objects.filter(origin="reading").values_list("task_id", "pk"))
    for arm, count in ((evidence.audit, 10), (evidence.random, 7), (evidence.active, 10)):
        order = [read[task] for task in tasks[arm].tolist()]
        assert order == sorted(order)
        assert len(order) == count
    assert sorted(tasks[evidence.given].tolist()) == sorted(brought)
    assert len(evidence.trained) == 23


def test_doubtful_labels_name_their_task(
    read_project: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Task.objects.filter(arm="pool").latest("pk")
    answer = wrong.annotations.get()
    said = "Normal" if read_project.has_nodule[wrong.pk] else "Nodule"
    answer.result[0]["value"]["choices"] = [said]
    answer.save()
    monkeypatch.setattr("learner.proof.label_errors.LEAST_LABELS", 20)
    worker.prove(project_id=read_project.project.pk)
    doubts = Proof.objects.get().label_errors
    assert {doubt["task"] for doubt in doubts} <= set(read_project.has_nodule)
    assert all("row" not in doubt for doubt in doubts)
    mine = [doubt for doubt in doubts if doubt["task"] == wrong.pk]
    assert [(doubt["given"], doubt["question"]) for doubt in mine] == [(said, "diagnosis")]


def test_a_proof_is_due_after_five_labels_and_once_at_a_time(transactional_db: None) -> None:
    learning = make_learning_project()
    worker.embed(project_id=learning.project.pk)
    for labels in range(1, 8):
        learning.read_next()
        worker.rerank(project_id=learning.project.pk)
        assert waiting_proofs() == (1 if labels >= 5 else 0)
    job = ProcrastinateJob.objects.get(task_name="rounds.prove")
    rerank = ProcrastinateJob.objects.filter(task_name="rounds.rerank").first()
    assert rerank is not None
    assert (job.priority, job.queueing_lock) == (-10, f"prove-{learning.project.pk}")
    assert job.priority < rerank.priority


def test_the_next_proof_is_due_when_labels_have_grown_by_a_twentieth(
    transactional_db: None,
) -> None:
    learning = make_learning_project()
    Proof.objects.create(
        project=learning.project, labels=200, computed_at=learning.project.created_at
    )
    for labels, due in ((209, 0), (210, 1)):
        ranking = services.publish_ranking(
            project=learning.project,
            round_id=None,
            model=0,
            strategy="random",
            labels=labels,
            last_annotation=0,
            placed=[],
            milliseconds=1.0,
        )
        services.queue_due_proof(project=learning.project, ranking=ranking)
        assert waiting_proofs() == due


def test_a_proof_of_older_labels_changes_nothing(transactional_db: None) -> None:
    project = make_learning_project().project
    nothing: dict[str, Any] = {
        "savings": [],
        "stopping": [],
        "label_errors": [],
        "label_seconds": None,
    }
    services.keep_proof(project=project, labels=9, last_annotation=30, found=nothing)
    services.keep_proof(project=project, labels=5, last_annotation=20, found=nothing)
    assert Proof.objects.get(project=project).labels == 9


def test_a_project_without_labels_or_embeddings_proves_nothing(transactional_db: None) -> None:
    project = make_learning_project(count=2).project
    worker.prove(project_id=project.pk)
    worker.embed(project_id=project.pk)
    worker.prove(project_id=project.pk)
    worker.prove(project_id=project.pk + 1)
    assert not Proof.objects.exists()


def test_the_proof_is_worked_out_in_a_process_that_gives_way() -> None:
    own = os.nice(0)
    assert aside(os.nice, 0) == min(own + 10, 19)
    assert aside(os.getpid) != os.getpid()


def test_the_process_of_the_proof_needs_no_django(
    read_project: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "aside", aside)
    worker.prove(project_id=read_project.project.pk)
    assert Proof.objects.get(project=read_project.project).labels == 26


def test_a_proof_that_fails_is_kept_as_such_and_the_next_one_forgets_it(
    read_project: LearningProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any) -> None:
        raise MemoryError("no memory left")

    with monkeypatch.context() as patched:
        patched.setattr(proving, "aside", broken)
        with pytest.raises(MemoryError):
            worker.prove(project_id=read_project.project.pk)
    assert Proof.objects.get().error == "no memory left"
    worker.prove(project_id=read_project.project.pk)
    assert Proof.objects.get().error == ""
