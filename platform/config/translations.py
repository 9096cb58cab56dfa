"""The catalogues of translated texts: what the source says, and what each language has for it.

Two domains, as Django names them: `django` for the pages and the API, `djangojs` for the reading
room and the pages' scripts, whose `t("…")` are found here too. A translator edits
`languages/<language>/LC_MESSAGES/*.po`.
"""

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

DOMAINS = ("django", "djangojs")
_KEYWORDS = DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    # Sentences that are said where they are shown (accounts.sentences, learner.sentences).
    **dict.fromkeys(("Sentence", "Rejected", "words", "announce")),
    **dict.fromkeys(("Unusable", "Unreachable", "NotInstalled", "TooLittleMemory")),
}
_CALLS = re.compile(rf"\b({'|'.join(_KEYWORDS)})\(")
_LINE_WIDTH = 99
_SCRIPTS = (("annotator/viewer/src", "*.ts"), ("platform/config/static/scout", "*.js"))
# Their texts are literals in double quotes, which JSON reads.
_SCRIPT_TEXT = re.compile(r"\bt\(\s*(\"(?:[^\"\\\n]|\\.)*\")")
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")

# Path, text (singular and plural where it has two), context.
Found = tuple[str, str | tuple[str, ...], str | None]


class Texts(Catalog):
    """A catalogue whose header says what gettext needs, and no dates that change by themselves."""

    def _get_mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
        ]

    mime_headers = property(_get_mime_headers)


def language_catalogue(domain: str, language: str, root: Path) -> Catalog:
    """The texts that the source under `root` offers, in its order, with what is translated.

    Texts that are not translated yet are empty; those that the source no longer has are left out.
    """
    path = catalogue_path(domain, language, root)
    kept = read_po(io.BytesIO(path.read_bytes()) if path.exists() else io.BytesIO())
    catalogue = Texts(locale=language, fuzzy=False, header_comment=f"# Scout, {language}: {domain}")
    found = _script_texts(root) if domain == "djangojs" else _server_texts(root)
    for place, text, context in found:
        had = kept.get(text if isinstance(text, str) else text[0], context)
        catalogue.add(
            text,
            had.string if had else None,
            locations=[(place, 0)],
            flags=(had.flags & {"fuzzy"}) if had else (),
            user_comments=had.user_comments if had else (),
            context=context,
        )
    return catalogue


def written(catalogue: Catalog) -> bytes:
    """The file that a translator edits."""
    text = io.BytesIO()
    write_po(text, catalogue, width=_LINE_WIDTH, include_lineno=False)
    return text.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The file that gettext reads, without texts that are marked as unsure."""
    data = io.BytesIO()
    write_mo(data, catalogue)
    return data.getvalue()


def untranslated(catalogue: Catalog) -> list[str]:
    """Texts without a translation, with an unsure one, or with one that lost a placeholder."""
    return [_name(message) for message in catalogue if message.id and not _is_complete(message)]


def languages() -> list[str]:
    """All but the source's own, which is English."""
    return [code for code, _ in settings.LANGUAGES if not code.startswith("en")]


def _is_complete(message: Message) -> bool:
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    asked = set(_PLACEHOLDER.findall(_name(message)))
    return (
        not message.fuzzy
        and all(texts)
        and all(set(_PLACEHOLDER.findall(str(text))) <= asked for text in texts)
        and asked <= {name for text in texts for name in _PLACEHOLDER.findall(str(text))}
    )


def _name(message: Message) -> str:
    return str(message.id[-1] if isinstance(message.id, tuple | list) else message.id)


def _script_texts(root: Path) -> Iterator[Found]:
    for folder, pattern in _SCRIPTS:
        for path in sorted((root / folder).rglob(pattern)):
            for text in _SCRIPT_TEXT.findall(path.read_text()):
                yield str(path.relative_to(root)), json.loads(text), None


def _server_texts(root: Path) -> Iterator[Found]:
    for path in sorted((root / "templates").rglob("*.*")):
        # Line by line without its indentation, which means nothing to a template's reader.
        source = re.sub(r"(?m)^[ \t]+", "", templatize(path.read_text()))
        yield from _texts_of(source, str(path.relative_to(root)))
    for folder in ("platform", "annotator", "learner"):
        for path in sorted((root / folder).rglob("*.py")):
            source = path.read_text()
            if _CALLS.search(source):
                yield from _texts_of(source, str(path.relative_to(root)))


def _texts_of(source: str, path: str) -> Iterator[Found]:
    data = io.BytesIO(source.encode())
    # A text, or those of a plural or with a context; Babel's types know less than it gives.
    calls: Any = extract_python(data, _KEYWORDS, [], {"encoding": "utf-8"})
    for _, function, texts, _ in calls:
        given = texts if isinstance(texts, tuple) else (texts,)
        if function.startswith("pgettext"):
            yield path, given[1], given[0]
        elif function.startswith("ngettext"):
            yield path, given[:2], None
        elif given[0]:
            yield path, given[0], None


def catalogue_path(domain: str, language: str, root: Path) -> Path:
    return root / "languages" / language / "LC_MESSAGES" / f"{domain}.po"
