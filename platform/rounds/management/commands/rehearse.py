"""manage.py rehearse: how many labels a strategy would have saved on a data set with answers."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Replay a labelled folder of pictures through the learner and print how many labels each "
        "strategy needs for 90 and 95 % of the score that all labels give. Random order is always "
        "replayed beside them."
    )
    requires_system_checks: list[str] = []  # it needs no database

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the pictures")
        parser.add_argument("--labels", type=Path, required=True, metavar="FILE", help="a CSV")
        parser.add_argument("--answer", required=True, metavar="COLUMN", help="what to predict")
        parser.add_argument("--group", metavar="COLUMN", help="patient; never split over the test")
        parser.add_argument("--file", metavar="COLUMN", help="picture; default: the usual names")
        parser.add_argument("--strategies", default="auto", help="names with commas between")
        parser.add_argument("--budget", type=int, default=500, help="labels to read")
        parser.add_argument("--seeds", type=int, default=5, help="repetitions")
        parser.add_argument("--batch", type=int, default=10, help="labels between two rankings")
        parser.add_argument("--processes", type=int, help="default: one a core")
        parser.add_argument(
            "--learn-seconds",
            type=float,
            default=240.0,
            help="self-supervised training on the pictures before the replay; 0 for none",
        )
        parser.add_argument("--weights", type=Path, metavar="DIR", help="a backbone to use instead")
        parser.add_argument("--json", type=Path, metavar="OUT", help="write the result there")

    def handle(self, *args: Any, **options: Any) -> None:
        from rounds.worker import rehearse  # the learner's own packages: not for --help

        try:
            result = rehearse(
                options["folder"],
                options["labels"],
                answer=options["answer"],
                group=options["group"],
                file=options["file"],
                strategies=[name.strip() for name in options["strategies"].split(",")],
                budget=options["budget"],
                seeds=options["seeds"],
                batch=options["batch"],
                processes=options["processes"],
                seconds=options["learn_seconds"],
                weights=options["weights"],
                say=lambda line: self.stderr.write(line),
            )
        except (ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            options["json"].write_text(json.dumps(result, indent=1) + "\n")
        self.stdout.write(table(result))


def table(result: Any) -> str:
    """The result as a few lines for the terminal."""
    lines = [
        f"{result['measure']} with all labels: {result['full_score']:.3f} "
        f"({result['pictures']} pictures, {result['seeds']} seeds, "
        f"{result['batch']} labels a ranking)",
        f"{'strategy':<32}{'labels to 90 %':<24}labels to 95 %",
    ]
    for name, found in result["strategies"].items():
        needed = [_needed(found, percent) for percent in (90, 95)]
        lines.append(f"{name:<32}{needed[0]:<24}{needed[1]}")
    return "\n".join(lines)


def _needed(found: Any, percent: int) -> str:
    low, high = (
        "not reached" if end is None else str(end) for end in found[f"labels_to_{percent}_interval"]
    )
    value = found[f"labels_to_{percent}"]
    return "not reached" if value is None else f"{value} ({low} to {high})"
