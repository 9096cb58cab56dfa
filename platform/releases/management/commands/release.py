"""`manage.py release P --format csv`: make a release here and now, without a worker."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from projects.models import Project
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
        project = _project(options["project"])
        made = create_release(
            project=project,
            user=_person(options["by"], project),
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


def _project(wanted: str) -> Project:
    found = Project.objects.filter(**({"pk": wanted} if wanted.isdigit() else {"title": wanted}))
    if len(found) != 1:
        listed = ", ".join(
            f"{pk} ({title})" for pk, title in Project.objects.values_list("pk", "title")
        )
        raise CommandError(f"{len(found)} projects are “{wanted}”. There are: {listed or 'none'}.")
    return found[0]


def _person(email: str | None, project: Project) -> User:
    if email is None:
        return project.created_by
    person = User.objects.filter(email=email.lower()).first()
    if person is None:
        raise CommandError(f"There is no account with the address {email}.")
    return person
