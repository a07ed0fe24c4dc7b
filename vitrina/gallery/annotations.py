"""Labels as append-only events; the row of a picture is only their copy."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from vitrina.errors import BadRequest, Stale
from vitrina.gallery.collections import Collection, find_collection
from vitrina.gallery.database import Database
from vitrina.gallery.events import DECISIONS, Event, Folded, apply, fold
from vitrina.gallery.history import Batch, events_where, rows_of, story_of, write_events
from vitrina.gallery.schema import annotation, picture
from vitrina.gallery.times import utc_now
from vitrina.gallery.undoing import latest_in, undo_in

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

    def publish_ready(self, slug: str, actor: str) -> Batch:
        """Publishes every pending picture of the collection that a person has labelled, in one act.

        Chosen, written in one transaction: nobody's decision falls in between. No events where none was
        ready. Raises NotFound for the slug.
        """
        with self._database.writer() as connection:
            found = find_collection(connection, slug)
            ready = sa.select(picture.c.id).where(
                picture.c.collection_id == found.id, picture.c.shelf == "ready"
            )
            ids = connection.scalars(ready.order_by(picture.c.id)).all()
            return append_in(connection, [Change(id, "publish") for id in ids], actor=actor)

    def undo(self, batch_id: str, *, actor: str, standing_only: bool = False) -> Batch:
        """Takes one act back by appending an undo for each of its events; all or none.

        With `standing_only` the pictures that somebody decided on since stay as they are (`skipped`), the rest is
        taken back; an act of which nothing is left because this actor took it back before gives that undo
        again (`already`). Raises NotFound for an unknown batch; Conflict where nothing can be taken back: undone
        before, itself an undo or an arrival, decided on since.
        """
        with self._database.writer() as connection:
            return undo_in(connection, batch_id, actor=actor, standing_only=standing_only)

    def latest_batch(self, actor: str, collection_slug: str) -> str | None:
        """The actor's latest act in the collection that can be taken back, at least in part; None without one.

        Acts undone already, or whose pictures were all decided on since, are passed over.
        """
        with self._database.reader() as connection:
            found = find_collection(connection, collection_slug)
            return latest_in(connection, actor, collection_id=found.id)

    def act(self, batch_id: str) -> list[Event]:
        """The events of one act, oldest first; empty for an unknown one."""
        with self._database.reader() as connection:
            return events_where(connection, annotation.c.batch == batch_id)

    def story(self, picture_id: int) -> list[Event]:
        """Everything that happened to one picture, oldest first; empty for an unknown one."""
        with self._database.reader() as connection:
            return story_of(connection, picture_id)


def append_in(connection: sa.Connection, changes: Sequence[Change], *, actor: str) -> Batch:
    """`Annotations.append` inside a transaction that is already open."""
    rows = rows_of(connection, {change.picture_id for change in changes})
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


def _folded(row: sa.RowMapping) -> Folded:
    return Folded(
        label=row["label"],
        label_by=row["label_by"],
        state=row["state"],
        version=row["version"],
        suggestion=row["suggestion"],
        published_at=row["published_at"],
    )
