"""Every text has its translation, and what is compiled is what is written."""

import io

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from django.conf import settings

from config.translations import (
    DOMAINS,
    catalogue_path,
    compiled,
    language_catalogue,
    languages,
    untranslated,
    written,
)

CATALOGUES = [(language, domain) for language in languages() for domain in DOMAINS]


def _texts(catalogue: Catalog) -> dict[object, object]:
    return {message.id: message.string for message in catalogue if message.id}


@pytest.mark.parametrize(("language", "domain"), CATALOGUES)
def test_every_text_of_the_source_is_translated_and_compiled(language: str, domain: str) -> None:
    catalogue = language_catalogue(domain, language, settings.BASE_DIR)
    path = catalogue_path(domain, language, settings.BASE_DIR)
    assert len(_texts(catalogue)) > 100
    assert untranslated(catalogue) == [], "run manage.py translations, then translate these"
    kept = read_po(io.BytesIO(path.read_bytes()))
    assert _texts(kept).keys() == _texts(catalogue).keys(), "run manage.py translations"
    assert path.with_suffix(".mo").read_bytes() == compiled(catalogue), "run manage.py translations"


def test_a_text_that_lost_its_placeholder_is_not_translated() -> None:
    catalogue = Catalog()
    catalogue.add("At least {minimum}.", "Mindestens.")
    catalogue.add("%(count)s scan", ["%(count)s Aufnahme"])
    catalogue.add("Unsure", "Unsicher", flags=["fuzzy"])
    catalogue.add("Done", "Fertig")
    assert untranslated(catalogue) == ["At least {minimum}.", "Unsure"]


def test_a_file_that_is_written_again_does_not_change() -> None:
    for language, domain in CATALOGUES:
        once = written(language_catalogue(domain, language, settings.BASE_DIR))
        assert once == catalogue_path(domain, language, settings.BASE_DIR).read_bytes()
