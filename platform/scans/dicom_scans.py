"""Turns a group of DICOM slices into what the frame store takes, and keeps the originals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset

from accounts.sentences import Sentence
from scans import terms
from scans.acquisition import acquisition
from scans.deidentify import Identity, Pseudonyms, deidentify, has_burned_in_text, identify
from scans.dicom import Slice, find, frame_groups, read_dataset
from scans.limits import Rejected
from scans.originals import keep_original
from scans.pixels import PixelPlan, decode, plan_pixels
from scans.volumes import Group

Frame = NDArray[Any]
# The darkest and the brightest half per cent are left out of a window that is measured.
_OUTLIERS = (0.5, 99.5)


class SourceRejected(Exception):
    """One file of a group cannot be read."""


@dataclass(frozen=True)
class KeptDicom:
    uid: str
    number: int
    original: str


@dataclass
class GroupReader:
    """Reads one group's files in order, one frame in memory at a time."""

    group: Group
    paths: Mapping[int, Path]
    pseudonyms: Pseudonyms
    patients: Mapping[int, str]  # identifiers given beside the files
    originals: Path
    started: Callable[[int], None]
    kept: dict[int, KeptDicom] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    identity: Identity = field(init=False)

    def header(self) -> dict[str, Any]:
        """The frame store's header; the group's middle slice stands for all where one must."""
        slices = self.group.slices
        first = slices[0]
        middle = slices[len(slices) // 2]
        self.started(middle.source)
        try:
            dataset = read_dataset(self.paths[middle.source])
            plan = plan_pixels(dataset, middle.frame)
            frame = next(iter(decode(dataset, [middle.frame]))) if plan.window is None else None
        except Rejected as rejected:
            raise SourceRejected(rejected.reason) from rejected
        self.identity = identify(dataset, self.pseudonyms, self.patients.get(middle.source, ""))
        header = {
            **_described(dataset, middle),
            **self._values(plan),
            "rows": first.rows,
            "columns": first.columns,
            "frame_count": len(slices),
            "slice_spacing": self.group.slice_spacing,
            "spacing": list(first.spacing) if first.spacing else None,
            "orientation": list(first.orientation) if first.orientation else None,
            "positions": _positions(slices),
        }
        if frame is not None:
            header["window"] = measured_window(self._value(frame, middle), header, plan.padding)
        return header

    def _values(self, plan: PixelPlan) -> dict[str, Any]:
        self._rescaled = len({(one.slope, one.intercept) for one in self.group.slices}) > 1
        self._dtype = "float32" if self._rescaled else plan.dtype
        return {
            "dtype": self._dtype,
            "samples": plan.samples,
            "inverted": plan.inverted,
            "slope": 1.0 if self._rescaled else plan.slope,
            "intercept": 0.0 if self._rescaled else plan.intercept,
            "window": plan.window,
            "windows": plan.windows,
        }

    def _value(self, frame: Frame, one: Slice) -> Frame:
        """Slices with slopes of their own (PET) are stored in modality units."""
        if not self._rescaled:
            return frame.astype(self._dtype, copy=False)
        return (frame * one.slope + one.intercept).astype(np.float32)

    def frames(self) -> Iterator[Frame]:
        """Every frame in order; on the way each file is de-identified and kept."""
        for source, members in groupby(self.group.slices, key=lambda one: one.source):
            listed = list(members)
            self.started(source)
            try:
                dataset = read_dataset(self.paths[source])
                frames = decode(dataset, [one.frame for one in listed])
                for one, frame in zip(listed, frames, strict=True):
                    yield self._value(frame, one)
                    self.started(source)  # the time allowed is for a frame, not for a long file
            except Rejected as rejected:
                raise SourceRejected(rejected.reason) from rejected
            if source not in self.kept:
                self._keep(source, dataset)

    def _keep(self, source: int, dataset: FileDataset) -> None:
        patient = self.patients.get(source, "")
        identity = identify(dataset, self.pseudonyms, patient)
        if has_burned_in_text(dataset):
            self._note(Sentence("The header says that names or text are burned into the pixels."))
        number = next(one.number for one in self.group.slices if one.source == source)
        content = deidentify(dataset, self.pseudonyms, patient)
        original = keep_original(self.originals, content)
        self.kept[source] = KeptDicom(identity.instance, number, original)

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


def why_unreadable(
    groups: Sequence[Group], source: int, path: Path, started: Callable[[int], None]
) -> str:
    """The reason why a file's frames cannot be decoded; empty where they can."""
    started(source)
    frames = [one.frame for g in groups for one in g.slices if one.source == source]
    try:
        for _ in decode(read_dataset(path), frames):
            started(source)
    except Rejected as rejected:
        return rejected.reason
    return ""


def measured_window(
    frame: Frame, header: Mapping[str, Any], padding: tuple[float, float] | None = None
) -> list[float] | None:
    """[centre, width] in modality units over what `frame` holds, for grey frames without a window.

    Eight-bit grey was made to be shown as it is, so it gets the whole range.
    """
    if header["samples"] != 1:
        return None
    slope, intercept = header.get("slope", 1.0), header.get("intercept", 0.0)
    if header["dtype"] == "uint8":
        low, high = 0.0, 255.0
    else:
        values = frame[::2, ::2]
        if padding:
            values = values[(values < padding[0]) | (values > padding[1])]
        if values.size == 0 or values.min() == values.max():
            return None
        low, high = (float(v) for v in np.percentile(values, _OUTLIERS))
        if low == high:
            low, high = float(values.min()), float(values.max())
    return [(low + high) / 2 * slope + intercept, (high - low) * abs(slope)]


def _positions(slices: Sequence[Slice]) -> list[list[float]] | None:
    if any(one.position is None for one in slices):
        return None
    return [list(one.position or ()) for one in slices]


def _described(dataset: FileDataset, one: Slice) -> dict[str, Any]:
    groups = frame_groups(dataset, one.frame)
    modality = terms.modality(one.modality)
    units = str(find(groups, "RescaleType") or "").strip().upper()
    is_ct = modality == "CT" and not one.is_localiser and units in ("", "HU")
    return {
        "modality": modality,
        "body_part": terms.body_part(find(groups, "BodyPartExamined")),
        "view": terms.view(find(groups, "ViewPosition")),
        "laterality": terms.laterality(
            find(groups, "ImageLaterality") or find(groups, "FrameLaterality")
            or find(groups, "Laterality")
        ),
        "units": "HU" if units == "HU" or is_ct else "",
        "frame_seconds": _frame_seconds(dataset),
        **acquisition(groups, modality),
    }  # fmt: skip


def _frame_seconds(dataset: FileDataset) -> float | None:
    """Seconds from one frame to the next: FrameTime is in milliseconds, the others are rates."""
    for keyword in ("FrameTime", "RecommendedDisplayFrameRate", "CineRate"):
        try:
            value = float(dataset[keyword].value)
        except (KeyError, TypeError, ValueError):
            continue
        if 1e-3 < value < 1e6:
            return value / 1000 if keyword == "FrameTime" else 1 / value
    return None
