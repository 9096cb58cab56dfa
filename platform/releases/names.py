"""Names of scans, made unique inside a release."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from django.db import connection

from releases.records import ScanRecord

# The scans of the release's tasks alone: a scan that came later must not change a name.
_SHARED = """
    SELECT scan.name FROM scans_scan scan
    JOIN annotator_taskscan placed ON placed.scan_id = scan.id
    JOIN unnest(%s::bigint[], %s::bigint[]) AS run(first, last)
      ON placed.task_id BETWEEN run.first AND run.last
    GROUP BY scan.name HAVING count(DISTINCT scan.id) > 1
"""


def shared_names(contents: Mapping[str, Any]) -> frozenset[str]:
    """The names that more than one scan of the release has."""
    firsts, lasts = zip(*contents["tasks"], strict=True) if contents["tasks"] else ((), ())
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, [list(firsts), list(lasts)])
        return frozenset(name for (name,) in cursor.fetchall())


def unique_name(scan: ScanRecord, shared: frozenset[str]) -> str:
    """The scan's name; with its id before the suffix where another scan has the same name."""
    if scan.name not in shared:
        return scan.name
    path = PurePosixPath(scan.name)
    return str(path.with_name(f"{path.stem}.scan-{scan.id}{path.suffix}"))
