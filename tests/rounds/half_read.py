"""A project that is half read, and what the learner said about it."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from annotator.models import Annotation, Claim, Task
from rounds.models import Ranking
from tests.releases.cast import Cast, findings, quality


def answered(
    cast: Cast, task: Task, reader: User, *result: dict[str, Any], **more: Any
) -> Annotation:
    """An answer, and what the service that takes answers does to its task."""
    annotation = cast.answer(task, reader, *result, **more)
    Task.objects.filter(pk=task.pk).update(answers=1, is_open=False)
    return annotation


def half_read(cast: Cast) -> None:
    """Six tasks: Bob read two, Bea could not judge one, Bob holds one and has one reserved."""
    tasks = [cast.task(f"{number}.png", patient=f"p{number}") for number in range(6)]
    answered(cast, tasks[0], cast.bob, findings("Nodule"), quality("Artefact"), lead_time=4.0)
    answered(cast, tasks[1], cast.bob, quality("No artefact"), lead_time=9.0)
    answered(cast, tasks[2], cast.bea, was_cancelled=True, skip_reason="Blurred", lead_time=2.0)
    soon = timezone.now() + timedelta(minutes=5)
    for place, task in enumerate(tasks[3:5]):
        Claim.objects.create(
            task=task,
            project=cast.project,
            reader=cast.bob,
            place=place,
            expires_at=soon,
            rank=1,
        )


def measured(value: float, *, n: int = 40, **more: float) -> dict[str, Any]:
    return {"value": value, "low": None, "high": None, "n": n, **more}


def ranked(cast: Cast, generation: int, **questions: Any) -> Ranking:
    return Ranking.objects.create(
        project=cast.project,
        generation=generation,
        strategy="uncertainty",
        labels=generation,
        placed=50,
        milliseconds=87.4,
        metrics={"labels": generation, "audit": 40, "questions": questions},
    )
