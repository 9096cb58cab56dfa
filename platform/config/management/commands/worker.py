"""Do what the queue "default" asks for: decode what was uploaded, build releases, keep order."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector


class Command(BaseCommand):
    help = 'Run the jobs of the queue "default" until stopped.'

    def add_arguments(self, parser: CommandParser) -> None:
        # Two long jobs at a time leave room for the short ones that keep order.
        parser.add_argument("--concurrency", type=int, default=4)

    def handle(self, *args: Any, **options: Any) -> None:
        assert isinstance(app.connector, DjangoConnector)  # noqa: S101  (narrows the type)
        with app.replace_connector(app.connector.get_worker_connector()) as working:
            working.run_worker(
                queues=["default"], concurrency=options["concurrency"], name="worker"
            )
