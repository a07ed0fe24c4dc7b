"""Labels as append-only events; the row of a picture is only their copy."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from vitrina.errors import BadRequest, Conflict, NotFound, Stale
from vitrina.gallery.collections import Collection, find_collection
from vitrina.gallery.database import Database
from vitrina.gallery.events import ARRIVALS, DECISIONS, Event, Folded, apply, fold
from vitrina.gallery.schema import annotation, picture
from vitrina.gallery.times import utc_now

__all__ = ["Annotations", "Batch", "Change", "Event", "Folded", "fold"]

KINDS = (*DECISIONS, "suggest")
_STATE_OF = {"publish": "published", "reject": "rejected", "trash": "trashed", "restore": "pending"}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to do to one picture. `kind` is label, confirm, publish, reject, trash, restore (back to
    pending, the label kept) or suggest.

    `label` is needed by label, confirm, suggest; publish may bring one. With `expected_version` the
    change is refused where the picture has moved on since it was read.
    """

    picture_id: int
    kind: str
    label: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What was done in one act; `id` (32 hex digits) is what undo takes."""

    id: str
    events: list[Event]


class Annotations:
    """The events of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, changes: Sequence[Change], *, actor: str) -> Batch:
        """Does all the changes, or none of them; durable when it returns.

        Labelling a rejected or trashed picture takes it back to pending. Raises Stale, BadRequest, NotFound.
        """
        with self._database.writer() as connection:
            return append_in(connection, changes, actor=actor)

    def undo(self, batch_id: str, *, actor: str) -> Batch:
        """Takes one act back by appending an undo for each of its events; all or none.

        Raises NotFound for an unknown batch; Conflict where it was undone before, is itself an undo or an
        arrival, or where somebody has decided on one of its pictures since.
        """
        with self._database.writer() as connection:
            return undo_in(connection, batch_id, actor=actor)

    def latest_batch(self, actor: str, collection_slug: str) -> str | None:
        """The actor's latest act in the collection that is not undone yet, None where there is none."""
        later = annotation.alias()
        with self._database.reader() as connection:
            found = find_collection(connection, collection_slug)
            return connection.scalar(
                sa.select(annotation.c.batch)
                .where(annotation.c.actor == actor, annotation.c.collection_id == found.id)
                .where(annotation.c.kind.in_(DECISIONS))
                .where(~sa.exists().where(later.c.undoes == annotation.c.id))
                .order_by(annotation.c.id.desc())
                .limit(1)
            )

    def story(self, picture_id: int) -> list[Event]:
        """Everything that happened to one picture, oldest first; empty for an unknown one."""
        with self._database.reader() as connection:
            return story_of(connection, picture_id)


def append_in(connection: sa.Connection, changes: Sequence[Change], *, actor: str) -> Batch:
    """`Annotations.append` inside a transaction that is already open."""
    rows = _rows(connection, {change.picture_id for change in changes})
    of = {
        id: find_collection(connection, id) for id in sorted({row["collection_id"] for row in rows.values()})
    }
    now = {id: _folded(row) for id, row in rows.items()}
    batch, at, events = uuid.uuid4().hex, utc_now(), []
    for change in changes:
        before = now[change.picture_id]
        collection = of[rows[change.picture_id]["collection_id"]]
        _check(change, before, collection)
        event = _event(change, before, batch=batch, actor=actor, at=at)
        now[change.picture_id] = apply(before, event)
        events.append(event)
    return write_events(connection, batch, events, now=now, of=rows)


def undo_in(connection: sa.Connection, batch_id: str, *, actor: str) -> Batch:
    """`Annotations.undo` inside a transaction that is already open."""
    acts = _events(connection, annotation.c.batch == batch_id)
    if not acts:
        raise NotFound("the number of an act", f"{batch_id!r}"[:80], "Reload the page, then undo from there.")
    if fixed := [event.kind for event in acts if event.kind in (*ARRIVALS, "undo")]:
        raise Conflict(
            "a decision that can be taken back",
            f"an act of kind {fixed[0]}",
            "Make the decision again instead."
            if fixed[0] == "undo"
            else "Move the picture to the trash instead.",
        )
    rows = _rows(connection, {event.picture_id for event in acts})
    stories = _stories(connection, rows)
    for event in acts:
        _require_last(event, stories[event.picture_id])
    batch, at, undos = uuid.uuid4().hex, utc_now(), []
    versions = {id: row["version"] for id, row in rows.items()}
    for event in reversed(acts):
        versions[event.picture_id] = version = versions[event.picture_id] + 1
        undos.append(Event(0, event.picture_id, "undo", None, None, actor, at, version, batch, event.id))
    written = write_events(connection, batch, undos, now={}, of=rows)
    for event in written.events:
        stories[event.picture_id].append(event)
    _write_folds(connection, {id: fold(story) for id, story in stories.items()})
    return written


def story_of(connection: sa.Connection, picture_id: int) -> list[Event]:
    """Everything that happened to one picture, oldest first."""
    return _events(connection, annotation.c.picture_id == picture_id)


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
    _write_folds(connection, now)
    return Batch(batch, _events(connection, annotation.c.batch == batch))


def _write_folds(connection: sa.Connection, now: dict[int, Folded]) -> None:
    if not now:
        return
    copies: list[dict[str, Any]] = [
        asdict(folded) | {"shelf": folded.shelf, "the_picture": id} for id, folded in sorted(now.items())
    ]
    change = sa.update(picture).where(picture.c.id == sa.bindparam("the_picture"))
    columns = [name for name in copies[0] if name != "the_picture"]
    connection.execute(change.values({name: sa.bindparam(name) for name in columns}), copies)


def _event(change: Change, before: Folded, *, batch: str, actor: str, at: datetime) -> Event:
    state = _STATE_OF.get(change.kind)
    if change.kind in ("label", "confirm") and before.state in ("rejected", "trashed"):
        state = "pending"
    version = before.version + (change.kind != "suggest")
    return Event(0, change.picture_id, change.kind, change.label, state, actor, at, version, batch)


def _check(change: Change, before: Folded, collection: Collection) -> None:
    if change.kind not in KINDS:
        raise BadRequest(
            f"a change of kind {', '.join(KINDS)}", f"{change.kind!r}"[:80], "Send one of these kinds."
        )
    if change.expected_version is not None and change.expected_version != before.version:
        raise Stale(
            f"picture {change.picture_id} at version {change.expected_version}",
            f"version {before.version}, changed by somebody else since",
            "Look at the picture as it is now, then decide again.",
        )
    if change.label is not None:
        if change.kind in ("reject", "trash", "restore"):
            raise BadRequest(
                f"{change.kind} without a label", repr(change.label[:80]), "Leave the label out."
            )
        collection.require_label(change.label)
    elif change.kind in ("label", "confirm", "suggest"):
        raise BadRequest(
            f"a label with {change.kind}", "none", f"Send one of {', '.join(collection.labels)}."
        )
    elif change.kind == "publish" and before.label is None:
        raise BadRequest(
            "a picture with a label to publish",
            f"picture {change.picture_id} without one",
            "Label the picture first, then publish it.",
        )


def _require_last(event: Event, story: Iterable[Event]) -> None:
    story = list(story)
    undone = {other.undoes for other in story if other.kind == "undo"}
    if event.id in undone:
        raise Conflict(
            "an act that still stands",
            "one that was undone already",
            "Make the decision again to have it back.",
        )
    for other in story:
        later = other.id > event.id and other.batch != event.batch and other.id not in undone
        if later and other.kind in DECISIONS:
            raise Conflict(
                f"no decision on picture {event.picture_id} after the one to undo",
                f"{other.kind} by {other.actor} since",
                "Undo that one first, or decide on the picture again.",
            )


def _folded(row: sa.RowMapping) -> Folded:
    return Folded(
        label=row["label"],
        label_by=row["label_by"],
        state=row["state"],
        version=row["version"],
        suggestion=row["suggestion"],
        published_at=row["published_at"],
    )


def _rows(connection: sa.Connection, ids: set[int]) -> dict[int, sa.RowMapping]:
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


def _stories(connection: sa.Connection, ids: Iterable[int]) -> dict[int, list[Event]]:
    stories: dict[int, list[Event]] = {id: [] for id in ids}
    for some in _chunks(sorted(stories)):
        for event in _events(connection, annotation.c.picture_id.in_(some)):
            stories[event.picture_id].append(event)
    return stories


def _chunks(ids: list[int], size: int = 5_000) -> Iterator[list[int]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _events(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> list[Event]:
    columns = [column for column in annotation.c if column.name != "collection_id"]
    rows = connection.execute(sa.select(*columns).where(condition).order_by(annotation.c.id)).mappings()
    return [Event(**row) for row in rows]
