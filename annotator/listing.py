"""The tasks of a project in a table, for who oversees it: quick however many there are."""

from dataclasses import dataclass
from typing import Any, Self

from django.db.models import QuerySet

from annotator.models import Task
from annotator.queries import State, blind_tasks, in_hand, most_could_not, visible_tasks, with_state
from annotator.queue import place_of
from annotator.reasons import why
from projects.models import Membership
from projects.strategies import title

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One task; what its reader must not know is not shown to who is about to read it."""

    task: Task
    scans: str  # their names
    modality: str
    is_blind: bool
    state: State
    why: str
    strategy: str  # its title
    place: int | None  # in its ranking, from 1
    propensity: str

    @classmethod
    def of(cls, task: Any, *, is_blind: bool) -> Self:
        shown = [shown.scan for shown in task.task_scans.all()]
        modalities = dict.fromkeys(scan.series.modality for scan in shown)
        place = None if task.generation is None else place_of(task.rank, task.generation)
        return cls(
            task=task,
            scans=", ".join(scan.name for scan in shown),
            modality=", ".join(modalities),
            is_blind=is_blind,
            state=State(task.state),
            why=why(arm=task.arm, strategy=task.strategy),
            strategy=title(task.strategy),
            place=place,
            propensity="–" if task.propensity is None else f"{task.propensity:.3g}",
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the table, and the ids to go on from; None where it ends."""

    rows: list[Row]
    before: int | None
    after: int | None


def listing(
    membership: Membership,
    *,
    arm: Task.Arm | None = None,
    state: State | None = None,
    after: int | None = None,
    before: int | None = None,
) -> Listing:
    """The tasks that follow the one with the id `after`, or precede `before`; else the first.

    A task that the member is about to read is in no arm's list: they would learn which it is of.
    """
    blind = blind_tasks(membership)
    tasks = visible_tasks(membership)
    if arm is not None:
        tasks = tasks.filter(arm=arm).exclude(pk__in=blind)
    tasks = with_state(tasks if state is None else _in_state(tasks, state, membership.project_id))
    if before is None:
        found = list(tasks.filter(pk__gt=after or 0)[: PAGE + 1])
        shown, is_first, is_last = found[:PAGE], not after, len(found) <= PAGE
    else:
        found = list(tasks.filter(pk__lt=before).order_by("-pk")[: PAGE + 1])
        shown, is_first, is_last = found[:PAGE][::-1], len(found) <= PAGE, False
    return Listing(
        rows=[Row.of(task, is_blind=task.pk in blind) for task in shown],
        before=None if is_first or not shown else shown[0].pk,
        after=None if is_last or not shown else shown[-1].pk,
    )


def _in_state(tasks: QuerySet[Task], state: State, project_id: int) -> QuerySet[Task]:
    """As `with_state` has it, in conditions that indexes answer."""
    held = in_hand().filter(project=project_id).values("task")
    if state == State.IN_HAND:
        return tasks.filter(pk__in=held)
    others = tasks.exclude(pk__in=held)
    if state == State.OPEN:
        return others.filter(is_open=True)
    closed = others.filter(is_open=False)
    if state == State.NOT_JUDGEABLE:
        return most_could_not(closed, project_id=project_id)
    return closed.exclude(pk__in=most_could_not(closed, project_id=project_id).values("pk"))
