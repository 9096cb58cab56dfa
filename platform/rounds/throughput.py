"""Who answered how much when: bars for days and for hours, each reader's share in a colour.

Pixels run right and down from the top left corner, as in SVG.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext

from projects.models import Project
from rounds.charts import nice_ticks, tick_text
from rounds.queries import ReaderProgress, remembered

# More colours could not be told apart; the others' answers share one.
MOST_READERS = 6
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 560, 168, 40, 22, 8
_SPANS = {"day": (timedelta(days=1), 30), "hour": (timedelta(hours=1), 24)}
_COUNTS = """
    SELECT date_trunc(%(unit)s, created_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC', reader_id,
           count(*)
    FROM annotator_annotation
    WHERE project_id = %(project)s AND withdrawn_at IS NULL AND created_at >= %(since)s
    GROUP BY 1, 2
"""

Counts = Mapping[datetime, Mapping[int, int]]


@dataclass(frozen=True)
class Segment:
    x: float
    y: float
    width: float
    height: float
    colour: int  # from 1; 0: the others
    text: str


@dataclass(frozen=True)
class Stacks:
    """Stacked bars with a scale, and what stands under the first and the last."""

    segments: tuple[Segment, ...]
    ticks: tuple[tuple[float, str], ...]  # pixels from the top, and the number there
    first: str
    last: str
    most: int
    width: int = _WIDTH
    height: int = _HEIGHT
    left: int = _LEFT
    bottom: int = _HEIGHT - _BOTTOM


def throughput(*, project: Project, unit: str, readers: Sequence[ReaderProgress]) -> Stacks:
    """Answers of the last 30 days (`unit` "day") or 24 hours ("hour"), by reader."""
    step, count = _SPANS[unit]
    now = timezone.now()
    last = now.replace(minute=0, second=0, microsecond=0)
    last = last if unit == "hour" else last.replace(hour=0)
    slots = [last - step * number for number in reversed(range(count))]

    def compute() -> dict[datetime, dict[int, int]]:
        found: dict[datetime, dict[int, int]] = {}
        with connection.cursor() as cursor:
            cursor.execute(_COUNTS, {"unit": unit, "project": project.pk, "since": slots[0]})
            for slot, reader, answers in cursor.fetchall():
                found.setdefault(slot, {})[reader] = answers
        return found

    counts = remembered(f"progress-throughput-{unit}-{project.pk}", compute)
    return stacked(counts, slots=slots, unit=unit, readers=readers)


def stacked(
    counts: Counts, *, slots: Sequence[datetime], unit: str, readers: Sequence[ReaderProgress]
) -> Stacks:
    """A stack for each slot: the busiest readers from the bottom, then all others together."""
    most = max((sum(counts.get(slot, {}).values()) for slot in slots), default=0)
    plot = _HEIGHT - _BOTTOM - _TOP
    wide = (_WIDTH - _LEFT) / len(slots)
    ticks = nice_ticks(0, most, 3) if most else ()
    segments: list[Segment] = []
    for number, slot in enumerate(slots):
        floor = float(_HEIGHT - _BOTTOM)
        for colour, name, answers in _shares(counts.get(slot, {}), readers):
            tall = plot * answers / most
            floor -= tall
            text = gettext("{when}, {reader}: {count} read").format(
                when=_said(slot, unit), reader=name, count=answers
            )
            x = _LEFT + wide * (number + 0.12)
            segments.append(
                Segment(round(x, 1), round(floor, 1), round(wide * 0.76, 1), round(tall, 1),
                        colour, text)
            )  # fmt: skip
    return Stacks(
        segments=tuple(segments),
        ticks=tuple(
            (round(_HEIGHT - _BOTTOM - plot * tick / most, 1), tick_text(tick, 1))
            for tick in ticks
            if tick == int(tick)
        ),
        first=_said(slots[0], unit),
        last=_said(slots[-1], unit),
        most=most,
    )


def _shares(
    counts: Mapping[int, int], readers: Sequence[ReaderProgress]
) -> list[tuple[int, str, int]]:
    """Colour, name and answers of each who has any, the others together at the end."""
    named = readers[:MOST_READERS]
    shares = [
        (number, reader.name, counts[reader.reader])
        for number, reader in enumerate(named, start=1)
        if counts.get(reader.reader)
    ]
    others = sum(counts.values()) - sum(answers for _, _, answers in shares)
    return [*shares, (0, gettext("others"), others)] if others else shares


def _said(slot: datetime, unit: str) -> str:
    return date_format(slot, "MONTH_DAY_FORMAT") if unit == "day" else f"{slot:%H:%M}"
