"""Which tasks a worklist shows: filters that combine, exact, and quick at a million tasks.

A filter that few tasks pass is answered from its own index; one that many pass, along the order
of the list, where the next rows are soon found. Which of the two is seen by fetching the first few
thousand. What neither makes quick, such as two common things that never meet, ends at a limit of
time, and says so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Self

from django.db import OperationalError, connection, transaction
from django.db.models import BooleanField, Exists, F, Func, OuterRef, QuerySet, Value
from django.utils import timezone
from psycopg.errors import QueryCanceled

from annotator.models import Annotation, Task, TaskScan
from annotator.queries import (
    State,
    blind_tasks,
    in_hand,
    most_could_not,
    visible_annotations,
)
from annotator.queue import place_of
from projects.models import Membership

# What fewer tasks pass is fetched whole.
FEW = 5000
SECONDS = 3


class TooWide(Exception):
    """The search would take longer than a person waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The filters of a list; None and the empty text ask for nothing."""

    arm: str = ""
    state: str = ""
    reader: int | None = None
    said: str = ""  # "question=answer"
    since: date | None = None  # answered between, both days with
    until: date | None = None
    modality: str = ""
    text: str = ""  # in a scan's name or in a comment; at least three letters
    least: float | None = None  # score
    most: float | None = None
    first: int | None = None  # of the learner's present order, so many

    @classmethod
    def of(cls, cleaned: dict[str, Any]) -> Self:
        """Of a form's cleaned fields: what was left out or is no answer asks for nothing."""
        return cls(**{name: value for name, value in cleaned.items() if value is not None})

    @property
    def asks_for_answers(self) -> bool:
        return bool(self.reader or self.said or self.since or self.until)

    @property
    def would_tell(self) -> bool:
        """Whether being listed tells something of a task that its reader must not know."""
        asks_for_score = self.least is not None or self.most is not None
        # One reserved ahead may have been closed by others' answers: how tells what they said.
        asks_how_closed = self.state in (State.READ, State.NOT_JUDGEABLE)
        return bool(self.arm or asks_for_score or self.first or asks_how_closed)


@contextmanager
def bounded() -> Iterator[None]:
    """Raises TooWide for what takes longer than SECONDS in the database."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{SECONDS}s'")
            yield
            cursor.execute("SET LOCAL statement_timeout = DEFAULT")
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooWide from error
        raise


def wanted_tasks(tasks: QuerySet[Task], membership: Membership, wanted: Wanted) -> QuerySet[Task]:
    """Those of the tasks that pass every filter. To be called, and read, inside `bounded`."""
    if wanted.would_tell:
        tasks = tasks.exclude(pk__in=blind_tasks(membership))
    if wanted.arm:
        tasks = tasks.filter(arm=wanted.arm)
    if wanted.state:
        tasks = _in_state(tasks, State(wanted.state), membership.project_id)
    if wanted.modality:
        tasks = _passing(tasks, _shown(membership).filter(scan__series__modality=wanted.modality))
    tasks = _of_score(tasks, membership, wanted)
    answers = visible_annotations(membership).order_by()
    if wanted.asks_for_answers:
        tasks = _passing(tasks, answered(answers, wanted))
    return _with_text(tasks, membership, answers, wanted.text) if wanted.text else tasks


def answered(answers: QuerySet[Annotation], wanted: Wanted) -> QuerySet[Annotation]:
    """Those of the answers that one reader gave, on these days, and that say this: all at once."""
    if wanted.reader:
        answers = answers.filter(reader=wanted.reader)
    if wanted.said:
        answers = answers.filter(said__contains=[wanted.said])
    if wanted.since:
        answers = answers.filter(created_at__gte=_at(wanted.since, time.min))
    if wanted.until:
        answers = answers.filter(created_at__lte=_at(wanted.until, time.max))
    return answers


def commented(answers: QuerySet[Annotation], text: str) -> QuerySet[Annotation]:
    """Those whose comment holds the text, in any case."""
    return answers.exclude(comment="").filter(_trigrams("comment", text), comment__icontains=text)


def named(shown: QuerySet[TaskScan], text: str) -> QuerySet[TaskScan]:
    """Those whose scan's name holds the text, in any case."""
    return shown.filter(_trigrams("scan__name", text), scan__name__icontains=text)


def _at(day: date, hour: time) -> datetime:
    return timezone.make_aware(datetime.combine(day, hour))


def _shown(membership: Membership) -> QuerySet[TaskScan]:
    return TaskScan.objects.filter(task__project=membership.project_id).order_by()


def _of_score(tasks: QuerySet[Task], membership: Membership, wanted: Wanted) -> QuerySet[Task]:
    project = membership.project_id
    if wanted.least is not None or wanted.most is not None:
        scored = Task.objects.filter(project=project, score__isnull=False)
        if wanted.least is not None:
            scored = scored.filter(score__gte=wanted.least)
        if wanted.most is not None:
            scored = scored.filter(score__lte=wanted.most)
        tasks = _passing(tasks, scored, key="pk")
    if wanted.first:
        tasks = tasks.filter(pk__in=list(_first(project, wanted.first)))
    return tasks


def _first(project: int, count: int) -> QuerySet[Task, int]:
    """The first tasks of the ranking that the learner wrote last, those still to be read."""
    order = Task.objects.filter(project=project, arm=Task.Arm.POOL, is_open=True).order_by("rank")
    best = order.first()
    if best is None or best.generation is None:
        return order.none().values_list("pk", flat=True)
    end = best.rank - place_of(best.rank, best.generation) + count
    return order.filter(rank__lte=end)[:count].values_list("pk", flat=True)


def _with_text(
    tasks: QuerySet[Task], membership: Membership, answers: QuerySet[Annotation], text: str
) -> QuerySet[Task]:
    by_name, by_comment = named(_shown(membership), text), commented(answers, text)
    few_names, few_comments = _few(by_name), _few(by_comment)
    if few_names is not None and few_comments is not None:
        return tasks.filter(pk__in=few_names | few_comments)
    # A range of one, where an equation would let PostgreSQL gather the texts of a million tasks
    # into a hash first.
    own = {"task__gte": OuterRef("pk"), "task__lte": OuterRef("pk")}
    by_name = _shown(membership).filter(scan__name__icontains=text, **own)
    return tasks.filter(Exists(by_name) | Exists(answers.filter(comment__icontains=text, **own)))


def _passing(tasks: QuerySet[Task], rows: QuerySet[Any], key: str = "task") -> QuerySet[Task]:
    """The tasks that one of the rows is about, by the way that is quick for so many."""
    few = _few(rows, key)
    if few is not None:
        return tasks.filter(pk__in=few)
    return tasks.filter(Exists(rows.filter(**{key: OuterRef("pk")})))


def _few(rows: QuerySet[Any], key: str = "task") -> set[int] | None:
    """The tasks of the rows; None where there are more than FEW rows."""
    found = list(rows.values_list(key, flat=True)[: FEW + 1])
    return set(found) if len(found) <= FEW else None


def _trigrams(column: str, text: str) -> Func:
    """A necessary condition for the text to lie in the column, which its index answers."""

    def groups(of: Any) -> Func:
        return Func(of, function="scout_trigrams")

    return Func(
        groups(F(column)),
        groups(Value(text)),
        template="%(expressions)s",
        arg_joiner=" @> ",
        output_field=BooleanField(),
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
