"""COCO (https://cocodataset.org/#format-data): all marks and masks; other answers per image.

An image of COCO is a plane: a radiograph is one, and of a volume each frame that somebody drew on
(`frame`, from 0), or the volume as a whole (`frame` null) where nobody did. `file_name` is the
scan's name, made unique with its id where two scans share it. Every reader's regions are here,
each with its reader; the consensus of the other questions and each reader's answers are the image's
`attributes` and `answers`. Polygons, ellipses (as polygons of 72 corners) and turned boxes have a
`segmentation`, a point is one of `keypoints`, and masks are uncompressed run lengths. A region
whose numbers do not fit its image is listed under `unusable`, with the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from annotator.agreement import details_of
from projects.label_config import REGION_KINDS, asked_of_task
from releases.formats.shape import Format, json_array, reader_name, stable_json
from releases.names import shared_names, unique_name
from releases.records import AnswerRecord, Dataset, ScanRecord, TaskRecord
from releases.shapes import shape_of


@dataclass(frozen=True)
class _Plane:
    """One image of COCO, with the regions on it."""

    id: int
    frame: int | None
    scan: ScanRecord
    task: TaskRecord
    regions: tuple[tuple[AnswerRecord, dict[str, Any]], ...]


def pieces(dataset: Dataset) -> Iterator[str]:
    shared = shared_names(dataset.contents)
    categories = _categories(dataset)
    numbers = {(row["supercategory"], row["answer"]): row["id"] for row in categories}
    unusable: list[dict[str, Any]] = []
    yield '{"info":' + stable_json(_info(dataset)) + ',\n"images":'
    yield from json_array(_image(plane, dataset, shared) for plane in _planes(dataset))
    yield ',\n"annotations":'
    yield from json_array(_annotations(dataset, numbers, unusable))
    yield ',\n"categories":' + stable_json(
        [{key: row[key] for key in ("id", "name", "supercategory")} for row in categories]
    )
    yield ',\n"unusable":' + stable_json(unusable) + "}\n"


def _info(dataset: Dataset) -> dict[str, Any]:
    project = dataset.contents["project"]
    return {
        "description": project["title"],
        "contributor": f"Scout {dataset.contents['scout']}",
        "version": str(project["id"]),
    }


def _categories(dataset: Dataset) -> list[dict[str, Any]]:
    """The labels of regions, numbered from 1; a label of two questions is named by both."""
    labels = [
        (question.name, option.answer)
        for question in dataset.questions
        if question.kind in REGION_KINDS
        for option in question.options
    ]
    answers = [answer for _, answer in labels]
    return [
        {
            "id": number,
            "name": answer if answers.count(answer) == 1 else f"{name}/{answer}",
            "supercategory": name,
            "answer": answer,
        }
        for number, (name, answer) in enumerate(labels, start=1)
    ]


def _planes(dataset: Dataset) -> Iterator[_Plane]:
    """The images, numbered from 1 in the order of tasks and scans: the same on every pass."""
    names = {question.name for question in dataset.questions if question.kind in REGION_KINDS}
    number = 0
    for task in dataset:
        placed = [(_place(entry, task), answer, entry) for answer, entry in _regions(task, names)]
        for position, scan in enumerate(task.scans):
            drawn = {frame for (at, frame), _, _ in placed if at == position and frame is not None}
            frames: list[int | None] = [*sorted(drawn)] or [None]
            for frame in frames:
                number += 1
                on_it = tuple((a, e) for place, a, e in placed if place == (position, frame))
                yield _Plane(number, frame, scan, task, on_it)


def _regions(task: TaskRecord, names: set[str]) -> Iterator[tuple[AnswerRecord, dict[str, Any]]]:
    for answer in task.answers:
        if not answer.was_cancelled:
            yield from ((answer, entry) for entry in answer.result if entry["from_name"] in names)


def _place(entry: dict[str, Any], task: TaskRecord) -> tuple[int, int | None]:
    """Which scan of the task a region lies on, and which frame of it; None where it has but one.

    item_index counts through the frames of all the task's scans. One that names no frame is put on
    the first, where its shape is refused.
    """
    index = entry.get("item_index", 0)
    left = index if _names_frame(entry, task) else 0
    for position, scan in enumerate(task.scans):
        if left < scan.frame_count:
            return position, left if scan.frame_count > 1 else None
        left -= scan.frame_count
    return 0, None


def _names_frame(entry: dict[str, Any], task: TaskRecord) -> bool:
    index = entry.get("item_index", 0)
    return type(index) is int and 0 <= index < sum(scan.frame_count for scan in task.scans)


def _image(plane: _Plane, dataset: Dataset, shared: frozenset[str]) -> dict[str, Any]:
    others = [
        question.name
        for question in asked_of_task(dataset.questions)
        if question.kind not in REGION_KINDS
    ]
    name = unique_name(plane.scan, shared)
    task = plane.task
    return {
        "id": plane.id,
        "file_name": name if plane.frame is None else f"{name}#frame={plane.frame}",
        "width": plane.scan.columns,
        "height": plane.scan.rows,
        "frame": plane.frame,
        "scan": plane.scan.id,
        "task": task.id,
        "patient": task.patient,
        "arm": task.arm,
        "split": task.split,
        "state": task.state,
        "attributes": {name: task.consensus.get(name) for name in others},
        "answers": [
            {
                "reader": reader_name(answer.reader),
                "not_judgeable": answer.was_cancelled,
                "attributes": {name: answer.values.get(name) for name in others},
            }
            for answer in task.answers
        ],
    }


def _annotations(
    dataset: Dataset, numbers: dict[tuple[str, str], int], unusable: list[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    number = 0
    for plane in _planes(dataset):
        for answer, entry in plane.regions:
            try:
                if not _names_frame(entry, plane.task):
                    raise ValueError(f"item_index {entry['item_index']!r} is no frame of the task.")
                category = _category(entry, numbers)
                shape = shape_of(entry, plane.scan)
            except ValueError as error:
                unusable.append(
                    {"annotation": answer.id, "region": entry.get("id"), "reason": str(error)}
                )
                continue
            number += 1
            yield {
                "id": number,
                "image_id": plane.id,
                "category_id": category,
                "iscrowd": 0,
                "attributes": {
                    "annotation": answer.id,
                    "reader": reader_name(answer.reader),
                    "region": entry.get("id"),
                    **_details(entry, answer, dataset),
                },
                **shape,
            }


def _details(
    entry: dict[str, Any], answer: AnswerRecord, dataset: Dataset
) -> dict[str, str | None]:
    """What the reader said of this mark to the questions that are asked of such marks."""
    label = entry["value"][entry["type"]][0]
    return {
        question.name: details_of(question, answer.result).get(entry.get("id", ""))
        for question in dataset.questions
        if question.per_region and question.is_asked_of(tag=entry["from_name"], label=label)
    }


def _category(entry: dict[str, Any], numbers: dict[tuple[str, str], int]) -> int:
    label = entry["value"][entry["type"]][0]
    if (entry["from_name"], label) not in numbers:
        raise ValueError(f"“{label}” is no label of “{entry['from_name']}” any more.")
    return numbers[entry["from_name"], label]


FORMAT = Format(
    name="coco",
    title="COCO",
    file_name="coco.json",
    content_type="application/json",
    export_type="COCO",
    pieces=pieces,
)
