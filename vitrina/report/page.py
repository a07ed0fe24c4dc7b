"""The pages as HTML out of templates."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from vitrina.report.palette import THEMES, tokens_css
from vitrina.report.words import LANGUAGES, Percent, Term, both, figure, has, known, many, words

STYLES = ("frame.css", "report.css", "review.css")
REVIEW_WORDS = ("common", "review", "kind", "kind_note", "keys")


def render(name: str, *, language: str, **values: Any) -> str:
    """One page, "index" or "review", whole in one text: styles, scripts, texts in every language.

    `language` is what the page speaks where the browser says nothing. Every value is escaped unless it is Markup.
    """
    scripts = {script: asset(script) for script in ("start.js", "frame.js", *_scripts_of(name))}
    return (
        _environment()
        .get_template(f"{name}.html")
        .render(
            language=language,
            languages=LANGUAGES,
            themes=tuple(THEMES),
            policy=policy(scripts.values()),
            style=Markup(tokens_css() + "".join(asset(style) for style in STYLES)),
            scripts={script: Markup(source) for script, source in scripts.items()},
            **values,
        )
    )


def embedded(value: object) -> Markup:
    """A JSON value to stand inside a script element: nothing in it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)


def policy(scripts: Any) -> str:
    """A content security policy: these scripts run, pictures come from beside the page, nothing else is asked for."""
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'" for text in scripts
    )
    # `file:` beside 'self': browsers differ in whether a page on the disk is of the same origin as its folder.
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src 'self' file: data:; "
        "base-uri 'none'; form-action 'none'"
    )


def review_words() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The texts that the review page's script speaks, as {language: {section: {key: text}}}."""
    return {language: {name: words(language)[name] for name in REVIEW_WORDS} for language in LANGUAGES}


def asset(name: str) -> str:
    """The text of one file of `assets/`."""
    return resources.files("vitrina.report").joinpath("assets", name).read_text(encoding="utf-8")


def _scripts_of(name: str) -> tuple[str, ...]:
    return ("decisions.js", "review.js") if name == "review" else ()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = {"both": both, "many": many, "figure": figure, "known": known, "has": has}
    environment.globals.update(texts, Term=Term, Percent=Percent)
    environment.filters["plain_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.filters["command"] = lambda text: Markup("<code>{}</code>").format(text)
    return environment
