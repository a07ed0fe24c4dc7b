"""Every text exists in every language, keeps its fields, is asked for, and is there when it is."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import yaml

from vitrina.report.words import LANGUAGES
from vitrina.results.words import TEXTS

ROOM = Path(__file__).resolve().parents[2] / "vitrina" / "results"
SHARED = {"common"}
SOURCES = "".join(
    path.read_text(encoding="utf-8") for path in sorted([*ROOM.glob("*.py"), *ROOM.glob("assets/*.html")])
)


def own(language: str) -> dict[str, str]:
    source = resources.files("vitrina.results").joinpath("texts", f"{language}.yaml").read_text("utf-8")
    return {f"{s}.{key}": text for s, texts in yaml.safe_load(source).items() for key, text in texts.items()}


def fields(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_languages_have_the_same_texts_with_the_same_fields() -> None:
    english = own("en")
    for language in LANGUAGES:
        texts = own(language)
        assert list(texts) == list(english)
        for key, text in texts.items():
            assert isinstance(text, str), key
            assert text == text.strip(), key
            assert fields(text) == fields(english[key]), key


def test_asked_texts_exist() -> None:
    sections = "|".join({key.partition(".")[0] for key in own("en")} | SHARED)
    asked = set(re.findall(rf'["\']((?:{sections})\.[a-z_0-9]+)["\'](?! ~)', SOURCES))
    there = {key for key in asked if TEXTS.has(key) or TEXTS.has(f"{key}_one")}
    assert {key for key in asked - there if not key.endswith(".css")} == set()
    assert len(asked) > 60


def test_every_text_is_asked_for() -> None:
    sections = "|".join({key.partition(".")[0] for key in own("en")})
    whole = set(re.findall(rf'["\']((?:{sections})\.[a-z_0-9]+)["\']', SOURCES))
    begun = tuple(re.findall(rf'["\']((?:{sections})\.[a-z_]*)(?:["\'] ~|{{)', SOURCES))
    plain = {key: re.sub(r"_(one|many)$", "", key) for key in own("en")}
    forgotten = {key for key in plain if not {key, plain[key]} & whole and not key.startswith(begun)}
    assert forgotten == set()


def test_the_report_is_beneath() -> None:
    assert TEXTS.say("es", "common.language") == "Idioma"
    assert TEXTS.say("en", "section.galleries") == "Pictures"
