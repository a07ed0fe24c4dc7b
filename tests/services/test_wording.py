"""Both languages say the same things."""

from __future__ import annotations

import string

import pytest

from vitrina.services.wording import (
    SENTENCES,
    given_by,
    label_title,
    preferred_language,
    sentence,
    who,
)


def parts(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_sentence_in_both_languages_with_the_same_parts() -> None:
    assert SENTENCES["en"].keys() == SENTENCES["es"].keys()
    for key, text in SENTENCES["en"].items():
        assert parts(text) == parts(SENTENCES["es"][key]), key


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("fr,de;q=0.9", "en"),
        ("", "en"),
        ("en;q=0.2,es;q=0.7", "es"),
        ("es;q=nonsense", "es"),
        ("x" * 100_000, "en"),
    ],
)
def test_preferred_language(header: str, language: str) -> None:
    assert preferred_language(header) == language


def test_names_of_staff_are_for_staff() -> None:
    assert who("en", "staff:ana", named=False) == "A member of staff"
    assert who("en", "staff:ana", named=True) == "ana"
    assert who("es", "visitor", named=True) == "Un visitante"
    assert given_by("en", "staff:ana") == "labelled by the collection's staff"
    assert given_by("en", None) == "not labelled yet"


def test_words_for_labels_and_unknown_languages() -> None:
    titles = {"edge_on": {"en": "Edge-on", "es": "De canto"}}
    assert label_title(titles, "edge_on", "es") == "De canto"
    assert label_title(titles, "barred_spiral", "es") == "Barred spiral"
    assert sentence("xx", "publish", who="Ana") == "Ana published it to the gallery."
