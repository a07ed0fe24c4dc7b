"""The texts of the report in the languages it speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml
from markupsafe import Markup, escape

LANGUAGES = ("en", "es")


@dataclass(frozen=True)
class Term:
    """A value that is itself a text of the report, by its "section.key"."""

    key: str


@dataclass(frozen=True)
class Percent:
    """A share, 0..1, as a number of hundredths with one decimal."""

    share: float


@cache
def words(language: str) -> dict[str, dict[str, str]]:
    """All texts of one language as {section: {key: text}}."""
    source = resources.files("vitrina.report").joinpath("texts", f"{language}.yaml")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return loaded


def has(key: str) -> bool:
    """Whether there is a text of this "section.key"."""
    section, _, name = key.partition(".")
    return name in words("en").get(section, {})


def known(section: str, told: str) -> Term | Markup:
    """What a stage told in a fixed English phrase as a text of that section, where there is one; else as told."""
    key = f"{section}.{re.sub(r'[^a-z]+', '_', told.lower()).strip('_')}"
    return Term(key) if has(key) else Markup('<bdi lang="en">{}</bdi>').format(told)


def number(value: float, language: str) -> str:
    """A number as its readers write it: 12,345.6 in English, 12.345,6 in Spanish; four digits stand whole there."""
    if isinstance(value, int):
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


def say(language: str, key: str, **values: Any) -> str:
    """One text as plain text, its {names} filled in. Raises KeyError for an unknown key."""
    section, _, name = key.partition(".")
    return words(language)[section][name].format(
        **{field: _plain(value, language) for field, value in values.items()}
    )


def both(key: str, **values: Any) -> Markup:
    """One text in every language, each in a span that the page shows or hides.

    Strings among the values are set apart (`bdi`) and escaped: they are names of files, of classes.
    """
    section, _, name = key.partition(".")
    spans = []
    for language in LANGUAGES:
        text = escape(words(language)[section][name]).format(
            **{field: _marked(value, language) for field, value in values.items()}
        )
        spans.append(Markup('<span lang="{0}" class="in-{0}">{1}</span>').format(language, text))
    return Markup("").join(spans)


def many(key: str, n: int, **values: Any) -> Markup:
    """`both` of `key`_one or `key`_many, with `n` filled in."""
    return both(f"{key}_{'one' if n == 1 else 'many'}", n=n, **values)


def figure(value: float) -> Markup:
    """A number in every language's way of writing it; once where they agree."""
    texts = {language: number(value, language) for language in LANGUAGES}
    if len(set(texts.values())) == 1:
        return Markup(escape(texts["en"]))
    return Markup("").join(
        Markup('<span lang="{0}" class="in-{0}">{1}</span>').format(language, text)
        for language, text in texts.items()
    )


def _plain(value: Any, language: str) -> str:
    if isinstance(value, Percent):
        return f"{100 * value.share:.1f}".replace(".", "," if language == "es" else ".")
    if isinstance(value, Term):
        return say(language, value.key)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number(value, language)
    return str(value)


def _marked(value: Any, language: str) -> Markup:
    if isinstance(value, Markup):
        return value
    if isinstance(value, str):
        return Markup("<bdi>{}</bdi>").format(value)
    return escape(_plain(value, language))
