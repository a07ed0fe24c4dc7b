"""Text from outside, made harmless in Markdown."""

from __future__ import annotations

import re
import unicodedata

# What opens emphasis, code, links, tables, headings, formulas anywhere in a line; between letters or digits an
# underscore opens nothing (CommonMark 6.2). "<", ">", "&" become entities.
_ANYWHERE = re.compile(r"([\\`*{}\[\]#|~!@$]|(?<![^\W_])_|_(?![^\W_]))")
# What means a list, a rule or a heading at the start of a paragraph.
_AT_START = re.compile(r"^([-+=])|^(\d+)([.)])(?=\s|$)")
# Addresses become links without any bracket on GitHub and the Hub.
_ADDRESS = re.compile(r"(?i)(:(?=//)|(?<=mailto):|(?<=www)\.)")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Markdown(str):
    """Text that is Markdown already and stays as it is."""

    __slots__ = ()


def escaped(text: str) -> Markdown:
    """`text` on one line, shown by Markdown as it reads: no markup, no HTML, no table cell, no link comes of it.

    Characters nobody sees (controls, marks of direction) become U+FFFD.
    """
    line = " ".join(text.split())
    line = "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c).startswith("C") else c for c in line
    )
    line = _ANYWHERE.sub(r"\\\1", line.translate(_ENTITIES))
    line = _ADDRESS.sub(lambda found: "\\" + found[0], line)
    return Markdown(_AT_START.sub(lambda found: f"{found[2] or ''}\\{found[1] or found[3]}", line))


def printed(value: object) -> str:
    """What a template prints for a value: whole numbers in groups of three, fractions as they are, text escaped."""
    if isinstance(value, Markdown):
        return value
    if value is None:
        return "not told"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return repr(value) if isinstance(value, float) else escaped(str(value))


def code(text: str) -> Markdown:
    """A code span; what would end it, or a table's cell, is left out."""
    return Markdown("`" + re.sub(r"[`|\s]", "", text) + "`")


def fenced(text: str, language: str = "") -> Markdown:
    """A block of code; its fence is longer than any in `text`, characters nobody sees become U+FFFD."""
    seen = "".join(
        "\N{REPLACEMENT CHARACTER}" if c != "\n" and unicodedata.category(c).startswith("C") else c for c in text
    )
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", seen)), default=0))
    return Markdown(f"{fence}{language}\n{seen.rstrip()}\n{fence}")
