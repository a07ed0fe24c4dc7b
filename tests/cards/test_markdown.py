"""Text from outside in Markdown."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitrina.cards.markdown import Markdown, code, escaped, fenced, printed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words, 1.5 (two)", "plain words, 1.5 (two)"),
        ("a|b", r"a\|b"),
        ("# not\n## a heading", r"\# not \#\# a heading"),
        ("<script>alert(1)</script> & so", "&lt;script&gt;alert(1)&lt;/script&gt; &amp; so"),
        ("[click](https://evil.example)", r"\[click\](https\://evil.example)"),
        ("see www.evil.example", r"see www\.evil.example"),
        ("mailto:a@b.c", r"mailto\:a\@b.c"),
        ("*bold* _it_ `code` ~no~ $x$ !", r"\*bold\* \_it\_ \`code\` \~no\~ \$x\$ \!"),
        ("back\\slash", "back\\\\slash"),
        ("- item", r"\- item"),
        ("--- rule", r"\--- rule"),
        ("1. item", r"1\. item"),
        ("1.5 pictures", "1.5 pictures"),
        ("night_market_, __init__", r"night_market\_, \_\_init\_\_"),
        ("a\u202egnp.exe\x00", "a\ufffdgnp.exe\ufffd"),
        ("{{ 7 * 7 }}", r"\{\{ 7 \* 7 \}\}"),
        ("café menú", "café menú"),
    ],
)
def test_escaped(text: str, expected: str) -> None:
    assert escaped(text) == expected


@given(st.text(alphabet=st.characters(exclude_categories=("C", "Z")), max_size=30))
@settings(deadline=None)
def test_it_reads_as_it_was_with_no_sign_of_markup_left_bare(text: str) -> None:
    safe = escaped(text)
    assert html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", safe)) == text
    bare = re.sub(r"\\.", " ", safe)
    assert not re.search(r"[`*\[\]|#<>]", bare)
    assert not re.search(r"(?<![^\W_])_|_(?![^\W_])", bare)


def test_printed() -> None:
    assert printed(1234567) == "1,234,567"
    assert printed(0.15) == "0.15"
    assert printed(True) == "yes"
    assert printed(None) == "not told"
    assert printed("a|b") == r"a\|b"
    assert printed(["a|b"]) == r"\['a\|b'\]"
    assert printed(Markdown("**x**")) == "**x**"
    assert code("ab`|c\n") == "`abc`"


def test_a_fence_cannot_be_ended_from_inside() -> None:
    assert fenced("x = 1\n", "python") == "```python\nx = 1\n```"
    assert fenced("a\n````\n<b>") == "`````\na\n````\n<b>\n`````"
    assert fenced("a\u202eb\x00\r\n") == "```\na\ufffdb\ufffd\ufffd\n```"
