"""Trying the classifier on a picture of one's own."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, ModelUnavailable, TooMany
from vitrina.images import sha256_of
from vitrina.services.catalogue import collection_title, scores_in_words
from vitrina.services.classifiers import Classifiers
from vitrina.services.pace import Pace
from vitrina.services.principal import Principal
from vitrina.services.public_name import public_name, unavailable
from vitrina.services.wording import label_title, sentence

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.predictions import RequestRow
    from vitrina.gallery.store import Store
    from vitrina.models.classifier import Classifier

# How many pictures that visitors sent may wait for the staff at one time: a visitor fills no disk.
WAITING_SUGGESTIONS = 500
# How many requests may wait for the one model; the next is told to come back (invariant I4).
WAITING_PREDICTIONS = 32


class Trial:
    """Answers for a picture that is not kept, and suggestions, with which it is."""

    def __init__(
        self,
        store: Store,
        classifiers: Classifiers,
        decoder: Decoder,
        *,
        predictions_per_minute: int,
        suggestions_per_minute: int,
    ) -> None:
        self.store = store
        self.classifiers = classifiers
        self.decoder = decoder
        self._predictions = Pace(per_minute=predictions_per_minute)
        self._suggestions = Pace(per_minute=suggestions_per_minute)
        self._places = threading.BoundedSemaphore(WAITING_PREDICTIONS)

    def collections(self, language: str) -> list[dict[str, Any]]:
        """[{slug, title, ready, message, labels}] of the collections that have or will have a model."""
        choices = []
        for collection in self.store.collections.all():
            state = self.classifiers.state(collection.slug)
            if state.kind == "none":
                continue
            labels = [
                {"name": name, "title": label_title(collection.label_titles, name, language)}
                for name in collection.labels
            ]
            choices.append(
                {
                    "slug": collection.slug,
                    "title": collection_title(collection, language),
                    "ready": state.kind == "ready",
                    "message": sentence(language, state.kind),
                    "labels": labels,
                }
            )
        return choices

    def admit(self, principal: Principal) -> None:
        """Take one place in the pace of predictions, before anything of the picture is read.

        Raises TooMany.
        """
        self._predictions.take(principal.address, what="predictions")

    def predict(
        self,
        path: Path,
        *,
        slug: str,
        principal: Principal,
        language: str = "en",
        source: str = "try",
        admitted: bool = False,
    ) -> dict[str, Any]:
        """The classifier's answer, logged by content hash; the picture itself is not kept.

        Returns {prediction_id, created, sha256, collection, scores, top, confidence, abstained,
        model_revision, seconds}. The same bytes give the same prediction id as long as the model's revision
        is the same. `admitted` is true where `admit` was asked before. Raises BadRequest, PictureRefused,
        ModelUnavailable, TooMany.
        """
        if not admitted:
            self.admit(principal)
        _check(path, slug)
        collection = self.store.collections.get(slug)
        begun = time.perf_counter()
        row, created = self._answered(path, slug, source)
        prediction = row.prediction
        title = label_title(collection.label_titles, prediction.top_label, language)
        return {
            "prediction_id": row.id,
            "created": created,
            "sha256": row.sha256,
            "collection": slug,
            "scores": scores_in_words(prediction, collection, language),
            "top": {"label": prediction.top_label, "title": title},
            "confidence": prediction.confidence,
            "abstained": prediction.abstained,
            "model_revision": public_name(prediction.revision),
            "seconds": round(time.perf_counter() - begun, 3),
        }

    def _answered(self, path: Path, slug: str, source: str) -> tuple[RequestRow, bool]:
        """The logged answer, whether it is new. Few at a time, so that every request ends in bounded time."""
        if not self._places.acquire(timeout=5):
            raise TooMany(
                f"at most {WAITING_PREDICTIONS} pictures waiting for the model",
                "more",
                "Try again in 10 seconds.",
                wait_seconds=10,
            )
        try:
            examined = self.decoder.examine(path)
            prediction = self._classifier(slug).predict([examined.pixels])[0]
            # Not the picture's own answer where the collection has the same bytes: a visitor changes nothing
            # that staff see of it.
            return self.store.predictions.record(
                slug, sha256_of(path), prediction, source=source, attach=False
            )
        finally:
            self._places.release()

    def _classifier(self, slug: str) -> Classifier:
        """Raises ModelUnavailable, in words that are nobody's secret: whatever failed names files and addresses."""
        try:
            return self.classifiers.get(slug)
        except ModelUnavailable as error:
            state, step = self.classifiers.state(slug), "Try again later, or choose another collection."
            if state.kind in ("none", "training"):
                raise ModelUnavailable(f"a model for {slug!r}", state.found, step) from error
            raise unavailable(self.store.collections.get(slug).model, step) from error

    def suggest(
        self, path: Path, *, slug: str, label: str, principal: Principal, language: str = "en"
    ) -> dict[str, Any]:
        """Keep the picture for the staff with the visitor's label; {kept, picture, message}.

        Nothing that is shown changes: the picture waits for review, and one that the collection has already
        keeps its label. The message is the same for both: what waits for review is nobody's to find out.
        Raises BadRequest for a label outside the scheme, PictureRefused, TooMany.
        """
        self._suggestions.take(principal.address, what="suggestions")
        _check(path, slug)
        collection = self.store.collections.get(slug)
        if label not in collection.labels:
            raise BadRequest(
                "one of the labels " + ", ".join(collection.labels), repr(label)[:80], "Choose one of them."
            )
        if self.store.pictures.waiting_from_visitors(slug) >= WAITING_SUGGESTIONS:
            raise TooMany(
                f"at most {WAITING_SUGGESTIONS} suggestions waiting for the staff",
                "as many",
                "Try again another day, when the staff have looked at them.",
                wait_seconds=3600,
            )
        accepted = self.store.ingest(self.decoder).accept(
            path,
            slug=slug,
            source="visitor",
            file_name="visitor's photo",
            actor=principal.actor if not principal.is_staff else "visitor",
            suggestion=label,
            classify=self._classify(slug),
        )
        return {"kept": True, "picture": accepted.picture.id, "message": sentence(language, "kept")}

    def _classify(self, slug: str) -> Any:
        try:
            return self.classifiers.get(slug).predict
        except ModelUnavailable:
            # A suggestion is worth keeping without an answer; the queue is classified when a model comes.
            return None

    def logged(
        self, principal: Principal, *, slug: str | None, offset: int, limit: int
    ) -> list[dict[str, Any]]:
        """The log of predictions, newest first; staff only."""
        principal.require_staff()
        return [_row(row) for row in self.store.predictions.newest(slug, offset=offset, limit=limit)]

    def one(self, prediction_id: str) -> dict[str, Any]:
        """One logged prediction; its id is as hard to guess as a password, so who has it may read it."""
        return _row(self.store.predictions.get(prediction_id))

    def reset(self, principal: Principal, *, slug: str | None) -> dict[str, Any]:
        """Hide the log of predictions of pictures that were not kept: soft, audited, can be restored."""
        principal.require_staff()
        reset_id, count = self.store.predictions.reset(principal.actor, slug=slug)
        return {"reset": reset_id, "count": count}

    def restore(self, principal: Principal, reset_id: str) -> dict[str, Any]:
        """Take one reset back."""
        principal.require_staff()
        return {"reset": reset_id, "count": self.store.predictions.restore(reset_id, principal.actor)}


def _check(path: Path, slug: object) -> None:
    # Both come from events of a page, which anyone may send as they like.
    if not isinstance(slug, str) or not slug.isascii():
        raise BadRequest("the slug of a collection", ascii(slug)[:80], "Choose a collection.")
    if not path.is_file():
        raise BadRequest(
            "a photo that was uploaded", "none, or one no longer kept", "Upload the photo again."
        )


def _row(row: RequestRow) -> dict[str, Any]:
    prediction = row.prediction
    return {
        "id": row.id,
        "collection": row.collection,
        "sha256": row.sha256,
        "top_label": prediction.top_label,
        "confidence": prediction.confidence,
        "abstained": prediction.abstained,
        "scores": prediction.scores,
        "model_revision": public_name(prediction.revision),
        "source": row.source,
        "created_at": row.created_at.isoformat(),
    }
