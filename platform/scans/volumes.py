"""Joins the frames of DICOM series into volumes: which belong together, in which order.

Nothing is dropped: every slice given comes back in exactly one group, alone if need be.
"""

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from accounts.sentences import Sentence
from scans.dicom import PROJECTIONS, Slice

# Direction cosines that differ by less point the same way (0.1°); positions, in mm, are the same.
_SAME_DIRECTION = 2e-3
_SAME_PLACE = 1e-2
# Each group reads its files from the start: one file in more groups than this stays one scan.
_MOST_GROUPS_OF_A_FILE = 200
# Intervals that differ from the usual one by more than this share are reported.
_IRREGULAR = 0.05
_LOCALISER = Sentence("A localiser, kept as an image of its own.")
_BY_TURN = Sentence("Positions repeat; volumes kept apart by the order of instance numbers.")


@dataclass(frozen=True)
class Group:
    """Slices that make one scan, in order, with what a reader of the report should know of it."""

    slices: tuple[Slice, ...]
    is_volume: bool
    slice_spacing: float | None = None  # mm
    notes: tuple[str, ...] = ()


def join(slices: Iterable[Slice]) -> list[Group]:
    """Every slice in exactly one group; groups in the order of their first slice."""
    files: dict[int, list[Slice]] = defaultdict(list)
    for one in slices:
        files[one.source].append(one)
    groups: list[Group] = []
    series: dict[Hashable, list[Slice]] = defaultdict(list)
    for frames in files.values():
        if _may_join(frames):
            series[frames[0].series].extend(frames)
        else:
            groups.append(_alone(frames))
    for members in series.values():
        groups.extend(_join_series(members))
    return sorted(groups, key=lambda group: min((s.source, s.frame) for s in group.slices))


def _may_join(frames: Sequence[Slice]) -> bool:
    """Frames with a place in space; a projection of one frame has a place, but no neighbours."""
    projection = frames[0].modality in PROJECTIONS and len(frames) == 1
    return not projection and all(one.is_placed and not one.is_localiser for one in frames)


def _alone(frames: Sequence[Slice], notes: tuple[str, ...] = ()) -> Group:
    """One file, one image; a multi-frame file without places is a sequence of frames."""
    localiser = (_LOCALISER,) if frames[0].is_localiser else ()
    return Group(slices=tuple(frames), is_volume=False, notes=(*notes, *localiser))


def _join_series(members: Sequence[Slice]) -> list[Group]:
    groups = _grouped(members)
    parts = Counter(s for group in groups for s in {one.source for one in group.slices})
    if max(parts.values()) <= _MOST_GROUPS_OF_A_FILE:
        return groups
    files: dict[int, list[Slice]] = defaultdict(list)
    for one in members:
        files[one.source].append(one)
    told = Sentence(
        "More than {most} volumes in one file; kept as a run of frames.",
        most=_MOST_GROUPS_OF_A_FILE,
    )
    return [_alone(frames, (told,)) for frames in files.values()]


def _grouped(members: Sequence[Slice]) -> list[Group]:
    stacks = _by_orientation(members)
    notes = []
    if len(stacks) > 1:
        notes.append(
            Sentence(
                "The series holds {count} orientations or image sizes, kept apart.",
                count=len(stacks),
            )
        )
    groups: list[Group] = []
    for stack in stacks:
        parts, reason = _split_phases(stack)
        told = (*notes, reason) if reason else tuple(notes)
        groups.extend(_stack(part, told) for part in parts)
    return groups


def _by_orientation(members: Sequence[Slice]) -> list[list[Slice]]:
    """Stacks of one direction, size and pixel format."""
    stacks: list[list[Slice]] = []
    for one in members:
        shape = (one.rows, one.columns, one.pixel_format)
        for stack in stacks:
            same = (stack[0].rows, stack[0].columns, stack[0].pixel_format) == shape
            if same and _close(one.orientation, stack[0].orientation, _SAME_DIRECTION):
                stack.append(one)
                break
        else:
            stacks.append([one])
    return stacks


def _close(a: Sequence[float] | None, b: Sequence[float] | None, tolerance: float) -> bool:
    if a is None or b is None:
        return False
    return all(abs(one - other) <= tolerance for one, other in zip(a, b, strict=True))


def _normal(one: Slice) -> NDArray[Any]:
    cosines = np.asarray(one.orientation, dtype=np.float64)
    return np.cross(cosines[:3], cosines[3:])


def _places(stack: Sequence[Slice]) -> list[float]:
    """Each slice's position along the normal of the stack, mm (PS3.3 C.7.6.2.1.1)."""
    normal = _normal(stack[0])
    return [float(np.dot(normal, np.asarray(one.position))) for one in stack]


def _repeats(stack: Sequence[Slice]) -> bool:
    places = sorted(_places(stack))
    return any(after - before < _SAME_PLACE for before, after in pairwise(places))


def _split_phases(stack: list[Slice]) -> tuple[list[list[Slice]], str]:
    """Where positions repeat, one volume per acquisition, echo, time…: what makes them unique."""
    if not _repeats(stack):
        return [stack], ""
    names = list(dict.fromkeys(name for one in stack for name, _ in one.phases))
    for chosen in [*[(name,) for name in names], tuple(names)]:
        parts = _by_phase(stack, chosen)
        if 1 < len(parts) < len(stack) and not any(_repeats(part) for part in parts):
            told = Sentence(
                "Positions repeat; volumes kept apart by {names}.", names=", ".join(chosen)
            )
            return parts, told
    return _by_turn(stack), _BY_TURN


def _by_phase(stack: Sequence[Slice], names: tuple[str, ...]) -> list[list[Slice]]:
    parts: dict[Hashable, list[Slice]] = defaultdict(list)
    for one in stack:
        phases = dict(one.phases)
        parts[tuple(phases.get(name, "") for name in names)].append(one)
    return list(parts.values())


def _by_turn(stack: Sequence[Slice]) -> list[list[Slice]]:
    """The first slice at each position makes the first volume, the second the next, and so on."""
    ordered = sorted(
        zip(_places(stack), stack, strict=True),
        key=lambda pair: (pair[0], pair[1].number, pair[1].source, pair[1].frame),
    )
    parts: list[list[Slice]] = []
    before, turn = -np.inf, 0
    for place, one in ordered:
        turn = turn + 1 if place - before < _SAME_PLACE else 0
        before = place if turn == 0 else before
        if turn == len(parts):
            parts.append([])
        parts[turn].append(one)
    return parts


def _stack(part: Sequence[Slice], notes: tuple[str, ...]) -> Group:
    ordered = sorted(zip(_places(part), part, strict=True), key=lambda pair: pair[0])
    slices = tuple(one for _, one in ordered)
    if len(slices) == 1:
        return Group(slices=slices, is_volume=False, notes=notes)
    steps = [after - before for (before, _), (after, _) in pairwise(ordered)]
    usual = median(steps)
    return Group(
        slices=slices,
        is_volume=True,
        slice_spacing=round(usual, 6),
        notes=(*notes, *_irregularities(steps, usual)),
    )


def _irregularities(steps: Sequence[float], usual: float) -> list[str]:
    odd = [
        (number, step)
        for number, step in enumerate(steps, start=1)
        if abs(step - usual) > max(_SAME_PLACE, _IRREGULAR * usual)
    ]
    if len(odd) > 3:
        low, high = min(steps), max(steps)
        return [
            Sentence(
                "Slices lie {low} to {high} mm apart; usual is {usual} mm.",
                low=float(low),
                high=float(high),
                usual=float(usual),
            )
        ]
    return [
        Sentence(
            "Gap of {step} mm after slice {number}; usual is {usual} mm.",
            step=float(step),
            number=number,
            usual=float(usual),
        )
        for number, step in odd
    ]
