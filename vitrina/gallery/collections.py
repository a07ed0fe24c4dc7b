"""Collections: a title, ordered classes, the model that answers for them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from vitrina.errors import BadRequest, Conflict, NotFound, Stale, VitrinaError
from vitrina.gallery.database import Database
from vitrina.gallery.events import STATES
from vitrina.gallery.schema import collection, picture
from vitrina.gallery.times import utc_now
from vitrina.labels import LabelScheme, label_problem


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection.

    `labels` are in the scheme's order; `label_titles` maps a label to {"en": .., "es": ..}. `follows` is the alias
    whose version answers ("org/name@champion"), None for a pinned or own model; `model_version` that version's name
    where it has one; `model_since` when the model was set.
    """

    id: int
    slug: str
    title: str
    title_es: str
    description: str
    description_es: str
    task: str
    labels: tuple[str, ...]
    label_titles: dict[str, dict[str, str]]
    model: str | None
    model_revision: str | None
    simulated: bool
    created_at: datetime
    follows: str | None
    model_version: str | None
    model_since: datetime | None

    def require_label(self, label: str) -> None:
        """Raises BadRequest naming the known labels where `label` is none of them."""
        if label not in self.labels:
            raise BadRequest(
                f"a label of the collection {self.slug} ({', '.join(self.labels)})",
                repr(label[:80]),
                "Choose one of its labels."
                if label_problem(label)
                else how_to_add_labels(self.slug, [label]),
            )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pictures stand where. `published_by_label` has every label, in the scheme's order."""

    by_state: dict[str, int]
    published_by_label: dict[str, int]
    to_review: int
    ready: int


class Collections:
    """The collections of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        slug: str,
        title: str,
        *,
        labels: Sequence[str],
        title_es: str = "",
        description: str = "",
        description_es: str = "",
        task: str = "single_label",
        label_titles: Mapping[str, Mapping[str, str]] | None = None,
        model: str | None = None,
        model_revision: str | None = None,
        simulated: bool = False,
    ) -> Collection:
        # A row has these columns, each with a plain default: the one place where a dozen arguments are right.
        """A new collection. Raises BadRequest for a bad slug, title or label, Conflict for a taken slug."""
        _require_slug(slug)
        scheme = _scheme(labels, task)
        values = {
            "slug": slug,
            "title": _text(title, "title"),
            "title_es": title_es.strip()[:300],
            "description": description.strip(),
            "description_es": description_es.strip(),
            "task": task,
            "labels": list(scheme.names),
            "label_titles": {name: dict(titles) for name, titles in (label_titles or {}).items()},
            "model": model,
            "model_revision": model_revision,
            "simulated": simulated,
            "created_at": (now := utc_now()),
            "model_since": None if model is None else now,
        }
        with self._database.writer() as connection:
            if connection.scalar(sa.select(collection.c.id).where(collection.c.slug == slug)) is not None:
                raise Conflict(
                    "a slug that no collection has yet",
                    f"the collection {slug} already there",
                    "Choose another slug, or add to the collection that has it.",
                )
            connection.execute(sa.insert(collection).values(**values))
            return find_collection(connection, slug)

    def get(self, slug: str) -> Collection:
        """The collection of that slug. Raises NotFound naming the known slugs."""
        with self._database.reader() as connection:
            return find_collection(connection, slug)

    def all(self) -> list[Collection]:
        """Every collection, in the order they were made."""
        with self._database.reader() as connection:
            rows = connection.execute(sa.select(collection).order_by(collection.c.id)).mappings()
            return [_collection_of(row) for row in rows]

    def set_model(
        self,
        slug: str,
        *,
        model: str | None,
        revision: str | None,
        follows: str | None = None,
        version: str | None = None,
        instead_of: Collection | None = None,
    ) -> Collection:
        # What is known of a model; and, to change it without a race, what it was.
        """Names the model that answers for the collection from now on.

        With `instead_of` only where the collection still has the model and the alias that it had there. Raises
        NotFound, Stale.
        """
        with self._database.writer() as connection:
            found = find_collection(connection, slug)
            if instead_of is not None and _answering(found) != _answering(instead_of):
                raise Stale(
                    f"the model of {slug} as it was read ({instead_of.model})",
                    f"{found.model}, which somebody set meanwhile",
                    "Look at what answers now, then try again.",
                )
            same = (found.model, found.model_revision) == (model, revision)
            change = sa.update(collection).where(collection.c.id == found.id)
            connection.execute(
                change.values(
                    model=model,
                    model_revision=revision,
                    follows=follows,
                    model_version=version,
                    model_since=found.model_since if same else None if model is None else utc_now(),
                )
            )
            return find_collection(connection, slug)

    def add_labels(self, slug: str, labels: Sequence[str]) -> Collection:
        """Appends labels to the end of the scheme; known ones stay where they are.

        Raises BadRequest, NotFound.
        """
        with self._database.writer() as connection:
            found = find_collection(connection, slug)
            scheme = _scheme(
                [*found.labels, *(name for name in labels if name not in found.labels)], found.task
            )
            change = sa.update(collection).where(collection.c.id == found.id)
            connection.execute(change.values(labels=list(scheme.names)))
            return find_collection(connection, slug)

    def counts(self, slug: str) -> Counts:
        """How many pictures stand where, from one index. Raises NotFound."""
        number = sa.func.count().label("number")
        with self._database.reader() as connection:
            found = find_collection(connection, slug)
            rows = connection.execute(
                sa.select(picture.c.shelf, picture.c.label, number)
                .where(picture.c.collection_id == found.id)
                .group_by(picture.c.shelf, picture.c.label)
            ).all()
        by_shelf = {shelf: sum(n for of, _, n in rows if of == shelf) for shelf, _, _ in rows}
        published = {label: n for shelf, label, n in rows if shelf == "published"}
        to_review, ready = by_shelf.get("review", 0), by_shelf.get("ready", 0)
        return Counts(
            by_state={state: by_shelf.get(state, 0) for state in STATES} | {"pending": to_review + ready},
            published_by_label={label: published.get(label, 0) for label in found.labels},
            to_review=to_review,
            ready=ready,
        )


def _answering(one: Collection) -> tuple[str | None, str | None, str | None]:
    return one.model, one.model_revision, one.follows


def how_to_add_labels(slug: str, names: Sequence[str]) -> str:
    """The sentence that says by which command a collection comes to these labels."""
    return f"Add it with: python -m vitrina labels {slug} {shlex.join(names)}."


def find_collection(connection: sa.Connection, key: str | int) -> Collection:
    """The collection of that slug or id. Raises NotFound naming the known slugs."""
    column = collection.c.slug if isinstance(key, str) else collection.c.id
    row = connection.execute(sa.select(collection).where(column == key)).mappings().first()
    if row is not None:
        return _collection_of(row)
    known = connection.scalars(sa.select(collection.c.slug).order_by(collection.c.slug).limit(20)).all()
    raise NotFound(
        f"one of the collections {', '.join(known)}" if known else "a collection",
        f"{key!r}"[:100] if known else f"{key!r}"[:100] + " in a store that has none yet",
        "Choose one of these, or create the collection first.",
    )


def _collection_of(row: sa.RowMapping) -> Collection:
    return Collection(**{**row, "labels": tuple(row["labels"]), "label_titles": dict(row["label_titles"])})


def _require_slug(slug: str) -> None:
    if not re.fullmatch(r"[a-z0-9-]{1,64}", slug):
        raise BadRequest(
            "a slug of 1 to 64 small letters, digits or hyphens",
            repr(slug[:80]),
            "Write it like restaurant-photos.",
        )


def _text(value: str, what: str) -> str:
    text = " ".join(value.split())
    if not 1 <= len(text) <= 300 or not text.isprintable():
        raise BadRequest(
            f"a {what} of 1 to 300 printable characters", f"{value[:80]!r}", "Give a short plain one."
        )
    return text


def _scheme(labels: Sequence[str], task: str) -> LabelScheme:
    folded: dict[str, str] = {}
    for label in labels:
        # "glass" beside "Glass" would be one word on every page. The same word twice is LabelScheme's to refuse.
        other = folded.setdefault(label.casefold(), label)
        if other != label:
            raise BadRequest(
                "class names that differ in more than capitals",
                f"{other} and {label}",
                "Keep one of the two.",
            )
    try:
        return LabelScheme(tuple(labels), task=task)
    except BadRequest:
        raise
    except VitrinaError as error:
        raise BadRequest(error.expected, error.found, error.next_step) from error
