"""The texts of pages in the languages they speak."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from math import floor, log10
from typing import Any

import yaml
from markupsafe import Markup, escape

from vitrina.errors import BadRequest

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Term:
    """A value that is itself a text of the report, by its "section.key"."""

    key: str


@dataclass(frozen=True)
class Percent:
    """A share, 0..1, as a number of hundredths with one decimal."""

    share: float


@dataclass(frozen=True)
class Significant:
    """A number of which three digits are told, wherever its point stands: 0.00123, 12.3."""

    value: float


@dataclass(frozen=True)
class Decimals:
    """A number of which `places` decimals are told, so that it stands in a column with others."""

    value: float
    places: int = 3


@dataclass(frozen=True)
class Texts:
    """The texts of some rooms, each room's in its texts/LANGUAGE.yaml; a later room's stand over an earlier's."""

    rooms: tuple[str, ...]

    def words(self, language: str) -> dict[str, dict[str, str]]:
        """All texts of one language as {section: {key: text}}."""
        return _words(self.rooms, language)

    def has(self, key: str) -> bool:
        """Whether there is a text of this "section.key"."""
        section, _, name = key.partition(".")
        return name in self.words("en").get(section, {})

    def known(self, section: str, told: str) -> Term | Markup:
        """What a stage told in a fixed English phrase as a text of that section, where there is one; else as told."""
        key = f"{section}.{re.sub(r'[^a-z]+', '_', told.lower()).strip('_')}"
        return Term(key) if self.has(key) else Markup('<bdi lang="en">{}</bdi>').format(told)

    def say(self, language: str, key: str, **values: Any) -> str:
        """One text as plain text, its {names} filled in. Raises KeyError for an unknown key."""
        section, _, name = key.partition(".")
        filled = {field: self._plain(value, language) for field, value in values.items()}
        return self.words(language)[section][name].format(**filled)

    def both(self, key: str, **values: Any) -> Markup:
        """One text in every language, each in a span that the page shows or hides.

        Strings among the values are set apart (`bdi`) and escaped: they are names of files, of classes.
        """
        section, _, name = key.partition(".")
        spans = []
        for language in LANGUAGES:
            filled = {field: self._marked(value, language) for field, value in values.items()}
            text = escape(self.words(language)[section][name]).format(**filled)
            spans.append(Markup('<span lang="{0}" class="in-{0}">{1}</span>').format(language, text))
        return Markup("").join(spans)

    def many(self, key: str, n: int, **values: Any) -> Markup:
        """`both` of `key`_one or `key`_many, with `n` filled in."""
        return self.both(f"{key}_{'one' if n == 1 else 'many'}", n=n, **values)

    def _plain(self, value: Any, language: str) -> str:
        if isinstance(value, Percent):
            return f"{100 * value.share:.1f}".replace(".", "," if language == "es" else ".")
        if isinstance(value, Term):
            return self.say(language, value.key)
        if isinstance(value, int | float | Significant | Decimals) and not isinstance(value, bool):
            return number(value, language)
        return str(value)

    def _marked(self, value: Any, language: str) -> Markup:
        if isinstance(value, Markup):
            return value
        if isinstance(value, str):
            return Markup("<bdi>{}</bdi>").format(value)
        return escape(self._plain(value, language))


@cache
def _words(rooms: tuple[str, ...], language: str) -> dict[str, dict[str, str]]:
    merged: dict[str, dict[str, str]] = {}
    for room in rooms:
        source = resources.files(room).joinpath("texts", f"{language}.yaml")
        for section, texts in yaml.safe_load(source.read_text(encoding="utf-8")).items():
            merged[section] = {**merged.get(section, {}), **texts}
    return merged


def number(value: float | Significant | Decimals, language: str) -> str:
    """A number as its readers write it: 12,345.6 in English, 12.345,6 in Spanish; four digits stand whole there."""
    if isinstance(value, Significant):
        digits = max(0, 2 - floor(log10(abs(value.value)))) if value.value else 0
        text = f"{value.value:,.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    elif isinstance(value, Decimals):
        text = f"{value.value:,.{value.places}f}"
    elif isinstance(value, int):
        text = f"{value:,}"
    else:
        decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
        text = f"{value:,.{decimals}f}"
    if language != "es":
        return text
    whole, point, rest = text.partition(".")
    if len(whole.lstrip("-")) == len("1,234"):
        whole = whole.replace(",", "")
    return whole.replace(",", ".") + ("," if point else "") + rest


def check_language(language: str) -> None:
    """Raises BadRequest for a language that the pages do not speak."""
    if language not in LANGUAGES:
        raise BadRequest(
            f"one of the languages {', '.join(LANGUAGES)}", repr(language), "Choose one of them."
        )


def figure(value: float | Significant | Decimals) -> Markup:
    """A number in every language's way of writing it; once where they agree."""
    texts = {language: number(value, language) for language in LANGUAGES}
    if len(set(texts.values())) == 1:
        return Markup(escape(texts["en"]))
    return Markup("").join(
        Markup('<span lang="{0}" class="in-{0}">{1}</span>').format(language, text)
        for language, text in texts.items()
    )


REPORT = Texts(("vitrina.report",))
words, has, known = REPORT.words, REPORT.has, REPORT.known
say, both, many = REPORT.say, REPORT.both, REPORT.many
