"""The classifier of a collection, loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.errors import ModelUnavailable
from vitrina.labels import LabelScheme
from vitrina.recipe import Recipe

if TYPE_CHECKING:
    from vitrina.gallery.collections import Collection
    from vitrina.models.classifier import Classifier
    from vitrina.models.reference import ModelReference
    from vitrina.repositories.manifest import Manifest
    from vitrina.repositories.patience import Patience


@dataclass(frozen=True)
class Served:
    """`not_verified` says what could not be looked at of a version that somebody else published; `measured` what the
    publisher of one of ours measured: {accuracy, low, high, n}."""

    classifier: Classifier
    not_verified: tuple[str, ...] = ()
    measured: dict[str, float] | None = None


def load_for(
    collection: Collection, recipe: Recipe | None, *, data: Path, endpoint: str | None = None
) -> Served:
    """Load what answers for the collection. Raises ModelUnavailable, and whatever a library raises at damaged files."""
    from vitrina.models.classifier import open_classifier
    from vitrina.models.reference import ModelReference

    assert collection.model is not None
    scheme = LabelScheme(collection.labels)
    # Models made on this machine lie in the data folder and are named relative to it, so that the
    # folder can be moved.
    own = data / collection.model
    reference = str(own) if own.is_dir() else collection.model
    if recipe is not None and recipe.class_map is not None and reference == recipe.model:
        from vitrina.models.class_map import ClassMap

        classifier = open_classifier(
            reference,
            class_map=ClassMap(recipe.class_map),
            labels=scheme,
            abstain_below=recipe.abstain_below,
        )
        served = Served(classifier)
    elif (named := ModelReference.parse(reference)).is_versioned:
        served = serve_version(named, collection, endpoint=endpoint)
    else:
        served = Served(open_classifier(reference, labels=scheme))
    if collection.model_revision not in (None, served.classifier.revision):
        raise ModelUnavailable(
            f"revision {collection.model_revision} of {collection.model}",
            served.classifier.revision,
            f"Put the pinned revision back, or set the collection {collection.slug!r} to the new one.",
        )
    return served


def serve_version(
    reference: ModelReference,
    collection: Collection,
    *,
    endpoint: str | None = None,
    patience: Patience | None = None,
) -> Served:
    """A version of a repository, verified, for the collection's labels. Raises ModelUnavailable."""
    from vitrina.models.hub import PATIENCE
    from vitrina.models.version import classifier_for, load_version

    verified = load_version(reference, endpoint=endpoint, patience=patience or PATIENCE)
    classifier = classifier_for(verified, LabelScheme(collection.labels))
    return Served(classifier, verified.not_verified, _measured(verified.manifest))


def _measured(manifest: Manifest | None) -> dict[str, float] | None:
    try:
        figure = ((manifest.test if manifest else None) or {})["figures"]["accuracy"]
        low, high = figure["interval"]
        told = {"accuracy": figure["value"], "low": low, "high": high, "n": figure["n"]}
    except (KeyError, TypeError, ValueError):
        return None
    return told if all(isinstance(value, int | float) for value in told.values()) else None


def names_a_version(collection: Collection, *, data: Path) -> bool:
    """Whether the collection's model is one of a repository, on the Hub or in a folder; not one made here."""
    from vitrina.models.reference import ModelReference

    model = collection.model
    return bool(model) and not (data / str(model)).is_dir() and ModelReference.parse(str(model)).is_versioned


def as_unavailable(problem: Exception, collection: Collection) -> ModelUnavailable:
    """Whatever a library raised, in three parts."""
    if isinstance(problem, ModelUnavailable):
        return problem
    return ModelUnavailable(
        f"a model that loads from {collection.model}",
        f"{type(problem).__name__}: {problem}"[:200],
        "Save the model again, or set the collection to another one.",
    )
