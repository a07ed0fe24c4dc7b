"""Pictures as they are read: one, a page of them, the next one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from vitrina.errors import BadRequest, NotFound
from vitrina.gallery.cards import PictureCard, card_of, card_row, cards, prediction_of
from vitrina.gallery.collections import find_collection
from vitrina.gallery.database import Database
from vitrina.gallery.events import VIEWS, Event
from vitrina.gallery.history import story_of
from vitrina.gallery.schema import picture, prediction
from vitrina.prediction import Prediction

__all__ = ["PictureCard", "PictureDetail", "PicturePage", "Pictures"]

LONGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class PictureDetail:
    """One picture with its history: `story` oldest first, `predictions` newest first."""

    card: PictureCard
    perceptual_hash: str
    size_bytes: int
    story: list[Event]
    predictions: list[tuple[Prediction, datetime]]


@dataclass(frozen=True, slots=True)
class PicturePage:
    """Some pictures of a view; `total` counts the whole view."""

    items: list[PictureCard]
    total: int


class Pictures:
    """The pictures of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, id: int) -> PictureDetail:
        """One picture with its whole history. Raises NotFound."""
        with self._database.reader() as connection:
            row = card_row(connection, picture.c.id == id) if _is_row_id(id) else None
            if row is None:
                raise _unknown(id)
            given = connection.execute(
                sa.select(prediction)
                .where(prediction.c.picture_id == id, prediction.c.reset_id.is_(None))
                .order_by(prediction.c.created_at.desc(), prediction.c.id)
            ).mappings()
            return PictureDetail(
                card=card_of(row),
                perceptual_hash=row["perceptual_hash"],
                size_bytes=row["size_bytes"],
                story=story_of(connection, id),
                predictions=[(prediction_of(one), one["created_at"]) for one in given],
            )

    def page(
        self,
        slug: str,
        *,
        view: str,
        label: str | None = None,
        order: str = "newest",
        offset: int = 0,
        limit: int = 60,
    ) -> PicturePage:
        # Six ways to turn one page; each is a control on the screen.
        """`limit` (1 to 500) pictures of a view from `offset` on.

        Views: published; review (pending without a staff label); ready (pending with one); suggested (published,
        a visitor says another label); rejected; trashed.
        "newest" is by publication, then by arrival; "least_sure" by the model's confidence, pictures without
        an answer first. An offset past the end gives an empty page. Raises BadRequest, NotFound.
        """
        _require_choice(view, VIEWS, "a view")
        _require_choice(order, ("newest", "least_sure"), "an order")
        _require_number(offset, "offset", least=0)
        _require_number(limit, "limit", least=1, most=LONGEST_PAGE)
        with self._database.reader() as connection:
            found = find_collection(connection, slug)
            shown = [picture.c.collection_id == found.id, *_of_view(view)]
            if label is not None:
                found.require_label(label)
                shown.append(picture.c.label == label)
            total = connection.scalar(sa.select(sa.func.count()).select_from(picture).where(*shown)) or 0
            if offset >= total:
                return PicturePage([], total)
            # Ids first: the offset is then counted along an index, no row of the table is touched for it.
            ids = sa.select(picture.c.id).where(*shown).order_by(*_ORDERS[order]).limit(limit).offset(offset)
            return PicturePage(cards(connection, connection.scalars(ids).all()), total)

    def neighbours(self, id: int, *, label: str | None = None) -> tuple[int | None, int | None]:
        """The published pictures before, after this one in the order of the gallery (newest first).

        With `label`, among the pictures of that label. (None, None) for a picture that is not published.
        Raises NotFound.
        """
        with self._database.reader() as connection:
            row = card_row(connection, picture.c.id == id) if _is_row_id(id) else None
            if row is None:
                raise _unknown(id)
            if row["state"] != "published":
                return None, None
            found = find_collection(connection, row["collection"])
            among = [picture.c.collection_id == found.id, picture.c.shelf == "published"]
            if label is not None:
                among.append(picture.c.label == label)
            place = sa.tuple_(picture.c.published_at, picture.c.id)
            here = sa.tuple_(sa.literal(row["published_at"], picture.c.published_at.type), sa.literal(id))
            one = sa.select(picture.c.id).where(*among).limit(1)
            newer = one.where(place > here).order_by(picture.c.published_at, picture.c.id)
            older = one.where(place < here).order_by(*_ORDERS["newest"])
            return connection.scalar(newer), connection.scalar(older)

    def file_of(self, id: int) -> tuple[str, str]:
        """(SHA-256, state) of a picture: what is needed to serve its file. Raises NotFound."""
        asked = sa.select(picture.c.sha256, picture.c.state).where(picture.c.id == id)
        with self._database.reader() as connection:
            row = connection.execute(asked).first() if _is_row_id(id) else None
        if row is None:
            raise _unknown(id)
        return row.sha256, row.state

    def waiting_from_visitors(self, slug: str) -> int:
        """How many pending pictures carry a suggestion that no one has acted on.

        Raises NotFound for the slug.
        """
        with self._database.reader() as connection:
            found = find_collection(connection, slug)
            waiting = (picture.c.shelf.in_(("review", "ready")), picture.c.suggestion.is_not(None))
            asked = sa.select(sa.func.count()).where(picture.c.collection_id == found.id, *waiting)
            return connection.scalar(asked) or 0

    def find(self, slug: str, sha256: str) -> PictureCard | None:
        """The picture with these bytes in that collection, in whatever state.

        Raises NotFound for the slug.
        """
        with self._database.reader() as connection:
            found = find_collection(connection, slug)
            row = card_row(connection, (picture.c.collection_id == found.id) & (picture.c.sha256 == sha256))
            return None if row is None else card_of(row)


_ORDERS = {
    "newest": (picture.c.published_at.desc(), picture.c.id.desc()),
    "least_sure": (picture.c.sureness, picture.c.id),
}


def _of_view(view: str) -> list[sa.ColumnElement[bool]]:
    if view == "suggested":
        return [picture.c.shelf == "published", picture.c.suggestion.is_not(None)]
    return [picture.c.shelf == view]


def _is_row_id(id: object) -> bool:
    return type(id) is int and 0 < id < 2**63


def _unknown(id: object) -> NotFound:
    return NotFound("the number of a picture", f"{id!r}"[:80], "Open the picture from its collection again.")


def _require_choice(value: str, known: tuple[str, ...], what: str) -> None:
    if value not in known:
        raise BadRequest(f"{what} among {', '.join(known)}", f"{value!r}"[:80], "Choose one of these.")


def _require_number(value: object, what: str, *, least: int, most: int | None = None) -> None:
    if type(value) is not int or value < least or (most is not None and value > most):
        span = f"{least} or more" if most is None else f"{least} to {most}"
        raise BadRequest(f"a whole number for {what}, {span}", f"{value!r}"[:80], "Ask for a page inside it.")
