"""The classifiers of the collections, loaded when first asked for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.recipe import Recipe
from vitrina.services.first_start import FirstStart
from vitrina.services.loading import Served, as_unavailable, load_for, names_a_version
from vitrina.services.model_folder import read_results

if TYPE_CHECKING:
    from vitrina.gallery.collections import Collection
    from vitrina.gallery.store import Store
    from vitrina.models.classifier import Classifier

log = logging.getLogger(__name__)

# (model reference, pinned revision) of a collection.
_Key = tuple[str, str | None]
# How long a model that could not be loaded is left alone: each try may wait for the Hub.
RETRY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a collection's model answers. `found` says in plain words what is there instead."""

    kind: Literal["ready", "loading", "training", "none", "failed"]
    found: str = ""


@dataclass(frozen=True, slots=True)
class _Failure:
    key: _Key
    error: ModelUnavailable
    again_at: float


@dataclass(frozen=True, slots=True)
class _Loaded:
    key: _Key
    served: Served


class Classifiers:
    """One classifier a collection; a new model reference of a collection is loaded afresh.

    torch is imported by the first `get` or `warm`, never before, so that the gallery opens first. `endpoint` is the
    Hub's address, else that of HF_ENDPOINT.
    """

    def __init__(
        self,
        store: Store,
        recipes: Mapping[str, Recipe],
        *,
        data: Path,
        first_start: FirstStart,
        clock: Callable[[], float] = time.monotonic,
        endpoint: str | None = None,
    ) -> None:
        self.store = store
        self.recipes = recipes
        self.data = data
        self.first_start = first_start
        self.endpoint = endpoint
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._warming: set[str] = set()
        self._clock = clock
        self._loaded: dict[str, _Loaded] = {}
        # Loaded beforehand; in force from the moment the collection's row names it.
        self._prepared: dict[str, _Loaded] = {}
        self._failed: dict[str, _Failure] = {}

    def state(self, slug: str) -> ModelState:
        """What can be said at once, without loading anything."""
        if self.first_start.is_running(slug):
            return ModelState("training", "a model that is still being trained")
        collection = self.store.collections.get(slug)
        if collection.model is None:
            return ModelState("none", "no model set for this collection")
        key = _key_of(collection)
        if self._in_force(slug, key) is not None:
            return ModelState("ready")
        with self._lock:
            failed, former = self._failed.get(slug), self._loaded.get(slug)
        if failed is not None and failed.key == key:
            return ModelState("failed", str(failed.error))
        if former is not None and names_a_version(collection, data=self.data):
            return ModelState("ready")  # The one before answers while this one is being loaded.
        return ModelState("loading", "a model that is not loaded yet")

    def serving(self, slug: str) -> Served | None:
        """What the collection's row names, if it is loaded."""
        loaded = self._in_force(slug, _key_of(self.store.collections.get(slug)))
        return None if loaded is None else loaded.served

    def get(self, slug: str) -> Classifier:
        """The collection's classifier, loading it where needed (seconds, once).

        A version of a repository that another process has set is loaded in the background, while the one before
        answers. Where a new model cannot be loaded the one before goes on answering, and it is tried again a minute
        later. Raises ModelUnavailable where there is none at all, or it is still being trained.
        """
        collection = self.store.collections.get(slug)
        if collection.model is None or self.first_start.is_running(slug):
            state = self.state(slug)
            raise ModelUnavailable(
                f"a model for {slug!r}", state.found, "Try again later, or choose another collection."
            )
        key = _key_of(collection)
        loaded = self._in_force(slug, key)
        if loaded is not None:
            return loaded.served.classifier
        with self._lock:
            former = self._loaded.get(slug)
        if former is not None and names_a_version(collection, data=self.data):
            if self._failure(slug, key) is None:
                self.warm_soon(slug)
            return former.served.classifier
        return self._get_in_turn(slug)

    def _get_in_turn(self, slug: str) -> Classifier:
        with self._lock:
            turn = self._loading.setdefault(slug, threading.Lock())
        with turn:
            # Read again: it may have changed while others had their turn.
            collection = self.store.collections.get(slug)
            key = _key_of(collection)
            loaded, failure = self._in_force(slug, key), self._failure(slug, key)
            if loaded is not None:
                return loaded.served.classifier
            if failure is not None:
                return self._former(slug, failure)
            return self._try_to_load(collection, key)

    def _try_to_load(self, collection: Collection, key: _Key) -> Classifier:
        slug = collection.slug
        try:
            served = self._load(collection)
            if collection.model_revision is None and names_a_version(collection, data=self.data):
                key = self._pin(collection, served)
        # Whatever a damaged model makes a library raise: it must not stay "loading" for ever.
        except Exception as problem:
            error = as_unavailable(problem, collection)
            log.warning("the model of %s cannot be served: %s", slug, error)
            with self._lock:
                self._failed[slug] = _Failure(key, error, self._clock() + RETRY_SECONDS)
            return self._former(slug, error)
        now = _key_of(self.store.collections.get(slug))
        with self._lock:
            # Another one may have come into force while this one was loaded.
            if key == now or slug not in self._loaded or self._loaded[slug].key != now:
                self._loaded[slug] = _Loaded(key, served)
                self._failed.pop(slug, None)
        return served.classifier

    def _pin(self, collection: Collection, served: Served) -> _Key:
        """A name in a repository may mean other weights tomorrow: from now on it is this commit."""
        revision = served.classifier.revision
        alias = (collection.model or "").endswith("@champion")
        self.store.collections.set_model(
            collection.slug,
            model=revision,
            revision=revision,
            follows=collection.model if alias else None,
            instead_of=collection,
        )
        return revision, revision

    def _load(self, collection: Collection) -> Served:
        served = load_for(
            collection, self.recipes.get(collection.slug), data=self.data, endpoint=self.endpoint
        )
        tell_unverified(collection.slug, served)
        return served

    def switch(
        self, collection: Collection, served: Served, *, follows: str | None, version: str | None
    ) -> None:
        """What was loaded answers from now on, in one step: no request waits, those under way end with the one before.

        `collection` as it was read before. Raises Stale where somebody else has set another model since.
        """
        slug, revision = collection.slug, served.classifier.revision
        new = _Loaded((revision, revision), served)
        with self._lock:
            self._prepared[slug] = new
        try:
            self.store.collections.set_model(
                slug,
                model=revision,
                revision=revision,
                follows=follows,
                version=version,
                instead_of=collection,
            )
            with self._lock:
                self._loaded[slug] = new
                self._failed.pop(slug, None)
        finally:
            with self._lock:
                self._prepared.pop(slug, None)

    def _in_force(self, slug: str, key: _Key) -> _Loaded | None:
        with self._lock:
            for loaded in (self._loaded.get(slug), self._prepared.get(slug)):
                if loaded is not None and loaded.key == key:
                    return loaded
        return None

    def _failure(self, slug: str, key: _Key) -> ModelUnavailable | None:
        """Why it could not be loaded a short while ago."""
        with self._lock:
            failed = self._failed.get(slug)
        recent = failed is not None and failed.key == key and self._clock() < failed.again_at
        return failed.error if failed is not None and recent else None

    def _former(self, slug: str, error: ModelUnavailable) -> Classifier:
        with self._lock:
            former = self._loaded.get(slug)
        if former is None:
            raise error
        return former.served.classifier

    def require_loadable(self, reference: str, labels: Sequence[str]) -> None:
        """Load a model once to see that it answers for `labels`. Raises ModelUnavailable, BadRequest."""
        from vitrina.models.classifier import open_classifier

        own = self.data / reference
        open_classifier(str(own) if own.is_dir() else reference, labels=LabelScheme(tuple(labels)))

    def measured(self, slug: str) -> dict[str, float] | None:
        """{accuracy, low, high, n} on pictures held out, of a model that was trained on this machine, or of a version
        as its publisher measured it.

        `low` and `high` are the ends of the 95 % interval. None where nothing was measured.
        """
        collection = self.store.collections.get(slug)
        if collection.model is None:
            return None
        if (self.data / collection.model).is_dir():
            return read_results(self.data / collection.model)
        served = self.serving(slug)
        return None if served is None else served.measured

    def warm_soon(self, slug: str) -> None:
        """Load in the background what has a model; one thread a collection, however often it is asked."""
        with self._lock:
            if slug in self._warming:
                return
            self._warming.add(slug)

        def work() -> None:
            try:
                self.warm(slug)
            finally:
                with self._lock:
                    self._warming.discard(slug)

        threading.Thread(target=work, name=f"load {slug}", daemon=True).start()

    def warm(self, slug: str) -> None:
        """Load what has a model. What fails is logged and shown by `state`, never raised."""
        if self.state(slug).kind in ("none", "training") or self.serving(slug) is not None:
            return
        try:
            self._get_in_turn(slug)
        except ModelUnavailable as error:
            log.warning("the model of %s is not served: %s", slug, error)


def tell_unverified(slug: str, served: Served) -> None:
    """Once a load: what could not be verified of a model that somebody else published."""
    if served.not_verified:
        log.warning("the model of %s: %s", slug, " ".join(served.not_verified))


def _key_of(collection: Collection) -> _Key:
    return collection.model or "", collection.model_revision
