"""Two versions of a model on one picture."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, Busy, ModelUnavailable, TooMany
from vitrina.services.alias import require_versioned
from vitrina.services.catalogue import scores_in_words
from vitrina.services.classifiers import RETRY_SECONDS, Classifiers
from vitrina.services.model_hub import Followed, ModelHub, followed
from vitrina.services.principal import Principal
from vitrina.services.public_name import unavailable
from vitrina.services.trial import Trial
from vitrina.services.version_rows import comparable, version_of
from vitrina.services.wording import label_title

if TYPE_CHECKING:
    from vitrina.decoder import Decoder
    from vitrina.gallery.collections import Collection
    from vitrina.models.classifier import Classifier

log = logging.getLogger(__name__)

# Models in memory beside those that serve.
KEPT = 2
# Seconds: how long one waits for one's turn, and then for a model that has to be fetched first.
TURN, LOADING = 10.0, 25.0

_Key = tuple[str, str]  # the repository's address, the version's commit


class StillLoading(Busy):
    """A version that is being fetched or loaded (HTTP 503)."""


@dataclass
class _Load:
    """One version under way into memory."""

    key: _Key
    done: threading.Event = field(default_factory=threading.Event)


class Comparison:
    """One comparison at a time, one model loading at a time, two models kept: a visitor fills no memory."""

    def __init__(
        self,
        hub: ModelHub,
        trial: Trial,
        *,
        loading_seconds: float = LOADING,
        turn_seconds: float = TURN,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.hub = hub
        self.trial = trial
        self.decoder: Decoder = trial.decoder
        self.classifiers: Classifiers = hub.classifiers
        self._loading_seconds, self._turn_seconds = loading_seconds, turn_seconds
        self._clock = clock
        self._turn, self._lock = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[_Key, Classifier] = OrderedDict()
        self._load: _Load | None = None
        self._failed: dict[_Key, tuple[float, ModelUnavailable]] = {}

    def compare(
        self, path: Path, *, slug: str, first: str, second: str, principal: Principal, language: str = "en"
    ) -> dict[str, Any]:
        """{collection, answers: [two], same}; each {version, revision, scores, top, confidence, abstained, seconds}.

        `scores` best first; `same`: both give the same class, sure or not. Nothing of the picture is kept. Takes one
        place in the pace of predictions; `Trial.admit` was asked for the other one. Raises BadRequest, NotFound,
        PictureRefused, ModelUnavailable, TooMany, StillLoading.
        """
        if first == second:
            raise BadRequest("two versions", f"{first[:20]!r} twice", "Choose another one beside it.")
        self.trial.admit(principal)
        collection = self.hub.store.collections.get(slug)
        source = followed(collection)
        if source is None:
            raise BadRequest(
                "a collection whose model has versions", f"{slug!r}, which has one model", "Choose another."
            )
        keys = [self._key(collection, source, name) for name in (first, second)]
        if not self._turn.acquire(timeout=self._turn_seconds):
            raise TooMany("one comparison at a time", "others that wait", "Try again.", wait_seconds=10)
        try:
            pixels = self.decoder.examine(path).pixels
            served = self.hub.serving_version(collection)
            answers = []
            for name, key in zip((first, second), keys, strict=True):
                classifier = self._serving(slug) if name == served else None
                classifier = classifier or self._loaded(key, keep=keys, said=name)
                found = _answer(classifier, pixels, collection=collection, language=language)
                answers.append({"version": name, "revision": key[1][:12], **found})
        finally:
            self._turn.release()
        same = answers[0]["top"]["label"] == answers[1]["top"]["label"]
        return {"collection": slug, "answers": answers, "same": same}

    def _key(self, collection: Collection, source: Followed, name: str) -> _Key:
        known = self.hub.known(source)
        version = version_of(known, name)
        if version not in comparable(known, self.hub.serving_version(collection)):
            raise BadRequest("one of the newest versions", name, "Choose a newer one, or the champion.")
        return source.address, version.revision

    def _serving(self, slug: str) -> Classifier | None:
        """The model that serves, where it is loaded and is the one it should be: a former one may stand in for it."""
        served = self.classifiers.serving(slug)
        return None if served is None else served.classifier

    def _loaded(self, key: _Key, *, keep: list[_Key], said: str) -> Classifier:
        """Out of the two that are kept, else loaded; whoever waits too long is told to come back."""
        end = time.monotonic() + self._loading_seconds
        while True:
            with self._lock:
                found = self._kept.get(key)
                if found is not None:
                    self._kept.move_to_end(key)
                    return found
                self._require_hope(key)
                # One at a time: what a request before this one began is awaited first.
                load = self._load or self._begin(key, keep)
            if not load.done.wait(max(0.0, end - time.monotonic())):
                raise StillLoading(
                    f"{said} in memory", "that it is still being fetched", "Try again in 10 seconds."
                )

    def _begin(self, key: _Key, keep: list[_Key]) -> _Load:
        # Room first: never more than the two that are wanted now.
        for other in [one for one in self._kept if one not in keep]:
            if len(self._kept) >= KEPT:
                del self._kept[other]
        load = self._load = _Load(key)
        threading.Thread(target=self._work, args=(load,), name=f"compare {key[1][:12]}", daemon=True).start()
        return load

    def _work(self, load: _Load) -> None:
        classifier, error = None, None
        try:
            classifier = self._open(load.key)
        # Whatever a damaged model makes a library raise: it is told to whoever asks next.
        except Exception as problem:
            log.warning("%s at %s cannot be compared: %s", *load.key, problem)
            error = unavailable("@".join(load.key), "Choose another version, or tell the staff.")
        with self._lock:
            if classifier is not None:
                while len(self._kept) >= KEPT:
                    self._kept.popitem(last=False)
                self._kept[load.key] = classifier
            if error is not None:
                self._failed[load.key] = (self._clock() + RETRY_SECONDS, error)
            self._load = None
        load.done.set()

    def _open(self, key: _Key) -> Classifier:
        from vitrina.models.classifier import classifier_of
        from vitrina.models.version import load_version

        reference = require_versioned("@".join(key))
        return classifier_of(load_version(reference, endpoint=self.hub.shelf.endpoint).loaded)

    def _require_hope(self, key: _Key) -> None:
        again_at, error = self._failed.get(key, (0.0, None))
        if error is not None and self._clock() < again_at:
            raise error


def _answer(classifier: Classifier, pixels: Any, *, collection: Collection, language: str) -> dict[str, Any]:
    begun = time.perf_counter()
    found = classifier.predict([pixels])[0]
    return {
        "scores": scores_in_words(found, collection, language),
        "top": {
            "label": found.top_label,
            "title": label_title(collection.label_titles, found.top_label, language),
        },
        "confidence": found.confidence,
        "abstained": found.abstained,
        "seconds": round(time.perf_counter() - begun, 3),
    }
