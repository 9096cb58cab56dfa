"""With which chance a task was served that no ranking had placed.

The audit sample, the random arm, and the pool before its first ranking are each served in an order
drawn by chance. Whoever is served next gets any task that their arm still holds for them with the
same chance: 1 / how many those are. Nothing is counted when a task is served; it follows from when
each task came in and each answer's task was served.

A task that was in somebody's hand at the time, and that they never answered, counts as held.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

PROPENSITY = (
    "The chance with which the task was put where it stood when it was served. By a ranking: by "
    "the strategy's own draw, 1 where it leaves no choice. In the audit sample, in the random arm, "
    "and in the pool before its first ranking: 1 / the number of tasks that the arm still held for "
    "this reader. Empty where the label was imported, or served before this was recorded."
)


@dataclass(frozen=True, slots=True)
class Draw:
    """One answer's task leaving its arm."""

    annotation_id: int
    task_id: int
    reader_id: int
    at: datetime  # when the task was served; of an imported label, when that was imported
    is_asked: bool  # its chance is wanted
    takes_place: bool = True  # of a reader; where chance drew the task an imported label does not


def chances(
    draws: Iterable[Draw], *, tasks_at: Callable[[datetime], int], overlap: int
) -> dict[int, float]:
    """The chances of the draws that are asked for, by annotation.

    `draws` are all of one arm up to the last one asked for, in any order; `tasks_at` says how many
    tasks the arm had at a time, read ones among them. A task is held for a reader until they
    have been served it, or `overlap` readers have.
    """
    served: Counter[int] = Counter()
    closed = 0
    readers: defaultdict[int, set[int]] = defaultdict(set)  # of tasks that are not closed
    own: Counter[int] = Counter()  # tasks not closed that a reader has been served
    found: dict[int, float] = {}
    for draw in sorted(draws, key=lambda draw: (draw.at, draw.annotation_id)):
        task, reader = draw.task_id, draw.reader_id
        is_closed = served[task] >= overlap  # served all the same: somebody's claim had expired
        if draw.is_asked:
            held = tasks_at(draw.at) - closed - own[reader] + is_closed
            found[draw.annotation_id] = 1 / max(held, 1)
        served[task] += draw.takes_place
        if is_closed:
            continue
        readers[task].add(reader)
        own[reader] += 1
        if served[task] >= overlap:
            closed += 1
            own.subtract(readers.pop(task))
    return found


def counted_until(times: Iterable[datetime], created: Iterable[datetime]) -> dict[datetime, int]:
    """How many of `created`, in any order, lie at or before each of the times."""
    wanted = sorted(set(times))
    counts = [0] * (len(wanted) + 1)
    for moment in created:
        counts[bisect_left(wanted, moment)] += 1
    return dict(zip(wanted, accumulate(counts), strict=False))
