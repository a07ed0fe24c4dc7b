"""What any visitor may read: collections, pages of pictures, one picture with its story."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from vitrina.errors import NotFound
from vitrina.services.classifiers import Classifiers
from vitrina.services.first_start import FirstStart
from vitrina.services.public_name import public_name
from vitrina.services.story import told
from vitrina.services.wording import given_by, label_title

if TYPE_CHECKING:
    from vitrina.gallery.collections import Collection
    from vitrina.gallery.pictures import PictureCard
    from vitrina.gallery.store import Store
    from vitrina.prediction import Prediction

PAGE_LIMIT = 100


def picture_address(picture_id: int, size: str) -> str:
    """The address of a derivative: `thumb` (long side at most 480 px) or `large` (1600 px)."""
    return f"/pictures/{picture_id}/{size}.webp"


def not_shown(picture_id: int) -> NotFound:
    """The same words whether there is no such picture or it is not published: numbers tell nothing."""
    return NotFound("a published picture", f"none with number {picture_id}", "Go back to the gallery.")


def scores_in_words(prediction: Prediction, collection: Collection, language: str) -> list[dict[str, Any]]:
    """[{label, title, score}], best first."""
    ranked = sorted(prediction.scores.items(), key=lambda pair: -pair[1])
    return [
        {"label": label, "title": label_title(collection.label_titles, label, language), "score": score}
        for label, score in ranked
    ]


def sureness(prediction: Prediction | None) -> float | None:
    """The score of the top label, 0..1: what a bar shows, whatever abstention was decided on."""
    return prediction.scores[prediction.top_label] if prediction else None


def collection_title(collection: Collection, language: str) -> str:
    """The title in the language, English where there is no other."""
    return (collection.title_es if language == "es" else "") or collection.title


def collection_description(collection: Collection, language: str) -> str:
    """The description in the language, English where there is no other."""
    return (collection.description_es if language == "es" else "") or collection.description


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC, for a page to show in the reader's own time."""
    return at.isoformat() if at is not None else None


class Catalogue:
    """Published pictures only: nothing here tells what waits for review or lies in the trash."""

    def __init__(self, store: Store, classifiers: Classifiers, first_start: FirstStart) -> None:
        self.store = store
        self.classifiers = classifiers
        self.first_start = first_start

    def collections(self, language: str) -> list[dict[str, Any]]:
        """Collections with their number of published pictures and the newest one's thumbnail as cover.

        One that has neither a picture to show nor a model to try stands in no glass case yet.
        """
        found = [self._summary(collection, language) for collection in self.store.collections.all()]
        return [one for one in found if one["count"] or one["model"] or one["learning"]]

    def _summary(self, collection: Collection, language: str) -> dict[str, Any]:
        newest = self.store.pictures.page(collection.slug, view="published", limit=1)
        cover = picture_address(newest.items[0].id, "thumb") if newest.items else None
        return {
            "slug": collection.slug,
            "title": collection_title(collection, language),
            "description": collection_description(collection, language),
            "simulated": collection.simulated,
            "count": newest.total,
            "cover": cover,
            "classes": len(collection.labels),
            "model": public_name(collection.model),
            "learning": self.first_start.is_running(collection.slug),
        }

    def collection(self, slug: str, language: str) -> dict[str, Any]:
        """One collection with its classes, each with the number of published pictures."""
        collection = self.store.collections.get(slug)
        counts = self.store.collections.counts(slug).published_by_label
        state = self.classifiers.state(slug)
        if state.kind == "loading":
            self.classifiers.warm_soon(slug)  # Who looks at a collection may soon try it.
        labels = [
            {
                "name": name,
                "title": label_title(collection.label_titles, name, language),
                "count": counts.get(name, 0),
            }
            for name in collection.labels
        ]
        return {
            "slug": slug,
            "title": collection_title(collection, language),
            "description": collection_description(collection, language),
            "simulated": collection.simulated,
            "labels": labels,
            "total": sum(counts.values()),
            "model": public_name(collection.model),
            "model_ready": state.kind == "ready",
            "model_state": state.kind,
            "measured": self.classifiers.measured(slug),
            "first_start": self.first_start.view(language, slug=slug),
        }

    def page(
        self, slug: str, *, label: str | None = None, offset: int = 0, limit: int = 60, language: str = "en"
    ) -> dict[str, Any]:
        """`limit` (1 to 100) published pictures from `offset`, newest first."""
        collection = self.store.collections.get(slug)
        limit = max(1, min(limit, PAGE_LIMIT))
        found = self.store.pictures.page(
            slug, view="published", label=label or None, offset=offset, limit=limit
        )
        items = [self._item(card, collection, language) for card in found.items]
        return {"items": items, "total": found.total, "offset": offset, "limit": limit}

    def _item(self, card: PictureCard, collection: Collection, language: str) -> dict[str, Any]:
        return {
            "id": card.id,
            "thumb": picture_address(card.id, "thumb"),
            "width": card.width,
            "height": card.height,
            "label": card.label,
            "title": label_title(collection.label_titles, card.label or "", language),
            "by": given_by(language, card.label_by),
            "confidence": sureness(card.prediction),
        }

    def picture(self, picture_id: int, *, label: str | None = None, language: str = "en") -> dict[str, Any]:
        """One published picture; `previous` and `next` keep to `label` where one is given.

        Raises NotFound for what is not published, whether it exists or not.
        """
        try:
            detail = self.store.pictures.get(picture_id)
        except NotFound as error:
            raise not_shown(picture_id) from error
        card = detail.card
        if card.state != "published":
            raise not_shown(picture_id)
        collection = self.store.collections.get(card.collection)
        previous, following = self.store.pictures.neighbours(picture_id, label=label or None)
        answer = card.prediction
        address = {
            "collection": card.collection,
            **({"category": label} if label else {}),
            "picture": card.id,
        }
        return {
            **self._item(card, collection, language),
            "collection": card.collection,
            "large": picture_address(card.id, "large"),
            "label_by": given_by(language, card.label_by),
            "model_revision": public_name(answer.revision) if answer else None,
            "scores": scores_in_words(answer, collection, language) if answer else [],
            "abstained": answer.abstained if answer else False,
            "file_name": card.file_name,
            "simulated": collection.simulated,
            "published_at": moment(card.published_at),
            "previous": previous,
            "next": following,
            "story": told(detail, collection, language, named=False),
            "address": "/?" + urlencode(address),
        }
