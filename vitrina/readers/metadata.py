"""Tables that say something of each picture: CSV, TSV, JSON lines, parquet."""

from __future__ import annotations

import csv
import datetime
import decimal
import io
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from vitrina.errors import BadRequest
from vitrina.readers.item import Skipped, Value
from vitrina.readers.names import extension, listed, shown, side_of

EXTENSIONS = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
# Columns that name the picture, the most telling first; datasets' imagefolder knows the first alone.
FILE_COLUMNS = (
    "file_name", "filename", "file", "file_path", "filepath", "path", "image_file_name", "image_path",
    "image_file", "image_name", "image", "img", "picture", "photo", "image_id", "photo_id",
)  # fmt: skip
LABEL_COLUMNS = ("label", "class", "class_name", "category")
# Far above what names and labels of millions of pictures need; a hostile parquet file unfolds to any size.
MOST_BYTES = 512 * 1024 * 1024


class Row(NamedTuple):
    """What a table says of one picture: its name as written, the label as it stands there, a split, the rest."""

    file_name: str
    label: Value
    split: str | None
    columns: dict[str, Value]


@dataclass(frozen=True)
class Table:
    """A table as read. `name` is that of its file; `columns` are those that are neither the picture's name nor
    label nor split; `label_column`, `split_column` are None where there is none; `skipped` names rows that
    cannot be read.
    """

    name: str
    rows: list[Row]
    columns: list[str]
    label_column: str | None
    split_column: str | None
    skipped: list[Skipped] = field(default_factory=list)


class Cells(NamedTuple):
    """A table before anybody says what its columns mean: each row has a value for each column."""

    columns: list[str]
    rows: list[Sequence[Any]]


def is_metadata(last: str) -> bool:
    """Whether a file of that name describes the pictures around it: metadata.csv, .tsv, .jsonl, .parquet."""
    ending = extension(last)
    return ending in EXTENSIONS and last[: -len(ending)].lower() == "metadata"


def parse_table(
    name: str, data: bytes, *, label_column: str | None = None, known: Sequence[str] = ("label",)
) -> Table:
    """The table in the bytes of the file `name`.

    `label_column` is the user's choice; without it the first of `known` that is there holds the labels. Values
    of a CSV stay text, "" and NaN mean missing, nested ones become JSON. Raises BadRequest for what is no such
    table or names no pictures.
    """
    ending = extension(name.rpartition("/")[2])
    skipped: list[Skipped] = []
    if ending == ".parquet":
        cells = _parquet(name, data)
    elif ending in (".jsonl", ".ndjson"):
        cells = as_cells(_lines(name, as_text(name, data), skipped))
    else:
        cells = _csv(name, as_text(name, data), skipped)
    return as_table(name, cells, skipped, label_column=label_column, known=known)


def as_cells(records: Iterable[Mapping[str, Any]]) -> Cells:
    """Records as a table; what a record does not have is None."""
    records = list(records)
    columns = list(dict.fromkeys(column for record in records for column in record))
    return Cells(columns, [[record.get(column) for column in columns] for record in records])


def as_table(
    name: str,
    cells: Cells,
    skipped: list[Skipped],
    *,
    label_column: str | None,
    known: Sequence[str] = LABEL_COLUMNS,
) -> Table:
    """`cells` with what each column means; see `parse_table`. Raises BadRequest."""
    columns = cells.columns
    if twice := sorted({column for column in columns if columns.count(column) > 1}):
        found = f"{listed(twice)} more than once"
        raise BadRequest(f"columns of different names in {shown(name)}", found, "Rename one of them.")
    file_column = _find(columns, FILE_COLUMNS)
    if file_column is None:
        if not columns:
            return Table(name, [], [], None, None, skipped)
        found = f"the columns {listed(columns)}"
        next_step = "Name the column of file names file_name."
        raise BadRequest(f"a column file_name in {shown(name)}", found, next_step)
    told = label_column if label_column in columns else None
    labels = told or _find([column for column in columns if column != file_column], known)
    splits = _split_column(cells)
    kept = [column for column in columns if column not in (file_column, labels, splits)]
    file_at = columns.index(file_column)
    label_at, split_at = (columns.index(one) if one is not None else None for one in (labels, splits))
    kept_at = [(column, columns.index(column)) for column in kept]
    rows: list[Row] = []
    for number, values in enumerate(cells.rows, 1):
        named = values[file_at]
        if isinstance(named, dict):
            raise _holds_pictures(name, file_column)
        if named is None or named == "":
            skipped.append(Skipped(f"{shown(name)} row {number}", "it names no picture"))
            continue
        label = plain(values[label_at]) if label_at is not None else None
        split = side_of(str(values[split_at] or "")) if split_at is not None else None
        rows.append(Row(str(named), label, split, {column: plain(values[at]) for column, at in kept_at}))
    return Table(name, rows, kept, labels, splits, skipped)


def _holds_pictures(name: str, column: str) -> BadRequest:
    return BadRequest(
        f"names of files in the column {column} of {shown(name)}",
        "the pictures themselves",
        "Open it with datasets, save_to_disk into a folder, then name that folder.",
    )


def plain(value: Any) -> Value:
    """A cell as a plain value: NaN and "" are None, dates and numbers without a place here text, the rest JSON."""
    if isinstance(value, str):
        return value or None
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**63 else str(value)
    if isinstance(value, decimal.Decimal | datetime.date | datetime.time | datetime.timedelta):
        return str(value)
    return value.hex() if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False, default=str)


def as_text(name: str, data: bytes) -> str:
    """The text of a table in UTF-8, with or without a byte order mark. Raises BadRequest."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        found = f"bytes of another encoding at place {error.start:,}"
        raise BadRequest(f"text in UTF-8 in {shown(name)}", found, "Save the file as UTF-8.") from None


def _csv(name: str, text: str, skipped: list[Skipped]) -> Cells:
    head = text.partition("\n")[0]
    between = "\t" if "\t" in head else ";" if ";" in head and "," not in head else ","
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=between, skipinitialspace=True)
    try:
        names = [column.strip() or f"column_{place}" for place, column in enumerate(next(lines, []), 1)]
        rows: list[Sequence[str]] = []
        for line in lines:
            if len(line) == len(names):
                rows.append(line)
            elif line:
                reason = f"it has {len(line)} values, the columns are {len(names)}"
                skipped.append(Skipped(f"{shown(name)} line {lines.line_num}", reason))
    except csv.Error as error:
        found = f"line {lines.line_num}: {error}"
        raise BadRequest(f"a table of comma-separated values in {shown(name)}", found, _MEND) from None
    return Cells(names, rows)


def _lines(name: str, text: str, skipped: list[Skipped]) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if isinstance(record, dict):
            yield record
        else:
            skipped.append(Skipped(f"{shown(name)} line {number}", "it is no JSON object"))


_MEND = "Save the table anew."


def _parquet(name: str, data: bytes) -> Cells:
    import pyarrow
    import pyarrow.parquet

    rows: list[Sequence[Any]] = []
    size = 0
    try:
        file = pyarrow.parquet.ParquetFile(io.BytesIO(data))
        for batch in file.iter_batches(batch_size=256):
            size += batch.nbytes
            if size > MOST_BYTES:
                most = f"at most {MOST_BYTES:,} bytes of values in {shown(name)}"
                raise BadRequest(most, "more", "Leave out the columns that hold more than names and figures.")
            rows.extend(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        said = str(error).partition("\n")[0][:100]
        raise BadRequest(
            f"a parquet table in {shown(name)}", f"one that is damaged ({said})", _MEND
        ) from None
    return Cells(list(file.schema_arrow.names), rows)


def _find(columns: Sequence[str], wanted: Sequence[str]) -> str | None:
    by_key = {
        column.strip().lower().replace(" ", "_").replace("-", "_"): column for column in reversed(columns)
    }
    return next((by_key[key] for key in wanted if key in by_key), None)


def _split_column(cells: Cells) -> str | None:
    """The column "split", where it holds names of splits alone; else it is a column like any other."""
    column = _find(cells.columns, ("split",))
    if column is None:
        return None
    at = cells.columns.index(column)
    values = {str(row[at]) for row in cells.rows if row[at] not in (None, "")}
    return column if values and all(side_of(value) for value in values) else None
