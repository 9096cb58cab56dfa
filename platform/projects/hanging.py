"""The hanging protocol: which scans of a task stand beside which, and how.

A protocol is a list of rules. A rule names a layout and, cell by cell, which scan hangs there; it
applies where every one of its cells finds a scan of its own. The viewer tries them in order, and
again for what is left over, page by page; scans that no rule takes stand side by side
(annotator/viewer/src/viewer/hanging.ts).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext

from projects.errors import Refused

# How many scans each layout has room for.
LAYOUTS = {"1x1": 1, "1x2": 2, "2x2": 4, "mpr": 1}
# What a cell may ask of a scan; each a word, or a list of which one must hold.
_WORDS = ("modality", "view", "laterality", "body_part")
_KINDS = ("image", "volume")
_EDGES = ("left", "right")
_CELL_KEYS = (*_WORDS, "kind", "prior", "chest_wall")
_RULE_KEYS = ("layout", "cells")
_MOST_RULES = 50
_MOST_WORDS = 50
_LONGEST_WORD = 64  # as long as any text of DICOM that is no paragraph (PS3.5 6.2)

Rule = dict[str, Any]

_RADIOGRAPH = {"modality": ["CR", "DX"]}
_FRONTAL = {**_RADIOGRAPH, "view": ["PA", "AP"]}
_LATERAL = {**_RADIOGRAPH, "view": ["LL", "RL", "LATERAL", "LAT"]}


def _breast(side: str, view: str, *, prior: bool) -> dict[str, Any]:
    # The right breast hangs left, so that the chest walls meet in the middle.
    wall = "right" if side == "R" else "left"
    return {
        "modality": "MG", "laterality": side, "view": view, "prior": prior, "chest_wall": wall,
    }  # fmt: skip


def _mammograms(*, prior: bool) -> list[Rule]:
    pairs = {view: [_breast(side, view, prior=prior) for side in "RL"] for view in ("CC", "MLO")}
    return [
        {"layout": "2x2", "cells": pairs["CC"] + pairs["MLO"]},
        {"layout": "1x2", "cells": pairs["CC"]},
        {"layout": "1x2", "cells": pairs["MLO"]},
    ]


def _radiographs() -> list[Rule]:
    now, before = {"prior": False}, {"prior": True}
    frontal = [_FRONTAL | now, _FRONTAL | before]
    return [
        {"layout": "2x2", "cells": [*frontal, _LATERAL | now, _LATERAL | before]},
        {"layout": "2x2", "cells": [*frontal, _LATERAL | now]},
        {"layout": "1x2", "cells": frontal},
        {"layout": "1x2", "cells": [_FRONTAL | now, _LATERAL | now]},
        {"layout": "1x2", "cells": [_FRONTAL | before, _LATERAL | before]},
    ]


# What holds where a project has no rules of its own.
BUILT_IN: list[Rule] = [
    *_mammograms(prior=False),
    *_mammograms(prior=True),
    *_radiographs(),
    {"layout": "1x2", "cells": [{"prior": False}, {"prior": True}]},
]


class HangingError(Refused):
    """The protocol cannot be used; `problems` says why, a sentence for each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = tuple(problems)


def rules_of(hanging: Sequence[Rule]) -> list[Rule]:
    """The rules that hold in a project: its own, else the built-in ones."""
    return list(hanging) or BUILT_IN


def check(hanging: object) -> None:
    """Raises HangingError for anything but a list of rules that the viewer can follow."""
    if not isinstance(hanging, list):
        raise HangingError([gettext("A hanging protocol is a list of rules: it begins with [.")])
    if len(hanging) > _MOST_RULES:
        raise HangingError([gettext("A hanging protocol has at most %d rules.") % _MOST_RULES])
    problems = [
        sentence for number, rule in enumerate(hanging, 1) for sentence in _rule(rule, number)
    ]
    if problems:
        raise HangingError(problems)


def _rule(rule: object, number: int) -> list[str]:
    if not isinstance(rule, dict):
        return [gettext("Rule %d is no object in braces { }.") % number]
    problems = _unknown(rule, _RULE_KEYS, gettext("Rule %d") % number)
    layout, cells = rule.get("layout"), rule.get("cells")
    if not isinstance(layout, str) or layout not in LAYOUTS:
        names = ", ".join(LAYOUTS)
        problems.append(gettext("Rule %(number)d needs a layout: one of %(names)s.") % {
            "number": number, "names": names,
        })  # fmt: skip
        return problems
    if not isinstance(cells, list) or not 1 <= len(cells) <= LAYOUTS[layout]:
        problems.append(
            gettext(
                "Rule %(number)d needs “cells”: a list of 1 to %(most)d of them for %(layout)s."
            )
            % {"number": number, "most": LAYOUTS[layout], "layout": layout}
        )
        return problems
    for place, cell in enumerate(cells, 1):
        where = gettext("Rule %(number)d, cell %(place)d") % {"number": number, "place": place}
        problems += _cell(cell, where)
    return problems


def _cell(cell: object, where: str) -> list[str]:
    if not isinstance(cell, dict):
        return [gettext("%s: a cell is an object in braces { }; {} takes any scan.") % where]
    problems = _unknown(cell, _CELL_KEYS, where)
    for name in _WORDS:
        if name in cell and not _is_words(cell[name]):
            problems.append(
                gettext("%(where)s: “%(name)s” is a word or a list of words.")
                % {"where": where, "name": name}
            )
    for name, allowed in (("kind", _KINDS), ("chest_wall", _EDGES), ("prior", (True, False))):
        if name in cell and not any(_is_same(cell[name], one) for one in allowed):
            problems.append(
                gettext("%(where)s: “%(name)s” is %(allowed)s.")
                % {"where": where, "name": name, "allowed": _either(allowed)}
            )
    return problems


def _unknown(given: Mapping[str, object], known: Sequence[str], where: str) -> list[str]:
    return [
        gettext("%(where)s: there is no “%(name)s”; it may have %(known)s.")
        % {"where": where, "name": name, "known": ", ".join(known)}
        for name in given
        if name not in known
    ]


def _is_same(value: object, wanted: str | bool) -> bool:
    """1 is not true here, as it is to Python."""
    return type(value) is type(wanted) and value == wanted


def _is_words(value: object) -> bool:
    words = value if isinstance(value, list) else [value]
    return 0 < len(words) <= _MOST_WORDS and all(
        isinstance(word, str) and 0 < len(word) <= _LONGEST_WORD and word.isprintable()
        for word in words
    )


def _either(allowed: Sequence[str | bool]) -> str:
    return gettext(" or ").join(str(value).lower() for value in allowed)
