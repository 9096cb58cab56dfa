"""Do what the queue "default" asks for: decode what was uploaded, build releases, keep order."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector


class Command(BaseCommand):
    help = 'Run the jobs of the queue "default" until stopped.'

    def add_arguments(self, parser: CommandParser) -> None:
        # Two long jobs at a time leave room for the short ones that keep order.
        parser.add_argument("--concurrency", type=int, default=4)

    def handle(self, *args: Any, **options: Any) -> None:
        assert isinstance(app.connector, DjangoConnector)  # noqa: S101  (narrows the type)
        # An app of its own for the worker: what jobs enqueue goes through Django's connection, and
        # so with the transaction that they are part of.
        working = App(
            connector=app.connector.get_worker_connector(), worker_defaults=app.worker_defaults
        )
        working.tasks, working.periodic_registry = app.tasks, app.periodic_registry
        working.run_worker(queues=["default"], concurrency=options["concurrency"], name="worker")
