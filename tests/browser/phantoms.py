"""Scans with known pixels: blocks of one value each, so that a test can say what must be where."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from scans.framestore import open_frames, write_frames
from scans.models import Archive, Patient, Scan, Series, Study


def block_radiograph() -> NDArray[np.uint16]:
    """Twelve bits, 100 rows of 200: black, but for a bright block at the upper left of the frame.

    Rows 10 to 39 and columns 20 to 59 hold 4000; rows 60 to 89 and columns 140 to 179 hold 2000.
    """
    frame = np.zeros((100, 200), np.uint16)
    frame[10:40, 20:60] = 4000
    frame[60:90, 140:180] = 2000
    return frame


def counting_volume(frames: int = 9) -> NDArray[np.int16]:
    """CT, 64 by 64: air around a square of soft tissue whose value tells the slice, 10 a slice."""
    volume = np.full((frames, 64, 64), -1000, np.int16)
    for number in range(frames):
        volume[number, 16:48, 16:48] = 10 * number
    return volume


def keep_scan(
    archive: Archive, frames: NDArray[Any], *, patient: str = "P1", **header: Any
) -> Scan:
    """A scan of these frames ([rows, columns], [frames, rows, columns] or with 3 colours last)."""
    is_colour = header.get("samples") == 3
    stack = frames if frames.ndim == (4 if is_colour else 3) else frames[np.newaxis]
    digest = write_frames(
        settings.FRAME_STORE,
        {
            "dtype": str(stack.dtype),
            "rows": stack.shape[1],
            "columns": stack.shape[2],
            "samples": 1,
            "frame_count": len(stack),
            **header,
        },
        stack,
    )
    geometry = {
        name: value
        for name, value in open_frames(settings.FRAME_STORE, digest).header.items()
        if name != "index"
    }
    person, _ = Patient.objects.get_or_create(archive=archive, pseudonym=patient)
    study, _ = Study.objects.get_or_create(archive=archive, patient=person, uid=f"1.2.{person.pk}")
    count = Scan.objects.filter(archive=archive).count()
    series = Series.objects.create(study=study, uid=f"1.2.{person.pk}.{count}", modality="CR")
    return Scan.objects.create(
        archive=archive,
        series=series,
        kind=Scan.Kind.VOLUME if len(stack) > 1 else Scan.Kind.IMAGE,
        name=f"phantom {count}",
        digest=f"{count:064x}",
        frames=digest,
        frame_count=len(stack),
        rows=stack.shape[1],
        columns=stack.shape[2],
        geometry=geometry,
    )


def axial(frames: int, spacing: float = 1.0) -> dict[str, Any]:
    """The geometry of an axial CT: rows to the left, columns to the back, slices to the head."""
    return {
        "modality": "CT",
        "units": "HU",
        "window": [40.0, 400.0],
        "spacing": [spacing, spacing],
        "slice_spacing": 2.0,
        "orientation": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "positions": [[0.0, 0.0, 2.0 * number] for number in range(frames)],
    }


def radiograph(**header: Any) -> dict[str, Any]:
    """The geometry of a frontal chest radiograph."""
    return {
        "modality": "DX",
        "body_part": "CHEST",
        "view": "PA",
        "window": [2048.0, 4096.0],
        "spacing": [0.5, 0.5],
        **header,
    }


def scans_of(archive: Archive, frames: Sequence[NDArray[Any]], **header: Any) -> list[Scan]:
    return [
        keep_scan(archive, frame, patient=f"P{number}", **header)
        for number, frame in enumerate(frames)
    ]
