"""Every text exists in every language, keeps its fields, is there when it is asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vitrina.errors import BadRequest
from vitrina.report.page import REVIEW_WORDS, asset
from vitrina.report.words import (
    LANGUAGES,
    Decimals,
    Percent,
    Significant,
    Term,
    Texts,
    both,
    check_language,
    figure,
    has,
    known,
    many,
    number,
    say,
    words,
)

ROOM = Path(__file__).resolve().parents[2] / "vitrina" / "report"


def keys(language: str) -> set[str]:
    return {f"{section}.{key}" for section, texts in words(language).items() for key in texts}


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "en"])
def test_languages_have_the_same_keys_as_english(language: str) -> None:
    assert keys(language) == keys("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_are_texts_with_the_fields_of_the_english_ones(language: str) -> None:
    for section, texts in words(language).items():
        for key, text in texts.items():
            assert isinstance(key, str), f"{section}.{key!r} is not a text"
            assert isinstance(text, str), f"{section}.{key}"
            assert text
            assert text == text.strip()
            fields = set(re.findall(r"\{(\w+)\}", text))
            assert fields == set(re.findall(r"\{(\w+)\}", words("en")[section][key])), f"{section}.{key}"


def test_pages_ask_only_for_texts_that_exist() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOM.glob("assets/*.[hj][ts]*"))
    sources += "".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    there = keys("en") | {key.rsplit("_", 1)[0] for key in keys("en") if key.endswith("_one")}
    asked = set(re.findall(rf'["\']((?:{"|".join(words("en"))})\.[a-z_]+)["\'](?! ~)', sources))
    files = {path.name for path in ROOM.glob("assets/*")}
    assert asked - there - files == {"section.key"}  # The last is how docstrings call them.
    assert len(asked) > 100


def test_every_text_is_asked_for() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in ROOM.glob("assets/*.[hj][ts]*"))
    sources += "".join(path.read_text(encoding="utf-8") for path in ROOM.glob("*.py"))
    sections = "|".join(words("en"))
    whole = set(re.findall(rf'["\']((?:{sections})\.[a-z_]+)["\']', sources))
    # `both("lead.stale_" ~ stage)`, f"plot.{name}": the beginning of the key is written out, its end is a value.
    begun = tuple(re.findall(rf'["\'`]((?:{sections})\.[a-z_]*)(?:["\'] ~|\$?{{)', sources))
    begun += ("told.", "not_looked.")  # By `known`.
    plain = {key: re.sub(r"_(one|many)$", "", key) for key in keys("en")}
    assert {key for key in plain if not {key, plain[key]} & whole and not key.startswith(begun)} == set()


def test_review_page_carries_the_texts_its_script_asks_for() -> None:
    asked = set(re.findall(r'w\((?:[^"`]*\? )?"([a-z_]+)\.', asset("review.js")))
    assert asked <= set(REVIEW_WORDS)


def test_numbers_are_written_as_their_readers_write_them() -> None:
    assert number(1234, "en") == "1,234"
    assert number(1234, "es") == "1234"
    assert number(200100, "es") == "200.100"
    assert number(12.34, "en") == "12.3"
    assert number(12.34, "es") == "12,3"
    assert number(1234.5, "es") == "1234"
    assert number(0.5, "es") == "0,50"
    assert figure(7) == "7"
    assert figure(12345).count("span lang") == 2


def test_both_escapes_names_and_fills_every_language_in() -> None:
    made = both("suggestion.is", label="<i>&")
    assert made.count("<bdi>&lt;i&gt;&amp;</bdi>") == len(LANGUAGES)
    assert 'lang="es" class="in-es">se sugiere ' in made


def test_many_follows_the_number() -> None:
    assert "1 doubtful picture<" in many("lead.review", 1)
    assert "2 doubtful pictures<" in many("lead.review", 2)


def test_say_takes_terms_and_shares() -> None:
    assert say("es", "common.as_told", told=Term("side.test")) == "prueba"
    assert say("en", "common.percent", n=Percent(0.023)) == "2.3 %"
    assert say("es", "common.percent", n=Percent(0.023)) == "2,3 %"


def test_what_a_stage_told_is_translated_where_it_is_known() -> None:
    assert known("told", "the official splits, before copies were taken out") == Term(
        "told.the_official_splits_before_copies_were_taken_out"
    )
    assert known("told", "something <new>") == '<bdi lang="en">something &lt;new&gt;</bdi>'
    assert has("reason.truncated")
    assert not has("reason.of_another_version")


def test_numbers_of_a_column_and_numbers_of_any_size() -> None:
    assert [number(Significant(value), "en") for value in (0.001234, 1.0, 12.34, 1234.5, 0.0)] == [
        "0.00123",
        "1",
        "12.3",
        "1,234",
        "0",
    ]
    assert number(Significant(0.00012), "es") == "0,00012"
    assert number(Decimals(0.9), "es") == "0,900"
    assert number(Decimals(-0.5, 1), "en") == "-0.5"
    assert figure(Significant(0.5)).count("span lang") == 2


def test_only_spoken_languages_are_taken() -> None:
    check_language("es")
    with pytest.raises(BadRequest) as told:
        check_language("de")
    assert str(told.value) == "Expected one of the languages en, es; found 'de'. Choose one of them."


def test_a_later_room_speaks_over_an_earlier_one() -> None:
    texts = Texts(("vitrina.report", "vitrina.results"))
    assert texts.say("en", "section.made") == "How this was made"
    assert texts.has("gallery.most_wrong")
    assert not has("gallery.most_wrong")
    assert texts.say("en", "common.name") == say("en", "common.name")
