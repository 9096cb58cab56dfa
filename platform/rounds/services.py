"""Writes of the learner's doings: rounds, rankings and activity.

Shapes of the JSON kept, for whoever shows it
---------------------------------------------
`Ranking.metrics`, a point of the learning curve (the heads as they ranked, on the audit sample):

    {"labels": 31,                       # labelled tasks the heads learned from
     "audit": 12,                        # labelled audit tasks it was measured on
     "questions": {QUESTION: {METRIC: {"value": 0.83, "low": 0.6, "high": 0.95, "n": 12},
                              "classes": {CLASS: {"n", "positive", METRIC: {...}}}}}}

METRIC: accuracy, balanced_accuracy, sensitivity, specificity, roc_auc, ece (choices); mae, mse, r2.
Over several classes or findings each is their mean; every one's own stand under "classes".
`low` and `high` are the 95 % interval, null where it is not known.
`questions` is {} until audit tasks are labelled; a metric that cannot be had (one class) is absent.

`Round.metrics`, a full training:

    {"labels": 50, "audit": 20,
     "questions": …as above, with intervals…,
     "held_out": {"current": 0.52, "new": 0.47, "n": 13},   # mean log-loss or squared error
     "seconds": 118.0, "epochs": 14,
     "cross_validation": {"loss": 0.41, "epochs": 14},      # that found the number of epochs
     "pseudo_labels": {"kept": false, "n": 120, "without": 0.41, "with": 0.43},   # if tried
     "attention": {"kept": true, "without": 0.6, "with": 0.3}}     # over a bag's frames, if tried

The first round is self-supervised: no "held_out" nor what is below it, and "labels" are those that
its heads learned from when it was measured.

`Proof.savings`, `Proof.stopping` and `Proof.label_errors` are lists of `learner.proof`'s `Savings`,
`Advice` and `Doubt`, fields by name; an amount is {"value", "low", "high"}, null where unknown; the
`row` of a doubt has become its "task". What is missing, and an advice's reason, are
`learner.sentences.Words`.

`Round.config`:

    {"kind": "self-supervised" | "given weights" | "fine-tuned" | "attention",   # attention alone
     "ensemble": 1, "recipe": {...},     # how many backbones; how they were fine-tuned
     "backbone": {...}, "seed": 2, "embeddings": "r2a1",
     "serves": true,                     # false: it was no better, the one before goes on serving
     "reason": ["…one sentence…", {}]}    # learner.sentences.Words
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Max
from django.utils import timezone
from procrastinate.contrib.django import app

from accounts.sentences import kept
from annotator.queue import OpensAt, Placement, apply_ranking
from annotator.rerank import LEARNER_QUEUE
from projects.jobs import defer_once
from projects.models import Project
from rounds.models import Activity, PoolMap, Proof, Ranking, Round

TRAIN_JOB = "rounds.train"
PROVE_JOB = "rounds.prove"
# A proof is worked out anew when labels have grown by so much.
_GROWTH = 0.05
_LEAST_NEW_LABELS = 5
_UNFINISHED = (Round.State.QUEUED, Round.State.RUNNING)


def queue_round(*, project_id: int, labels: int, last_annotation: int) -> Round | None:
    """Put a training round on the queue; None where one is unfinished already."""
    with transaction.atomic():
        done = Round.objects.filter(project_id=project_id)
        try:
            with transaction.atomic():
                new = Round.objects.create(
                    project_id=project_id,
                    number=(done.aggregate(last=Max("number"))["last"] or 0) + 1,
                    parent=done.filter(state=Round.State.DONE).order_by("-number").first(),
                    labels=labels,
                    last_annotation=last_annotation,
                )
        except IntegrityError:
            return None
        defer_round(round_id=new.pk)
    return new


def queue_due_round(*, project: Project, ranking: Ranking) -> None:
    """Queue the next round where enough labels have come since the last, failed ones included."""
    last = Round.objects.filter(project=project).order_by("-number").first()
    if last is not None and ranking.labels - last.labels >= project.labels_per_round:
        queue_round(
            project_id=project.pk,
            labels=ranking.labels,
            last_annotation=ranking.last_annotation,
        )


def queue_due_proof(*, project: Project, ranking: Ranking) -> None:
    """Queue the project's proof where labels have changed enough since the last, or there is none.

    Whatever else the learner has to do comes first.
    """
    last = Proof.objects.filter(project=project).values_list("labels", flat=True).first()
    wanted = max(_LEAST_NEW_LABELS, _GROWTH * (last or 0))
    if abs(ranking.labels - (last or 0)) < wanted:
        return
    defer_once(
        PROVE_JOB,
        queue=LEARNER_QUEUE,
        lock="prove",
        queueing_lock=f"prove-{project.pk}",
        priority=-10,
        project_id=project.pk,
    )


def keep_proof(*, project: Project, labels: int, last_annotation: int, found: Any) -> Proof:
    """Keep what a project's labels prove in place of what they proved before.

    `found` has "savings", "stopping", "label_errors" and "label_seconds". A proof from
    older labels than the one kept changes nothing.
    """
    with transaction.atomic():
        proof, is_new = Proof.objects.select_for_update().get_or_create(
            project=project, defaults={"computed_at": timezone.now()}
        )
        if is_new or last_annotation >= proof.last_annotation:
            proof.labels, proof.last_annotation = labels, last_annotation
            proof.savings, proof.stopping = found["savings"], found["stopping"]
            proof.label_errors = found["label_errors"]
            proof.label_seconds = found["label_seconds"]
            proof.error = ""
            proof.computed_at = timezone.now()
            proof.save()
    return proof


def fail_proof(*, project_id: int, error: str) -> None:
    """Keep why a proof failed; what was proved before stands."""
    Proof.objects.update_or_create(
        project_id=project_id,
        defaults={"error": error},
        create_defaults={"error": error, "computed_at": timezone.now()},
    )


def keep_pool_map(
    *, project: Project, generation: int, points: list[Any], uncertainty: list[int]
) -> None:
    """Keep the pool at a glance in place of how it was; an older generation changes nothing."""
    shown = {"generation": generation, "points": points, "uncertainty": uncertainty}
    with transaction.atomic():
        kept, is_new = PoolMap.objects.select_for_update().get_or_create(
            project=project, defaults={**shown, "computed_at": timezone.now()}
        )
        if not is_new and generation >= kept.generation:
            PoolMap.objects.filter(pk=kept.pk).update(**shown, computed_at=timezone.now())


def defer_round(*, round_id: int) -> None:
    """Put the job of a round on the queue. Rounds run one at a time: they take all of the GPU."""
    app.configure_task(
        TRAIN_JOB, queue=LEARNER_QUEUE, lock="train", queueing_lock=f"train-{round_id}"
    ).defer(round_id=round_id)


def begin_round(*, round_id: int) -> Round | None:
    """Take a queued or interrupted round up under a new attempt; None where it is finished."""
    begun = Round.objects.filter(pk=round_id, state__in=_UNFINISHED).update(
        state=Round.State.RUNNING,
        attempt=F("attempt") + 1,
        started_at=timezone.now(),
        error="",
    )
    return Round.objects.get(pk=round_id) if begun else None


def finish_round(
    *,
    round_id: int,
    attempt: int,
    labels: int,
    last_annotation: int,
    weights: str,
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
) -> bool:
    """Publish a round in one conditional update; False where another attempt has taken over."""
    published = Round.objects.filter(
        pk=round_id, attempt=attempt, state=Round.State.RUNNING
    ).update(
        state=Round.State.DONE,
        labels=labels,
        last_annotation=last_annotation,
        weights=weights,
        config=dict(config),
        metrics=dict(metrics),
        finished_at=timezone.now(),
    )
    return bool(published)


def lay_down_round(*, round_id: int, attempt: int) -> None:
    """Let a round wait whose learner was stopped; unlike a crash, that is no fault of the round."""
    Round.objects.filter(pk=round_id, attempt=attempt, state=Round.State.RUNNING).update(
        state=Round.State.QUEUED
    )


def fail_round(*, round_id: int, attempt: int, error: str) -> bool:
    """End a round that cannot succeed; False where another attempt has taken over."""
    failed = Round.objects.filter(pk=round_id, attempt=attempt, state=Round.State.RUNNING).update(
        state=Round.State.FAILED, error=error, finished_at=timezone.now()
    )
    return bool(failed)


def publish_ranking(
    *,
    project: Project,
    round_id: int | None,
    model: int,
    strategy: str,
    labels: int,
    last_annotation: int,
    placed: Sequence[Placement],
    milliseconds: float,
    opened: Mapping[int, OpensAt | None] | None = None,
) -> Ranking:
    """Write a new order and the record of it in one transaction, under the next generation.

    `model` is the number of the round, 0 where there is none; `opened` as for `apply_ranking`.
    Its metrics follow (`add_ranking_metrics`): nobody waits for them to see the order.
    """
    with transaction.atomic():
        last = Ranking.objects.filter(project=project).aggregate(last=Max("generation"))
        generation = (last["last"] or 0) + 1
        apply_ranking(
            project=project,
            generation=generation,
            placed=placed,
            strategy=strategy,
            model=model,
            opened=opened,
        )
        return Ranking.objects.create(
            project=project,
            generation=generation,
            round_id=round_id,
            strategy=strategy,
            labels=labels,
            last_annotation=last_annotation,
            placed=len(placed),
            milliseconds=milliseconds,
        )


def add_ranking_metrics(*, ranking: Ranking, metrics: Mapping[str, Any]) -> None:
    """Put what was measured after a ranking was written beside it."""
    Ranking.objects.filter(pk=ranking.pk).update(metrics=dict(metrics))


def told(report: Mapping[str, Any]) -> dict[str, Any]:
    """A question's report by `learner.metrics.evaluate` as kept in metrics: what is defined."""
    kept = {
        name: estimate
        for name, estimate in report.items()
        if name not in ("n", "patients", "classes") and estimate["value"] is not None
    }
    return kept | ({"classes": report["classes"]} if report.get("classes") else {})


def note_activity(*, project_id: int, doing: str) -> None:
    """Say what the learner is doing for a project; the same words again only renew `seen_at`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO rounds_activity AS a (project_id, doing, since, seen_at)
            VALUES (%s, %s, now(), now())
            ON CONFLICT (project_id) DO UPDATE SET
                since = CASE WHEN a.doing = EXCLUDED.doing THEN a.since ELSE now() END,
                doing = EXCLUDED.doing, seen_at = now()
            """,
            [project_id, kept(doing)],
        )


def renew_activity() -> None:
    """The learner's sign of life, for every project at once."""
    Activity.objects.update(seen_at=timezone.now())
