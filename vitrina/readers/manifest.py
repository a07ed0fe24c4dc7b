"""JSON files that map names of pictures to labels, one for all or one a split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from vitrina.errors import BadRequest
from vitrina.readers.metadata import Table, as_cells, as_table, as_text
from vitrina.readers.names import EXTENSIONS, extension, shown, side_in, side_of

_WHOLE = frozenset({"labels", "manifest", "metadata", "annotations"})
_SHAPE = "a JSON file that maps names of pictures to labels, or a list of records"


def is_manifest(last: str) -> bool:
    """Whether a file of that name may be a manifest: train.json, photos_test.json, labels.json, manifest.json."""
    stem = last[: -len(".json")].lower()
    return last.lower().endswith(".json") and (stem in _WHOLE or side_in(stem) is not None)


def parse_manifest(name: str, data: bytes, *, label_column: str | None = None) -> Table:
    """The manifest in the bytes of the file `name`; a split in the file's name is that of all its pictures.

    Read are: {picture: label}, {picture: {column: value}}, {label: [pictures]}, [{column: value}], any of these
    below the names of splits, a list under a name of its own. A map of codes to classes is none: no extensions,
    each label once. Raises BadRequest for anything else.
    """
    side = side_in(name.rpartition("/")[2][: -len(".json")])
    try:
        content = json.loads(as_text(name, data), object_pairs_hook=_Pairs)
        records = list(_records(content, side))
    except (ValueError, RecursionError):
        raise BadRequest(_SHAPE, f"{shown(name)}, which is no JSON", "Save the file anew.") from None
    known = [record for record in records if record is not None]
    if len(known) < len(records):
        next_step = "Write it as {picture: label} or as a table with the columns file_name, label."
        raise BadRequest(_SHAPE, f"another kind of content in {shown(name)}", next_step)
    return as_table(name, as_cells(known), [], label_column=label_column)


class _Pairs(dict[str, Any]):
    """A JSON object that remembers all of its pairs: plain dictionaries keep the last of equal names alone."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def _records(content: Any, side: str | None) -> Iterator[dict[str, Any] | None]:
    """One record a picture; None where the content is of no known shape."""
    if isinstance(content, list) and all(isinstance(record, dict) for record in content):
        yield from ({"split": side, **record} if side else record for record in content)
        return
    if not isinstance(content, _Pairs) or not content:
        yield None
        return
    values = [value for _, value in content.pairs]
    if all(isinstance(value, dict | list) for value in values):
        if all(side_of(key) for key in content):
            for key, value in content.pairs:
                yield from _records(value, side_of(key))
        elif all(isinstance(value, dict) for value in values):
            yield from (_record(key, side, value) for key, value in content.pairs)
        elif all(_names_pictures(value) for value in values):
            yield from (_record(one, side, {"label": key}) for key, value in content.pairs for one in value)
        else:
            yield from _records(values[0] if len(values) == 1 else None, side)
    elif any(isinstance(value, dict | list) for value in values) or _is_class_map(content):
        yield None
    else:
        yield from (_record(key, side, {"label": value}) for key, value in content.pairs)


def _is_class_map(content: _Pairs) -> bool:
    """Whether it maps numbers or codes of classes to their names: such files bear the same names."""
    labels = [str(label) for _, label in content.pairs]
    return not any(extension(key) in EXTENSIONS for key in content) and len(set(labels)) == len(labels)


def _record(file_name: str, side: str | None, columns: dict[str, Any]) -> dict[str, Any]:
    return {"file_name": file_name, **({"split": side} if side else {}), **columns}


def _names_pictures(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(one, str) and extension(one) in EXTENSIONS for one in value
    )
