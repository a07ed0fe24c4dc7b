"""The classifiers of the collections, loaded when first asked for."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True)
class ModelState:
    """Whether a collection's model answers. `found` says in plain words what is there instead."""

    kind: Literal["ready", "loading", "training", "none", "failed"]
    found: str = ""


class Classifiers:
    """One classifier a (model reference, class map); a new reference of a collection is loaded afresh.

    torch is imported by the first `get` or `warm`, never before, so that the gallery opens first.
    """

    def __init__(
        self, store: Store, recipes: Mapping[str, Recipe], *, data: Path, first_start: FirstStart
    ) -> None:
        self.store = store
        self.recipes = recipes
        self.data = data
        self.first_start = first_start
        self._lock = threading.Lock()
        self._loading: dict[str, threading.Lock] = {}
        self._loaded: dict[str, tuple[tuple[str, str | None], Classifier]] = {}
        self._failed: dict[str, tuple[tuple[str, str | None], str]] = {}

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
        if failed is not None and failed[0] == key:
            return ModelState("failed", failed[1])
        return ModelState("loading", "a model that is not loaded yet")

    def get(self, slug: str) -> Classifier:
        """The collection's classifier, loading it where needed (seconds, once).

        Raises ModelUnavailable where there is none, where it is still being trained, and where it cannot be
        loaded or is not the revision the collection is pinned to.
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
            loaded = self._loaded.get(slug)
            if loaded is not None and loaded[0] == key:
                return loaded[1]
            try:
                classifier = self._load(collection)
            except ModelUnavailable as error:
                with self._lock:
                    self._failed[slug] = (key, str(error))
                raise
            with self._lock:
                self._loaded[slug] = (key, classifier)
                self._failed.pop(slug, None)
            return classifier

    def warm_soon(self, slug: str) -> None:
        """Load in the background what has a model."""
        threading.Thread(target=self.warm, args=(slug,), name=f"load {slug}", daemon=True).start()

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
