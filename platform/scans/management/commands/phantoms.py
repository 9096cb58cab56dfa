"""Write synthetic radiographs, CT volumes and mammograms as DICOM, with the truth about each."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from scans.phantom import write_phantoms


class Command(BaseCommand):
    help = (
        "Write synthetic chest radiographs, CT volumes and mammograms as DICOM, "
        "and labels.csv beside them."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path)
        parser.add_argument("--radiographs", type=int, default=600)
        parser.add_argument("--volumes", type=int, default=8)
        parser.add_argument("--mammograms", type=int, default=8, help="studies of four images")
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--processes", type=int, help="default: one per CPU")

    def handle(self, *args: Any, **options: Any) -> None:
        labels = write_phantoms(
            options["folder"],
            radiographs=options["radiographs"],
            volumes=options["volumes"],
            mammograms=options["mammograms"],
            seed=options["seed"],
            processes=options["processes"],
        )
        self.stdout.write(
            f"{options['radiographs']} radiographs, {options['volumes']} volumes, "
            f"{options['mammograms']} mammograms: {labels}"
        )
