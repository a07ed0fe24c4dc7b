"""Acts taken back by an inverse."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from vitrina.errors import Conflict, NotFound
from vitrina.gallery.events import ARRIVALS, DECISIONS, Event, fold
from vitrina.gallery.history import Batch, events_where, rows_of, stories_of, write_events, write_folds
from vitrina.gallery.schema import annotation
from vitrina.gallery.times import utc_now


def undo_in(connection: sa.Connection, batch_id: str, *, actor: str, standing_only: bool = False) -> Batch:
    """`Annotations.undo` inside a transaction that is already open."""
    acts = _acts(connection, batch_id)
    stories = stories_of(connection, {event.picture_id for event in acts})
    refusals = {event.id: _refusal(event, stories[event.picture_id]) for event in acts}
    standing = [event for event in acts if refusals[event.id] is None]
    refused = [refusal for refusal in refusals.values() if refusal is not None]
    skipped = _decided_since(acts, stories)
    if standing_only and not standing and (before := _taken_back(acts, stories, actor=actor)):
        return Batch(before[0].batch, before, skipped, already=True)
    if refused and not (standing_only and standing):
        raise refused[0]
    rows = rows_of(connection, {event.picture_id for event in standing})
    versions = {id: row["version"] for id, row in rows.items()}
    batch, at, undos = uuid.uuid4().hex, utc_now(), []
    for event in reversed(standing):
        versions[event.picture_id] = version = versions[event.picture_id] + 1
        undos.append(Event(0, event.picture_id, "undo", None, None, actor, at, version, batch, event.id))
    written = write_events(connection, batch, undos, now={}, of=rows)
    for event in written.events:
        stories[event.picture_id].append(event)
    write_folds(connection, {id: fold(stories[id]) for id in rows})
    return Batch(batch, written.events, skipped)


def latest_in(connection: sa.Connection, actor: str, *, collection_id: int) -> str | None:
    """The actor's latest act in the collection of which something still stands to be taken back."""
    later, undo, undo_of_later = annotation.alias(), annotation.alias(), annotation.alias()
    decided_since = (
        sa.exists()
        .where(later.c.picture_id == annotation.c.picture_id, later.c.id > annotation.c.id)
        .where(later.c.batch != annotation.c.batch, later.c.kind.in_(DECISIONS))
        .where(~sa.exists().where(undo_of_later.c.undoes == later.c.id))
    )
    return connection.scalar(
        sa.select(annotation.c.batch)
        .where(annotation.c.actor == actor, annotation.c.collection_id == collection_id)
        .where(annotation.c.kind.in_(DECISIONS))
        .where(~sa.exists().where(undo.c.undoes == annotation.c.id), ~decided_since)
        .order_by(annotation.c.id.desc())
        .limit(1)
    )


def _acts(connection: sa.Connection, batch_id: str) -> list[Event]:
    acts = events_where(connection, annotation.c.batch == batch_id)
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
    return acts


def _refusal(event: Event, story: Sequence[Event]) -> Conflict | None:
    """Why this event cannot be taken back, None where it still stands."""
    if event.id in _undone(story):
        return Conflict(
            "an act that still stands",
            "one that was undone already",
            "Make the decision again to have it back.",
        )
    since = _since(event, story)
    if since is None:
        return None
    return Conflict(
        f"no decision on picture {event.picture_id} after the one to undo",
        f"{since.kind} by {since.actor} since",
        "Undo that one first, or decide on the picture again.",
    )


def _since(event: Event, story: Sequence[Event]) -> Event | None:
    """The first decision of another act after this one that still stands."""
    undone = _undone(story)
    for other in story:
        later = other.id > event.id and other.batch != event.batch and other.id not in undone
        if later and other.kind in DECISIONS:
            return other
    return None


def _undone(story: Sequence[Event]) -> set[int | None]:
    return {other.undoes for other in story if other.kind == "undo"}


def _decided_since(acts: Sequence[Event], stories: dict[int, list[Event]]) -> tuple[int, ...]:
    return tuple(
        sorted(
            {
                event.picture_id
                for event in acts
                if event.id not in _undone(stories[event.picture_id])
                and _since(event, stories[event.picture_id]) is not None
            }
        )
    )


def _taken_back(acts: Sequence[Event], stories: dict[int, list[Event]], *, actor: str) -> list[Event]:
    """The undo by which this actor took the act back before, the latest where there were several."""
    ids = {event.id for event in acts}
    undos = [other for story in stories.values() for other in story if other.undoes in ids]
    own = sorted((other for other in undos if other.actor == actor), key=lambda event: event.id)
    return [event for event in own if event.batch == own[-1].batch]
