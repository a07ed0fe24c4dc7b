"""One key of a card's YAML block replaced, all else left as somebody wrote it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vitrina.errors import BadRequest

_FRONT = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.MULTILINE | re.DOTALL)


def front_of(card: str) -> dict[str, Any]:
    """The YAML block of `card`, empty where it has none. Raises BadRequest where it is no mapping."""
    found = _FRONT.match(card)
    return _mapping(found[1]) if found else {}


def with_key(card: str, key: str, value: object) -> str:
    """`card` with `key: value` in the place where the key stood, at the end of the block where it is new.

    Other lines stay as they are, comments among them. Raises BadRequest where the block is no mapping, or is written
    so that one key of it cannot be replaced alone.
    """
    from huggingface_hub.utils import yaml_dump

    found = _FRONT.match(card)
    text, body = (found[1], card[found.end() :]) if found else ("", card)
    before = _mapping(text)
    block = yaml_dump({key: value}, sort_keys=False, allow_unicode=True)
    start, end = _lines_of(text, key)
    replaced = text[:start] + block + text[end:]
    after = _mapping(replaced)
    if {**after, key: None} != {**before, key: None} or after.get(key) != value:
        raise BadRequest(
            f"a YAML block in which {key} stands in lines of its own",
            "one where other keys depend on it",
            "Write the block one key a line, or let python -m training card write the card again.",
        )
    return f"---\n{replaced}---\n{body if found else chr(10) + body}"


def _lines_of(text: str, key: str) -> tuple[int, int]:
    """Where the lines of a key begin and end; twice the end of `text` where it is not there."""
    begin = re.search(rf"^{re.escape(key)}[ \t]*:", text, re.MULTILINE)
    if begin is None:
        return len(text), len(text)
    at = end = text.find("\n", begin.start()) + 1 or len(text)
    while at < len(text):
        line = text[at : text.find("\n", at) + 1] or text[at:]
        at += len(line)
        if line[0] in " \t-" and line.strip():
            end = at
        elif line.strip() and not line.startswith("#"):
            break
    return begin.start(), end


def _mapping(text: str) -> dict[str, Any]:
    import yaml

    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise _unfit(" ".join(str(error).split())) from error
    if told is None:
        return {}
    if not isinstance(told, Mapping):
        raise _unfit(type(told).__name__)
    return dict(told)


def _unfit(found: str) -> BadRequest:
    return BadRequest(
        "a card that begins with a YAML block of keys and values",
        found,
        "Correct it, or let python -m training card write the card again.",
    )
