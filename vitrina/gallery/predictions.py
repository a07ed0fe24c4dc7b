"""Answers of models: one for each picture, model revision."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from vitrina.errors import BadRequest, Conflict, NotFound
from vitrina.gallery.cards import PictureCard, cards, prediction_of
from vitrina.gallery.collections import Collection, find_collection
from vitrina.gallery.database import Database
from vitrina.gallery.schema import collection, picture, prediction, prediction_reset
from vitrina.gallery.times import utc_now
from vitrina.prediction import Prediction

LONGEST_PAGE = 500
# The shelves of pictures that wait for the staff.
PENDING = ("review", "ready")


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One answer as it was given. `picture_id` is None where the picture was not kept."""

    id: str
    collection: str
    sha256: str
    prediction: Prediction
    source: str
    created_at: datetime
    picture_id: int | None


class Reset(NamedTuple):
    """Answers put away by one act, `count` of them; `id` is what restore takes."""

    id: str
    count: int  # type: ignore[assignment]


RequestRows = list[RequestRow]


class Predictions:
    """The answers of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(
        self, slug: str, sha256: str, given: Prediction, *, source: str, attach: bool = True
    ) -> tuple[RequestRow, bool]:
        """Keeps one answer. The same collection, bytes, model revision give the row there is, with False.

        `sha256` is 64 hex digits. Where the collection has the picture the answer becomes the picture's own,
        its latest, also one that it had before another model's; not with `attach` False: then it is kept as an
        answer to a request alone, until it is recorded once more to be attached. Raises NotFound for the slug.
        """
        with self._database.writer() as connection:
            found = find_collection(connection, slug)
            return record_in(connection, found, sha256, given, source=source, attach=attach)

    def add_for_picture(self, picture_id: int, given: Prediction, *, source: str) -> RequestRow:
        """Keeps an answer for a stored picture, as its latest. Raises NotFound."""
        with self._database.writer() as connection:
            where = sa.select(picture.c.collection_id, picture.c.sha256).where(picture.c.id == picture_id)
            row = connection.execute(where).first()
            if row is None:
                raise NotFound(
                    "the number of a picture",
                    repr(picture_id)[:80],
                    "Classify pictures that are in the store.",
                )
            found = find_collection(connection, row.collection_id)
            return record_in(connection, found, row.sha256, given, source=source)[0]

    def get(self, id: str) -> RequestRow:
        """One answer. Raises NotFound; an answer that was reset is not found either."""
        with self._database.reader() as connection:
            row = _row(connection, prediction.c.id == id)
        if row is None:
            raise NotFound(
                "the number of a prediction", f"{id!r}"[:80], "List the predictions to see what there is."
            )
        return row

    def newest(self, slug: str | None = None, *, offset: int = 0, limit: int = 60) -> RequestRows:
        """`limit` (1 to 500) answers from `offset` on, newest first.

        Raises BadRequest, NotFound for the slug.
        """
        for value, what, least, most in ((offset, "offset", 0, 2**62), (limit, "limit", 1, LONGEST_PAGE)):
            if type(value) is not int or not least <= value <= most:
                raise BadRequest(
                    f"a whole number for {what}, {least} to {most}",
                    f"{value!r}"[:80],
                    "Ask for a page inside it.",
                )
        with self._database.reader() as connection:
            asked = _ROW.where(prediction.c.reset_id.is_(None))
            if slug is not None:
                asked = asked.where(prediction.c.collection_id == find_collection(connection, slug).id)
            asked = asked.order_by(prediction.c.created_at.desc(), prediction.c.id.desc())
            return [
                _request_of(row) for row in connection.execute(asked.limit(limit).offset(offset)).mappings()
            ]

    def reset(self, actor: str, *, slug: str | None = None) -> Reset:
        """Puts away the answers whose picture was not kept; who did it stays on record, restore brings them
        back.

        Raises NotFound for the slug.
        """
        id = uuid.uuid4().hex
        with self._database.writer() as connection:
            found = None if slug is None else find_collection(connection, slug)
            gone = sa.update(prediction).where(
                prediction.c.reset_id.is_(None), prediction.c.picture_id.is_(None)
            )
            if found is not None:
                gone = gone.where(prediction.c.collection_id == found.id)
            audit = {"id": id, "collection_id": found.id if found else None, "actor": actor, "at": utc_now()}
            connection.execute(sa.insert(prediction_reset).values(**audit, count=0))
            count = connection.execute(gone.values(reset_id=id)).rowcount
            change = sa.update(prediction_reset).where(prediction_reset.c.id == id)
            connection.execute(change.values(count=count))
        return Reset(id, count)

    def restore(self, reset_id: str, actor: str) -> int:
        """Brings back what one reset put away; an answer given again since stays as it is.

        Returns how many came back. Raises NotFound, Conflict where it was restored
        before.
        """
        with self._database.writer() as connection:
            where = prediction_reset.c.id == reset_id
            row = connection.execute(sa.select(prediction_reset).where(where)).mappings().first()
            if row is None:
                raise NotFound(
                    "the number of a reset", f"{reset_id!r}"[:80], "Use the number that the reset gave."
                )
            if row["restored_at"] is not None:
                raise Conflict(
                    "a reset that still stands",
                    f"one that {row['restored_by']} restored already",
                    "There is nothing left to restore.",
                )
            again = prediction.alias()
            same = [again.c[name] == prediction.c[name] for name in ("collection_id", "sha256", "revision")]
            back = (
                sa.update(prediction)
                .where(prediction.c.reset_id == reset_id)
                .where(~sa.exists().where(again.c.reset_id.is_(None), *same))
                .values(reset_id=None)
            )
            count = connection.execute(back).rowcount
            change = sa.update(prediction_reset).where(where)
            connection.execute(change.values(restored_by=actor, restored_at=utc_now()))
        return count

    def missing(
        self, slug: str, revision: str, limit: int, *, shelves: Sequence[str] = PENDING, after: int = 0
    ) -> list[PictureCard]:
        """Up to `limit` pictures of these shelves whose answer is none, or not this model revision's; oldest first,
        with a number beyond `after`."""
        with self._database.reader() as connection:
            found = find_collection(connection, slug)
            shown = sa.and_(prediction.c.id == picture.c.prediction_id, prediction.c.revision == revision)
            ids = (
                sa.select(picture.c.id)
                .where(picture.c.collection_id == found.id, picture.c.shelf.in_(shelves))
                .where(picture.c.id > after, ~sa.exists().where(shown))
                .order_by(picture.c.id)
                .limit(limit)
            )
            return cards(connection, connection.scalars(ids).all())

    def show_again(self, pictures: Sequence[PictureCard], revision: str) -> set[int]:
        """The answers that this model revision gave to them before become their latest: nothing is asked twice.

        At most a few hundred `pictures` of one collection. Returns the numbers of those that have such an answer.
        """
        if not pictures:
            return set()
        with self._database.reader() as connection:
            found = find_collection(connection, pictures[0].collection)
            given = sa.select(prediction.c.id, prediction.c.sha256, prediction.c.confidence).where(
                prediction.c.collection_id == found.id,
                prediction.c.sha256.in_([card.sha256 for card in pictures]),
                prediction.c.revision == revision,
                prediction.c.reset_id.is_(None),
            )
            known = {row.sha256: row for row in connection.execute(given)}
        answered = [(card.id, known[card.sha256]) for card in pictures if card.sha256 in known]
        if answered:
            with self._database.writer() as connection:
                for number, row in answered:
                    _attach(connection, number, row.id, row.confidence)
        return {number for number, _ in answered}


def record_in(
    connection: sa.Connection,
    found: Collection,
    sha256: str,
    given: Prediction,
    *,
    source: str,
    attach: bool = True,
) -> tuple[RequestRow, bool]:
    """`Predictions.record` inside a transaction that is already open."""
    same = (
        (prediction.c.collection_id == found.id)
        & (prediction.c.sha256 == sha256)
        & (prediction.c.revision == given.revision)
        & prediction.c.reset_id.is_(None)
    )
    row = _row(connection, same)
    created = row is None
    if created:
        values: dict[str, Any] = asdict(given) | {
            "id": uuid.uuid4().hex,
            "collection_id": found.id,
            "sha256": sha256,
            "source": source,
            "created_at": utc_now(),
        }
        connection.execute(sa.insert(prediction).values(**values))
        row = _row(connection, same)
    assert row is not None
    if not attach:
        return row, created
    stored = (picture.c.collection_id == found.id) & (picture.c.sha256 == sha256)
    latest = connection.execute(sa.select(picture.c.id, picture.c.prediction_id).where(stored)).first()
    # Also an answer that the picture had before another model's: whoever answers last is in force.
    if latest is not None and (row.picture_id is None or latest.prediction_id != row.id):
        _attach(connection, latest.id, row.id, row.prediction.confidence)
        row = _row(connection, same)
        assert row is not None
    return row, created


def _attach(connection: sa.Connection, picture_id: int, prediction_id: str, confidence: float) -> None:
    """The answer becomes the picture's latest."""
    given, kept = prediction.c.id == prediction_id, picture.c.id == picture_id
    connection.execute(sa.update(prediction).where(given).values(picture_id=picture_id))
    latest = {"prediction_id": prediction_id, "sureness": confidence}
    connection.execute(sa.update(picture).where(kept).values(**latest))


_ROW = sa.select(prediction, collection.c.slug).join(
    collection, collection.c.id == prediction.c.collection_id
)


def _row(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> RequestRow | None:
    row = connection.execute(_ROW.where(condition, prediction.c.reset_id.is_(None))).mappings().first()
    return None if row is None else _request_of(row)


def _request_of(row: sa.RowMapping) -> RequestRow:
    return RequestRow(
        id=row["id"],
        collection=row["slug"],
        sha256=row["sha256"],
        prediction=prediction_of(row),
        source=row["source"],
        created_at=row["created_at"],
        picture_id=row["picture_id"],
    )
