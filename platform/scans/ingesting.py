"""Runs one ingest: look at every file, join series, decode in processes, write in batches.

Killed at any moment and run again, it goes on: files that are reported are left alone, and a scan
is written together with the report of its files.
"""

import functools
import time
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

from django.conf import settings

from accounts.sentences import Sentence
from scans import records
from scans.decoding import work
from scans.jobs import DecodeJob, Outcome, Probe, ProbeJob, Source, Stores
from scans.models import Ingest
from scans.pool import DecodingPool, Lost
from scans.volumes import Group, join

Pool = DecodingPool[ProbeJob | DecodeJob, Outcome]

_REPEATED = Sentence("It repeats another file.")
_FILES_PER_PROBE = 16
_FILES_PER_BATCH = 200
_SECONDS_PER_BATCH = 2.0


def ingest_sources(
    *, ingest: Ingest, sources: Sequence[Source], processes: int, seconds_per_file: float
) -> None:
    """Take every source into the ingest's archive, or report why not."""
    reported = records.reported_paths(ingest, (source.label for source in sources))
    waiting = {s.number: s for s in sources if s.label not in reported}
    stores = Stores(
        frames=settings.FRAME_STORE,
        originals=settings.ORIGINALS,
        secret=bytes(ingest.archive.secret),
    )
    with Pool(
        functools.partial(work, stores), processes=processes, seconds_per_file=seconds_per_file
    ) as pool:
        writer = _Writer(ingest, waiting)
        probes = _probe(pool, writer, waiting)
        fresh, twins = _without_duplicates(ingest, writer, probes)
        for outcome in pool.run(_jobs(fresh, waiting)):
            writer.take(outcome)
        writer.flush()
        _report_twins(ingest, writer, fresh, twins)


class _Writer:
    """Collects results and writes them when there are enough or the last write is long ago."""

    def __init__(self, ingest: Ingest, sources: Mapping[int, Source]) -> None:
        self._ingest = ingest
        self._sources = sources
        self._batch = records.Batch()
        self._files = 0
        self._written = time.monotonic()
        self.rejected: dict[int, str] = {}

    def take(self, outcome: Outcome | Lost) -> None:
        if isinstance(outcome, Lost):
            self.reject(outcome.number, outcome.reason)
            return
        self._batch.decoded.extend(outcome.scans)
        self._files += sum(len(scan.files) for scan in outcome.scans)
        for number, reason in outcome.rejected.items():
            self.reject(number, reason)
        self._flush_when_due()

    def reject(self, number: int, reason: str) -> None:
        self.rejected[number] = self._batch.rejected[number] = reason
        self._files += 1
        self._flush_when_due()

    def duplicate(self, number: int, scan: int | None) -> None:
        self._batch.duplicates[number] = scan
        self._files += 1
        self._flush_when_due()

    def _flush_when_due(self) -> None:
        late = time.monotonic() - self._written > _SECONDS_PER_BATCH
        if self._files >= _FILES_PER_BATCH or late:
            self.flush()

    def flush(self) -> None:
        if len(self._batch):
            records.save(ingest=self._ingest, sources=self._sources, batch=self._batch)
        self._batch, self._files, self._written = records.Batch(), 0, time.monotonic()


def _probe(pool: Pool, writer: _Writer, waiting: Mapping[int, Source]) -> list[Probe]:
    """What each readable file is, in the order given; the others are reported."""
    listed = list(waiting.values())
    jobs = [
        ProbeJob(tuple(listed[start : start + _FILES_PER_PROBE]))
        for start in range(0, len(listed), _FILES_PER_PROBE)
    ]
    found: dict[int, Probe] = {}
    for outcome in pool.run(jobs):
        if isinstance(outcome, Lost):
            writer.take(outcome)
            continue
        for probe in outcome.probes:
            if probe.reason:
                writer.reject(probe.number, probe.reason)
            else:
                found[probe.number] = probe
    return [found[number] for number in sorted(found)]


def _without_duplicates(
    ingest: Ingest, writer: _Writer, probes: Sequence[Probe]
) -> tuple[dict[str, Probe], list[Probe]]:
    """Files the archive has not seen, by digest, and those that repeat one of them."""
    known: dict[str, int] = {}
    for start in range(0, len(probes), 1000):
        digests = (probe.digest for probe in probes[start : start + 1000])
        known |= records.known_scans(ingest.archive_id, digests)
    fresh: dict[str, Probe] = {}
    twins: list[Probe] = []
    for probe in probes:
        if probe.digest in known:
            writer.duplicate(probe.number, known[probe.digest])
        elif probe.digest in fresh:
            twins.append(probe)
        else:
            fresh[probe.digest] = probe
    return fresh, twins


def _report_twins(
    ingest: Ingest, writer: _Writer, fresh: Mapping[str, Probe], twins: Sequence[Probe]
) -> None:
    """A file that is there twice shares the fate of the first."""
    known = records.known_scans(ingest.archive_id, (twin.digest for twin in twins))
    for twin in twins:
        first = fresh[twin.digest].number
        if twin.digest in known:
            writer.duplicate(twin.number, known[twin.digest])
        else:
            writer.reject(twin.number, writer.rejected.get(first, _REPEATED))
    writer.flush()


def _jobs(fresh: Mapping[str, Probe], sources: Mapping[int, Source]) -> Iterator[DecodeJob]:
    """Large jobs first, so that no process is left with a long volume at the end."""
    digests = {probe.number: probe.digest for probe in fresh.values()}
    groups = join(one for probe in fresh.values() for one in probe.slices)
    jobs = [_job("dicom", _files(shared), sources, digests, shared) for shared in _shared(groups)]
    jobs += [
        _job(probe.kind, [probe.number], sources, digests, ())
        for probe in fresh.values()
        if probe.kind != "dicom"
    ]
    return iter(sorted(jobs, key=lambda job: -len(job.sources)))


def _job(
    kind: str,
    numbers: Iterable[int],
    sources: Mapping[int, Source],
    digests: Mapping[int, str],
    groups: Iterable[Group],
) -> DecodeJob:
    listed = tuple(numbers)
    return DecodeJob(
        kind=kind,
        sources=tuple(sources[number] for number in listed),
        digests={number: digests[number] for number in listed},
        groups=tuple(groups),
    )


def _files(groups: Iterable[Group]) -> list[int]:
    return sorted({one.source for group in groups for one in group.slices})


def _shared(groups: Sequence[Group]) -> Iterator[list[Group]]:
    """Groups that share a file go together, so that the file is reported once, when all is done."""
    parent = list(range(len(groups)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    seen: dict[Hashable, int] = {}
    for number, group in enumerate(groups):
        for source in {one.source for one in group.slices}:
            parent[root(number)] = root(seen.setdefault(source, number))
    together: dict[int, list[Group]] = defaultdict(list)
    for number, group in enumerate(groups):
        together[root(number)].append(group)
    yield from together.values()
