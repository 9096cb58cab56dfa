"""Stop the embedded PostgreSQL, which otherwise outlives the processes that started it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.postgres import stop_embedded


class Command(BaseCommand):
    help = "Stop the embedded PostgreSQL of this installation."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stop_embedded(settings.SCOUT_DATA / "postgres")
