"""What the names of files and folders say by themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

# What is decoded, then what is known to be a picture and not decoded: that one ends in the report as refused, with
# the name of its format, rather than among the files that are no pictures at all.
_DECODED = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
_OTHERS = {
    ".cr2", ".nef", ".arw",
    ".heic", ".heif", ".avif", ".jp2", ".j2k", ".jxl", ".psd", ".svg", ".eps", ".wmf", ".emf", ".ico", ".icns",
    ".tga", ".pcx", ".ppm", ".pgm", ".pbm", ".pnm", ".sgi", ".dds", ".fli", ".flc", ".im", ".dng",
}  # fmt: skip
EXTENSIONS = frozenset(_DECODED | _OTHERS)
# Names of folders and of manifests that mean a split, in lower case -> one of item.SPLIT_NAMES.
SIDES = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
# C0 with DEL, C1: in a terminal they move the cursor or colour what follows.
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "\ufffd")
_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_WORDS = re.compile(r"[a-z]+(?:[_-][a-z]+)*")


def side_of(name: str) -> str | None:
    """The split a folder's name, or a value of a split column, means: train, validation, test, or None."""
    return SIDES.get(name.strip().lower())


def side_in(stem: str) -> str | None:
    """The split that one word of a file's stem means: "photos_train" -> train. None for none, or for two."""
    stem = stem.lower()
    if not _WORDS.fullmatch(stem):
        return None
    sides = {SIDES[word] for word in re.split("[_-]", stem) if word in SIDES}
    return sides.pop() if len(sides) == 1 else None


def hidden(part: str) -> bool:
    """Whether one part of a path is what systems leave behind for themselves."""
    return part.startswith(".") or part in _LITTER


def extension(last: str) -> str:
    """The extension of a path's last part in lower case, with its dot, or ""."""
    dot = last.rfind(".")
    return last[dot:].lower() if 0 < dot < len(last) - 1 else ""


def no_picture(last: str) -> str:
    """The reason to leave out a file whose extension is no picture's."""
    return f"not a picture's extension: {shown(last[len(last) - len(extension(last)) :]) or 'none'}"


def shown(name: str) -> str:
    """A file name fit for a terminal or a page: valid text, U+FFFD for each control character (C0, DEL, C1)."""
    if name.isascii() and name.isprintable():
        return name
    return valid(name).translate(_CONTROLS)


def valid(name: str) -> str:
    """A file name as valid text: names on disk may hold bytes that are not UTF-8."""
    if name.isascii():
        return name
    try:
        return os.fsencode(name).decode("utf-8", "replace")
    except UnicodeEncodeError:
        return name.encode("utf-8", "replace").decode("utf-8")


def listed(names: Iterable[str], most: int = 12) -> str:
    """The first `most` names with commas between, an ellipsis for the rest."""
    names = list(names)
    return ", ".join(names[:most]) + (", …" if len(names) > most else "")


def count(number: int, thing: str) -> str:
    """ "1 picture", "2,000 pictures", "2 classes"."""
    if number == 1:
        return f"1 {thing}"
    return f"{number:,} {thing}{'es' if thing.endswith('s') else 's'}"
