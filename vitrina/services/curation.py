"""What staff do: upload, look, confirm or correct, publish, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitrina.errors import ModelUnavailable, NotFound
from vitrina.gallery.annotations import Change
from vitrina.services.catalogue import collection_title, picture_address, scores_in_words, sureness
from vitrina.services.classifiers import Classifiers
from vitrina.services.principal import Principal
from vitrina.services.story import event_sentence
from vitrina.services.wording import label_title, sentence

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.annotations import Batch
    from vitrina.gallery.collections import Collection
    from vitrina.gallery.files import Incoming
    from vitrina.gallery.pictures import PictureCard
    from vitrina.gallery.store import Store

VIEWS = ("review", "ready", "suggested", "published", "rejected", "trashed")
# r, t and u are commands of the desk (reject, trash, undo).
LABEL_KEYS = "123456789abcdefghijklmnopqsvwxyz"


class Curation:
    """Every method asks for a signed-in principal first and raises Forbidden for a visitor."""

    def __init__(self, store: Store, classifiers: Classifiers, decoder: Decoder) -> None:
        self.store = store
        self.classifiers = classifiers
        self.decoder = decoder

    def collections(self, principal: Principal, language: str) -> list[dict[str, Any]]:
        """Every collection with its classes, model, counts by view."""
        principal.require_staff()
        return [self._collection(collection, language) for collection in self.store.collections.all()]

    def create_collection(
        self,
        principal: Principal,
        *,
        slug: str,
        title: str,
        labels: list[str],
        model: str | None,
        language: str,
    ) -> dict[str, Any]:
        """A new, empty collection; raises Conflict for a slug that is taken, BadRequest for bad names."""
        principal.require_staff()
        if model:
            # Before it is made: a model that cannot answer would leave visitors waiting for it.
            self.classifiers.require_loadable(model, labels)
        created = self.store.collections.create(slug, title, labels=tuple(labels), model=model or None)
        self.classifiers.warm_soon(created.slug)
        return self._collection(created, language)

    def _collection(self, collection: Collection, language: str) -> dict[str, Any]:
        return {
            "slug": collection.slug,
            "title": collection_title(collection, language),
            "simulated": collection.simulated,
            "model": collection.model,
            "model_revision": collection.model_revision,
            "labels": self._labels(collection, language),
            "counts": self._counts(collection.slug),
        }

    def _labels(self, collection: Collection, language: str) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "title": label_title(collection.label_titles, name, language),
                "key": LABEL_KEYS[place] if place < len(LABEL_KEYS) else None,
            }
            for place, name in enumerate(collection.labels)
        ]

    def _counts(self, slug: str) -> dict[str, int]:
        counts = self.store.collections.counts(slug)
        states = {state: counts.by_state.get(state, 0) for state in ("published", "rejected", "trashed")}
        suggested = self.store.pictures.page(slug, view="suggested", limit=1).total
        return {"review": counts.to_review, "ready": counts.ready, "suggested": suggested, **states}

    def queue(
        self,
        principal: Principal,
        slug: str,
        *,
        view: str = "review",
        offset: int = 0,
        limit: int = 60,
        language: str = "en",
    ) -> dict[str, Any]:
        """One page of a view; in `review` what the model was least sure of comes first."""
        principal.require_staff()
        if view not in VIEWS:
            raise NotFound("one of the views " + ", ".join(VIEWS), repr(view)[:40], "Choose one of them.")
        collection = self.store.collections.get(slug)
        order = "least_sure" if view == "review" else "newest"
        page = self.store.pictures.page(
            slug, view=view, order=order, offset=offset, limit=max(1, min(limit, 100))
        )
        state = self.classifiers.state(slug)
        return {
            "items": [self._item(card, collection, language) for card in page.items],
            "total": page.total,
            "counts": self._counts(slug),
            "labels": self._labels(collection, language),
            "classifier": {
                "ready": state.kind == "ready",
                "message": sentence(language, _STATE_WORDS[state.kind]),
                # In English: what went wrong, as it was found.
                "problem": state.found if state.kind == "failed" else None,
            },
        }

    def item(self, principal: Principal, picture_id: int, *, language: str) -> dict[str, Any]:
        """One picture as the queue shows it."""
        principal.require_staff()
        card = self.store.pictures.get(picture_id).card
        return self._item(card, self.store.collections.get(card.collection), language)

    def _item(self, card: PictureCard, collection: Collection, language: str) -> dict[str, Any]:
        answer = card.prediction
        prediction = answer and {
            "label": answer.top_label,
            "title": label_title(collection.label_titles, answer.top_label, language),
            "confidence": sureness(answer),
            "abstained": answer.abstained,
            "model_revision": answer.revision,
            "scores": scores_in_words(answer, collection, language),
        }
        return {
            "id": card.id,
            "thumb": picture_address(card.id, "thumb"),
            "large": picture_address(card.id, "large"),
            "width": card.width,
            "height": card.height,
            "file_name": card.file_name,
            "state": card.state,
            "label": card.label,
            "title": label_title(collection.label_titles, card.label, language) if card.label else None,
            "label_by": card.label_by,
            "version": card.version,
            "prediction": prediction,
            "suggestion": card.suggestion,
            "suggestion_title": card.suggestion
            and label_title(collection.label_titles, card.suggestion, language),
        }

    def upload(
        self, principal: Principal, incoming: Incoming, *, slug: str, file_name: str, language: str
    ) -> dict[str, Any]:
        """Take one finished upload: {item, created}. Durable when this returns (safety rule 1)."""
        principal.require_staff()
        try:
            classify = self.classifiers.get(slug).predict
        except ModelUnavailable:
            classify = None  # The upload is kept; the queue is classified when a model comes.
        accepted = self.store.ingest(self.decoder).accept(
            incoming,
            slug=slug,
            source="upload",
            file_name=file_name,
            actor=principal.actor,
            classify=classify,
        )
        return {
            "item": self.item(principal, accepted.picture.id, language=language),
            "created": accepted.created,
        }

    def label(
        self,
        principal: Principal,
        picture_id: int,
        label: str,
        *,
        expected_version: int | None,
        language: str,
    ) -> dict[str, Any]:
        """Confirm the model's answer or correct it; {batch, item}. Raises Stale when somebody was quicker."""
        principal.require_staff()
        card = self.store.pictures.get(picture_id).card
        said = card.prediction.top_label if card.prediction else None
        kind = "confirm" if label == said else "label"
        return self._change(principal, Change(picture_id, kind, label, expected_version), language)

    def move(
        self, principal: Principal, picture_id: int, kind: str, *, expected_version: int | None, language: str
    ) -> dict[str, Any]:
        """`kind` is reject, trash, or restore (back to review); {batch, item}. Raises Stale."""
        principal.require_staff()
        if kind not in ("reject", "trash", "restore"):
            raise NotFound("reject, trash or restore", repr(kind)[:40], "Choose one of them.")
        return self._change(principal, Change(picture_id, kind, None, expected_version), language)

    def _change(self, principal: Principal, change: Change, language: str) -> dict[str, Any]:
        batch = self.store.annotations.append([change], actor=principal.actor)
        return {"batch": batch.id, "item": self.item(principal, change.picture_id, language=language)}

    def publish_ready(self, principal: Principal, slug: str) -> dict[str, Any]:
        """Publish every pending picture that a person has labelled; {batch, count}, one undo for all."""
        principal.require_staff()
        batch = self.store.annotations.publish_ready(slug, principal.actor)
        return {"batch": batch.id if batch.events else None, "count": len(batch.events)}

    def undo(
        self, principal: Principal, slug: str, *, language: str, batch: str | None = None
    ) -> dict[str, Any]:
        """Take back one act of this person in the collection, the latest where `batch` is None.

        {batch, already, skipped, undone, count, items}. `skipped` pictures were decided on since by somebody and
        stay as they are. Asked again for the same `batch` it answers the same, with `already` true: one
        request sent twice is one undo. `items` are the first 100 of `count`. Raises NotFound, Conflict.
        """
        principal.require_staff()
        if batch is None:
            meant = self.store.annotations.latest_batch(principal.actor, slug)
            if meant is None:
                raise NotFound(
                    "something of yours to undo",
                    "nothing",
                    "Decide something first; each decision can be undone.",
                )
        else:
            meant = self._own_act(principal, slug, batch)
        undone = self.store.annotations.undo(meant, actor=principal.actor, standing_only=True)
        told = {"batch": undone.id, "already": undone.already, "skipped": len(undone.skipped)}
        return {**told, **self._undone(principal, undone, language)}

    def _own_act(self, principal: Principal, slug: str, batch: str) -> str:
        collection = self.store.collections.get(slug)
        act = self.store.annotations.act(batch)
        own = bool(act) and act[0].actor == principal.actor
        if not own or self.store.pictures.get(act[0].picture_id).card.collection != collection.slug:
            raise NotFound(
                f"an act of yours in the collection {collection.slug}",
                f"{batch!r}"[:80],
                "Reload the page, then undo from there.",
            )
        return batch

    def _undone(self, principal: Principal, batch: Batch, language: str) -> dict[str, Any]:
        items = [self.item(principal, event.picture_id, language=language) for event in batch.events[:100]]
        first = batch.events[0]
        detail = self.store.pictures.get(first.picture_id)
        collection = self.store.collections.get(detail.card.collection)
        undone = next(event for event in detail.story if event.id == first.undoes)
        text = event_sentence(undone, collection, language, named=True)
        return {"undone": text, "count": len(batch.events), "items": items}


_STATE_WORDS = {
    "ready": "ready",
    "loading": "loading",
    "training": "training",
    "none": "no_model",
    "failed": "failed",
}
