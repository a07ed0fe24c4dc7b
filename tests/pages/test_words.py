"""Every text exists in every language, is used, keeps its fields."""

from __future__ import annotations

import re

import pytest

from vitrina.pages.head import PUBLIC_SCRIPTS, PUBLIC_WORDS, SCRIPTS, STAFF_SCRIPTS, STAFF_WORDS, asset
from vitrina.pages.words import LANGUAGES, say, words


def keys(language: str) -> set[str]:
    return {f"{section}.{key}" for section, texts in words(language).items() for key in texts}


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_languages_have_the_same_keys_as_english(language: str) -> None:
    assert keys(language) == keys("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_texts_with_the_fields_of_the_english_ones(language: str) -> None:
    for section, texts in words(language).items():
        for key, text in texts.items():
            assert isinstance(key, str), (
                f"{section}.{key!r} is not a text: YAML reads yes, no, on, off as booleans"
            )
            assert isinstance(text, str), f"{section}.{key}"
            assert text.strip() == text
            assert text
            fields = set(re.findall(r"\{(\w+)\}", text))
            assert fields == set(re.findall(r"\{(\w+)\}", words("en")[section][key])), f"{section}.{key}"


@pytest.mark.parametrize(
    "scripts_and_sections", [(SCRIPTS + PUBLIC_SCRIPTS, PUBLIC_WORDS), (SCRIPTS + STAFF_SCRIPTS, STAFF_WORDS)]
)
def test_scripts_ask_only_for_texts_that_travel_with_them(
    scripts_and_sections: tuple[tuple[str, ...], tuple[str, ...]],
) -> None:
    scripts, sections = scripts_and_sections
    source = "".join(asset(name) for name in scripts)
    known = "|".join(words("en"))
    asked = set(re.findall(rf'"((?:{known})\.[a-z_0-9]+)"', source))
    carried = {key for key in keys("en") if key.split(".")[0] in sections}
    plural = {key.removesuffix("_one") for key in carried if key.endswith("_one")}
    # The header names the places of both sites.
    assert asked - carried - plural == set()


def test_say_fills_in_fields() -> None:
    assert say("es", "gallery.page", page=2, pages=5) == "página 2 de 5"


def test_unknown_language_is_answered_in_english() -> None:
    assert words("xx") == words("en")
