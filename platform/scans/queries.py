"""Reads ingests and their reports."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from scans.models import Ingest, IngestedFile, Scan


@dataclass(frozen=True)
class Report:
    """How many of an ingest's files were added, were there before, or were not taken."""

    added: int
    duplicates: int
    rejected: int
    scans: int

    @property
    def files(self) -> int:
        return self.added + self.duplicates + self.rejected


def report_of(*, ingest: Ingest) -> Report:
    outcome = IngestedFile.Outcome
    counts = IngestedFile.objects.filter(ingest=ingest).aggregate(
        added=Count("pk", filter=Q(outcome=outcome.ADDED)),
        duplicates=Count("pk", filter=Q(outcome=outcome.DUPLICATE)),
        rejected=Count("pk", filter=Q(outcome=outcome.REJECTED)),
        scans=Count("scan", distinct=True),
    )
    return Report(**counts)


def files_of(*, ingest: Ingest) -> QuerySet[IngestedFile]:
    """The report's lines in the order of their paths."""
    return IngestedFile.objects.filter(ingest=ingest).order_by("path", "pk")


def scans_of(*, ingest: Ingest) -> QuerySet[Scan]:
    """Every scan the ingest brought or found to be there already."""
    lines = IngestedFile.objects.filter(ingest=ingest, scan__isnull=False)
    return Scan.objects.filter(pk__in=lines.values("scan")).order_by("pk")
