"""What the pages know of one picture, read from its row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from vitrina.gallery.schema import collection, picture, prediction
from vitrina.prediction import Prediction


@dataclass(frozen=True, slots=True)
class PictureCard:
    """One picture as a list shows it. `width`, `height` are those of the oriented original, in pixels.

    `label_by` is the actor whose event set the label ("staff:ana", "import", "simulator", "visitor").
    `prediction` is the latest one; `suggestion` the latest a visitor made that no one has acted on.
    """

    id: int
    collection: str
    sha256: str
    width: int
    height: int
    format: str
    file_name: str
    source: str
    state: str
    label: str | None
    label_by: str | None
    version: int
    created_at: datetime
    published_at: datetime | None
    prediction: Prediction | None
    suggestion: str | None


_CARD = (
    sa.select(
        *(column for column in picture.c if column.name not in ("collection_id", "prediction_id")),
        collection.c.slug.label("collection"),
        prediction.c.scores,
        prediction.c.top_label,
        prediction.c.confidence,
        prediction.c.abstained,
        prediction.c.revision,
    )
    .join(collection, collection.c.id == picture.c.collection_id)
    .outerjoin(prediction, prediction.c.id == picture.c.prediction_id)
)


def prediction_of(row: sa.RowMapping) -> Prediction:
    """The prediction held in a row that has the five columns of one."""
    return Prediction(
        scores=dict(row["scores"]),
        top_label=row["top_label"],
        confidence=row["confidence"],
        abstained=row["abstained"],
        revision=row["revision"],
    )


def card_of(row: sa.RowMapping) -> PictureCard:
    """The card held in a row of the card query."""
    return PictureCard(
        id=row["id"],
        collection=row["collection"],
        sha256=row["sha256"],
        width=row["width"],
        height=row["height"],
        format=row["format"],
        file_name=row["file_name"],
        source=row["source"],
        state=row["state"],
        label=row["label"],
        label_by=row["label_by"],
        version=row["version"],
        created_at=row["created_at"],
        published_at=row["published_at"],
        prediction=None if row["revision"] is None else prediction_of(row),
        suggestion=row["suggestion"],
    )


def card_row(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> sa.RowMapping | None:
    """The first row of the card query that meets the condition; it has every column of the picture."""
    return connection.execute(_CARD.where(condition).limit(1)).mappings().first()


def cards(connection: sa.Connection, ids: Sequence[int]) -> list[PictureCard]:
    """The cards of these pictures, in the order of `ids` (at most a few hundred)."""
    rows = connection.execute(_CARD.where(picture.c.id.in_(ids))).mappings()
    by_id = {row["id"]: card_of(row) for row in rows}
    return [by_id[id] for id in ids if id in by_id]
