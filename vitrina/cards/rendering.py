"""A card's template and what it is told, made into Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vitrina.cards.markdown import code, printed


def rendered(
    template: str, *, filters: Mapping[str, Callable[..., str]] | None = None, **values: Any
) -> str:
    """`template` (Jinja) filled with `values`; text is escaped, what lacks a value raises jinja2.UndefinedError."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined,
        finalize=printed,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # What is printed is Markdown: `printed` escapes it.
    )
    environment.filters |= {"code": code, **(filters or {})}
    return environment.from_string(template).render(**values)
