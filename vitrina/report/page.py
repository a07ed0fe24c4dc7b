"""The pages as HTML out of templates."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from vitrina.report.palette import THEMES, tokens_css
from vitrina.report.words import LANGUAGES, REPORT, Decimals, Percent, Significant, Term, Texts, figure, words

ROOM = "vitrina.report"
STYLES = ("frame.css", "report.css", "review.css")
REVIEW_WORDS = ("common", "review", "kind", "kind_note", "keys")


@dataclass(frozen=True)
class Pages:
    """The pages of one room: `texts` that they speak, `styles` in their order. A template, style or script that the
    room's own assets/ lacks is the report's: its frame, its parts."""

    room: str
    texts: Texts
    styles: tuple[str, ...]

    def render(self, name: str, *, language: str, scripts: tuple[str, ...] = (), **values: Any) -> str:
        """One page, whole in one text: styles, scripts, texts in every language.

        `language` is what the page speaks where the browser says nothing. Every value is escaped unless it is Markup.
        """
        sources = {script: self.asset(script) for script in ("start.js", "frame.js", *scripts)}
        return (
            _environment(self)
            .get_template(f"{name}.html")
            .render(
                language=language,
                languages=LANGUAGES,
                themes=tuple(THEMES),
                policy=policy(sources.values()),
                style=Markup(tokens_css() + "".join(self.asset(style) for style in self.styles)),
                scripts={script: Markup(source) for script, source in sources.items()},
                **values,
            )
        )

    def asset(self, name: str) -> str:
        """The text of one file of `assets/`, the room's own first. Raises FileNotFoundError."""
        own = resources.files(self.room).joinpath("assets", name)
        return own.read_text(encoding="utf-8") if own.is_file() else asset(name)


def render(name: str, *, language: str, **values: Any) -> str:
    """One page of the report, "index" or "review"."""
    scripts = ("decisions.js", "review.js") if name == "review" else ()
    return Pages(ROOM, REPORT, STYLES).render(name, language=language, scripts=scripts, **values)


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
    """The text of one file of the report's `assets/`. Raises FileNotFoundError."""
    return resources.files(ROOM).joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _environment(pages: Pages) -> Environment:
    environment = Environment(
        loader=FunctionLoader(pages.asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = pages.texts
    environment.globals.update(
        both=texts.both, many=texts.many, say=texts.say, figure=figure, known=texts.known, has=texts.has
    )
    environment.globals.update(Term=Term, Percent=Percent, Significant=Significant, Decimals=Decimals)
    environment.filters["plain_json"] = lambda value: json.dumps(value, ensure_ascii=False)
    environment.filters["command"] = lambda text: Markup("<code>{}</code>").format(text)
    return environment
