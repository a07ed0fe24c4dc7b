"""The rows of a side as they leave, in pieces that fit in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest
from vitrina.parquet.bare import bare_picture
from vitrina.parquet.private import LIKELY, base_name, without_places

if TYPE_CHECKING:
    import pyarrow
    from datasets import Dataset, Features

# A row group: what a reader has to fetch for one picture, what a writer holds in memory.
GROUP_BYTES, GROUP_ROWS = 32 * 1024 * 1024, 1000
_BATCH = 100
_SUFFIXES = {"JPEG": (".jpg", ".jpeg", ".jpe", ".mpo"), "PNG": (".png", ".apng"), "TIFF": (".tif", ".tiff")}


@dataclass
class Counted:
    """What became of the rows so far. `taken_out`: by what was found; `written_anew`: by reason; `shortened`: by
    column, values that named folders of the disk.
    """

    rows: int = 0
    changed: int = 0
    taken_out: Counter[str] = field(default_factory=Counter)
    written_anew: Counter[str] = field(default_factory=Counter)
    shortened: Counter[str] = field(default_factory=Counter)


def row_groups(
    part: Dataset, features: Features, *, counted: Counted, progress: Callable[[], None]
) -> Iterator[pyarrow.Table]:
    """Tables of the columns `features`, each of about GROUP_BYTES or GROUP_ROWS, in the order of the rows.

    One picture is decoded at a time. `progress` is called once a row. Raises BadRequest where a row has no picture,
    or one that does not decode.
    """
    import pyarrow

    waiting: list[pyarrow.Table] = []
    size = rows = 0
    for table in _small_tables(part, features, counted=counted, progress=progress):
        if waiting and (size + table.nbytes > GROUP_BYTES or rows + table.num_rows > GROUP_ROWS):
            yield pyarrow.concat_tables(waiting).combine_chunks()
            waiting, size, rows = [], 0, 0
        waiting.append(table)
        size, rows = size + table.nbytes, rows + table.num_rows
    if waiting:
        yield pyarrow.concat_tables(waiting).combine_chunks()


def _small_tables(
    part: Dataset, features: Features, *, counted: Counted, progress: Callable[[], None]
) -> Iterator[pyarrow.Table]:
    """As many rows as fit in a fourth of a row group, so that large photos come one by one."""
    schema = features.arrow_schema
    raw = part.select_columns(list(features)).with_format("arrow")
    for first in range(0, len(part), _BATCH):
        batch: Any = raw[first : first + _BATCH]
        pictures: list[dict[str, Any]] = []
        begin = size = 0
        for row in range(batch.num_rows):
            pictures.append(_picture(batch, row, counted))
            size += len(pictures[-1]["bytes"])
            progress()
            if size >= GROUP_BYTES // 4 or row + 1 == batch.num_rows:
                yield _table(batch.slice(begin, row + 1 - begin), pictures, schema, counted)
                pictures, begin, size = [], row + 1, 0


def _picture(batch: pyarrow.Table, row: int, counted: Counted) -> dict[str, Any]:
    cell = batch.column("image")[row].as_py() or {}
    name = base_name(cell.get("path") or "")
    told = name or f"row {counted.rows}"
    if not cell.get("bytes"):
        raise BadRequest(
            f"the bytes of a picture in {told}",
            "none",
            "Run python -m training collect and the stages after it again.",
        )
    bare = bare_picture(cell["bytes"], pixels=batch.column("pixel_sha256")[row].as_py(), name=told)
    counted.rows += 1
    counted.changed += bool(bare.taken_out or bare.written_anew)
    counted.taken_out.update(bare.taken_out)
    counted.written_anew.update([bare.written_anew] if bare.written_anew else [])
    return {"bytes": bare.data, "path": _named(name, bare.kind) if bare.written_anew else name or None}


def _named(name: str, kind: str) -> str | None:
    """The name with an ending that tells what the file is now."""
    suffixes = _SUFFIXES.get(kind, (f".{kind.lower()}",))
    if not name or name.lower().endswith(suffixes):
        return name or None
    return name.rpartition(".")[0] + suffixes[0] if "." in name else name + suffixes[0]


def _table(
    rest: pyarrow.Table, pictures: list[dict[str, Any]], schema: pyarrow.Schema, counted: Counted
) -> pyarrow.Table:
    import pyarrow

    columns = []
    for one in schema:
        if one.name == "image":
            columns.append(pyarrow.array(pictures, type=one.type))
        else:
            columns.append(_cleaned(rest.column(one.name), one.name, counted).cast(one.type))
    return pyarrow.Table.from_arrays(columns, schema=schema)


def _cleaned(column: pyarrow.ChunkedArray, name: str, counted: Counted) -> pyarrow.ChunkedArray:
    import pyarrow
    import pyarrow.compute

    if not (pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type)):
        return column
    likely = pyarrow.compute.match_substring_regex(column, LIKELY)
    if not pyarrow.compute.any(likely).as_py():
        return column
    before = column.to_pylist()
    after = [value if value is None else without_places(value) for value in before]
    changed = sum(one != other for one, other in zip(before, after, strict=True))
    if changed:
        counted.shortened[name] += changed
    return pyarrow.chunked_array([pyarrow.array(after, type=column.type)])
