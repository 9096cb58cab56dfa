"""The pool as a picture: a histogram of the model's doubt, and a map that opens the case."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils.translation import gettext

from annotator.models import Claim
from annotator.queries import State
from annotator.results import questions_of
from projects.models import Project
from rounds.charts import Bar, decimal_text
from rounds.models import PoolMap

MAP_WIDTH, MAP_HEIGHT, _EDGE = 560, 400, 12
_WIDTH, _HEIGHT, _BOTTOM = 560, 168, 22
# Answers that have a colour of their own, the first of the question's; the others share one.
MOST_ANSWERS = 6
_DOUBTFUL = 10
_TASKS = """
    SELECT task.id, task.is_open,
           (SELECT string_agg(scan.name, ', ' ORDER BY shown.position)
            FROM annotator_taskscan shown JOIN scans_scan scan ON scan.id = shown.scan_id
            WHERE shown.task_id = task.id),
           (SELECT answer.was_cancelled FROM annotator_annotation answer
            WHERE answer.task_id = task.id AND answer.withdrawn_at IS NULL
            ORDER BY answer.was_cancelled, answer.id LIMIT 1),
           (SELECT item -> 'value' -> 'choices' ->> 0
            FROM annotator_annotation answer, jsonb_array_elements(answer.result) item
            WHERE answer.task_id = task.id AND answer.withdrawn_at IS NULL
              AND item ->> 'from_name' = %(question)s
            ORDER BY answer.id LIMIT 1)
    FROM annotator_task task WHERE task.project_id = %(project)s AND task.id = ANY(%(tasks)s)
"""


@dataclass(frozen=True)
class Place:
    """One task on the map. The numbers name colours: of its doubt (0 to 4; -1: none yet) and of
    its answer (from 1; 0: another or none)."""

    task: int
    x: float
    y: float
    name: str
    state: State
    doubt: int
    answer: int
    said: str  # what is said of it when it is pointed at


@dataclass(frozen=True)
class Picture:
    places: tuple[Place, ...]
    answers: tuple[str, ...]  # that have a colour of their own
    doubtful: tuple[Place, ...]  # unread, the most doubtful first
    bars: tuple[Bar, ...]
    measured: int
    width: int = MAP_WIDTH
    height: int = MAP_HEIGHT
    bars_width: int = _WIDTH
    bars_height: int = _HEIGHT
    bars_bottom: int = _HEIGHT - _BOTTOM


def picture_of(*, project: Project) -> Picture | None:
    """What the learner drew last, with the tasks as they are now; None before it has.

    Tasks that a reader holds, in hand or ahead, are left out, and of those that want a further
    answer nothing is told: whoever looks may be about to read them.
    """
    kept = PoolMap.objects.filter(project=project).first()
    if kept is None:
        return None
    choice = next((q for q in questions_of(project.label_config) if q.kind == "single"), None)
    options = [] if choice is None else [option.answer for option in choice.options]
    places, doubts = _places(kept, choice.name if choice else "", options[:MOST_ANSWERS])
    unread = [place for place in places if place.state == State.OPEN and place.doubt >= 0]
    return Picture(
        places=tuple(places),
        answers=tuple(options[:MOST_ANSWERS]),
        doubtful=tuple(sorted(unread, key=lambda place: -doubts[place.task])[:_DOUBTFUL]),
        bars=_bars(kept.uncertainty),
        measured=sum(kept.uncertainty),
    )


def _places(
    kept: PoolMap, question: str, answers: Sequence[str]
) -> tuple[list[Place], dict[int, float]]:
    claims = Claim.objects.filter(project=kept.project_id, expires_at__gt=Now())
    held = set(claims.values_list("task_id", flat=True))
    at = {task: (x, y, doubt) for task, x, y, doubt in kept.points if task not in held}
    with connection.cursor() as cursor:
        cursor.execute(
            _TASKS, {"project": kept.project_id, "tasks": list(at), "question": question}
        )
        rows = cursor.fetchall()
    doubts = {task: doubt or 0.0 for task, (_, _, doubt) in at.items()}
    # What is drawn last lies above: what was read, which is less.
    rows.sort(key=lambda row: not row[1])
    return [_place(row, at[row[0]], answers) for row in rows], doubts


def _place(row: tuple[Any, ...], at: tuple[float, float, float | None], answers: Any) -> Place:
    task, is_open, name, could_not, answer = row
    x, y, doubt = at
    state = State.OPEN if is_open else State.NOT_JUDGEABLE if could_not else State.READ
    told = answer if state == State.READ and answer else ""
    parts = [name or str(task), str(state.label), told]
    if doubt is not None:
        parts.append(gettext("uncertainty {value}").format(value=decimal_text(doubt, 2)))
    return Place(
        task=task,
        x=round(_EDGE + x * (MAP_WIDTH - 2 * _EDGE), 1),
        y=round(_EDGE + y * (MAP_HEIGHT - 2 * _EDGE), 1),
        name=name or str(task),
        state=state,
        doubt=-1 if doubt is None else min(4, int(doubt * 5)),
        answer=1 + answers.index(told) if told in answers else 0,
        said=" · ".join(filter(None, parts)),
    )


def _bars(counts: Sequence[int]) -> tuple[Bar, ...]:
    most = max(counts, default=0)
    if not most:
        return ()
    wide, plot = _WIDTH / len(counts), _HEIGHT - _BOTTOM - 8
    bars = []
    for number, count in enumerate(counts):
        tall = plot * count / most
        text = gettext("uncertainty {low} to {high}: {count} cases").format(
            low=decimal_text(number / len(counts), 2),
            high=decimal_text((number + 1) / len(counts), 2),
            count=count,
        )
        bars.append(
            Bar(round(wide * (number + 0.06), 1), round(_HEIGHT - _BOTTOM - tall, 1),
                round(wide * 0.88, 1), round(tall, 1), text)
        )  # fmt: skip
    return tuple(bars)
