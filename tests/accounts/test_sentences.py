"""Sentences that are written down by a worker and said in the language of whoever reads them."""

import pickle

import pytest
from django.utils import translation

from accounts.saying import said
from accounts.sentences import Sentence, joined, kept, read

GAP = Sentence(
    "Gap of {step} mm after slice {number}; usual is {usual} mm.", step=2.5, number=1200, usual=1.0
)
FULL = Sentence(
    "The file could not be written: {error}.", error=Sentence("No space left on device")
)


def german(sentence: str) -> str:
    with translation.override("de"):
        return said(sentence)


def test_a_sentence_is_english_until_it_is_said() -> None:
    assert GAP == "Gap of 2.50 mm after slice 1,200; usual is 1.00 mm."
    assert said(GAP) == GAP
    assert german(GAP) == "Abstand von 2,50 mm nach Schicht 1.200; üblich sind 1,00 mm."


def test_a_sentence_in_a_sentence_is_said_too() -> None:
    assert FULL == "The file could not be written: No space left on device."
    assert (
        german(FULL) == "Die Datei ließ sich nicht schreiben: kein Platz mehr auf dem Datenträger."
    )
    both = joined([Sentence("It is encrypted."), GAP])
    assert german(both) == f"Sie ist verschlüsselt. {german(GAP)}"


@pytest.mark.parametrize("sentence", [GAP, FULL, joined([GAP, FULL]), Sentence("It has no name.")])
def test_a_sentence_is_the_same_after_it_was_kept_or_sent(sentence: str) -> None:
    assert german(read(kept(sentence))) == german(sentence) != sentence
    assert german(pickle.loads(pickle.dumps(sentence))) == german(sentence)  # noqa: S301


@pytest.mark.parametrize("plain", ["", "Traceback: {x}", '["', '["a", 1]', '["{a}", {}]', "[1]"])
def test_what_is_no_sentence_stays_as_it_is(plain: str) -> None:
    assert (kept(plain), read(plain), german(read(plain))) == (plain, plain, plain)


def test_what_a_broken_file_holds_can_be_kept() -> None:
    told = Sentence("The {format} file cannot be decoded: {told}", format="PNG", told="a\0{b}")
    assert told == "The PNG file cannot be decoded: a\N{REPLACEMENT CHARACTER}{b}"
    assert "u0000" not in kept(told)


@pytest.mark.parametrize("plain", ['["{a}", {"a": "x"}]', '["x", {}]', '["{text}", {"text": "x"}]'])
def test_a_text_that_looks_like_a_kept_sentence_stays_as_it_is(plain: str) -> None:
    assert kept(plain) != plain and read(kept(plain)) == german(read(kept(plain))) == plain


@pytest.mark.parametrize(
    "column",
    ['["{a:>1000000}", {"a": "x"}]', '["{a!r}", {"a": "x"}]', '["{a.real}", {"a": 1}]',
     '["{a[0]}", {"a": "x"}]', '["{a}", {"a": ["{b:>9}", {"b": 1}]}]', '["{a}", {"a": null}]',
     '["' + "[" * 100_000],
)  # fmt: skip
def test_no_format_is_followed_out_of_the_database(column: str) -> None:
    assert read(column) == kept(column) == column


def test_the_name_of_a_file_in_another_coding_can_be_kept() -> None:
    told = Sentence("{name} is no DICOM file.", name="caf\udce9")
    assert kept(told).encode() and told == "caf\N{REPLACEMENT CHARACTER} is no DICOM file."


def test_an_empty_text_is_not_the_header_of_the_catalogue() -> None:
    assert german("") == ""
