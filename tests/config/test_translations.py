"""Every text has its translation, and what is compiled is what is written."""

import ast
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


# Whose messages people read, and what a worker writes down for them.
_TOLD = {
    "Refused", "LabelConfigError", "HangingError", "UploadRefused", "Withdrawn", "ParseError",
    "PermissionDenied", "NotFound", "Http404", "ValidationError", "NoModelYet",
    "messages.success", "messages.error",
}  # fmt: skip
_WRITTEN = {"error", "reason", "doing"}
_COMMAND_LINE = ("management", "labels_import.py", "command_line.py", "rehearsing.py")


def _bare_sentences(source: str) -> list[str]:
    """Literal sentences that are told to people without a way to translate them."""
    found = []
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        name = ast.unparse(call.func)
        is_told = {name, name.rpartition(".")[2]} & _TOLD
        told = [*call.args, *(k.value for k in call.keywords)] if is_told else []
        told += [keyword.value for keyword in call.keywords if keyword.arg in _WRITTEN]
        told += [part for one in told if isinstance(one, ast.List) for part in one.elts]
        found += [ast.unparse(one) for one in told if _is_sentence(one)]
    return found


def _is_sentence(node: ast.AST) -> bool:
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str) and " " in node.value
    return isinstance(node, ast.JoinedStr)


def test_a_bare_sentence_is_found() -> None:
    assert _bare_sentences("raise Refused('Not so.')") == ["'Not so.'"]
    assert _bare_sentences("fail(error=f'{a} broke')") == ["f'{a} broke'"]
    assert _bare_sentences("raise LabelConfigError([f'{a} twice'])") == ["f'{a} twice'"]
    assert _bare_sentences("raise Refused(gettext('Not so.')); fail(error='')") == []


def test_nothing_is_told_to_people_that_cannot_be_translated() -> None:
    files = [
        path
        for folder in ("platform", "annotator")
        for path in sorted((settings.BASE_DIR / folder).rglob("*.py"))
        if not {*path.parts} & {*_COMMAND_LINE, "node_modules", "demo"}
    ]
    bare = {path.name: found for path in files if (found := _bare_sentences(path.read_text()))}
    assert len(files) > 100
    assert bare == {}
