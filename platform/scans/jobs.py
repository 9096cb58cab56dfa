"""What goes to a decoding process, and what comes back: pseudonymous, all of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from scans.dicom import Slice
from scans.volumes import Group


@dataclass(frozen=True)
class Source:
    """One file of a delivery."""

    number: int
    path: Path
    label: str  # its path as the person who gave it knows it
    patient: str = ""  # identifier given beside the file, which then counts


@dataclass(frozen=True)
class Stores:
    """Where results go, and the archive's secret."""

    frames: Path
    originals: Path
    secret: bytes


@dataclass(frozen=True)
class Probe:
    """What a look at one file gave: its digest and format, or the reason why it is not taken."""

    number: int
    digest: str = ""  # keyed
    kind: str = ""  # "dicom", "nifti", "png", "jpeg" or "tiff"
    slices: tuple[Slice, ...] = ()  # DICOM's
    reason: str = ""


@dataclass(frozen=True)
class ProbeJob:
    sources: tuple[Source, ...]

    def without(self, number: int) -> "ProbeJob":
        return replace(self, sources=tuple(s for s in self.sources if s.number != number))


@dataclass(frozen=True)
class DecodeJob:
    """Files that become one scan, or several that share files."""

    kind: str
    sources: tuple[Source, ...]
    digests: Mapping[int, str]
    groups: tuple[Group, ...] = ()  # DICOM's

    def without(self, number: int) -> "DecodeJob":
        kept = (
            replace(g, slices=tuple(s for s in g.slices if s.source != number)) for g in self.groups
        )
        return replace(
            self,
            sources=tuple(s for s in self.sources if s.number != number),
            groups=tuple(group for group in kept if group.slices),
        )


@dataclass(frozen=True)
class KeptFile:
    """One file that a scan was made from."""

    source: int
    uid: str
    number: int
    source_digest: str
    original: str


@dataclass(frozen=True)
class Decoded:
    """One scan in the frame store, as the database will know it."""

    kind: str  # "image" or "volume"
    name: str
    frames: str
    header: dict[str, Any]  # the frame file's, without its index
    patient: str
    study: str
    study_date: str | None
    series: str
    files: tuple[KeptFile, ...]
    notes: tuple[str, ...] = ()
    manufacturer: str = ""
    model_name: str = ""


@dataclass
class Outcome:
    """What became of a job: scans, and reasons for the files that are in none."""

    probes: list[Probe] = field(default_factory=list)
    scans: list[Decoded] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
