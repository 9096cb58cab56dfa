"""Help from the model: who is shown what of it, and the record of what was shown.

The record of it is described in annotator.shown. What who oversees a project looks up of their
own accord is noted by annotator.looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext
from psycopg.types.json import Jsonb

from accounts.models import User
from annotator.models import Claim, ModelShown, Prediction, Task
from annotator.results import Result, check_result, questions_of
from projects.errors import Refused
from projects.label_config import REGION_KINDS
from projects.models import ModelHelp, Project

# Of a project's own learner; other models' names are their senders' business.
OWN_VERSION = "Scout round "
_MOST_MODELS = 20
_MOST_ENTRIES = 500

# What was shown first stays: a newer prediction is not what the reader began with.
_SHOW = """
INSERT INTO annotator_modelshown AS kept (task_id, reader_id, shown)
VALUES (%(task)s, %(reader)s, %(shown)s)
ON CONFLICT (task_id, reader_id) DO UPDATE SET shown = EXCLUDED.shown || kept.shown
RETURNING kept.shown::json
"""
_DECIDE = """
UPDATE annotator_modelshown SET shown = shown || jsonb_build_object('decisions', %(decisions)s)
WHERE task_id = %(task)s AND reader_id = %(reader)s
"""
_SHOW_AFTER = """
UPDATE annotator_annotation
SET model_seen_at = coalesce(model_seen_at, statement_timestamp()),
    model_shown = %(shown)s || coalesce(model_shown, '{}')
WHERE task_id = %(task)s AND reader_id = %(reader)s AND withdrawn_at IS NULL
RETURNING model_shown::json
"""
# The same map looked at again is one that was shown.
_WITH_HEAT = """CASE WHEN {shown} -> 'heat_maps' @> %(same)s THEN {shown}
     ELSE jsonb_set(coalesce({shown}, '{{}}'), '{{heat_maps}}',
                    coalesce({shown} -> 'heat_maps', '[]') || %(heat)s) END"""
_HEAT_AFTER = f"""
UPDATE annotator_annotation
SET model_seen_at = coalesce(model_seen_at, statement_timestamp()),
    model_shown = {_WITH_HEAT.format(shown="model_shown")}
WHERE task_id = %(task)s AND reader_id = %(reader)s AND withdrawn_at IS NULL
"""  # noqa: S608  (of constants)
_HEAT_BEFORE = f"""
INSERT INTO annotator_modelshown AS kept (task_id, reader_id, shown)
VALUES (%(task)s, %(reader)s, jsonb_build_object('heat_maps', %(heat)s))
ON CONFLICT (task_id, reader_id) DO UPDATE SET shown = {_WITH_HEAT.format(shown="kept.shown")}
"""  # noqa: S608  (of constants)


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Which heat map is shown, and of which model."""

    question: str
    answer: str  # a class; empty for a number
    scan: int  # its position in the task
    frame: int  # its number in the scan
    model: int  # number of the round; 0: the random weights of the beginning


def helps_before(*, project: Project, arm: str) -> bool:
    """Whether readers of this arm are shown what the model says before they answer.

    Never of the audit sample, which measures the model, nor of the random arm, which the order is
    compared with: their labels have to be independent of it.
    """
    return project.model_help == ModelHelp.BEFORE and arm == Task.Arm.POOL


def before_reading(*, project: Project, reader: User, task_id: int) -> dict[str, Any] | None:
    """What the model says of a task that the reader is given, which is hereby shown to them.

    {"result": RESULT, "decisions": {ID: "accepted"|"rejected"}}; None where nothing may be shown.
    The same at every call, whatever the model says by then.
    """
    if project.model_help != ModelHelp.BEFORE:
        return None
    # Without a claim it is looked at, or an answer corrected: nothing is before reading any more.
    held = Claim.objects.filter(task=task_id, reader=reader)
    arm = held.values_list("task__arm", flat=True).first()
    if arm is None or not helps_before(project=project, arm=arm):
        return None
    kept = ModelShown.objects.filter(task=task_id, reader=reader).first()
    shown: dict[str, Any] = kept.shown if kept else {}
    if "before" not in shown:
        result = _opinion_of(project, task_id)
        if result:
            shown = _changed(_SHOW, task_id, reader, shown=_now("before", result))
    return {
        "result": shown.get("before", {}).get("result", []),
        "decisions": shown.get("decisions", {}),
    }


def after_reading(*, project: Project, reader: User, task_id: int) -> dict[str, Any]:
    """What the model says of a task that the reader has answered: {"result": RESULT}.

    It says so from before it learned from any answer to the task. The answer can then no longer be
    taken back, unless the reader had seen the same before. Raises PermissionDenied where the
    project shows nothing, and where the reader has no answer in force.
    """
    if project.model_help == ModelHelp.OFF:
        raise PermissionDenied(gettext("This project shows its readers nothing of the model."))
    answers = project.annotations.filter(task=task_id, reader=reader, withdrawn_at__isnull=True)
    own = answers.values("model_shown").first()
    if own is None:
        raise PermissionDenied(
            gettext("Answer this task first: until then nothing of the model is shown.")
        )
    shown: dict[str, Any] = own["model_shown"] or {}
    if "before" in shown:
        return {"result": shown["before"]["result"]}
    if "after" not in shown:
        result = _opinion_of(project, task_id)
        if not result:
            return {"result": []}
        shown = _changed(_SHOW_AFTER, task_id, reader, shown=_now("after", result))
        if not shown:  # it was taken back meanwhile
            raise PermissionDenied(
                gettext("You have taken your answer back: answer this task first.")
            )
    return {"result": shown["after"]["result"]}


def may_see_heat(*, project: Project, reader: User, task_id: int) -> bool:
    """Whether a heat map may be shown to a reader who has not answered the task.

    Only while it is in their hands, and nobody has answered it: heads that have learned another
    reader's answer would show something of it.
    """
    held = Claim.objects.filter(
        task=task_id, reader=reader, expires_at__gt=timezone.now(), task__answers=0
    )
    arm = held.values_list("task__arm", flat=True).first()
    return arm is not None and helps_before(project=project, arm=arm)


def note_heat_map(*, task_id: int, reader: User, heat: HeatMap) -> bool:
    """Note on the reader's answer in force, which from then on stands, that they see a heat map.

    False where they have none; then nothing is noted.
    """
    return _note_heat(_HEAT_AFTER, task_id, reader, heat, when="after")


def note_heat_map_before(*, task_id: int, reader: User, heat: HeatMap) -> None:
    """Note that the reader is shown a heat map of a task that they are reading."""
    _note_heat(_HEAT_BEFORE, task_id, reader, heat, when="before")


def keep_decisions(*, task_id: int, reader: User, decisions: Mapping[str, str]) -> None:
    """Keep which suggestions the reader has accepted and rejected so far; no other is known."""
    kept = ModelShown.objects.filter(task=task_id, reader=reader).first()
    before = kept.shown.get("before", {}) if kept else {}
    suggested = {entry["id"] for entry in before.get("result", [])}
    known = {name: said for name, said in decisions.items() if name in suggested}
    values: dict[str, Any] = {
        "task": task_id,
        "reader": reader.pk,
        "decisions": Jsonb(known),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DECIDE, values)


def _opinion_of(project: Project, task_id: int) -> Result:
    """One answer to each question, the project's own model's before the newest, and every mark."""
    found = Prediction.objects.filter(project=project, task=task_id).order_by("-created_at", "-pk")
    predictions = sorted(found[:_MOST_MODELS], key=lambda one: not _is_own(one))
    regions = {
        question.name
        for question in questions_of(project.label_config)
        if question.kind in REGION_KINDS
    }
    answered: set[str] = set()
    said: Result = []
    for prediction in predictions:
        entries = [
            (number, entry)
            for number, entry in enumerate(prediction.result)
            if entry["from_name"] not in answered and _fits(project, entry)
        ]
        for number, entry in entries:
            version = prediction.model_version
            named = {"id": f"{prediction.pk}-{number}", "model_version": version}
            said.append({"score": prediction.score, **entry, **named})
        answered |= {entry["from_name"] for _, entry in entries} - regions
    return said[:_MOST_ENTRIES]


def _is_own(prediction: Prediction) -> bool:
    is_by_learner = prediction.created_by_id is None
    return is_by_learner and prediction.model_version.startswith(OWN_VERSION)


def _fits(project: Project, entry: dict[str, Any]) -> bool:
    """Whether the label config, which may have changed since, still asks this."""
    try:
        check_result(project.label_config, [entry], complete=False)
    except Refused:
        return False
    return True


def _now(when: str, result: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {when: {"at": timezone.now().isoformat(), "result": list(result)}}


def _changed(statement: str, task_id: int, reader: User, *, shown: dict[str, Any]) -> Any:
    values: dict[str, Any] = {"task": task_id, "reader": reader.pk, "shown": Jsonb(shown)}
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
    return row[0] if row else None


def _note_heat(statement: str, task_id: int, reader: User, heat: HeatMap, *, when: str) -> bool:
    same = {**asdict(heat), "when": when}
    values: dict[str, Any] = {
        "task": task_id,
        "reader": reader.pk,
        "same": Jsonb([same]),
        "heat": Jsonb([{"at": timezone.now().isoformat(), **same}]),
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)
