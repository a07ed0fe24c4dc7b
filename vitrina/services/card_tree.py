"""A card in Markdown as a tree of a few known elements."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from markdown_it.token import Token

# A text, or {"tag", "children"} with "href" for a link and "align" for a cell.
Node = str | dict[str, Any]
# The page has headings of its own above the card's.
TAGS = {
    "h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6", "p": "p", "ul": "ul", "ol": "ol",
    "li": "li", "blockquote": "blockquote", "hr": "hr", "table": "table", "thead": "thead", "tbody": "tbody",
    "tr": "tr", "th": "th", "td": "td", "em": "em", "strong": "strong", "s": "s", "a": "a",
}  # fmt: skip
_FRONT_MATTER = re.compile(r"\A---\r?\n.*?^---\s*$\r?\n?", re.DOTALL | re.MULTILINE)
_ALIGN = re.compile(r"text-align:(left|center|right)")


@lru_cache(maxsize=32)
def card_tree(text: str) -> list[Node]:
    """The card without its front matter, as nodes that a page builds elements from.

    Nothing of it is ever markup: HTML in a card is shown as the text it is, a picture by its words alone (it may lie at
    another host), a link only where it leads to an https address.
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    return _nodes(reader.parse(_FRONT_MATTER.sub("", text, count=1)))


def _nodes(tokens: list[Token]) -> list[Node]:
    """Opening and closing tokens as a tree. What is in no list of known elements leaves its children in its place."""
    top: list[Node] = []
    open_lists = [top]
    for token in tokens:
        if token.nesting == 1:
            children: list[Node] = []
            element = _element(token, children)
            if element is None:
                children = open_lists[-1]
            else:
                open_lists[-1].append(element)
            open_lists.append(children)
        elif token.nesting == -1:
            open_lists.pop()
        else:
            open_lists[-1].extend(_leaf(token))
    return top


def _element(token: Token, children: list[Node]) -> Node | None:
    # A paragraph of a tight list is none to the eye.
    tag = None if token.hidden else TAGS.get(token.tag)
    if tag is None:
        return None
    element: dict[str, Any] = {"tag": tag, "children": children}
    if tag == "a":
        address = str(token.attrs.get("href", ""))
        if not _is_https(address):
            return None
        element["href"] = address
    align = _ALIGN.fullmatch(str(token.attrs.get("style", "")))
    if align:
        element["align"] = align[1]
    return element


def _leaf(token: Token) -> list[Node]:
    if token.type == "inline":
        return _nodes(token.children or [])
    if token.type == "softbreak":
        return [" "]
    if token.type == "hardbreak":
        return [{"tag": "br", "children": []}]
    if token.type == "hr":
        return [{"tag": "hr", "children": []}]
    if token.type in ("fence", "code_block"):
        return [{"tag": "pre", "children": [{"tag": "code", "children": [token.content]}]}]
    if token.type == "code_inline":
        return [{"tag": "code", "children": [token.content]}]
    if token.type == "image":
        words = token.content or str(token.attrs.get("src", "")).rpartition("/")[2][:80]
        return [{"tag": "em", "children": [words]}]
    return [token.content] if token.content else []


def _is_https(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and parts.username is None
