"""Says sentences in the language of whoever reads them, and keeps them in the database."""

from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils.formats import number_format
from django.utils.translation import gettext

from accounts.sentences import Sentence, Value, kept, read


def said(told: str) -> str:
    """The sentence in the language in use; what no catalogue has stays as it is."""
    if not isinstance(told, Sentence):
        return gettext(told) if told else ""
    values = {name: _said(value) for name, value in told.values.items()}
    return gettext(told.text).format(**values)


def _said(value: Value) -> str:
    if isinstance(value, Sentence):
        return said(value)
    if isinstance(value, str):
        return value
    return str(number_format(value, 0 if isinstance(value, int) else 2, force_grouping=True))


if TYPE_CHECKING:
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class SentenceField(_TextField):
    """A column of sentences: what a worker writes, so that each reader has it in their language."""

    def get_prep_value(self, value: Any) -> Any:
        return kept(value) if isinstance(value, str) else super().get_prep_value(value)

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return None if value is None else read(value)
