"""The columns of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitrina.decoder import Surveyed
from vitrina.readers.item import Item, Value

if TYPE_CHECKING:
    import pyarrow
    from datasets import Features

OWN = ("image", "label", "picture_id", "source", "file_name", "group", "official_split")
# What later stages add to the rows, or look up in them: a data set that they wrote can be collected again.
LATER = ("duplicate_group", "pixel_sha256", "balance_copy")
# survey.parquet: (name, Arrow type). What Surveyed names alike is copied from there.
SURVEY = (
    ("picture_id", "string"), ("pixel_sha256", "string"), ("file_name", "string"), ("source", "string"),
    ("label", "string"), ("official_split", "string"), ("group", "string"), ("bytes", "int64"),
    ("width", "int64"), ("height", "int64"), ("format", "string"), ("mode", "string"),
    ("channels", "int64"), ("frames", "int64"), ("perceptual_hash", "string"), ("brightness", "float64"),
    ("contrast", "float64"), ("sharpness", "float64"),
)  # fmt: skip
_SEEN = (
    "pixel_sha256", "width", "height", "format", "mode", "channels", "frames", "brightness", "contrast",
    "sharpness",
)  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """What a row of the data set holds.

    `class_names`: in the order of the label's numbers; none: there is no column `label`. `told`: (name in the
    source, name here, Arrow type) of the source's own columns; a name that is taken here gets "source_" before it.
    `group_by`: the source's column that becomes `group`.
    """

    class_names: tuple[str, ...]
    told: tuple[tuple[str, str, str], ...]
    group_by: str | None

    @property
    def renamed(self) -> dict[str, str]:
        """Name in the source -> name here, where the two differ."""
        return {theirs: ours for theirs, ours, _ in self.told if theirs != ours}

    def features(self) -> Features:
        """The data set's features: `image` holds the bytes of the file as they were."""
        from datasets import ClassLabel, Features, Image, Value

        kinds: dict[str, Any] = {"image": Image()}
        if self.class_names:
            kinds["label"] = ClassLabel(names=list(self.class_names))
        kinds |= {name: Value("string") for name in OWN[2:]}
        kinds |= {ours: Value(kind) for _, ours, kind in self.told}
        return Features(kinds)

    def row(self, item: Item, data: bytes, picture_id: str) -> dict[str, Any]:
        """One row of the data set."""
        name = item.file_name.rpartition("/")[2]
        row: dict[str, Any] = {"image": {"bytes": data, "path": name}}
        if self.class_names:
            row["label"] = None if item.label is None else self.class_names.index(item.label)
        row |= {"picture_id": picture_id, "source": item.source, "file_name": item.file_name}
        row |= {"group": self.group(item), "official_split": item.split}
        columns = item.columns or {}
        return row | {ours: _as(kind, columns.get(theirs)) for theirs, ours, kind in self.told}

    def group(self, item: Item) -> str | None:
        """The value of the column `group_by` as text; None where it is empty."""
        value = (item.columns or {}).get(self.group_by) if self.group_by is not None else None
        return None if value is None or value == "" else str(value)

    def survey_row(self, item: Item, data: bytes, picture_id: str, seen: Surveyed) -> dict[str, Any]:
        """One row of survey.parquet, without the perceptual hash."""
        row: dict[str, Any] = {name: getattr(seen, name) for name in _SEEN}
        row |= {"picture_id": picture_id, "file_name": item.file_name, "source": item.source}
        row |= {"label": item.label, "official_split": item.split, "group": self.group(item)}
        return row | {"bytes": len(data)}


def columns_of(
    items: Sequence[Item], *, class_names: Sequence[str], told: Sequence[str], group_by: str | None
) -> Columns:
    """The columns that fit all `items`: a column of mixed kinds becomes text."""
    taken = {*OWN, *LATER}
    named: list[tuple[str, str, str]] = []
    for theirs in told:
        ours = theirs
        while ours in taken:
            ours = f"source_{ours}"
        taken.add(ours)
        named.append((theirs, ours, _kind(theirs, items)))
    return Columns(tuple(class_names), tuple(named), group_by)


def survey_schema() -> pyarrow.Schema:
    """The schema of survey.parquet."""
    import pyarrow

    return pyarrow.schema([(name, getattr(pyarrow, kind)()) for name, kind in SURVEY])


def _kind(name: str, items: Sequence[Item]) -> str:
    kinds = {type((item.columns or {}).get(name)) for item in items} - {type(None)}
    # bool before int, which it is a kind of; a number beyond 64 bits is a name rather than a quantity.
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        values = [(item.columns or {}).get(name) or 0 for item in items]
        return "int64" if all(-(2**63) <= int(value) < 2**63 for value in values) else "string"
    return "float64" if kinds and kinds <= {int, float} else "string"


def _as(kind: str, value: Value) -> Value:
    if value is None or kind in ("bool", "int64"):
        return value
    return float(value) if kind == "float64" else str(value)
