"""Fill the demo's projects; a process of its own, so that reading begins meanwhile."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from config.demo.content import fill_with_folder, fill_with_phantoms


class Command(BaseCommand):
    help = "Fill the demo's projects with synthetic scans, or one with the scans of a folder."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--scans", type=Path)
        parser.add_argument("--label-config", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["scans"]:
            fill_with_folder(
                folder=options["scans"],
                label_config=options["label_config"].read_text(),
                tell=self._tell,
            )
        else:
            fill_with_phantoms(tell=self._tell)

    def _tell(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
