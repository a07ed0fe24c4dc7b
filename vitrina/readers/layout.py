"""What a listing of names, with the tables among them, says of its pictures."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from vitrina.errors import BadRequest
from vitrina.readers.combined import combine
from vitrina.readers.item import Item, Remark, Skipped
from vitrina.readers.joined import join
from vitrina.readers.manifest import is_manifest, parse_manifest
from vitrina.readers.metadata import EXTENSIONS as TABLES
from vitrina.readers.metadata import Table, is_metadata, parse_table
from vitrina.readers.names import EXTENSIONS, extension, hidden, listed, no_picture, shown
from vitrina.readers.naming import NOTHING_TOLD, Told, sort_names
from vitrina.readers.wording import columns_of, inferred

__all__ = ["Layout", "Listing", "Told", "assemble", "lay_out", "sort_out"]


@dataclass(frozen=True)
class Layout:
    """The parts of a Source, as far as names and tables tell them."""

    items: list[Item]
    class_names: list[str]
    inferred: str
    skipped: list[Skipped] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


@dataclass
class Listing:
    """Names told apart: pictures, tables that describe them (metadata.csv, train.json ...), tables of other names.
    `refused` holds the rest -> why it is left out. `named_only`: pictures that no table names are not taken.
    """

    pictures: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    other_tables: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    named_only: bool = False


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Python's collector looks again and again at everything there is while hundreds of thousands of small objects
    are made, none of them garbage: beside an imported torch, 50,000 files with a metadata.csv took 1.2 s of CPU
    time, without it 0.55 s.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_collector_paused()
def lay_out(
    names: Sequence[str],
    *,
    source: str,
    path_of: Callable[[str], Path],
    place_of: Callable[[str], str | int | None],
    read: Callable[[str], bytes],
    told: Told = NOTHING_TOLD,
) -> Layout:
    """Labels, splits, columns of the pictures among `names`, whatever holds them.

    `names`: plain files, relative, with forward slashes, none leading outside; items keep their order.
    `source` becomes Item.source, `path_of` and `place_of` give Item.path and Item.place, `read` is called for
    tables alone, in their order. Labels come from tables (a metadata file in any folder, JSON manifests), else
    from class folders; see `find_levels`, `combine` for how. Raises BadRequest for a table that cannot be
    read, for labels that do not fit what was `told`, and whatever `read` raises.
    """
    listing = sort_out(names)
    tables = _read_tables(listing, read, told.label_column)
    if told.label_column is not None and not any(t.label_column == told.label_column for t in tables):
        there = sorted({column for table in tables for column in table.columns})
        found = f"the columns {listed(there)}" if there else "no table with further columns"
        next_step = "Name one of its columns, or the table itself as the source."
        raise BadRequest(f"a column {told.label_column} in the metadata", found, next_step)
    layout = assemble(listing, tables, source=source, path_of=path_of, place_of=place_of, told=told)
    if others := [shown(name) for name in listing.other_tables if "/" not in name]:
        hint = "to take labels from such a table, call it metadata or name it as the source."
        return replace(layout, inferred=f"{layout.inferred} Not read: {listed(others, 3)}; {hint}")
    return layout


def _read_tables(listing: Listing, read: Callable[[str], bytes], label_column: str | None) -> list[Table]:
    tables: list[Table] = []
    for name in listing.tables:
        if extension(name.rpartition("/")[2]) != ".json":
            tables.append(parse_table(name, read(name), label_column=label_column))
            continue
        # Any kind of data may lie in a JSON file of that name; a metadata file says what it is.
        try:
            manifest = parse_manifest(name, read(name), label_column=label_column)
        except BadRequest as error:
            listing.refused[name] = f"no manifest: {error}"
            continue
        if join([manifest], listing.pictures, refused={}).said:
            tables.append(manifest)
        else:
            listing.refused[name] = "no manifest: it names no picture that is here"
    return tables


def sort_out(names: Sequence[str]) -> Listing:
    """Tells what each of `names` is, by its name alone."""
    listing = Listing()
    hides: dict[str, bool] = {"": False}
    for name in names:
        folder, _, last = name.rpartition("/")
        if folder not in hides:
            hides[folder] = any(hidden(part) for part in folder.split("/"))
        ending = extension(last)
        if hides[folder] or hidden(last):
            listing.refused[name] = "hidden"
        elif ending in EXTENSIONS:
            listing.pictures.append(name)
        elif is_metadata(last) or is_manifest(last):
            listing.tables.append(name)
        else:
            if ending in TABLES:
                listing.other_tables.append(name)
            listing.refused[name] = no_picture(last)
    return listing


@_collector_paused()
def assemble(
    listing: Listing,
    tables: Sequence[Table],
    *,
    source: str,
    path_of: Callable[[str], Path],
    place_of: Callable[[str], str | int | None],
    told: Told,
) -> Layout:
    """The layout of `listing` with `tables`; see `lay_out`."""
    names = listing.pictures
    joined = join(tables, names, refused=listing.refused)
    combined = combine(names, tables, joined, told=told, named_only=listing.named_only)
    items = []
    for place, label, side in combined.taken:
        name = names[place]
        said = joined.said.get(place)
        columns = (said.columns or None) if said is not None else None
        items.append(Item(path_of(name), shown(name), label, source, place_of(name), side, columns))
    labels = {item.label for item in items if item.label is not None}
    given = combined.table_names.class_names if told.class_names else sort_names(labels)
    # Where the table is the source, what lies beside its pictures is none of its own.
    beside = {} if listing.named_only else {shown(name): reason for name, reason in listing.refused.items()}
    for name in joined.lost:
        beside.pop(name, None)
    refused = [Skipped(name, reason) for name, reason in beside.items()]
    return Layout(
        items,
        given if labels else [],
        inferred(combined, tables, joined),
        sorted([*refused, *joined.skipped, *combined.skipped], key=lambda one: one.file_name),
        columns_of(tables),
        sorted([*joined.remarks, *combined.remarks], key=lambda one: one.file_name),
    )
