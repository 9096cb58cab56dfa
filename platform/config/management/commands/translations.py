"""`manage.py translations`: bring the catalogues of every language up to the source."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from config.translations import (
    DOMAINS,
    catalogue_path,
    compiled,
    language_catalogue,
    languages,
    untranslated,
    written,
)


class Command(BaseCommand):
    help = "Write new texts of the source into languages/, and compile what is translated."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for language in languages():
            for domain in DOMAINS:
                self._update(language, domain)

    def _update(self, language: str, domain: str) -> None:
        catalogue = language_catalogue(domain, language, settings.BASE_DIR)
        path = catalogue_path(domain, language, settings.BASE_DIR)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(catalogue))
        path.with_suffix(".mo").write_bytes(compiled(catalogue))
        missing = untranslated(catalogue)
        self.stdout.write(f"{language} {domain}: {len(missing)} to translate")
        for text in missing:
            self.stdout.write(f"  {text}")
