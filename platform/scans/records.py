"""Writes what was decoded into the database: patients, studies, series, scans, and the report."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction

from accounts.sentences import joined
from scans.jobs import Decoded, Source
from scans.models import (
    Archive,
    Ingest,
    IngestedFile,
    Instance,
    Patient,
    Scan,
    Series,
    Study,
)

Outcome = IngestedFile.Outcome


@dataclass
class Batch:
    """Results that go into the database together: all of a scan, or nothing of it."""

    decoded: list[Decoded] = field(default_factory=list)
    rejected: dict[int, str] = field(default_factory=dict)
    duplicates: dict[int, int | None] = field(default_factory=dict)  # file → the scan it is

    def __len__(self) -> int:
        return len(self.decoded) + len(self.rejected) + len(self.duplicates)


def save(*, ingest: Ingest, sources: Mapping[int, Source], batch: Batch) -> None:
    """One transaction. Files that this ingest has reported before stay as reported.

    The archive's row is locked, so that two ingests of the same files make each scan once.
    """
    with transaction.atomic():
        archive = Archive.objects.select_for_update().get(pk=ingest.archive_id)
        lines = [
            *_save_scans(archive, batch.decoded, sources, ingest),
            *(
                _line(ingest, sources[number], Outcome.REJECTED, reason)
                for number, reason in batch.rejected.items()
            ),
            *(
                _line(ingest, sources[number], Outcome.DUPLICATE, scan=scan)
                for number, scan in batch.duplicates.items()
            ),
        ]
        reported = reported_paths(ingest, (line.path for line in lines))
        IngestedFile.objects.bulk_create(line for line in lines if line.path not in reported)


def save_refused(*, ingest: Ingest, refused: Sequence[tuple[str, str]]) -> None:
    """Report files that were refused before they were numbered."""
    with transaction.atomic():
        Archive.objects.select_for_update().get(pk=ingest.archive_id)
        reported = reported_paths(ingest, (label for label, _ in refused))
        IngestedFile.objects.bulk_create(
            IngestedFile(ingest=ingest, path=label, outcome=Outcome.REJECTED, reason=reason)
            for label, reason in refused
            if label not in reported
        )


def reported_paths(ingest: Ingest, paths: Iterable[str]) -> set[str]:
    lines = IngestedFile.objects.filter(ingest=ingest, path__in=list(paths))
    return set(lines.values_list("path", flat=True))


def known_scans(archive_id: int, source_digests: Iterable[str]) -> dict[str, int]:
    """Which files the archive has, by keyed digest, and the scan each belongs to."""
    found = Instance.objects.filter(archive_id=archive_id, source_digest__in=list(source_digests))
    return dict(found.values_list("source_digest", "scan_id"))


def scan_digest(decoded: Decoded) -> str:
    """What makes a scan itself: its patient and its frames with their geometry.

    Two patients may have equal frames (a blank image); they never share a scan.
    """
    return hashlib.sha256(f"{decoded.patient} {decoded.frames}".encode()).hexdigest()


def _line(
    ingest: Ingest, source: Source, outcome: Outcome, reason: str = "", scan: int | None = None
) -> IngestedFile:
    return IngestedFile(
        ingest=ingest, path=source.label, outcome=outcome, reason=reason, scan_id=scan
    )


def _save_scans(
    archive: Archive, decoded: Sequence[Decoded], sources: Mapping[int, Source], ingest: Ingest
) -> list[IngestedFile]:
    if not decoded:
        return []
    series = _series(archive, decoded)
    wanted = {scan_digest(one): one for one in decoded}
    known = dict(
        Scan.objects.filter(archive=archive, digest__in=wanted).values_list("digest", "id")
    )
    made = Scan.objects.bulk_create(
        _scan(archive, one, series[one.study, one.patient, one.series], digest)
        for digest, one in wanted.items()
        if digest not in known
    )
    ids = known | {scan.digest: scan.pk for scan in made}
    _save_instances(archive, decoded, ids)
    lines, new = [], {scan.digest for scan in made}
    for one in decoded:
        digest = scan_digest(one)
        outcome = Outcome.ADDED if digest in new else Outcome.DUPLICATE
        new.discard(digest)  # a second one with equal frames in this batch is a duplicate
        lines += [
            _line(ingest, sources[file.source], outcome, joined(one.notes), ids[digest])
            for file in one.files
        ]
    return lines


def _scan(archive: Archive, one: Decoded, series: Series, digest: str) -> Scan:
    return Scan(
        archive=archive,
        series=series,
        kind=one.kind,
        name=one.name[-500:],
        digest=digest,
        frames=one.frames,
        frame_count=one.header["frame_count"],
        rows=one.header["rows"],
        columns=one.header["columns"],
        geometry=one.header,
    )


def _save_instances(archive: Archive, decoded: Sequence[Decoded], ids: Mapping[str, int]) -> None:
    Instance.objects.bulk_create(
        (
            Instance(
                archive=archive,
                scan_id=ids[scan_digest(one)],
                uid=file.uid,
                number=file.number,
                source_digest=file.source_digest,
                original=file.original,
            )
            for one in decoded
            for file in one.files
        ),
        ignore_conflicts=True,
    )


def _series(archive: Archive, decoded: Sequence[Decoded]) -> dict[tuple[str, str, str], Series]:
    """Rows of the series named, with their studies and patients, made where they are missing."""
    studies = _studies(archive, decoded)
    Series.objects.bulk_create(
        (
            Series(
                study=studies[one.study, one.patient],
                uid=one.series,
                modality=one.header["modality"],
                manufacturer=one.manufacturer,
                model_name=one.model_name,
            )
            for one in decoded
        ),
        ignore_conflicts=True,
    )
    rows = Series.objects.filter(study__in=studies.values(), uid__in=[d.series for d in decoded])
    by_key = {(row.study_id, row.uid): row for row in rows}
    return {
        (one.study, one.patient, one.series): by_key[studies[one.study, one.patient].pk, one.series]
        for one in decoded
    }


def _studies(archive: Archive, decoded: Sequence[Decoded]) -> dict[tuple[str, str], Study]:
    patients = _patients(archive, {one.patient for one in decoded})
    uids = [uid for one in decoded for uid in (one.study, _own_uid(one))]
    taken = dict(
        Study.objects.filter(archive=archive, uid__in=uids).values_list("uid", "patient_id")
    )
    chosen: dict[tuple[str, str], str] = {}
    for one in decoded:
        patient = patients[one.patient].pk
        # One study UID for two patients is an error at the source; they stay two patients here.
        uid = one.study if taken.setdefault(one.study, patient) == patient else _own_uid(one)
        chosen[one.study, one.patient] = uid
    Study.objects.bulk_create(
        (
            Study(
                archive=archive,
                patient=patients[one.patient],
                uid=chosen[one.study, one.patient],
                date=one.study_date,
            )
            for one in decoded
        ),
        ignore_conflicts=True,
    )
    rows = {row.uid: row for row in Study.objects.filter(archive=archive, uid__in=chosen.values())}
    return {key: rows[uid] for key, uid in chosen.items()}


def _own_uid(one: Decoded) -> str:
    digest = hashlib.sha256(f"{one.study} {one.patient}".encode()).hexdigest()
    return f"2.25.{int(digest[:30], 16)}"


def _patients(archive: Archive, pseudonyms: set[str]) -> dict[str, Patient]:
    Patient.objects.bulk_create(
        (Patient(archive=archive, pseudonym=pseudonym) for pseudonym in sorted(pseudonyms)),
        ignore_conflicts=True,
    )
    rows = Patient.objects.filter(archive=archive, pseudonym__in=pseudonyms)
    return {row.pseudonym: row for row in rows}
