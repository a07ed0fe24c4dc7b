"""Histories of pictures as the tables hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from vitrina.errors import NotFound
from vitrina.gallery.events import Event, Folded
from vitrina.gallery.schema import annotation, picture


@dataclass(frozen=True, slots=True)
class Batch:
    """What was done in one act; `id` (32 hex digits) is what undo takes.

    Of an undo, `skipped` holds the ids of the pictures it left as they are, decided on again since (ascending);
    `already` says that the act had been taken back before, nothing was written now.
    """

    id: str
    events: list[Event]
    skipped: tuple[int, ...] = ()
    already: bool = False


def story_of(connection: sa.Connection, picture_id: int) -> list[Event]:
    """Everything that happened to one picture, oldest first."""
    return events_where(connection, annotation.c.picture_id == picture_id)


def write_events(
    connection: sa.Connection,
    batch: str,
    events: Sequence[Event],
    *,
    now: dict[int, Folded],
    of: dict[int, sa.RowMapping],
) -> Batch:
    """Inserts the events of one batch, copies what they come to into the pictures' rows."""
    if events:
        values = [
            {name: value for name, value in asdict(event).items() if name != "id"}
            | {"collection_id": of[event.picture_id]["collection_id"]}
            for event in events
        ]
        connection.execute(sa.insert(annotation), values)
    write_folds(connection, now)
    return Batch(batch, events_where(connection, annotation.c.batch == batch))


def write_folds(connection: sa.Connection, now: dict[int, Folded]) -> None:
    """Copies what the histories of these pictures come to into their rows."""
    if not now:
        return
    copies: list[dict[str, Any]] = [
        asdict(folded) | {"shelf": folded.shelf, "the_picture": id} for id, folded in sorted(now.items())
    ]
    change = sa.update(picture).where(picture.c.id == sa.bindparam("the_picture"))
    columns = [name for name in copies[0] if name != "the_picture"]
    connection.execute(change.values({name: sa.bindparam(name) for name in columns}), copies)


def rows_of(connection: sa.Connection, ids: set[int]) -> dict[int, sa.RowMapping]:
    """The rows of these pictures by id. Raises NotFound where one is not in the store."""
    # 32,766 is as many values as one SQLite statement takes.
    rows: dict[int, sa.RowMapping] = {}
    for some in _chunks([id for id in sorted(ids) if 0 < id < 2**63]):
        for row in connection.execute(sa.select(picture).where(picture.c.id.in_(some))).mappings():
            rows[row["id"]] = row
    if unknown := sorted(ids - rows.keys()):
        raise NotFound(
            "pictures that are in the store",
            f"no picture {str(unknown[0])[:40]}",
            "Reload the page, then decide on what it shows.",
        )
    return rows


def stories_of(connection: sa.Connection, ids: Iterable[int]) -> dict[int, list[Event]]:
    """Everything that happened to each of these pictures, oldest first."""
    stories: dict[int, list[Event]] = {id: [] for id in ids}
    for some in _chunks(sorted(stories)):
        for event in events_where(connection, annotation.c.picture_id.in_(some)):
            stories[event.picture_id].append(event)
    return stories


def _chunks(ids: list[int], size: int = 5_000) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def events_where(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Event]:
    """The events that meet the condition, oldest first."""
    columns = [column for column in annotation.c if column.name != "collection_id"]
    rows = connection.execute(sa.select(*columns).where(condition).order_by(annotation.c.id)).mappings()
    return [Event(**row) for row in rows]
