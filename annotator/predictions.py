"""What the project's own learner says of the tasks that are about to be served."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from annotator.modelhelp import OWN_VERSION
from annotator.results import Result
from projects.models import Project

# Of a task that nobody has answered only the newest is kept. What was said of a task before its
# first answer stays: a later one would tell a second reader something of the first one's answer.
_KEEP = """
WITH outdated AS (
    DELETE FROM annotator_prediction old USING annotator_task task
    WHERE old.project_id = %(project)s AND old.created_by_id IS NULL
      AND starts_with(old.model_version, %(own)s) AND old.model_version <> %(version)s
      AND task.id = old.task_id AND task.answers = 0
)
INSERT INTO annotator_prediction (
    task_id, project_id, result, score, model_version, created_at)
SELECT task.id, task.project_id, said.result::jsonb, said.score, %(version)s, statement_timestamp()
FROM unnest(%(tasks)s::bigint[], %(results)s::text[], %(scores)s::float8[])
     AS said (task_id, result, score)
JOIN annotator_task task ON task.id = said.task_id
WHERE task.project_id = %(project)s AND task.answers = 0
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class OwnPrediction:
    """What the learner says of one task."""

    task_id: int
    result: Result
    score: float | None  # the probability of what it is least sure of; None for numbers alone


def keep_own_predictions(
    *, project: Project, model: int, generation: int, predictions: Sequence[OwnPrediction]
) -> None:
    """Put these in place of what the learner said of the project's unanswered tasks before.

    One statement. `model` is the number of the round whose weights it used, `generation` that of
    the ranking it was made with; both name the version.
    """
    values: dict[str, Any] = {
        "project": project.pk,
        "own": OWN_VERSION,
        "version": f"{OWN_VERSION}{model}, ranking {generation}",
        "tasks": [one.task_id for one in predictions],
        "results": [json.dumps(one.result) for one in predictions],
        "scores": [one.score for one in predictions],
    }
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, values)
