"""CSV: one row for each task, the consensus first, then every reader's answer.

A question asked of each mark has no consensus; its cell says "label: answer", mark by mark.

Several values in one cell are joined with "|"; "none" says: read, and nothing found. A cell of text
that a spreadsheet would take for a formula begins with an apostrophe
(https://owasp.org/www-community/attacks/CSV_Injection).
"""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop

from annotator.asked import not_asked
from annotator.shown import versions_in
from projects.label_config import Question, asked_of_task
from releases.formats.shape import Format, reader_name, utc_text
from releases.records import AnswerRecord, Dataset, TaskRecord
from releases.states import Value

Cell = str | int | float | None

_TASK = (
    "task",
    "scan",
    "scan_id",
    "kind",
    "modality",
    "patient",
    "arm",
    "split",
    "state",
    "answers",
)
_ANSWER = (
    "reader",
    "not_judgeable",
    "skip_reason",
    "not_asked",
    "comment",
    "seconds",
    "submitted",
    "origin",
    "generation",
    "rank",
    "score",
    "strategy",
    "model",
    "propensity",
    "corrections",
    "after_model",
    "shown_model",
    "shown_heat_maps",
    "suggestions",
    "looked_up",
)
# In a question of several choices or of marks; an empty cell is a question not answered.
_NOTHING_FOUND = "none"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def pieces(dataset: Dataset) -> Iterator[str]:
    names = [question.name for question in dataset.questions]
    agreed = [question.name for question in asked_of_task(dataset.questions)]
    slots = max((len(record.answers) for record in dataset), default=0)
    yield _line(_header(names, agreed, slots))
    for record in dataset:
        row: list[Cell] = [
            *_task_cells(record),
            *(_cell(record.consensus.get(name)) for name in agreed),
        ]
        for answer in record.answers:
            row += _answer_cells(answer, dataset.questions)
        row += [None] * ((slots - len(record.answers)) * (len(names) + len(_ANSWER)))
        yield _line(row)


def _header(names: list[str], agreed: list[str], slots: int) -> list[Cell]:
    header: list[Cell] = [*_TASK, *(f"consensus_{name}" for name in agreed)]
    for slot in range(1, slots + 1):
        header += [f"reader_{slot}", *(f"answer_{slot}_{name}" for name in names)]
        header += [f"{column}_{slot}" for column in _ANSWER[1:]]
    return header


def _task_cells(record: TaskRecord) -> list[Cell]:
    return [
        record.id,
        "|".join(_text(scan.name) for scan in record.scans),
        "|".join(str(scan.id) for scan in record.scans),
        "|".join(scan.kind for scan in record.scans),
        "|".join(scan.modality for scan in record.scans),
        record.patient,
        record.arm,
        record.split,
        record.state,
        len(record.answers),
    ]


def _answer_cells(answer: AnswerRecord, questions: Sequence[Question]) -> list[Cell]:
    return [
        reader_name(answer.reader),
        *(_cell(answer.values.get(question.name)) for question in questions),
        int(answer.was_cancelled),
        _text(answer.skip_reason),
        _text("|".join(not_asked(questions, answer))),
        _text(answer.comment),
        answer.lead_time,
        utc_text(answer.created_at),
        answer.origin,
        answer.generation,
        answer.rank,
        answer.score,
        answer.strategy,
        answer.model,
        answer.propensity,
        len(answer.earlier),
        int(answer.is_after_model),
        *_shown_cells(answer.model_shown or {}),
    ]


def _shown_cells(shown: Mapping[str, Any]) -> list[Cell]:
    """Whose opinions the reader knew, how many heat maps, what became of suggestions, what the
    reader had looked at of their own accord."""
    fates = Counter(shown.get("suggestions", {}).values())
    return [
        _text("|".join(versions_in(shown))),
        len(shown.get("heat_maps", [])),
        "|".join(f"{fate} {count}" for fate, count in sorted(fates.items())),
        "|".join(sorted(shown.get("looked_up", {}))),
    ]


def _cell(value: Value) -> Cell:
    if isinstance(value, tuple):
        return _text("|".join(value)) if value else _NOTHING_FOUND
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _line(cells: list[Cell]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


FORMAT = Format(
    name="csv",
    title=gettext_noop("CSV table"),
    file_name="tasks.csv",
    content_type="text/csv; charset=utf-8",
    export_type="CSV",
    pieces=pieces,
)
