"""A trained model answers for a collection from now on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, ModelUnavailable
from vitrina.services.model_folder import incoming_copy, measured_in_run, put_in_place, write_results

if TYPE_CHECKING:
    from vitrina.gallery.collections import Collection
    from vitrina.services.services import Services


@dataclass(frozen=True)
class Adopted:
    """`folder` of the copy, relative to the data folder; its `revision`; whether the collection was `made` for it;
    `measured` as `measured_in_run` gives it."""

    folder: str
    revision: str
    made: bool
    measured: dict[str, Any] | None


def adopt_model(
    services: Services, model: Path, *, slug: str, title: str | None, classes: Sequence[str], data: Path
) -> Adopted:
    """The model in the folder `model`, copied into `data`, becomes that of the collection, which is made with the
    model's labels where there is none. `classes` are those of pictures to come: the model must know them.

    Nothing is changed where something is wrong. Raises BadRequest for another task than single_label, for labels that
    are not the collection's; ModelUnavailable for a model that does not load.
    """
    labels = labels_of_model(model)
    found = {one.slug: one for one in services.store.collections.all()}.get(slug)
    _require_labels(labels, model, slug=slug, found=found, classes=classes)
    with incoming_copy(model, data=data) as incoming:
        if found is None:
            name = title or slug.replace("-", " ").capitalize()
            services.store.collections.create(slug, name, labels=labels)
        folder = put_in_place(incoming, slug=slug, data=data)
    measured = measured_in_run(model)
    if measured is not None:
        write_results(data / folder, measured)
    from vitrina.models.backbone import folder_revision

    revision = folder_revision(data / folder)
    services.store.collections.set_model(slug, model=folder, revision=revision)
    return Adopted(folder, revision, found is None, measured)


def labels_of_model(model: Path) -> tuple[str, ...]:
    """The classes of a model that is loaded to see that it answers. Raises BadRequest, ModelUnavailable."""
    from vitrina.models.classifier import open_classifier

    task = _task(model)
    if task != "single_label":
        raise BadRequest(
            "a model that gives each picture one class (single_label)",
            f"one for {task} in {model}",
            "Train one with --task single_label for the gallery; this one answers in a program.",
        )
    return open_classifier(model).labels.names


def _task(model: Path) -> str:
    """From the configuration alone: a classifier would not tell multi_label from regression."""
    from vitrina.models.task import task_of

    try:
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
        return task_of(SimpleNamespace(**config), said=str(model))
    except (OSError, ValueError, TypeError) as problem:
        raise ModelUnavailable(
            f"readable JSON in config.json of {model}", str(problem).rstrip("."), "Copy the folder again."
        ) from problem


def _require_labels(
    labels: tuple[str, ...], model: Path, *, slug: str, found: Collection | None, classes: Sequence[str]
) -> None:
    if found is not None and set(found.labels) != set(labels):
        raise BadRequest(
            f"a model for the labels of {slug} ({', '.join(found.labels)})",
            f"{', '.join(labels)} in {model}",
            "Train one on this collection, or name another --collection.",
        )
    unknown = [name for name in classes if name not in labels]
    if unknown:
        raise BadRequest(
            f"classes that the model knows ({', '.join(labels)})",
            ", ".join(unknown),
            "Leave them out, or train a model that knows them.",
        )
