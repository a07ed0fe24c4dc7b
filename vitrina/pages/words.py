"""The texts of the pages in the languages they speak."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import yaml

LANGUAGES = ("en", "es")


@cache
def words(language: str) -> dict[str, dict[str, str]]:
    """All texts of one language as {section: {key: text}}; an unknown language gets English."""
    name = language if language in LANGUAGES else "en"
    source = resources.files("vitrina.pages").joinpath("texts", f"{name}.yaml")
    loaded: dict[str, dict[str, str]] = yaml.safe_load(source.read_text(encoding="utf-8"))
    return loaded


def say(language: str, key: str, **values: Any) -> str:
    """One text by its "section.key", with its {names} filled in. Raises KeyError for an unknown key."""
    section, _, name = key.partition(".")
    return words(language)[section][name].format(**values)
