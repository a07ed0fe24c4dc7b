"""Rows of tables, each brought to its picture."""

from __future__ import annotations

import posixpath
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from vitrina.readers.item import SPLIT_NAMES, Remark, Skipped, Value
from vitrina.readers.metadata import Row, Table
from vitrina.readers.names import EXTENSIONS, extension, listed, shown, side_of, valid
from vitrina.readers.naming import as_label

_DRIVE = re.compile("[A-Za-z]:")


@dataclass(slots=True)
class Said:
    """What the tables say of one picture; `tables` are the names of those that name it. `doubled`: on what their
    rows differ. `split` is then the strictest of theirs (see `_strictest`), anything else is left out.
    """

    tables: list[str]
    label: int | str | None = None
    split: str | None = None
    columns: dict[str, Value] = field(default_factory=dict)
    doubled: set[str] = field(default_factory=set)


@dataclass
class Joined:
    """`said`: by the picture's place in the listing. `lost`: names that lead to no picture. `loosely`: how many
    rows found their picture by the last part of its name or without its extension.
    """

    said: dict[int, Said] = field(default_factory=dict)
    skipped: list[Skipped] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    loosely: int = 0


def join(tables: Sequence[Table], pictures: Sequence[str], *, refused: Mapping[str, str]) -> Joined:
    """Each row at its picture. `refused`: files that are no pictures here -> why.

    Names are taken relative to the table's folder, then to the source, then by their last part, then without
    extension, where just one picture fits. A picture that is named twice keeps what both rows agree on, and the
    strictest of its splits. Rows that lead to no picture are in `skipped`, with the reason.
    """
    joined = Joined()
    finder = _Finder(pictures)
    for table in tables:
        base = table.name.rpartition("/")[0]
        where = f"the column {table.label_column} of {shown(table.name)}"
        for row in table.rows:
            place = finder.find(row.file_name, base, row.split)
            if isinstance(place, int):
                _add(joined.said, place, row, table.name, as_label(row.label, where=where))
                continue
            led_to = clean(row.file_name, base)
            name = shown(row.file_name if led_to is None else led_to)
            joined.lost.append(name)
            reason = refused.get(led_to or "", place)
            joined.skipped.append(Skipped(name, f"named in {shown(table.name)}, but {reason}"))
        joined.skipped += table.skipped
    joined.loosely = finder.loosely
    for place, said in joined.said.items():
        if said.doubled:
            joined.remarks.append(Remark(shown(pictures[place]), _differing(said)))
    return joined


def _add(known: dict[int, Said], place: int, row: Row, table: str, label: int | str | None) -> None:
    said = known.get(place)
    if said is None:
        known[place] = Said([table], label, row.split, row.columns)
        return
    if table not in said.tables:
        said.tables.append(table)
    said.label = _agreed(said.doubled, "label", said.label, label)
    said.split = _strictest(said.doubled, said.split, row.split)
    columns = dict(said.columns)
    for column, value in row.columns.items():
        columns[column] = _agreed(said.doubled, f"column {column}", columns.get(column), value)
    said.columns = columns


def _differing(said: Said) -> str:
    what = f"named more than once in {listed(map(shown, said.tables))}, with another"
    left_out = sorted(said.doubled - {"split"})
    parts = [f"{listed(left_out)}, which was left out"] if left_out else []
    if "split" in said.doubled:
        parts.append(f"split, of which the strictest, {said.split}, was kept")
    return f"{what} {'; another '.join(parts)}"


def _strictest(doubled: set[str], before: str | None, now: str | None) -> str | None:
    """Test before validation before train: what is tested on must not be learned from."""
    if before is None or now is None or before == now:
        return now if before is None else before
    doubled.add("split")
    return max(before, now, key=SPLIT_NAMES.index)


def _agreed(doubled: set[str], what: str, before: Value, now: Value) -> Any:
    if what in doubled or (None not in (before, now) and str(before) != str(now)):
        doubled.add(what)
        return None
    return now if before is None else before


class _Finder:
    """Looks names up in a listing of pictures."""

    def __init__(self, pictures: Sequence[str]) -> None:
        self.loosely = 0
        self._pictures = pictures
        self._places = {name: place for place, name in enumerate(pictures)}
        self._inside: dict[str, bool] = {}

    def find(self, name: str, base: str, side: str | None) -> int | str:
        """The place of the picture `name`, or why there is none."""
        direct = self._places.get(f"{base}/{name}" if base else name)
        if direct is not None:
            return direct
        ways = list(dict.fromkeys(way for way in (clean(name, base), clean(name, "")) if way is not None))
        if not ways:
            return "it leads out of the folder"
        bare = extension(ways[0].rpartition("/")[2]) not in EXTENSIONS
        tries = [(self._places_by_path, ways), (self._bare_places_by_path, ways if bare else [])]
        for number, (places, keys) in enumerate(tries):
            for key in keys:
                if fitting := places.get(_key(key), []):
                    self.loosely += number
                    return fitting[0] if len(fitting) == 1 else _several(fitting)
        if "/" in ways[-1]:
            return _NOWHERE
        found = (self._bare_places_by_last if bare else self._places_by_last).get(_key(ways[-1]), [])
        fitting = [place for place in found if self._may_mean(place, base, side)]
        self.loosely += len(fitting) == 1
        return fitting[0] if len(fitting) == 1 else _several(fitting) if fitting else _NOWHERE

    @cached_property
    def _places_by_path(self) -> dict[str, list[int]]:
        return _grouped(self._pictures, lambda name: name)

    @cached_property
    def _bare_places_by_path(self) -> dict[str, list[int]]:
        return _grouped(self._pictures, _bare)

    @cached_property
    def _places_by_last(self) -> dict[str, list[int]]:
        return _grouped(self._pictures, lambda name: name.rpartition("/")[2])

    @cached_property
    def _bare_places_by_last(self) -> dict[str, list[int]]:
        return _grouped(self._pictures, lambda name: _bare(name.rpartition("/")[2]))

    def _may_mean(self, place: int, base: str, side: str | None) -> bool:
        """A table speaks of the pictures of its folder, where that has any, and of its own split."""
        name = self._pictures[place]
        if base not in self._inside:
            self._inside[base] = bool(base) and any(one.startswith(f"{base}/") for one in self._pictures)
        if self._inside[base] and not name.startswith(f"{base}/"):
            return False
        sides = {side_of(part) for part in name.split("/")[:-1]} - {None}
        return side is None or not sides or side in sides


_NOWHERE = "no such picture is here"


def _several(places: Sequence[int]) -> str:
    return f"{len(places)} pictures have that name"


def clean(name: str, base: str) -> str | None:
    """`name`, relative to the folder `base`, as a path in the source; None where it leads out of it."""
    written = name.replace("\\", "/")
    if written.startswith("/") or _DRIVE.match(written):
        return None
    path = posixpath.normpath(posixpath.join(base, written))
    return None if path == ".." or path.startswith("../") else path


def _key(name: str) -> str:
    # Archives made on a Mac hold decomposed letters where tables hold composed ones.
    return unicodedata.normalize("NFC", valid(name))


def _bare(name: str) -> str:
    return name[: len(name) - len(extension(name.rpartition("/")[2]))]


def _grouped(names: Sequence[str], part: Callable[[str], str]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names):
        places[_key(part(name))].append(place)
    return dict(places)
