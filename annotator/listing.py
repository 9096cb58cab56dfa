"""The lists of a project, quick however long: its tasks, for who oversees it; one's own answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext

from annotator.looks import note_look
from annotator.models import Annotation, Task, TaskScan
from annotator.queries import (
    State,
    answers_of,
    blind_tasks,
    visible_annotations,
    visible_tasks,
    with_state,
)
from annotator.queue import place_of
from annotator.reasons import why
from annotator.search import Wanted, answered, bounded, commented, named, wanted_tasks
from annotator.shown import ANSWERS
from projects.access import READING_ROLES
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
    of it, and one found by what others answered is hereby looked at. Raises TooWide where the
    filters together take too long.
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
    _note_told(membership, wanted, shown)
    return Listing(
        rows=[Row.of(task, is_blind=task.pk in blind) for task in shown],
        before=None if is_first or not shown else shown[0].pk,
        after=None if is_last or not shown else shown[-1].pk,
    )


def _note_told(membership: Membership, wanted: Wanted, shown: Sequence[Task]) -> None:
    """A list of what was answered so tells a member who reads what others said of its tasks."""
    if membership.role not in READING_ROLES or not (wanted.said or wanted.text):
        return
    others = visible_annotations(membership).exclude(reader=membership.user_id).order_by()
    answers = others.filter(task__in=[task.pk for task in shown])
    told: set[int] = set()
    if wanted.said:
        told.update(answered(answers, wanted).values_list("task", flat=True))
    if wanted.text:
        told.update(commented(answers, wanted.text).values_list("task", flat=True))
    note_look(membership, told, at=[ANSWERS])


@dataclass(frozen=True, slots=True)
class Beside:
    """The tasks before and after one in a list; None at its ends."""

    before: int | None
    after: int | None


NOTHING_BESIDE = Beside(None, None)


def beside_task(membership: Membership, task_id: int, wanted: Wanted) -> Beside:
    """The task's neighbours in the table of tasks, but for those that the member is about to read.

    Raises TooWide as `listing`.
    """
    with bounded():
        tasks = wanted_tasks(visible_tasks(membership), membership, wanted)
        open_to_all = tasks.exclude(pk__in=blind_tasks(membership)).values_list("pk", flat=True)
        return Beside(
            open_to_all.filter(pk__lt=task_id).order_by("-pk").first(),
            open_to_all.filter(pk__gt=task_id).order_by("pk").first(),
        )


def beside_answer(membership: Membership, task_id: int, wanted: Wanted) -> Beside:
    """The neighbours of the task's answer among the member's own, newest first.

    Raises TooWide as `earlier_answers`.
    """
    with bounded():
        found = _own_answers(membership, wanted)
        shown = answers_of(membership).filter(task=task_id).first()
        if shown is None:
            return NOTHING_BESIDE
        newer = found.filter(_earlier_than(shown, "gt")).order_by("created_at", "pk")
        older = found.filter(_earlier_than(shown, "lt")).order_by("-created_at", "-pk")
        return Beside(*(one.values_list("task", flat=True).first() for one in (newer, older)))


def _earlier_than(answer: Annotation, way: str = "lt") -> Q:
    """In the order of giving: before this answer, or after it where `way` is "gt"."""
    is_same = Q(created_at=answer.created_at, **{f"pk__{way}": answer.pk})
    return Q(**{f"created_at__{way}": answer.created_at}) | is_same


def _own_answers(membership: Membership, wanted: Wanted) -> QuerySet[Annotation]:
    """The member's own answers in force that pass the filters. To be read inside `bounded`."""
    own = answers_of(membership).filter(origin=Annotation.Origin.READING)
    found = answered(own, wanted)
    if wanted.text:
        scans = named(TaskScan.objects.filter(task=OuterRef("task")), wanted.text)
        spoken = commented(own, wanted.text).order_by()
        found = found.filter(Exists(scans) | Q(pk__in=spoken.values("pk")))
    return found


def earlier_answers(
    membership: Membership, wanted: Wanted = EVERYTHING, *, before: int | None = None
) -> Answers:
    """The member's own answers in force, newest first, from before the one with this id."""
    last = answers_of(membership).filter(pk=before).first() if before else None
    with bounded():
        found = _own_answers(membership, wanted).order_by("-created_at", "-pk")
        if last is not None:
            found = found.filter(_earlier_than(last))
        shown = list(
            found.select_related("corrects").prefetch_related(
                Prefetch("task__task_scans", TaskScan.objects.select_related("scan__series"))
            )[: PAGE + 1]
        )
    return Answers(
        rows=[Given.of(answer) for answer in shown[:PAGE]],
        before=shown[PAGE - 1].pk if len(shown) > PAGE else None,
    )
