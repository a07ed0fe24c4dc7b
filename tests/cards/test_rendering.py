"""A template filled with values."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from vitrina.cards.markdown import Markdown
from vitrina.cards.rendering import rendered


def test_text_is_escaped_and_markdown_is_not() -> None:
    template = "{{ a }} {{ b }} {{ c | twice }} {{ 'x y' | code }}\n"
    text = rendered(template, filters={"twice": lambda s: s * 2}, a="<|>", b=Markdown("**b**"), c="*")
    assert text == r"&lt;\|&gt; **b** \*\* `xy`" + "\n"


def test_what_is_missing_is_not_printed_as_nothing() -> None:
    with pytest.raises(UndefinedError, match="'a' is undefined"):
        rendered("{{ a }}")
