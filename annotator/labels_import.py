"""Takes labels that exist already: a CSV of file, optional patient, and one column per question.

A row's `file` is the path of a file as it is ingested, the path of a folder (all files in it, for
volumes), or a file name alone where it is unique. An empty cell is a question not answered; in a
question of several choices "|" stands between them, and "none" says: read, and nothing found.
A question of marks takes a list of Label Studio's result JSON, what is said of each mark with it;
"[]" says: read, and nothing drawn.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.db.models import BooleanField, Case, F, QuerySet, Value, When

from accounts.models import User
from accounts.parsers import UnreadableJSON, read_json
from annotator.asked import Asked, asked_by
from annotator.models import Annotation, Task, TaskScan
from annotator.rerank import changing_labels
from annotator.results import Result, check_result
from projects.errors import Refused
from projects.label_config import REGION_KINDS, Kind, Question, asked_of_task, parse
from projects.models import Project
from scans.models import Ingest, IngestedFile

_NOTHING_FOUND = frozenset({"none", "no finding", "normal"})
_FROM_A_CELL: frozenset[Kind] = REGION_KINDS | {"single", "multiple", "number", "rating", "text"}


class LabelsError(Exception):
    """The CSV does not fit the project; `problems` has a sentence for each reason."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


@dataclass(frozen=True)
class LabelRow:
    """One line of the CSV."""

    line: int
    file: str
    patient: str
    result: Result
    asked: Asked  # the columns filled in

    @property
    def says_something(self) -> bool:
        return bool(self.result or self.asked)

    def contradicts(self, other: "LabelRow") -> bool:
        return (self.result, self.asked) != (other.result, other.asked)


def read_labels(path: Path, *, label_config: str) -> list[LabelRow]:
    """The rows of the CSV as Label Studio results. Raises LabelsError with what does not fit."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        columns = _columns(reader.fieldnames or [], parse(label_config))
        rows, problems = [], []
        for line, cells in enumerate(reader, start=2):
            try:
                rows.append(_row(line, cells, columns, label_config))
            except Refused as refused:
                problems.append(f"Line {line}: {refused}")
    twice = [file for file, count in Counter(row.file for row in rows).items() if count > 1]
    problems += [f"“{file}” stands in more than one line." for file in twice]
    if problems:
        more = f"… and {len(problems) - 20} more." if len(problems) > 20 else ""
        raise LabelsError([*problems[:20], *([more] if more else [])])
    return rows


def _columns(names: Sequence[str], questions: Sequence[Question]) -> dict[str, Question]:
    """Which column answers which question."""
    if "file" not in names:
        raise LabelsError(["The CSV needs a column “file”."])
    askable = {
        question.name: question
        for question in asked_of_task(questions)
        if question.kind in _FROM_A_CELL
    }
    others = [name for name in names if name not in ("file", "patient")]
    if len(others) == 1 and len(askable) == 1:
        return {others[0]: next(iter(askable.values()))}
    unknown = [name for name in others if name not in askable]
    if unknown or not others:
        wanted = ", ".join(f"“{name}”" for name in askable) or "(none that a cell can answer)"
        named = ", ".join(f"“{name}”" for name in unknown) or "(no column)"
        raise LabelsError([f"{named} answers no question; the project asks {wanted}."])
    return {name: askable[name] for name in others}


def _row(
    line: int, cells: Mapping[str, str | None], columns: Mapping[str, Question], label_config: str
) -> LabelRow:
    said = {
        question.name: _answer(question, cell)
        for column, question in columns.items()
        if (cell := (cells.get(column) or "").strip())
    }
    result = [entry for entries in said.values() for entry in entries]
    asked = {name: offered for name, offered in asked_by(label_config).items() if name in said}
    check_result(label_config, result, complete=False)
    file = (cells["file"] or "").strip().replace("\\", "/").removeprefix("./").rstrip("/")
    if not file:
        raise Refused("“file” is empty.")
    return LabelRow(line, file, (cells.get("patient") or "").strip(), result, asked)


def _marks(question: Question, cell: str) -> Result:
    """The entries of a cell's JSON; those that name no question answer the column's."""
    try:
        entries = read_json(cell)
    except UnreadableJSON:
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Refused(f"“{question.name}” takes a list of marks as Label Studio’s result JSON.")
    place = {"from_name": question.name, "to_name": question.to_name}
    return [place | entry for entry in entries]


def _answer(question: Question, cell: str) -> Result:
    if question.kind in REGION_KINDS:
        return _marks(question, cell)
    value: dict[str, Any]
    if question.kind in ("single", "multiple"):
        value = {"choices": _choices(question, cell)}
    elif question.kind == "text":
        value = {"text": [cell]}
    else:
        try:
            number = float(cell.replace(",", "."))
        except ValueError:
            raise Refused(f"“{question.name}” takes a number, not “{cell}”.") from None
        value = {question.kind: int(number) if number.is_integer() else number}
    kind = {"single": "choices", "multiple": "choices", "text": "textarea"}
    return [
        {
            "id": question.name,
            "from_name": question.name,
            "to_name": question.to_name,
            "type": kind.get(question.kind, question.kind),
            "value": value,
        }
    ]


def _choices(question: Question, cell: str) -> list[str]:
    offered = {option.value.casefold(): option.answer for option in question.options}
    offered |= {option.answer.casefold(): option.answer for option in question.options}
    parts = [cell] if question.kind == "single" else [part.strip() for part in cell.split("|")]
    nothing = question.kind == "multiple" and cell.casefold() in _NOTHING_FOUND
    if nothing and cell.casefold() not in offered:
        return []
    for part in parts:
        if part.casefold() not in offered:
            valid = ", ".join(f"“{option.answer}”" for option in question.options)
            raise Refused(f"“{question.name}” does not offer “{part}”; it offers {valid}.")
    return list(dict.fromkeys(offered[part.casefold()] for part in parts))


def rows_by_label(rows: Iterable[LabelRow], labels: Sequence[str]) -> dict[str, LabelRow]:
    """The row that speaks of each file, where one does. Raises LabelsError where none ever does."""
    by_file = {row.file: row for row in rows}
    names = Counter(PurePosixPath(label).name for label in labels)
    found: dict[str, LabelRow] = {}
    for label in labels:
        path = PurePosixPath(label)
        places = [label, *(str(parent) for parent in path.parents)]
        if names[path.name] == 1:
            places.append(path.name)
        row = next((by_file[place] for place in places if place in by_file), None)
        if row is not None:
            found[label] = row
    if by_file and not found:
        example = next(iter(by_file))
        raise LabelsError([f"No file given is named in the CSV; its first row names “{example}”."])
    return found


@dataclass(frozen=True, slots=True)
class Imported:
    """How many labels were written, and how many of them to tasks that chance drew."""

    written: int
    drawn_by_chance: int


def import_labels(
    *, project: Project, ingest: Ingest, rows: Mapping[str, LabelRow], reader: User
) -> Imported:
    """Write the rows of an ingest's files as the reader's annotations.

    What chance drew counts by what is read in Scout alone (rounds.labels): there a label takes no
    reader's place, and the task stays as open as it was. Done twice, nothing is doubled. Raises
    LabelsError where rows about one scan, or about scans that are read as one task, contradict each
    other; nothing is written then.
    """
    by_scan = _rows_by_scan(ingest, rows)
    with changing_labels(project.pk):
        answered = Annotation.objects.filter(project=project, reader=reader, withdrawn_at=None)
        asked = TaskScan.objects.filter(task__project=project, scan__in=by_scan, is_prior=False)
        fresh = _rows_by_task(asked.exclude(task__in=answered.values("task")), by_scan)
        Annotation.objects.bulk_create(
            Annotation(
                task_id=task,
                project=project,
                reader=reader,
                origin=Annotation.Origin.IMPORT,
                result=row.result,
                asked=row.asked,
            )
            for task, row in fresh.items()
        )
        still_open = Case(
            When(answers__lt=project.overlap - 1, then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        )
        pool = Task.objects.filter(pk__in=fresh, arm=Task.Arm.POOL)
        counted = pool.update(answers=F("answers") + 1, is_open=still_open)
    return Imported(written=len(fresh), drawn_by_chance=len(fresh) - counted)


def _rows_by_scan(ingest: Ingest, rows: Mapping[str, LabelRow]) -> dict[int, LabelRow]:
    lines = IngestedFile.objects.filter(ingest=ingest, path__in=list(rows), scan__isnull=False)
    found: dict[int, LabelRow] = {}
    problems = []
    for path, scan in lines.order_by("path").values_list("path", "scan_id"):
        row = rows[path]
        if scan is None or not row.says_something:
            continue
        if found.setdefault(scan, row).contradicts(row):
            problems.append(f"Line {row.line} contradicts another line about the same scan.")
    if problems:
        raise LabelsError(problems[:20])
    return found


def _rows_by_task(
    asked: QuerySet[TaskScan], by_scan: Mapping[int, LabelRow]
) -> dict[int, LabelRow]:
    found: dict[int, LabelRow] = {}
    problems = []
    for task, scan in asked.order_by("task", "position").values_list("task", "scan"):
        row = by_scan[scan]
        first = found.setdefault(task, row)
        if first.contradicts(row):
            problems.append(
                f"Lines {first.line} and {row.line} contradict each other about scans that are "
                "read as one case. Give it one answer: the same in both lines, or in one alone."
            )
    if problems:
        raise LabelsError(problems[:20])
    return found
