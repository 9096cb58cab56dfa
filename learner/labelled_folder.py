"""A folder of pictures with a CSV of answers, as a rehearsal reads it."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from learner.frames import SIZE, shrink
from learner.processes import spread
from learner.questions import Question

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]

# More different numbers than this are a measurement; fewer are classes that happen to be digits.
_MOST_NUMBERED_CLASSES = 10
# Between findings of one scan, as the NIH's chest radiographs and many others have it.
SEPARATOR = "|"
NO_FINDING = "No Finding"  # and how they say that there is none
_COLUMNS = ("file", "image", "path", "filename", "image index")


@dataclass(frozen=True)
class LabelledFolder:
    """Which pictures there are, and what is known of each."""

    paths: tuple[Path, ...]
    question: Question
    targets: Float32  # [n, c]
    groups: Int64  # [n] patient numbers; a picture without a patient is its own group


def read_folder(
    folder: Path, labels: Path, *, answer: str, group: str | None = None, file: str | None = None
) -> LabelledFolder:
    """Read a CSV with a row per picture; rows with an empty answer are left out.

    `answer`, `group` and `file` are column names; without `file` the usual names are tried. A path
    is relative to `folder`, or to its images/. ValueError: a column or a picture that is not there.
    """
    try:
        with labels.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            columns = list(reader.fieldnames or ())
            rows = [row for row in reader if (row.get(answer) or "").strip()]
    except (csv.Error, UnicodeDecodeError) as error:
        raise ValueError(f"{labels} is no CSV in UTF-8: {error}") from error
    file = file or next((name for name in columns if name.lower() in _COLUMNS), "file")
    for column in (file, answer, *([group] if group else [])):
        if column not in columns:
            raise ValueError(f"{labels} has no column {column!r}; it has {', '.join(columns)}")
    if len(rows) < 2:
        raise ValueError(f"{labels} has fewer than two answers in column {answer!r}")
    paths = tuple(_find(folder, row[file]) for row in rows)
    question, targets = targets_of(answer, [row[answer].strip() for row in rows])
    names = [(row[group] or "").strip() if group else "" for row in rows]
    return LabelledFolder(paths, question, targets, group_numbers(names))


def _find(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / "images" / name):
        if path.is_file():
            return path
    raise ValueError(f"{name} is not in {folder}")


def targets_of(name: str, answers: Sequence[str]) -> tuple[Question, Float32]:
    """What kind of question these answers are to, and the answers as its targets [n, c].

    With a separator "|" somewhere: findings, of which "No Finding" is none. Numbers of many values:
    a number. Else one choice.
    """
    if any(SEPARATOR in answer for answer in answers):
        findings = [set(answer.split(SEPARATOR)) - {NO_FINDING} for answer in answers]
        classes = tuple(sorted(set().union(*findings)))
        rows = [[finding in found for finding in classes] for found in findings]
        return Question(name, "multiple", classes), np.array(rows, dtype=np.float32)
    classes = tuple(sorted(set(answers)))
    if len(classes) > _MOST_NUMBERED_CLASSES and all(map(_is_number, classes)):
        numbers = np.array([float(answer) for answer in answers], dtype=np.float32)
        return Question(name, "number"), numbers[:, None]
    positions = np.searchsorted(np.array(classes), np.array(answers))
    return Question(name, "single", classes), np.eye(len(classes), dtype=np.float32)[positions]


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def group_numbers(names: Sequence[str]) -> Int64:
    """Patient numbers of patient names, [n]; an empty name is a patient of its own."""
    numbers: dict[str, int] = {}
    return np.array(
        [numbers.setdefault(name or f"\0{row}", len(numbers)) for row, name in enumerate(names)],
        dtype=np.int64,
    )


def small_frames(paths: Sequence[Path], *, processes: int, size: int = SIZE) -> NDArray[np.uint8]:
    """Shrink every picture to what the networks see, [n, S, S]. ValueError names a bad file."""
    return np.stack(spread(_small_frame, paths, repeat(size), processes=processes, chunk=64))


def _small_frame(path: Path, size: int) -> NDArray[np.uint8]:
    try:
        with Image.open(path) as picture:
            grey = picture.mode in ("L", "I", "I;16", "F", "1")
            frame = np.asarray(picture if grey else picture.convert("RGB"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read as a picture: {error}") from error
    return shrink(frame, {"samples": 1 if grey else 3}, size)
