"""Sources whose pictures lie in data sets of the `datasets` library."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, PictureRefused
from vitrina.images import DEFAULT_LIMITS, Limits, read_bytes
from vitrina.labels import label_problem
from vitrina.readers.budget import ArchiveLimits, damaged
from vitrina.readers.item import Item, Skipped, Source, Value
from vitrina.readers.names import listed, shown, side_of
from vitrina.readers.naming import as_label, name_labels
from vitrina.readers.pairing import LABELS, rank, words_of

if TYPE_CHECKING:
    import datasets

_IMAGES = ("image", "img", "picture", "photo", "jpg", "png")


@dataclass(frozen=True)
class Origin:
    """`where` for people; `source` for `Item.source`; `path` for `Item.path`; the folders that pictures whose
    bytes are not in the data set itself may be read from.
    """

    where: str
    source: str
    path: Path
    roots: tuple[Path, ...]


@dataclass(frozen=True)
class Part:
    """One split: its name ("" where there is but one), its rows, the column that holds the pictures."""

    name: str
    rows: datasets.Dataset
    column: str


@dataclass(frozen=True)
class SavedSource(Source):
    """Pictures in `parts`; `place` counts the rows through all of them."""

    parts: tuple[Part, ...] = field(default=(), repr=False, compare=False)
    roots: tuple[Path, ...] = ()

    def read(
        self, items: Iterable[Item], *, limits: Limits = DEFAULT_LIMITS
    ) -> Iterator[tuple[Item, bytes | PictureRefused]]:
        """The bytes of each of `items` as the data set holds them, undecoded."""
        begins = [0, *itertools.accumulate(part.rows.num_rows for part in self.parts)]
        pictures = [_undecoded(part) for part in self.parts]
        for item in items:
            number = int(item.place or 0)
            which = bisect.bisect_right(begins, number) - 1
            try:
                cell = pictures[which][number - begins[which]][self.parts[which].column]
                yield item, _bytes(cell, self.roots, limits)
            except PictureRefused as refused:
                yield item, refused
            # pyarrow has errors of its own for files that change or break while they are read.
            except Exception as error:
                yield item, damaged(str(error))


def as_source(
    parts: Mapping[str, datasets.Dataset],
    origin: Origin,
    *,
    class_names: Sequence[str] | None,
    limits: ArchiveLimits,
) -> SavedSource:
    """The pictures of `parts` (by the names of their splits), with labels and columns as their features say.

    The image column is told by its type, the labels by the type ClassLabel, else by their column's name. Raises
    BadRequest where there is no image column, where the rows are more than `limits` allow, or damaged.
    """
    features = next(iter(parts.values())).features
    if sum(rows.num_rows for rows in parts.values()) > limits.frames:
        next_step = "Name one split (#train), or divide the data set."
        raise BadRequest(f"at most {limits.frames:,} rows in {origin.where}", "more", next_step)
    said: list[str] = []
    image = _image_column(features, origin, said)
    label = _label_column(features, said)
    scalars = [
        name for name, feature in features.items() if _is_scalar(feature) and name not in (image, label)
    ]
    several = len(parts) > 1
    taken = tuple(Part(name if several else "", rows, image) for name, rows in parts.items())
    names: list[str] = []
    rows: list[dict[str, Value]] = []
    for part in taken:
        table = _columns(part, [*scalars, *([label] if label else [])], origin)
        rows += [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)] or [
            {} for _ in range(part.rows.num_rows)
        ]
        names += _file_names(part)
    sides = [side_of(part.name) for part in taken for _ in range(part.rows.num_rows)]
    values = [row.pop(label, None) if label else None for row in rows]
    labels, own, sentence = _named(
        values, features[label] if label else None, class_names, where=origin.where
    )
    items: list[Item] = []
    skipped: list[Skipped] = []
    for place, (name, text, side, row) in enumerate(zip(names, labels, sides, rows, strict=True)):
        if text is not None and (problem := label_problem(text)) is not None:
            skipped.append(Skipped(name, f"its label cannot be one: {problem}"))
        else:
            items.append(Item(origin.path, name, text, origin.source, place, side, row or None))
    _say(features, taken, (image, label, scalars), said)
    used = own if any(item.label is not None for item in items) else []
    inferred = " ".join(filter(None, [*said, sentence]))
    return SavedSource(items, used, inferred, skipped, scalars, parts=taken, roots=origin.roots)


def _image_column(features: Mapping[str, Any], origin: Origin, said: list[str]) -> str:
    import datasets

    typed = [name for name, feature in features.items() if isinstance(feature, datasets.Image)]
    bare = [name for name, feature in features.items() if _holds_bytes(feature)]
    found = typed or bare
    if not found:
        raise BadRequest(
            f"a column of pictures in {origin.where}",
            f"the columns {listed(features)}" if features else "no column",
            "Save the pictures in a column with the feature Image.",
        )
    chosen = min(found, key=lambda name: not set(words_of(name)) & set(_IMAGES))
    what = "its type is Image" if typed else "it holds bytes"
    said.append(f"Pictures from the column {shown(chosen)}: {what}.")
    if others := [name for name in found if name != chosen]:
        said.append(f"Further pictures in {listed(map(shown, others))} were not taken.")
    return chosen


def _label_column(features: Mapping[str, Any], said: list[str]) -> str | None:
    import datasets

    typed = [name for name, feature in features.items() if isinstance(feature, datasets.ClassLabel)]
    named = [name for name, feature in features.items() if _is_scalar(feature) and rank(name) < len(LABELS)]
    if not typed and not named:
        said.append("No column of labels was found.")
        return None
    chosen = min(typed or named, key=rank)
    what = "its type is ClassLabel" if typed else "it is named like labels"
    said.append(f"Labels from the column {shown(chosen)}: {what}.")
    return chosen


def _named(
    values: Sequence[Value], feature: Any, class_names: Sequence[str] | None, *, where: str
) -> tuple[list[str | None], list[str], str]:
    """(a label for each value, the class names in order, a sentence on where they came from)."""
    import datasets

    own: list[str] = []
    said = ""
    told = [as_label(value, where=where) for value in values]
    if isinstance(feature, datasets.ClassLabel):
        own = [str(as_label(name, where=where) or "") for name in feature.names]
        if wrong := [v for v in told if v is not None and not (isinstance(v, int) and -1 <= v < len(own))]:
            next_step = "Correct the data set's labels."
            raise BadRequest(f"labels from 0 to {len(own) - 1} in {where}", str(wrong[0]), next_step)
        told = [None if value in (None, -1) else value for value in told]
        unknown = {own[int(value)] for value in told if value is not None} - set(class_names or own)
        if not unknown:
            told = [None if value is None else own[int(value)] for value in told]
            said = f"Names of the {len(own):,} classes from the data set."
    named = name_labels({value for value in told if value is not None}, class_names, where=where)
    order = own if own and not class_names else named.class_names
    fit = [name for name in order if label_problem(name) is None]
    return [None if value is None else named.text[value] for value in told], fit, said or named.said


def _columns(part: Part, names: Sequence[str], origin: Origin) -> dict[str, list[Value]]:
    try:
        # The offsets in a mapped file are believed otherwise, wherever in memory they point.
        part.rows.data.validate(full=True)
        table = part.rows.data.select(names)
        return {name: [_plain(value) for value in table.column(name).to_pylist()] for name in names}
    except Exception as error:
        next_step = "Save the data set anew."
        raise BadRequest(
            f"a sound data set, {origin.where}", f"a damaged one ({error})", next_step
        ) from error


def _file_names(part: Part) -> list[str]:
    """The names that the data set has for its pictures where they are all there and differ, else numbers."""
    import pyarrow as pa
    import pyarrow.compute as pc

    prefix = f"{shown(part.name)}/" if part.name else ""
    column = part.rows.data.column(part.column)
    told: list[str | None] = []
    if pa.types.is_struct(column.type) and column.type.get_field_index("path") >= 0:
        told = pc.struct_field(column, "path").to_pylist()
    names = [PurePosixPath(name.replace("\\", "/")).name for name in told if name]
    if names and len(set(names)) == part.rows.num_rows:
        return [f"{prefix}{shown(name)}" for name in names]
    digits = len(str(part.rows.num_rows - 1))
    return [f"{prefix}{number:0{digits}}" for number in range(part.rows.num_rows)]


def _undecoded(part: Part) -> datasets.Dataset:
    import datasets

    rows = part.rows.with_format(None).select_columns([part.column])
    if isinstance(rows.features[part.column], datasets.Image):
        rows = rows.cast_column(part.column, datasets.Image(decode=False))
    return rows


def _bytes(cell: Any, roots: Sequence[Path], limits: Limits) -> bytes:
    data, path = (cell.get("bytes"), cell.get("path")) if isinstance(cell, dict) else (cell, None)
    if isinstance(data, bytes):
        return read_bytes(data, limits=limits)
    found = "none in that row"
    if path:
        for root in roots:
            # A data set may name any file of this machine.
            if (there := (root / path).resolve()).is_relative_to(root.resolve()):
                return read_bytes(there, limits=limits)
        found = "the name of a file that lies elsewhere"
    next_step = "Save the data set with the bytes of its pictures in it."
    raise PictureRefused("the bytes of a picture", found, next_step, reason="not_a_picture")


def _is_scalar(feature: Any) -> bool:
    import datasets

    if isinstance(feature, datasets.ClassLabel):
        return True
    return isinstance(feature, datasets.Value) and "binary" not in feature.dtype


def _holds_bytes(feature: Any) -> bool:
    import datasets

    if isinstance(feature, dict):
        return _holds_bytes(feature.get("bytes"))
    return isinstance(feature, datasets.Value) and "binary" in feature.dtype


def _plain(value: object) -> Value:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _say(
    features: Mapping[str, Any],
    parts: Sequence[Part],
    taken: tuple[str, str | None, list[str]],
    said: list[str],
) -> None:
    image, label, scalars = taken
    if scalars:
        said.append(f"Further columns: {listed(map(shown, scalars))}.")
    if left := [name for name in features if name not in (image, label, *scalars)]:
        said.append(f"Columns left out, which hold no single values: {listed(map(shown, left))}.")
    if len(parts) > 1:
        sides = [f"{shown(part.name)} ({side_of(part.name) or 'no split known'})" for part in parts]
        said.append(f"Splits of the data set's own: {', '.join(sides)}.")
