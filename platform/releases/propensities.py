"""The chances with which the tasks of a release were served where no ranking had placed them."""

from collections.abc import Mapping
from typing import Any

from annotator.chances import chances, counted_until
from annotator.models import Annotation, Task
from annotator.propensities import BY_CHANCE, draws_in
from releases.idranges import IdRanges


def derived_propensities(contents: Mapping[str, Any]) -> dict[int, float]:
    """By annotation; of the tasks and annotations that `contents` names, and of nothing else."""
    project = contents["project"]
    tasks, annotations = IdRanges(contents["tasks"]), IdRanges(contents["annotations"])
    rows = Annotation.objects.filter(project=project["id"])
    found: dict[int, float] = {}
    for arm in Task.Arm:
        every = draws_in(rows, arm=arm, asked=rows.filter(BY_CHANCE))
        draws = [draw for draw in every if draw.annotation_id in annotations]
        times = [draw.at for draw in draws if draw.is_asked]
        if not times:
            continue
        own = Task.objects.filter(project=project["id"], arm=arm).values_list("pk", "created_at")
        created = (moment for task, moment in own.iterator() if task in tasks)
        tasks_at = counted_until(times, created).__getitem__
        found |= chances(draws, tasks_at=tasks_at, overlap=project["overlap"])
    return found
