"""A release says of every label what its reader knew of the model's opinion."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

from annotator.models import Annotation
from releases.formats import FORMATS
from releases.queries import contents_of
from releases.records import Dataset
from tests.releases.cast import Cast, findings

HEAT = {"question": "findings", "answer": "Nodule", "scan": 0, "frame": 0, "model": 3}
MASK: dict[str, Any] = {
    "id": "7-1",
    "from_name": "masks",
    "to_name": "image",
    "type": "brushlabels",
    "value": {"format": "rle", "rle": [0, 1, 2], "brushlabels": ["Lung"]},
    "model_version": "masknet 1",
    "score": 0.6,
}


def shown_to(annotation: Annotation) -> dict[str, Any]:
    """Suggestions before it was given, and a heat map before and after."""
    before = (annotation.created_at - timedelta(minutes=1)).isoformat()
    after = (annotation.created_at + timedelta(minutes=1)).isoformat()
    said = {**findings("Nodule"), "model_version": "Scout round 3, ranking 41"}
    return {
        "before": {"at": before, "result": [said, MASK]},
        "heat_maps": [
            {"at": before, **HEAT, "when": "before"},
            {"at": after, **HEAT, "when": "after"},
        ],
        "looked_up": {"answers": before, "model": before},
        "suggestions": {"7-1": "rejected"},
        "after": {"at": after, "result": [said]},
    }


def text_of(cast: Cast, name: str) -> str:
    dataset = Dataset(contents_of(project=cast.project))
    return "".join(FORMATS[name].pieces(dataset))


def test_what_was_known_is_told_and_what_was_shown_later_is_not(cast: Cast) -> None:
    given = cast.answer(cast.task("a.png"), cast.bob, findings("Nodule"))
    plain = cast.answer(cast.task("b.png", patient="p2"), cast.bob, findings())
    given.refresh_from_db()
    shown = shown_to(given)
    Annotation.objects.filter(pk=given.pk).update(model_shown=shown)
    first, second = (
        task["annotations"][0]["model_shown"] for task in json.loads(text_of(cast, "labelstudio"))
    )
    assert second is None and plain.model_shown is None
    assert set(first) == {"before", "heat_maps", "looked_up", "suggestions"}
    assert first["heat_maps"] == shown["heat_maps"][:1]
    assert first["suggestions"] == {"7-1": "rejected"}
    mask = first["before"]["result"][1]
    assert mask["value"] == {"format": "rle", "brushlabels": ["Lung"]}
    rows = list(csv.DictReader(io.StringIO(text_of(cast, "csv"))))
    columns = ("shown_model_1", "shown_heat_maps_1", "suggestions_1", "looked_up_1")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("Scout round 3|Scout round 3, ranking 41|masknet 1", "1", "rejected 1", "answers|model"),
        ("", "0", "", ""),
    ]
