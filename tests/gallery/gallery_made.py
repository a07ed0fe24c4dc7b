"""Pictures, rows, answers of models to test with, all made by seed."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from vitrina.decoder import Decoder
from vitrina.gallery.cards import PictureCard
from vitrina.gallery.events import Event, Folded, apply
from vitrina.gallery.schema import annotation, collection, picture
from vitrina.gallery.store import Store
from vitrina.prediction import Prediction

LABELS = ("food", "drink", "menu")
# For tests of what no database has a part in, or of one's own ways.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def make_picture(path: Path, seed: int, *, side: int = 24) -> Path:
    """A small picture of noise, another for each seed; the format follows the ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def answer(top: str, confidence: float = 0.9, *, revision: str = "model@1") -> Prediction:
    """What a model might say; the scores sum to 1."""
    rest = (1 - confidence) / (len(LABELS) - 1)
    scores = {name: confidence if name == top else rest for name in LABELS}
    return Prediction(scores, top, confidence, confidence < 0.5, revision)


class Filler:
    """Fills the collection "photos" with small pictures."""

    def __init__(self, store: Store, decoder: Decoder, folder: Path) -> None:
        self.store, self.decoder, self.folder = store, decoder, folder
        self.made = 0

    def add(self, label: str | None = None, *, publish: bool = False, actor: str = "import") -> PictureCard:
        self.made += 1
        path = make_picture(self.folder / f"{self.made}.png", self.made)
        accepted = self.store.ingest(self.decoder).accept(
            path, slug="photos", source="test", file_name=path.name, actor=actor, label=label, publish=publish
        )
        return accepted.picture


def grow(store: Store, count: int, *, shelf: str = "published") -> None:
    """Adds rows of pictures (no files), their events, to the collection "photos"."""
    rows, events = [], []
    with store.database.writer() as connection:
        owner = connection.scalar(sa.select(collection.c.id).where(collection.c.slug == "photos"))
        first = (connection.scalar(sa.select(sa.func.max(picture.c.id))) or 0) + 1
        for number in range(first, first + count):
            label = LABELS[number % 3]
            state = "published" if shelf == "published" else "pending"
            at = BEGUN + timedelta(seconds=number // 32)
            actor = "staff:ana" if shelf == "ready" else "import"
            event = Event(0, number, "import", label, state, actor, at, 1, uuid.uuid4().hex)
            folded = apply(Folded(), event)
            rows.append(
                {
                    "id": number,
                    "collection_id": owner,
                    "sha256": f"{number:064x}",
                    "perceptual_hash": "0" * 16,
                    "width": 600,
                    "height": 400,
                    "format": "JPEG",
                    "frames": 1,
                    "size_bytes": 50_000,
                    "brightness": 100.0,
                    "file_name": f"{label}/{number}.jpg",
                    "source": "grown",
                    "created_at": at,
                    "shelf": folded.shelf,
                    "state": state,
                    "label": label,
                    "label_by": actor,
                    "version": 1,
                    "suggestion": None,
                    "published_at": folded.published_at,
                    "sureness": (number * 7919 % 1000) / 1000,
                }
            )
            values = {name: getattr(event, name) for name in Event.__dataclass_fields__ if name != "id"}
            events.append(values | {"collection_id": owner})
        connection.execute(sa.insert(picture), rows)
        connection.execute(sa.insert(annotation), events)
        if not store.database.is_sqlite:
            # Numbers that were given by hand are not counted.
            count_on = sa.func.pg_get_serial_sequence("picture", "id")
            connection.execute(sa.select(sa.func.setval(count_on, first + count - 1)))
