"""Looks: what a person was told of a task otherwise than by reading it.

Who oversees a project may look at what others answered to a task, and at what the model says of
it. Each look is kept with its time, beside what readers are shown of the model (annotator.shown).
From then on the task is none that the person reads blind: having seen others' answers they are not
given it to read, having seen the model's opinion they are not given it where chance drew it. An
answer that they had begun is taken all the same, and carries the look with it.
"""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from psycopg.types.json import Jsonb

from annotator.claims import lock_reader
from annotator.models import Annotation, ModelShown
from annotator.shown import ANSWERS, MODEL
from projects.access import READING_ROLES
from projects.models import Membership

# The first look at each stays.
_KEEP = """
INSERT INTO annotator_modelshown AS kept (task_id, reader_id, shown)
SELECT looked.id, %(person)s, jsonb_build_object('looked_up', %(looks)s) FROM looked
ON CONFLICT (task_id, reader_id) DO UPDATE
SET shown = kept.shown || jsonb_build_object(
    'looked_up', %(looks)s || coalesce(kept.shown -> 'looked_up', '{}'))
WHERE NOT coalesce(kept.shown -> 'looked_up', '{}') ?& %(at)s
"""
# What is in the person's hands is not shown to them.
_NOTE = f"""
WITH looked AS (
    SELECT task.id FROM annotator_task task
    WHERE task.id = ANY(%(tasks)s) AND NOT EXISTS (
        SELECT FROM annotator_claim held
        WHERE held.task_id = task.id AND held.reader_id = %(person)s
          AND held.expires_at > statement_timestamp())
), noted AS ({_KEEP})
SELECT id FROM looked
"""  # noqa: S608  (of constants)
_NOTE_ALL = f"""
WITH looked AS (
    SELECT DISTINCT task_id AS id FROM annotator_annotation answer
    WHERE project_id = %(project)s AND reader_id <> %(person)s AND withdrawn_at IS NULL
      AND answer.id <= coalesce(%(last)s, answer.id)
) {_KEEP}
"""  # noqa: S608  (of constants)


def note_look(
    membership: Membership, tasks: Iterable[int], *, at: Collection[str]
) -> frozenset[int]:
    """Note that the member looks at ANSWERS, MODEL or both of these tasks; which may be shown.

    Not those that the member holds: until they have answered, nothing of others is shown to them.
    Answers of their own that they gave before they looked at the model's opinion stand from now on.
    """
    values = {**_look(membership, at), "tasks": sorted(set(tasks))}
    if not values["tasks"]:
        return frozenset()
    with transaction.atomic():
        # A claim under way is either seen here, or sees the look.
        lock_reader(project_id=membership.project_id, reader_id=membership.user_id)
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, values)
            shown = frozenset(row[0] for row in cursor.fetchall())
        if MODEL in at:
            own = Annotation.objects.filter(reader=membership.user_id, task__in=shown)
            unswayed = own.filter(withdrawn_at__isnull=True, model_seen_at__isnull=True)
            unswayed.update(model_seen_at=Now())
    return shown


def note_look_at_all(membership: Membership, *, last: int | None = None) -> None:
    """Note that a member who reads takes out what others answered in the project, up to the
    annotation `last`.

    What they hold comes with it: their answer to it says so.
    """
    if membership.role not in READING_ROLES:
        return
    values = {**_look(membership, [ANSWERS]), "project": membership.project_id, "last": last}
    with transaction.atomic():
        lock_reader(project_id=membership.project_id, reader_id=membership.user_id)
        with connection.cursor() as cursor:
            cursor.execute(_NOTE_ALL, values)


def _look(membership: Membership, at: Collection[str]) -> dict[str, Any]:
    now = timezone.now().isoformat()
    return {
        "person": membership.user_id,
        "at": list(at),
        "looks": Jsonb(dict.fromkeys(at, now)),
    }


def has_seen_answers(*, task_id: int, reader_id: int) -> bool:
    """Whether the reader has looked at what others answered to the task."""
    looks = ModelShown.objects.filter(task=task_id, reader=reader_id)
    return looks.filter(shown__looked_up__has_key=ANSWERS).exists()


def looked_at(membership: Membership, answers: QuerySet[Annotation]) -> list[Annotation]:
    """Those of the answers that the member is shown: that others gave them is hereby looked at."""
    found = list(answers)
    others = {answer.task_id for answer in found if answer.reader_id != membership.user_id}
    shown = note_look(membership, others, at=[ANSWERS])
    return [
        answer
        for answer in found
        if answer.reader_id == membership.user_id or answer.task_id in shown
    ]
