"""What a decoding process does: look at files, and turn groups of them into frames and originals.

Pure: runs in processes that never import Django. Everything that leaves a process is pseudonymous.
"""

import hashlib
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from accounts.sentences import Sentence
from scans import dicom_scans, nifti, pictures
from scans.deidentify import Pseudonyms, identify
from scans.dicom import read_dataset, slices
from scans.framestore import open_frames, write_frames
from scans.jobs import (
    Decoded,
    DecodeJob,
    KeptFile,
    Outcome,
    Probe,
    ProbeJob,
    Source,
    Stores,
)
from scans.limits import Rejected, unreadable
from scans.originals import keep_original
from scans.volumes import Group

Started = Callable[[int], None]  # told the number of each file as its turn comes


TOO_LARGE = Sentence("Reading it takes more memory than Scout allows.")


def work(stores: Stores, job: ProbeJob | DecodeJob, started: Started) -> Outcome:
    """Do one job. Files that cannot be read are in the outcome with their reasons."""
    warnings.simplefilter("ignore")
    if isinstance(job, ProbeJob):
        return _probe_all(stores, job, started)
    if job.kind == "dicom":
        return _decode_dicom(stores, job, started)
    outcome = Outcome()
    for source in job.sources:
        started(source.number)
        try:
            for scan in _decode_file(stores, job.kind, source, job.digests):
                outcome.scans.append(scan)
                started(source.number)  # the next of its scans has the full time again
        except Rejected as rejected:
            outcome.rejected[source.number] = rejected.reason
        except MemoryError:
            outcome.rejected[source.number] = TOO_LARGE
    return outcome


def _probe_all(stores: Stores, job: ProbeJob, started: Started) -> Outcome:
    outcome = Outcome()
    pseudonyms = Pseudonyms(stores.secret)
    for source in job.sources:
        started(source.number)
        try:
            outcome.probes.append(_probe(source, pseudonyms))
        except Rejected as rejected:
            outcome.probes.append(Probe(source.number, reason=rejected.reason))
        except OSError as error:
            outcome.probes.append(Probe(source.number, reason=unreadable(error)))
        except MemoryError:
            outcome.probes.append(Probe(source.number, reason=TOO_LARGE))
    return outcome


def _probe(source: Source, pseudonyms: Pseudonyms) -> Probe:
    with source.path.open("rb") as file:
        head = file.read(352)
        if not head:
            raise Rejected("The file is empty.")
        file.seek(0)
        content = hashlib.file_digest(file, "sha256").digest()
    digest = pseudonyms.keyed("file", content)
    kind = _kind(head, source.path)
    if kind != "dicom":
        return Probe(source.number, digest=digest, kind=kind)
    dataset = read_dataset(source.path, pixels=False)
    # Not before here: patients and series are known by their pseudonyms from now on.
    identity = identify(dataset, pseudonyms, source.patient)
    found = slices(dataset, source=source.number, series=f"{identity.patient} {identity.series}")
    return Probe(source.number, digest=digest, kind="dicom", slices=found)


def _kind(head: bytes, path: Path) -> str:
    if head[128:132] == b"DICM":
        return "dicom"
    picture = pictures.picture_format(head)
    if picture:
        return picture
    if head.startswith(b"PK\x03\x04"):
        raise Rejected("A zip inside a zip is not opened.")
    if nifti.is_nifti(head) or (head.startswith(b"\x1f\x8b") and _holds_nifti(path)):
        return "nifti"
    return "dicom"  # files without preamble have nothing else to be known by


def _holds_nifti(path: Path) -> bool:
    inflater = zlib.decompressobj(16 + zlib.MAX_WBITS)
    with path.open("rb") as file:
        try:
            head = inflater.decompress(file.read(1 << 16), 352)
        except zlib.error as error:
            raise Rejected("The compressed file is damaged.") from error
    if not nifti.is_nifti(head):
        raise Rejected("Of gzip files only NIfTI (.nii.gz) is read.")
    return True


def _decode_file(
    stores: Stores, kind: str, source: Source, digests: Mapping[int, str]
) -> Iterator[Decoded]:
    """The scans of one NIfTI or picture file."""
    found: list[tuple[dict[str, Any], Iterator[Any], tuple[str, ...]]]
    if kind == "nifti":
        volumes = list(nifti.read_nifti(source.path))
        found = [(v.header, v.frames(), v.notes) for v in volumes]
        content = nifti.cleaned_nifti(nifti.inflated(source.path))
    else:
        read = list(pictures.read_picture(source.path, kind))
        found = [(p.header, iter(p.frames), p.notes) for p in read]
        content = pictures.stripped_picture(source.path.read_bytes(), kind, read)
    original = keep_original(stores.originals, content)
    pseudonyms = Pseudonyms(stores.secret)
    digest = digests[source.number]
    patient = pseudonyms.given_patient(source.patient) or pseudonyms.keyed("file", digest)
    for number, (header, frames, notes) in enumerate(found):
        listed = list(frames)
        header["window"] = header.get("window") or dicom_scans.measured_window(
            listed[len(listed) // 2], header
        )
        written = write_frames(stores.frames, header, listed)
        own = nth_digest(digest, number)
        yield Decoded(
            kind="volume" if kind == "nifti" and header["frame_count"] > 1 else "image",
            name=source.label,
            frames=written,
            header=stored_header(stores, written),
            patient=patient,
            study=pseudonyms.uid(f"study {digest}"),
            study_date=None,
            series=pseudonyms.uid(f"series {own}"),
            files=(KeptFile(source.number, pseudonyms.uid(own), number, own, original),),
            notes=notes,
        )


def _decode_dicom(stores: Stores, job: DecodeJob, started: Started) -> Outcome:
    """Decode a job's groups; where a file fails, once more without every file that fails."""
    outcome = Outcome()
    try:
        outcome.scans = [_decode_group(stores, job, g, started) for g in job.groups]
    except dicom_scans.SourceRejected:
        for source in job.sources:
            reason = dicom_scans.why_unreadable(job.groups, source.number, source.path, started)
            if reason:
                outcome.rejected[source.number] = reason
                job = job.without(source.number)
        outcome.scans = [_decode_group(stores, job, g, started) for g in job.groups]
    return outcome


def _decode_group(stores: Stores, job: DecodeJob, group: Group, started: Started) -> Decoded:
    sources = {source.number: source for source in job.sources}
    pseudonyms = Pseudonyms(stores.secret)
    reader = dicom_scans.GroupReader(
        group=group,
        paths={number: source.path for number, source in sources.items()},
        pseudonyms=pseudonyms,
        patients={number: source.patient for number, source in sources.items()},
        originals=stores.originals,
        started=started,
    )
    written = write_frames(stores.frames, reader.header(), reader.frames())
    first = reader.identity
    return Decoded(
        kind="volume" if group.is_volume else "image",
        name=first.series if group.is_volume else first.instance,
        frames=written,
        header=stored_header(stores, written),
        patient=first.patient,
        study=first.study,
        study_date=first.study_date,
        series=first.series,
        files=tuple(
            KeptFile(
                source=number,
                uid=kept.uid,
                number=kept.number,
                source_digest=nth_digest(job.digests[number], _turn(job.groups, group, number)),
                original=kept.original,
            )
            for number, kept in reader.kept.items()
        ),
        notes=(*group.notes, *reader.notes),
        manufacturer=first.manufacturer,
        model_name=first.model_name,
    )


def _turn(groups: Sequence[Group], group: Group, source: int) -> int:
    """How many earlier groups of the job hold frames of the same file."""
    earlier = groups[: [id(g) for g in groups].index(id(group))]
    return sum(any(one.source == source for one in g.slices) for g in earlier)


def nth_digest(digest: str, number: int) -> str:
    """A digest for each scan of a file that holds several; the first has the file's own."""
    return digest if number == 0 else hashlib.sha256(f"{digest} {number}".encode()).hexdigest()


def stored_header(stores: Stores, digest: str) -> dict[str, Any]:
    header = dict(open_frames(stores.frames, digest).header)
    del header["index"]
    return header
