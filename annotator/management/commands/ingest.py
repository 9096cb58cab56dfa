"""`manage.py ingest`: take scans in from this machine, into a project or for later."""

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from annotator.labels_import import (
    LabelRow,
    LabelsError,
    import_labels,
    read_labels,
    rows_by_label,
)
from annotator.queue import create_tasks
from projects.command_line import named_person, named_project
from projects.models import Project
from scans import queries, services
from scans.delivery import labelled_files, labels_of
from scans.models import Ingest, IngestedFile


class Command(BaseCommand):
    help = "Take DICOM, NIfTI, PNG, JPEG and TIFF files, folders and zip files in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="DIR|FILE")
        parser.add_argument("--project", help="number or title; without one, scans wait unassigned")
        parser.add_argument(
            "--labels", type=Path, help="CSV: file, [patient], one column a question"
        )
        parser.add_argument(
            "--by", help="e-mail address of the person whose answers the labels are"
        )
        parser.add_argument("--processes", type=int, help="decoding processes; default: one a core")

    def handle(self, *args: Any, **options: Any) -> None:
        paths: list[Path] = options["paths"]
        for path in paths:
            if not path.exists():
                raise CommandError(f"There is no {path}.")
        project = named_project(options["project"]) if options["project"] else None
        reader = named_person(options["by"]) if options["by"] else None
        rows = _rows(options["labels"], paths, project, reader)
        archive = project.archive if project else services.get_default_archive()
        ingest = services.begin_ingest(archive=archive, user=reader)
        services.ingest_paths(
            ingest=ingest,
            paths=paths,
            processes=options["processes"],
            patients={label: row.patient for label, row in rows.items() if row.patient},
        )
        self._report(ingest)
        if project:
            self._assign(project, ingest, rows, reader)
        services.finish_ingest(ingest=ingest)

    def _report(self, ingest: Ingest) -> None:
        noted = queries.files_of(ingest=ingest).exclude(reason="")
        for path, outcome, reason in noted.values_list("path", "outcome", "reason"):
            refused = outcome == IngestedFile.Outcome.REJECTED
            self.stdout.write(f"{'not taken' if refused else 'note'}: {path}: {reason}")
        report = queries.report_of(ingest=ingest)
        self.stdout.write(
            f"{report.files:,} files: {report.added:,} added, {report.duplicates:,} already here, "
            f"{report.rejected:,} not taken; {report.scans:,} scans in “{ingest.archive.name}”."
        )

    def _assign(
        self, project: Project, ingest: Ingest, rows: dict[str, LabelRow], reader: User | None
    ) -> None:
        made = create_tasks(project=project, scans=queries.scans_of(ingest=ingest), ingest=ingest)
        self.stdout.write(f"{made:,} new tasks in “{project.title}”.")
        ingest.refresh_from_db(fields=["stood_apart"])
        if ingest.stood_apart:
            self.stdout.write(
                f"{ingest.stood_apart:,} scans came when their study was being read already: they "
                "are tasks of their own."
            )
        if reader is None or not rows:
            return
        try:
            imported = import_labels(project=project, ingest=ingest, rows=rows, reader=reader)
        except LabelsError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{imported.written:,} labels imported as answers of {reader.email}.")
        if imported.drawn_by_chance:
            self.stdout.write(
                f"{imported.drawn_by_chance:,} of them are of cases that chance drew, to measure "
                "by: these count by what is read in Scout, and stay open to be read by others than "
                f"{reader.email}."
            )


def _rows(
    labels: Path | None, paths: Sequence[Path], project: Project | None, reader: User | None
) -> dict[str, LabelRow]:
    """The CSV's rows by file, all checked, before anything is written."""
    if labels is None:
        return {}
    if project is None or reader is None:
        raise CommandError("--labels needs --project and --by: whose answers, in which project?")
    if not labels.is_file():
        raise CommandError(f"There is no {labels}.")
    try:
        rows = read_labels(labels, label_config=project.label_config)
        return rows_by_label(rows, list(labels_of(labelled_files(paths))))
    except LabelsError as error:
        raise CommandError(str(error)) from error
