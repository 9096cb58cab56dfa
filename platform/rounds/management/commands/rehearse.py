"""manage.py rehearse: how many labels a strategy would have saved on answers that are known."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

_SETTINGS = ("budget", "seeds", "batch", "processes")


class Command(BaseCommand):
    help = (
        "Replay a labelled folder of pictures, or a project that has been read, through the "
        "learner and print how many labels each strategy needs for 90, 95 and 98 % of the score "
        "that all labels give. Random order is always replayed beside them."
    )
    requires_system_checks: list[str] = []  # on a folder it needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        add("folder", type=Path, nargs="?", metavar="DIR", help="folder of the pictures")
        add(
            "--project", type=int, metavar="ID", help="a project instead, with its readers' answers"
        )
        add("--labels", type=Path, metavar="FILE", help="of a folder: a CSV")
        add("--answer", metavar="COLUMN", help="what to predict; of a project, the question's name")
        add("--group", metavar="COLUMN", help="patient; never split over the test")
        add("--file", metavar="COLUMN", help="picture; default: the usual names")
        add("--strategies", default="auto", help="names with commas between")
        add("--budget", type=int, default=500, help="labels to read")
        add("--seeds", type=int, default=5, help="repetitions")
        add("--batch", type=int, default=10, help="labels between two rankings at most")
        add("--processes", type=int, help="default: one a core")
        add(
            "--learn-seconds",
            type=float,
            default=240.0,
            help="self-supervised training on the pictures before the replay; 0 for none",
        )
        add("--weights", type=Path, metavar="DIR", help="a backbone to use instead")
        add("--json", type=Path, metavar="OUT", help="write the result there")
        add("--png", type=Path, metavar="OUT", help="write the learning curves there")
        add("--html", type=Path, metavar="OUT", help="write curves, table and settings there")

    def handle(self, *args: Any, **options: Any) -> None:
        # The learner's own packages: not for --help.
        from rounds.worker.rehearsing import rehearsal_table, write_rehearsal

        if (options["folder"] is None) == (options["project"] is None):
            raise CommandError("Name a folder of pictures, or a project with --project.")
        try:
            result = self._project(options) if options["project"] else self._folder(options)
            if options["json"]:
                options["json"].write_text(json.dumps(result, indent=1) + "\n")
            title = f"Rehearsal of {options['folder'] or result['question']}"
            write_rehearsal(result, title, png=options["png"], html=options["html"])
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(rehearsal_table(result))

    def _folder(self, options: dict[str, Any]) -> dict[str, Any]:
        from rounds.worker.rehearsing import rehearse_folder

        for needed in ("labels", "answer"):
            if not options[needed]:
                raise CommandError(f"A folder needs --{needed}.")
        return rehearse_folder(
            options["folder"],
            options["labels"],
            answer=options["answer"],
            group=options["group"],
            file=options["file"],
            seconds=options["learn_seconds"],
            weights=options["weights"],
            settings=_settings(options),
            say=self._say,
        )

    def _project(self, options: dict[str, Any]) -> dict[str, Any]:
        from rounds.worker.rehearsing import rehearse_project

        return rehearse_project(
            options["project"],
            answer=options["answer"],
            settings=_settings(options),
            say=self._say,
        )

    def _say(self, line: str) -> None:
        self.stderr.write(line)


def _settings(options: dict[str, Any]) -> dict[str, Any]:
    strategies = [name.strip() for name in options["strategies"].split(",")]
    given = {name: options[name] for name in _SETTINGS if options[name] is not None}
    return {"strategies": strategies, **given}
