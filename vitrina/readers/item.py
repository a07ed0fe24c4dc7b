"""What every reader yields."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Item:
    """One picture file. `file_name` is relative to the source, with forward slashes, fit to be shown;
    `label` is None where the source says nothing; `source` names where it came from ("folder:trashnet").
    """

    path: Path
    file_name: str
    label: str | None
    source: str


@dataclass(frozen=True)
class Skipped:
    """One file or folder left out, with the reason in words. A folder's name ends with a slash."""

    file_name: str
    reason: str


@dataclass(frozen=True)
class FolderSource:
    """A folder as it was read.

    `items` are sorted by file name, `class_names` by name (none for a plain pile). `inferred` is one or more
    sentences saying how labels were taken from the folders.
    """

    items: list[Item]
    class_names: list[str]
    inferred: str
    skipped: list[Skipped] = field(default_factory=list)
