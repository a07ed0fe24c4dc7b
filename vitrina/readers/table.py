"""A table of file names and labels, given as the source itself, with the pictures in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vitrina.errors import BadRequest
from vitrina.readers.folder import below, list_files, read_table
from vitrina.readers.item import Source
from vitrina.readers.layout import assemble, sort_out
from vitrina.readers.manifest import parse_manifest
from vitrina.readers.metadata import EXTENSIONS, LABEL_COLUMNS, parse_table
from vitrina.readers.names import extension, listed, shown
from vitrina.readers.naming import Told


def fits(path: Path) -> bool:
    """Whether `path` is a table, by its extension: .csv, .tsv, .jsonl, .ndjson, .parquet, .json."""
    return extension(path.name) in EXTENSIONS | {".json"} and path.is_file()


def read_pictures_of_table(
    path: Path, *, class_names: Sequence[str] | None = None, label_column: str | None = None
) -> Source:
    """Read the pictures that the table at `path` names, relative to its folder; no others are taken.

    The label is in `label_column`, else in the first column named label, class, class_name or category; where
    there is none, class folders give it as they do in `read_folder`. Names that lead out of the folder, or to
    no picture, are in `skipped`. Raises BadRequest for what is no such table, for labels that do not fit
    `class_names`.
    """
    data = read_table(path)
    if extension(path.name) == ".json":
        table = parse_manifest(path.name, data, label_column=label_column)
    else:
        table = parse_table(path.name, data, label_column=label_column, known=LABEL_COLUMNS)
    if label_column is not None and table.label_column != label_column:
        found = f"the columns {listed(table.columns)}" if table.columns else "no further columns"
        next_step = "Name one of its columns."
        raise BadRequest(f"a column {label_column} in {shown(path.name)}", found, next_step)
    names, skipped = list_files(path.parent)
    listing = sort_out(names)
    listing.refused |= {one.file_name: one.reason for one in skipped}
    listing.named_only = True
    layout = assemble(
        listing,
        [table],
        source=f"table:{shown(path.name)}",
        path_of=below(path.parent),
        place_of=lambda name: None,
        told=Told(class_names, label_column),
    )
    return Source(**vars(layout))
