"""What the progress page shows: how far the reading is, and how well the model does.

Counts over a project's rows are asked every few seconds by every open page. On a great project
they cost a scan each, so an answer is kept for a while, in proportion to what it cost
(`remembered`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.core.cache import cache
from django.db import connection
from django.utils import timezone

from annotator.models import Claim
from projects.models import Project

Answer = TypeVar("Answer")

# Counting may take one second in twenty, and what is quick is always fresh.
_QUICK_SECONDS = 0.05
_KEEP_FACTOR = 20
_KEEP_AT_MOST = 600

_TASKS = """
    SELECT count(*), count(*) FILTER (WHERE answers > 0), count(*) FILTER (WHERE is_open)
    FROM annotator_task WHERE project_id = %s
"""
_NOT_JUDGEABLE = """
    SELECT count(DISTINCT task_id) FROM annotator_annotation
    WHERE project_id = %s AND withdrawn_at IS NULL AND was_cancelled
"""
_READERS = """
    SELECT reader.id, coalesce(nullif(trim(reader.first_name || ' ' || reader.last_name), ''),
                               reader.email),
           answer.count, answer.cancelled, answer.seconds, answer.last
    FROM accounts_user reader
    LEFT JOIN (
        SELECT reader_id, count(*) AS count, count(*) FILTER (WHERE was_cancelled) AS cancelled,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY lead_time)
                   FILTER (WHERE origin = 'reading') AS seconds,
               max(created_at) AS last
        FROM annotator_annotation
        WHERE project_id = %(project)s AND withdrawn_at IS NULL GROUP BY reader_id
    ) answer ON answer.reader_id = reader.id
    WHERE answer.count > 0 OR EXISTS (
        SELECT FROM projects_membership member WHERE member.user_id = reader.id
          AND member.project_id = %(project)s AND member.role IN ('reader', 'adjudicator'))
    ORDER BY coalesce(answer.count, 0) DESC, reader.id
"""
_ONE_READER = """
    SELECT count(*), count(*) FILTER (WHERE was_cancelled),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY lead_time)
               FILTER (WHERE origin = 'reading'),
           max(created_at)
    FROM annotator_annotation
    WHERE project_id = %s AND reader_id = %s AND withdrawn_at IS NULL
"""
_DAYS = """
    SELECT (created_at AT TIME ZONE 'UTC')::date, count(*) FROM annotator_annotation
    WHERE project_id = %(project)s AND withdrawn_at IS NULL AND created_at >= %(since)s
      AND (%(reader)s::bigint IS NULL OR reader_id = %(reader)s)
    GROUP BY 1
"""
_CLASSES = """
    SELECT item ->> 'from_name', coalesce(label, ''), count(DISTINCT answer.id)
    FROM annotator_annotation answer
    CROSS JOIN jsonb_array_elements(answer.result) item
    CROSS JOIN jsonb_array_elements_text(
        CASE jsonb_typeof(item -> 'value' -> (item ->> 'type'))
            WHEN 'array' THEN item -> 'value' -> (item ->> 'type')
            -- A rating; 3.0 stars are 3.
            WHEN 'number' THEN jsonb_build_array((item -> 'value' ->> (item ->> 'type'))::float8)
            ELSE '[]' END) label
    WHERE answer.project_id = %s AND answer.withdrawn_at IS NULL AND NOT answer.was_cancelled
      AND item ->> 'from_name' = ANY(%s)
    GROUP BY item ->> 'from_name', ROLLUP (label)
"""
_LEFT = """
    SELECT EXISTS (
    SELECT FROM annotator_task task
    WHERE task.project_id = %(project)s AND task.is_open AND NOT EXISTS (
        SELECT FROM annotator_annotation answer
        WHERE answer.task_id = task.id AND answer.reader_id = %(reader)s
          AND answer.withdrawn_at IS NULL))
"""
_MEDIAN_SECONDS = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY lead_time) FROM annotator_annotation
    WHERE project_id = %s AND withdrawn_at IS NULL AND NOT was_cancelled AND origin = 'reading'
"""
_JUDGED = """
    SELECT count(*) FROM annotator_annotation
    WHERE project_id = %s AND withdrawn_at IS NULL AND NOT was_cancelled
"""


@dataclass(frozen=True)
class Counts:
    """Tasks of a project: all, with an answer, still wanting one, in a reader's hand now, and those
    that a reader said cannot be judged (they are among the answered)."""

    tasks: int
    read: int
    open: int
    in_hand: int
    not_judgeable: int


@dataclass(frozen=True)
class ReaderProgress:
    reader: int
    name: str
    read: int
    not_judgeable: int
    median_seconds: float | None
    last_seen: datetime | None


def remembered(key: str, compute: Callable[[], Answer]) -> Answer:
    """`compute()`, or what it gave lately, for twenty times as long as it took."""
    kept: Answer | None = cache.get(key)
    if kept is not None:
        return kept
    begun = time.monotonic()
    answer = compute()
    took = time.monotonic() - begun
    if took > _QUICK_SECONDS:
        cache.set(key, answer, timeout=min(took * _KEEP_FACTOR, _KEEP_AT_MOST))
    return answer


def counts_of(*, project: Project) -> Counts:
    def compute() -> tuple[int, ...]:
        with connection.cursor() as cursor:
            cursor.execute(_TASKS, [project.pk])
            tasks: tuple[int, ...] = cursor.fetchone()
            cursor.execute(_NOT_JUDGEABLE, [project.pk])
            return (*tasks, cursor.fetchone()[0])

    tasks, read, open_tasks, not_judgeable = remembered(f"progress-counts-{project.pk}", compute)
    in_hand = Claim.objects.filter(project=project, place=0, expires_at__gt=timezone.now()).count()
    return Counts(tasks, read, open_tasks, in_hand, not_judgeable)


def progress_per_reader(*, project: Project) -> list[ReaderProgress]:
    """Everyone who reads in the project or has, the busiest first; imported labels took no time."""

    def compute() -> list[ReaderProgress]:
        with connection.cursor() as cursor:
            cursor.execute(_READERS, {"project": project.pk})
            return [
                ReaderProgress(reader, name, count or 0, cancelled or 0, seconds, last)
                for reader, name, count, cancelled, seconds, last in cursor.fetchall()
            ]

    return remembered(f"progress-readers-{project.pk}", compute)


def reader_progress(*, project: Project, reader_id: int) -> ReaderProgress:
    """One reader's own share, for that reader's eyes."""
    with connection.cursor() as cursor:
        cursor.execute(_ONE_READER, [project.pk, reader_id])
        return ReaderProgress(reader_id, "", *cursor.fetchone())


def read_per_day(
    *, project: Project, days: int = 30, reader_id: int | None = None
) -> dict[date, int]:
    """Answers per day (UTC) of the last `days`, by everyone or by one reader."""

    def compute() -> dict[date, int]:
        since = timezone.now() - timedelta(days=days)
        with connection.cursor() as cursor:
            cursor.execute(_DAYS, {"project": project.pk, "since": since, "reader": reader_id})
            return dict(cursor.fetchall())

    return remembered(f"progress-days-{project.pk}-{reader_id}", compute)


def class_balance(*, project: Project, names: list[str]) -> tuple[int, dict[str, dict[str, int]]]:
    """How many answers there are, and for each question how many of them say each class.

    Under the empty class stands how many say any at all.
    """

    def compute() -> tuple[int, dict[str, dict[str, int]]]:
        balance: dict[str, dict[str, int]] = {name: {} for name in names}
        with connection.cursor() as cursor:
            cursor.execute(_JUDGED, [project.pk])
            judged: int = cursor.fetchone()[0]
            cursor.execute(_CLASSES, [project.pk, names])
            for name, label, count in cursor.fetchall():
                balance[name][label] = count
        return judged, balance

    return remembered(f"progress-classes-{project.pk}-{','.join(names)}", compute)


def median_seconds(*, project: Project) -> float | None:
    """How long reading for an answer takes, idle time excluded; None before the first answer."""
    with connection.cursor() as cursor:
        cursor.execute(_MEDIAN_SECONDS, [project.pk])
        median: float | None = cursor.fetchone()[0]
    return median


def anything_left_for(*, project: Project, reader_id: int) -> bool:
    """Whether there is an open task that this reader has not answered.

    Not how many: that number falls with every answer of the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(_LEFT, {"project": project.pk, "reader": reader_id})
        return bool(cursor.fetchone()[0])
