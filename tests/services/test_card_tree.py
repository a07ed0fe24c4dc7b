"""A card becomes known elements; nothing of it is ever markup."""

from __future__ import annotations

import time
from typing import Any

import pytest

from vitrina.services.card_tree import TAGS, card_tree

KNOWN = {*TAGS.values(), "br", "pre", "code"}


def words(nodes: list[Any]) -> str:
    return "".join(node if isinstance(node, str) else words(node["children"]) for node in nodes)


def elements(nodes: list[Any]) -> list[dict[str, Any]]:
    found = []
    for node in nodes:
        if not isinstance(node, str):
            found += [node, *elements(node["children"])]
    return found


def test_headings_stand_below_those_of_the_page_and_the_front_matter_goes() -> None:
    assert card_tree("---\nlicense: mit\n---\n# Pets\n\nTwo **classes**.\n\n## Limits") == [
        {"tag": "h3", "children": ["Pets"]},
        {"tag": "p", "children": ["Two ", {"tag": "strong", "children": ["classes"]}, "."]},
        {"tag": "h4", "children": ["Limits"]},
    ]


def test_tables_code_and_lists() -> None:
    text = "| a | b |\n| --- | ---: |\n| x | 1 |\n\n```python\nif 1 < 2:\n```\n\n- one\n- two `code`\n"
    table, code, listed = card_tree(text)
    assert words([table]) == "abx1"
    assert [one.get("align") for one in elements([table]) if one["tag"] in ("th", "td")] == [
        None,
        "right",
    ] * 2
    assert code == {"tag": "pre", "children": [{"tag": "code", "children": ["if 1 < 2:\n"]}]}
    assert listed == {
        "tag": "ul",
        "children": [
            {"tag": "li", "children": ["one"]},
            {"tag": "li", "children": ["two ", {"tag": "code", "children": ["code"]}]},
        ],
    }


def test_links_lead_to_https_alone() -> None:
    [paragraph] = card_tree("[a](https://example.org/x) [b](javascript:alert(1)) [c](#below) <https://e.org>")
    links = [one for one in elements([paragraph]) if one["tag"] == "a"]
    assert [one["href"] for one in links] == ["https://example.org/x", "https://e.org"]
    assert "c" in words([paragraph])
    [other] = card_tree("[a](http://example.org) [b](//example.org) [c](https://u:p@example.org)")
    assert [one["tag"] for one in elements([other])] == ["p"]


def test_html_is_shown_as_the_text_it_is() -> None:
    hostile = '<script>alert(1)</script>\n\ntext <img src=x onerror="alert(1)"> <!-- comment -->'
    assert words(card_tree(hostile)) == hostile.replace("\n\n", "")


def test_pictures_of_other_hosts_are_words() -> None:
    [paragraph] = card_tree("![the confusion](https://example.org/c.png) ![](https://example.org/d.png)")
    assert words([paragraph]) == "the confusion d.png"
    assert {one["tag"] for one in elements([paragraph])} == {"p", "em"}


@pytest.mark.parametrize(
    "text", ["", "---\nnever closed", "[" * 5000, "> " * 300 + "deep", "*a " * 5000, "\0\ufffd"]
)
def test_odd_cards_end_soon(text: str) -> None:
    begun = time.monotonic()
    assert {one["tag"] for one in elements(card_tree(text))} <= KNOWN
    assert time.monotonic() - begun < 20
