"""Decoders that misbehave. They run in decoding processes, so nothing here imports Django."""

import os
from collections.abc import Callable

from scans.decoding import work
from scans.jobs import DecodeJob, Outcome, ProbeJob, Stores


def crash_at_bad(
    stores: Stores, job: ProbeJob | DecodeJob, started: Callable[[int], None]
) -> Outcome:
    """Decode as always, but die at the file called bad.dcm."""
    if isinstance(job, DecodeJob):
        for source in job.sources:
            started(source.number)
            if source.label == "bad.dcm":
                os.abort()
    return work(stores, job, started)
