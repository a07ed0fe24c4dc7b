"""What a page carries in its head."""

from __future__ import annotations

import json
from importlib import resources
from urllib.parse import quote

from vitrina.pages.words import LANGUAGES, words

STYLES = ("base.css", "frame.css")
SCRIPTS = ("dom.js", "frame.js")
PUBLIC_STYLES = ("gallery.css", "detail.css", "try_it.css", "models.css")
PUBLIC_SCRIPTS = (
    "rows.js",
    "detail.js",
    "gallery.js",
    "try_it.js",
    "model_parts.js",
    "compare.js",
    "models.js",
)
STAFF_STYLES = ("review.css", "collections.css", "models.css")
STAFF_SCRIPTS = (
    "uploads.js",
    "review_data.js",
    "review.js",
    "collections.js",
    "model_parts.js",
    "staff_models.js",
)

PUBLIC_WORDS = ("common", "gallery", "detail", "try", "models", "compare", "keys")
STAFF_WORDS = ("common", "review", "create", "models", "champion", "keys")


def asset(name: str) -> str:
    """The text of one file of `assets/`."""
    return resources.files("vitrina.pages").joinpath("assets", name).read_text(encoding="utf-8")


def head(tokens_css: str, *, staff: bool) -> str:
    """The head of the public pages, or of the staff's: icon, styles, texts in every language, scripts."""
    styles = STYLES + (STAFF_STYLES if staff else PUBLIC_STYLES)
    scripts = SCRIPTS + (STAFF_SCRIPTS if staff else PUBLIC_SCRIPTS)
    sections = STAFF_WORDS if staff else PUBLIC_WORDS
    texts = {language: {name: words(language)[name] for name in sections} for language in LANGUAGES}
    return "\n".join(
        [
            f'<link rel="icon" href="data:image/svg+xml,{quote(asset("icon.svg"))}">',
            f"<style>{tokens_css}{''.join(asset(name) for name in styles)}</style>",
            f"<script>window.VITRINA_WORDS={_embedded(texts)};</script>",
            *(f"<script>{asset(name)}</script>" for name in scripts),
        ]
    )


def _embedded(value: object) -> str:
    # "</script>" or "<!--" inside a text would end the element that carries it.
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
