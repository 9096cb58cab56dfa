"""The lists of a project, quick however long: its tasks, for who oversees it; one's own answers."""

from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Exists, OuterRef, Prefetch, Q
from django.utils.translation import gettext

from annotator.models import Annotation, Task, TaskScan
from annotator.queries import State, answers_of, blind_tasks, visible_tasks, with_state
from annotator.queue import place_of
from annotator.reasons import why
from annotator.search import Wanted, answered, bounded, commented, named, wanted_tasks
from projects.models import Membership
from projects.strategies import title

PAGE = 50
EVERYTHING = Wanted()
_LONGEST_NAME = 30
_TAIL = 18


def _scans_of(task: Task) -> tuple[str, str]:
    """The names of the task's scans, and their modalities, each once."""
    shown = [shown.scan for shown in task.task_scans.all()]
    modalities = dict.fromkeys(scan.series.modality for scan in shown)
    return ", ".join(scan.name for scan in shown), ", ".join(modalities)


def shortened(name: str) -> str:
    """A long name without its middle: identifiers of one site differ at their ends."""
    return name if len(name) <= _LONGEST_NAME else f"{name[:8]}…{name[-_TAIL:]}"


@dataclass(frozen=True, slots=True)
class Row:
    """One task; what its reader must not know is not shown to who is about to read it."""

    task: Task
    scans: str  # their names
    scans_short: str
    modality: str
    is_blind: bool
    state: State
    why: str
    strategy: str  # its title
    place: int | None  # in its ranking, from 1
    propensity: str

    @classmethod
    def of(cls, task: Any, *, is_blind: bool) -> Self:
        scans, modality = _scans_of(task)
        place = None if task.generation is None else place_of(task.rank, task.generation)
        return cls(
            task=task,
            scans=scans,
            scans_short=shortened(scans),
            modality=modality,
            is_blind=is_blind,
            state=State(task.state),
            why=why(arm=task.arm, strategy=task.strategy),
            strategy=title(task.strategy),
            place=place,
            propensity="–" if task.propensity is None else f"{task.propensity:.3g}",
        )


@dataclass(frozen=True, slots=True)
class Given:
    """One of the reader's own answers."""

    answer: Annotation
    scans: str
    scans_short: str
    modality: str
    said: str

    @classmethod
    def of(cls, answer: Annotation) -> Self:
        scans, modality = _scans_of(answer.task)
        said = ", ".join(one.partition("=")[2] for one in answer.said) or gettext("Nothing marked")
        if answer.was_cancelled:
            said = gettext("Cannot be judged: {reason}").format(reason=answer.skip_reason)
        return cls(answer, scans, shortened(scans), modality, said)


@dataclass(frozen=True, slots=True)
class Answers:
    """One page of the reader's own answers, and the id to go on from; None where it ends."""

    rows: list[Given]
    before: int | None


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of the table, and the ids to go on from; None where it ends."""

    rows: list[Row]
    before: int | None
    after: int | None


def listing(
    membership: Membership,
    wanted: Wanted = EVERYTHING,
    *,
    after: int | None = None,
    before: int | None = None,
) -> Listing:
    """The tasks that follow the one with the id `after`, or precede `before`; else the first.

    A task that the member is about to read is in no list that would tell what they must not know
    of it. Raises TooWide where the filters together take too long.
    """
    blind = blind_tasks(membership)
    with bounded():
        tasks = with_state(wanted_tasks(visible_tasks(membership), membership, wanted))
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


def earlier_answers(
    membership: Membership, wanted: Wanted = EVERYTHING, *, before: int | None = None
) -> Answers:
    """The member's own answers in force, newest first, from before the one with this id."""
    own = answers_of(membership).filter(origin=Annotation.Origin.READING)
    last = own.filter(pk=before).first() if before else None
    with bounded():
        found = answered(own, wanted).order_by("-created_at", "-pk")
        if last is not None:
            is_same = Q(created_at=last.created_at, pk__lt=last.pk)
            found = found.filter(Q(created_at__lt=last.created_at) | is_same)
        if wanted.text:
            scans = named(TaskScan.objects.filter(task=OuterRef("task")), wanted.text)
            spoken = commented(own, wanted.text).order_by()
            found = found.filter(Exists(scans) | Q(pk__in=spoken.values("pk")))
        shown = list(
            found.select_related("corrects").prefetch_related(
                Prefetch("task__task_scans", TaskScan.objects.select_related("scan__series"))
            )[: PAGE + 1]
        )
    return Answers(
        rows=[Given.of(answer) for answer in shown[:PAGE]],
        before=shown[PAGE - 1].pk if len(shown) > PAGE else None,
    )
