"""The record of what a reader was shown of the model, and of others' answers. Pure.

The record is kept by the server, of what it sent. Before the answer it is `ModelShown.shown`; the
annotation takes it over as `Annotation.model_shown`, where what is shown later follows:

    {"before": {"at": TIME, "result": RESULT},    # sent with the task
     "heat_maps": [{"at": TIME, "question", "answer", "scan", "frame", "model",
                    "when": "before"|"after"}],
     "looked_up": {"answers": TIME, "model": TIME},   # by who oversees
     "suggestions": {ID: "accepted"|"edited"|"rejected"|"untouched"},   # once answered
     "after": {"at": TIME, "result": RESULT}}     # asked for when the answer had been given

RESULT is Label Studio result JSON; beside each entry stands its `model_version`, and a `meta` with
`probabilities` by class where the model gave them. Until the answer is given `decisions` holds what
the page last said of the suggestions.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from annotator.results import RESULT_TYPES, Result
from projects.label_config import REGION_KINDS

# What may be looked up: what others answered, and what the model says.
ANSWERS, MODEL = "answers", "model"

_REGION_TYPES = frozenset(RESULT_TYPES[kind] for kind in REGION_KINDS)


def settled(
    shown: Mapping[str, Any] | None, *, decisions: Mapping[str, str], result: Result
) -> dict[str, Any] | None:
    """The record as the annotation keeps it: what became of each suggestion. None: nothing shown.

    What was accepted and what was edited shows in the answer itself: a mark keeps the id of the
    suggestion that it was. A mask that another of its label was there to take in has no id left.
    """
    if not shown:
        return None
    kept = {name: value for name, value in shown.items() if name != "decisions"}
    marks = {entry.get("id"): entry for entry in result}
    suggested = [
        entry
        for entry in shown.get("before", {}).get("result", [])
        if entry["type"] in _REGION_TYPES
    ]
    if suggested:
        said = {**shown.get("suggestions", {}), **decisions}
        kept["suggestions"] = {
            entry["id"]: _became(entry, marks.get(entry["id"]), said.get(entry["id"]))
            for entry in suggested
        }
    return kept


def _became(suggested: Mapping[str, Any], mark: Mapping[str, Any] | None, said: str | None) -> str:
    if mark is None:
        if said == "accepted" and suggested["type"] == "brushlabels":
            return "edited"
        return "untouched" if said in (None, "untouched") else "rejected"
    same = all(mark["value"].get(name) == value for name, value in suggested["value"].items())
    return "accepted" if same else "edited"


def known_when_given(shown: Mapping[str, Any] | None, given: datetime) -> dict[str, Any] | None:
    """The part of the record that the reader knew when they gave the answer; None: nothing.

    What is shown later changes no answer, and so nothing of what this returns.
    """
    if not shown:
        return None
    known = {
        name: value
        for name, value in shown.items()
        if name in ("suggestions", "looked_up")
        or (name in ("before", "after") and _is_before(value, given))
    }
    maps = [heat for heat in shown.get("heat_maps", []) if _is_before(heat, given)]
    if maps:
        known["heat_maps"] = maps
    return known or None


def versions_in(shown: Mapping[str, Any] | None) -> list[str]:
    """The models that what was shown came from, each once, by name."""
    said = [entry for when in ("before", "after") for entry in _result(shown or {}, when)]
    heat = [f"Scout round {heat['model']}" for heat in (shown or {}).get("heat_maps", [])]
    return sorted({entry["model_version"] for entry in said} | set(heat))


def _result(shown: Mapping[str, Any], when: str) -> Result:
    return list(shown.get(when, {}).get("result", []))


def _is_before(event: Mapping[str, Any], given: datetime) -> bool:
    return datetime.fromisoformat(event["at"]) < given
