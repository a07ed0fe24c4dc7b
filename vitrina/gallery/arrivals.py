"""The rows of one new picture, all in one transaction."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vitrina.errors import BadRequest, VitrinaError
from vitrina.gallery.annotations import Change, append_in
from vitrina.gallery.collections import Collection
from vitrina.gallery.events import Event, Folded, apply
from vitrina.gallery.files import Arrived
from vitrina.gallery.names import display_name
from vitrina.gallery.predictions import record_in
from vitrina.gallery.schema import annotation, picture
from vitrina.gallery.times import utc_now
from vitrina.prediction import Prediction

if TYPE_CHECKING:
    from vitrina.decoder import Examined
    from vitrina.gallery.files import FileStore

# Programs import, people upload.
PROGRAMS = ("import", "simulator")


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a picture comes in: from where, by whom, with which label."""

    source: str
    file_name: str
    actor: str
    label: str | None = None
    publish: bool = False
    suggestion: str | None = None

    def check(self, collection: Collection) -> None:
        """Raises BadRequest for a label outside the collection, for publishing without one."""
        for label in (self.label, self.suggestion):
            if label is not None:
                collection.require_label(label)
        if self.publish and self.label is None:
            raise BadRequest(
                "a label with a picture to publish", "none", "Give it a label, or let it wait for review."
            )


@dataclass(frozen=True, slots=True)
class Arrival:
    """One picture whose file is in place, ready for its rows."""

    arrived: Arrived
    examined: Examined
    terms: Terms
    prediction: Prediction | None


def insert_arrival(
    connection: sa.Connection, collection: Collection, arrival: Arrival, *, files: FileStore
) -> tuple[int, bool]:
    """Writes the picture, its first event, its prediction.

    Gives its id, with False where it was there already.
    """
    same = (picture.c.collection_id == collection.id) & (picture.c.sha256 == arrival.arrived.sha256)
    id = connection.scalar(sa.select(picture.c.id).where(same))
    created = id is None
    if id is None:
        # Orphans are swept under the same writer's lock: a file seen here stays until the commit.
        if not files.has(arrival.arrived.sha256):
            raise VitrinaError(
                f"the file {arrival.arrived.sha256} in its place", "no such file", "Send the picture again."
            )
        id = _insert(connection, collection, arrival)
        if arrival.prediction is not None:
            sha256 = arrival.arrived.sha256
            record_in(connection, collection, sha256, arrival.prediction, source=arrival.terms.source)
    if arrival.terms.suggestion is not None:
        change = Change(id, "suggest", arrival.terms.suggestion)
        append_in(connection, [change], actor=arrival.terms.actor)
    return id, created


def _insert(connection: sa.Connection, collection: Collection, arrival: Arrival) -> int:
    terms, examined = arrival.terms, arrival.examined
    kind = "import" if terms.actor in PROGRAMS else "upload"
    state = "published" if terms.publish else "pending"
    at, batch = utc_now(), uuid.uuid4().hex
    event = Event(0, 0, kind, terms.label, state, terms.actor, at, 1, batch)
    folded = apply(Folded(), event)
    row = {
        "collection_id": collection.id,
        "sha256": arrival.arrived.sha256,
        "perceptual_hash": examined.perceptual_hash,
        "width": examined.width,
        "height": examined.height,
        "format": examined.format,
        "frames": examined.frames,
        "size_bytes": arrival.arrived.size,
        "brightness": examined.brightness,
        "file_name": display_name(terms.file_name),
        "source": display_name(terms.source),
        "created_at": at,
        "shelf": folded.shelf,
        "sureness": -1.0,
        **asdict(folded),
    }
    made = connection.execute(sa.insert(picture).values(**row)).inserted_primary_key
    assert made is not None
    values = {name: value for name, value in asdict(event).items() if name != "id"}
    values |= {"picture_id": made[0], "collection_id": collection.id}
    connection.execute(sa.insert(annotation).values(**values))
    return int(made[0])
