"""Label Studio JSON: https://labelstud.io/guide/export (its section on raw JSON).

Label Studio imports the file as it is. It refuses an annotation whose `completed_by` is no member
of its own organisation, so a release says who read in `reader` instead, and the importing person
becomes the annotator; `completed_by` is written only for a client of the running Scout. What Label
Studio has no place for is under a task's `meta`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from releases.formats.shape import Format, json_array, reader_name, utc_text
from releases.records import AnswerRecord, Dataset, TaskRecord


def pieces(dataset: Dataset) -> Iterator[str]:
    yield from json_array(_task(record, dataset) for record in dataset)
    yield "\n"


def _task(record: TaskRecord, dataset: Dataset) -> dict[str, Any]:
    answers = [_annotation(answer, dataset) for answer in record.answers]
    return {
        "id": record.id,
        "data": {dataset.data_key: record.scans[0].name if record.scans else ""},
        "meta": {
            "patient": record.patient,
            "arm": record.arm,
            "split": record.split,
            "state": record.state,
            "consensus": dict(record.consensus),
            "scans": [
                {
                    "id": scan.id,
                    "name": scan.name,
                    "kind": scan.kind,
                    "modality": scan.modality,
                    "rows": scan.rows,
                    "columns": scan.columns,
                    "frames": scan.frame_count,
                }
                for scan in record.scans
            ],
        },
        "annotations": answers,
        "predictions": [],
        "total_annotations": sum(not answer.was_cancelled for answer in record.answers),
        "cancelled_annotations": sum(answer.was_cancelled for answer in record.answers),
        "project": dataset.contents["project"]["id"],
    }


def _annotation(answer: AnswerRecord, dataset: Dataset) -> dict[str, Any]:
    annotation = {
        "id": answer.id,
        "unique_id": answer.unique_id,
        "reader": reader_name(answer.reader),
        "result": answer.result,
        "asked": answer.asked,
        "was_cancelled": answer.was_cancelled,
        "skip_reason": answer.skip_reason,
        "comment": answer.comment,
        "lead_time": answer.lead_time,
        "created_at": utc_text(answer.created_at),
        "updated_at": utc_text(answer.created_at),
        "origin": answer.origin,
        # An imported annotation is a ground truth to Label Studio unless it says that it is none.
        "ground_truth": False,
        # Where and why the task stood when it was served; null where no ranking had placed it.
        "generation": answer.generation,
        "rank": answer.rank,
        "score": answer.score,
        "strategy": answer.strategy or None,
        "model": answer.model,
        "propensity": answer.propensity,
        "correction_reason": answer.correction_reason,
        "is_after_model": answer.is_after_model,
        "model_shown": _without_masks(answer.model_shown),
        "history": [_earlier(before) for before in answer.earlier],
    }
    if dataset.names_completed_by:
        annotation["completed_by"] = answer.reader
    return annotation


def _earlier(answer: AnswerRecord) -> dict[str, Any]:
    """An answer that was corrected: as it was given, no longer counted."""
    return {
        "id": answer.id,
        "unique_id": answer.unique_id,
        "result": answer.result,
        "asked": answer.asked,
        "was_cancelled": answer.was_cancelled,
        "skip_reason": answer.skip_reason,
        "comment": answer.comment,
        "lead_time": answer.lead_time,
        "created_at": utc_text(answer.created_at),
        "correction_reason": answer.correction_reason,
        "is_after_model": answer.is_after_model,
        "model_shown": _without_masks(answer.model_shown),
    }


def _without_masks(shown: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What was shown, without the pixels of masks: what was accepted of them is in the answer."""
    if shown is None:
        return None
    return {
        name: {**part, "result": [_without_pixels(entry) for entry in part["result"]]}
        if name in ("before", "after")
        else part
        for name, part in shown.items()
    }


def _without_pixels(entry: dict[str, Any]) -> dict[str, Any]:
    value = {name: part for name, part in entry["value"].items() if name != "rle"}
    return {**entry, "value": value}


FORMAT = Format(
    name="labelstudio",
    title="Label Studio JSON",
    file_name="labelstudio.json",
    content_type="application/json",
    export_type="JSON",
    pieces=pieces,
)
