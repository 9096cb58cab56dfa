"""`manage.py release P --format csv`: make a release here and now, without a worker."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from projects.command_line import named_person, named_project
from releases.formats import FORMATS
from releases.models import Release
from releases.services import build_release, create_release, release_path


class Command(BaseCommand):
    help = "Make an immutable release of a project's labelled data, or find the one that holds it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("project", help="the project's number, or its title")
        parser.add_argument(
            "--format",
            action="append",
            choices=list(FORMATS),
            dest="formats",
            help="may be given several times; all formats without it",
        )
        parser.add_argument("--out", type=Path, help="where to put a copy of the file")
        parser.add_argument("--by", help="e-mail address of the person who makes the release")

    def handle(self, *args: Any, **options: Any) -> None:
        project = named_project(options["project"])
        made = create_release(
            project=project,
            user=named_person(options["by"]) if options["by"] else project.created_by,
            formats=options["formats"] or list(FORMATS),
            enqueue=False,
        )
        release = build_release(release_id=made.release.pk)
        path = release_path(release)
        if options["out"]:
            path = Path(shutil.copyfile(path, options["out"]))
        self._report(release, path)

    def _report(self, release: Release, path: Path) -> None:
        counts = release.manifest["counts"]
        self.stdout.write(
            f"Release {release.number} of “{release.project.title}”: {counts['tasks']} tasks, "
            f"{counts['annotations']} annotations.\n{path}\nSHA-256 {release.digest}"
        )
