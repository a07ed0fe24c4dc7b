"""File names that came from outside, made fit to be shown."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 200


def display_name(raw: str) -> str:
    """`raw` as text to show, 1 to 200 characters; never a path to open.

    Control, bidirectional, format characters (a right-to-left override can dress .exe as .jpg), lone
    surrogates are taken out, `..` steps dropped; of an absolute path only the last part stays. A long name
    keeps its beginning, its ending. An empty one becomes "unnamed".
    """
    text = "".join(_shown(character) for character in unicodedata.normalize("NFC", raw[: 16 * LONGEST]))
    absolute = text.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", text) is not None
    text = re.sub(r"^[A-Za-z]:", "", text)
    parts = [part.strip() for part in re.split(r"[/\\]", text)]
    parts = [part for part in parts if part not in ("", ".", "..")]
    name = "/".join(parts[-1:] if absolute else parts)
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 41]}…{name[-40:]}"
    return name or "unnamed"


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in ("Zl", "Zp") or character in "\t\n\r":
        return " "
    return "" if category in ("Cc", "Cf", "Cs", "Co", "Cn") else character
