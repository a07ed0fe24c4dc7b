"""What every reader yields."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vitrina.errors import PictureRefused
from vitrina.images import DEFAULT_LIMITS, Limits

SPLIT_NAMES = ("train", "validation", "test")
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """One picture, not yet opened.

    `path` is the file that holds it: the picture itself, or the archive, HDF5 file or data set it lies in; `place`
    says where in there (an entry's name, a frame's number), None for a plain file. `file_name` is relative to the
    source, with forward slashes, fit to be shown; `label` is None where the source says nothing; `source` names
    where it came from ("folder:trashnet"); `split` is one of SPLIT_NAMES where the source has splits of its own;
    `columns` holds what else the source says of it.
    """

    path: Path
    file_name: str
    label: str | None
    source: str
    place: str | int | None = None
    split: str | None = None
    columns: Mapping[str, Value] | None = None


@dataclass(frozen=True)
class Skipped:
    """One file or folder left out, with the reason in words. A folder's name ends with a slash."""

    file_name: str
    reason: str


@dataclass(frozen=True)
class Remark:
    """Something to know of one picture that was taken: two sources disagree on it, a table does not name it."""

    file_name: str
    what: str


@dataclass(frozen=True)
class Source:
    """Pictures as a reader found them.

    `items`: sorted by file name where a folder holds them, else in the order of the file that does.
    `class_names`: sorted, or in the order of the source's own list; none for a plain pile. `inferred`: one or
    more sentences saying what was taken from where. `columns`: names of what `Item.columns` may hold.
    `remarks`: each picture of which there is something to say, sorted by file name.
    """

    items: list[Item]
    class_names: list[str]
    inferred: str
    skipped: list[Skipped] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)

    def read(
        self, items: Iterable[Item], *, limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[tuple[Item, bytes | PictureRefused]]:
        """The bytes of each of `items`, which are some of this source's in their order there.

        A picture that cannot be read comes as its refusal; the others are not affected.
        """
        from vitrina.images import read_bytes

        for item in items:
            try:
                yield item, read_bytes(item.path, limits=limits)
            except PictureRefused as refused:
                yield item, refused
