"""The classifiers of the collections, loaded when first asked for."""

from __future__ import annotations

import json
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


class Classifiers:
    """One classifier a collection; a new model reference of a collection is loaded afresh.

    torch is imported by the first `get` or `warm`, never before, so that the gallery opens first.
    """

    def __init__(
        self,
        store: Store,
        recipes: Mapping[str, Recipe],
        *,
        data: Path,
        first_start: FirstStart,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.store = store
        self.recipes = recipes
        self.data = data
        self.first_start = first_start
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._warming: set[str] = set()
        self._clock = clock
        self._loaded: dict[str, tuple[_Key, Classifier]] = {}
        self._failed: dict[str, _Failure] = {}

    def state(self, slug: str) -> ModelState:
        """What can be said at once, without loading anything."""
        if self.first_start.is_running(slug):
            return ModelState("training", "a model that is still being trained")
        collection = self.store.collections.get(slug)
        if collection.model is None:
            return ModelState("none", "no model set for this collection")
        key = (collection.model, collection.model_revision)
        with self._lock:
            if self._loaded.get(slug, (None,))[0] == key:
                return ModelState("ready")
            failed = self._failed.get(slug)
        if failed is not None and failed.key == key:
            return ModelState("failed", str(failed.error))
        return ModelState("loading", "a model that is not loaded yet")

    def get(self, slug: str) -> Classifier:
        """The collection's classifier, loading it where needed (seconds, once).

        Where a new model cannot be loaded the one before goes on answering, and it is tried again a minute
        later. Raises ModelUnavailable where there is none at all, or it is still being trained.
        """
        collection = self.store.collections.get(slug)
        if collection.model is None or self.first_start.is_running(slug):
            state = self.state(slug)
            raise ModelUnavailable(
                f"a model for {slug!r}", state.found, "Try again later, or choose another collection."
            )
        key = (collection.model, collection.model_revision)
        with self._lock:
            turn = self._loading.setdefault(slug, threading.Lock())
        with turn:
            loaded, failed = self._loaded.get(slug), self._failed.get(slug)
            if loaded is not None and loaded[0] == key:
                return loaded[1]
            if failed is not None and failed.key == key and self._clock() < failed.again_at:
                return self._former(slug, failed.error)
            return self._try_to_load(collection, key)

    def _try_to_load(self, collection: Collection, key: _Key) -> Classifier:
        slug = collection.slug
        try:
            classifier = self._load(collection)
        # Whatever a damaged model makes a library raise: it must not stay "loading" for ever.
        except Exception as problem:
            error = _unavailable(problem, collection)
            log.warning("the model of %s cannot be served: %s", slug, error)
            with self._lock:
                self._failed[slug] = _Failure(key, error, self._clock() + RETRY_SECONDS)
            return self._former(slug, error)
        if collection.model_revision is None and _is_on_the_hub(collection.model or ""):
            # A name on the Hub may mean other weights tomorrow: from now on it is this commit.
            key = (classifier.revision, classifier.revision)
            self.store.collections.set_model(slug, model=key[0], revision=key[1])
        with self._lock:
            self._loaded[slug] = (key, classifier)
            self._failed.pop(slug, None)
        return classifier

    def _former(self, slug: str, error: ModelUnavailable) -> Classifier:
        former = self._loaded.get(slug)
        if former is None:
            raise error
        return former[1]

    def require_loadable(self, reference: str, labels: Sequence[str]) -> None:
        """Load a model once to see that it answers for `labels`. Raises ModelUnavailable, BadRequest."""
        from vitrina.models.classifier import open_classifier

        own = self.data / reference
        open_classifier(str(own) if own.is_dir() else reference, labels=LabelScheme(tuple(labels)))

    def measured(self, slug: str) -> dict[str, float] | None:
        """{accuracy, low, high, n} on pictures held out, of a model that was trained on this machine.

        `low` and `high` are the ends of the 95 % interval. None where nothing was measured.
        """
        collection = self.store.collections.get(slug)
        report = self.data / (collection.model or "") / "eval_results.json"
        if collection.model is None or not report.is_file():
            return None
        try:
            found = json.loads(report.read_text(encoding="utf-8"))
            low, high = found["interval"]
            return {"accuracy": found["accuracy"], "low": low, "high": high, "n": found["n"]}
        except (ValueError, KeyError, TypeError) as problem:
            log.warning("%s cannot be read: %s", report, problem)
            return None

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
        if self.state(slug).kind not in ("loading", "failed"):
            return
        try:
            self.get(slug)
        except ModelUnavailable as error:
            log.warning("the model of %s is not served: %s", slug, error)

    def _load(self, collection: Collection) -> Classifier:
        from vitrina.models.classifier import open_classifier

        assert collection.model is not None
        scheme = LabelScheme(collection.labels)
        recipe = self.recipes.get(collection.slug)
        # Models made on this machine lie in the data folder and are named relative to it, so that the
        # folder can be moved.
        own = self.data / collection.model
        reference = str(own) if own.is_dir() else collection.model
        if recipe is not None and recipe.class_map is not None and reference == recipe.model:
            from vitrina.models.class_map import ClassMap

            classifier = open_classifier(
                reference,
                class_map=ClassMap(recipe.class_map),
                labels=scheme,
                abstain_below=recipe.abstain_below,
            )
        else:
            classifier = open_classifier(reference, labels=scheme)
        if collection.model_revision not in (None, classifier.revision):
            raise ModelUnavailable(
                f"revision {collection.model_revision} of {collection.model}",
                classifier.revision,
                f"Put the pinned revision back, or set the collection {collection.slug!r} to the new one.",
            )
        return classifier


def _is_on_the_hub(reference: str) -> bool:
    from vitrina.models.reference import ModelReference

    return ModelReference.parse(reference).kind == "hub"


def _unavailable(problem: Exception, collection: Collection) -> ModelUnavailable:
    if isinstance(problem, ModelUnavailable):
        return problem
    return ModelUnavailable(
        f"a model that loads from {collection.model}",
        f"{type(problem).__name__}: {problem}"[:200],
        "Save the model again, or set the collection to another one.",
    )
