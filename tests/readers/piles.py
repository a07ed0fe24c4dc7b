"""Piles of files for the tests of readers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vitrina.readers import Source


def fill(root: Path, *names: str, tables: Mapping[str, str | bytes] | None = None) -> Path:
    """`root` with a file at each of `names`, and `tables`: name -> what is written into it."""
    written: dict[str, str | bytes] = dict.fromkeys(names, b"not looked into") | dict(tables or {})
    for name, content in written.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return root


def labels(source: Source) -> dict[str, str | None]:
    """File name -> label."""
    return {item.file_name: item.label for item in source.items}


def splits(source: Source) -> dict[str, str | None]:
    """File name -> split."""
    return {item.file_name: item.split for item in source.items}


def skipped(source: Source) -> dict[str, str]:
    """What is left out -> why."""
    return {one.file_name: one.reason for one in source.skipped}


def remarks(source: Source) -> dict[str, str]:
    """File name -> what is said of it."""
    return {one.file_name: one.what for one in source.remarks}
