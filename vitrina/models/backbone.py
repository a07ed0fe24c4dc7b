"""One door for every model: bundled, in a folder, in a repository."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from vitrina.durable import flush
from vitrina.errors import Conflict, ModelUnavailable, VitrinaError
from vitrina.labels import LabelScheme
from vitrina.models import bundled, hub
from vitrina.models.checkpoint import digest, load_checkpoint, quiet, weight_files
from vitrina.models.names import distinct_names
from vitrina.models.reference import ModelReference
from vitrina.models.task import task_of

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# transformers imports its parts when they are first asked for, and two threads that ask at once may find one of them
# half imported ("cannot import name 'TimmWrapperConfig'").
_LOADING = threading.Lock()


@dataclass(frozen=True)
class LoadedModel:
    """A model that answers, with its own preprocessing.

    `model` is in eval mode, float32, on the CPU; `labels` are its classes in the order of its outputs;
    `revision` names the weights: "bundled/efficientnet-lite0@0.1.0", "folder@sha256:0123456789ab",
    "org/name@<commit>" or "file:///srv/food@<commit>".
    """

    model: PreTrainedModel
    image_processor: Any
    labels: LabelScheme
    revision: str
    reference: ModelReference


def load_model(
    reference: ModelReference | str | Path, *, labels: LabelScheme | None = None, said: str | None = None
) -> LoadedModel:
    """Load what `reference` names; with `labels`, only a model that gives exactly those.

    `said` is what a reader knows it by, where that is another name than the reference. Raises ModelUnavailable, which
    says what was expected, what was found, what to do.
    """
    with _LOADING:
        return _load(reference, labels, said)


def _load(
    reference: ModelReference | str | Path, labels: LabelScheme | None, said: str | None
) -> LoadedModel:
    if not isinstance(reference, ModelReference):
        reference = ModelReference.parse(reference)
    said = said or str(reference)
    if reference.kind == "bundled":
        model, processor, revision = bundled.load_bundled(reference.name)
    elif reference.kind == "scratch":
        raise ModelUnavailable(
            "a model with weights",
            f"{reference}, which has none yet",
            "Train it, then name the folder of the trained model.",
        )
    elif reference.kind == "folder":
        folder = Path(reference.name).expanduser()
        model, processor = load_checkpoint(folder, said=said)
        revision = folder_revision(folder)
    else:
        folder, commit = hub.fetch(reference)
        model, processor = load_checkpoint(folder, said=said)
        revision = f"{reference.name}@{commit}"
    return LoadedModel(
        model=model,
        image_processor=processor,
        labels=_labels_of(model.config, labels, said=said),
        revision=revision,
        reference=reference,
    )


def with_labels(loaded: LoadedModel, labels: LabelScheme) -> LoadedModel:
    """The same model, where it gives exactly those labels; one whose classes have no names yet gets theirs.

    Raises ModelUnavailable.
    """
    return replace(loaded, labels=_labels_of(loaded.model.config, labels, said=str(loaded.reference)))


def folder_revision(folder: Path) -> str:
    """ "<folder name>@sha256:<first 12 digits of the hash of its weights>"."""
    return f"{folder.resolve().name}@sha256:{digest(weight_files(folder, said=str(folder)))[:12]}"


def save_model(loaded: LoadedModel, folder: Path) -> str:
    """Write config.json (with id2label, label2id), model.safetensors, the preprocessing; return the revision.

    `pipeline("image-classification", model=folder)` reads the result. The folder appears complete or not at
    all; raises Conflict where it exists and is not empty.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(
            f"a new or empty folder at {folder}",
            "one with files in it",
            "Choose another name, or move it away.",
        )
    partial = folder.with_name(f".{folder.name}.{uuid4().hex}.partial")
    partial.mkdir(parents=True)
    try:
        with quiet():
            loaded.model.save_pretrained(partial)
        # A timm model's preprocessing travels in config.json, its processor saves nothing.
        if loaded.model.config.model_type != "timm_wrapper":
            loaded.image_processor.save_pretrained(partial)
        _write_names(partial / "config.json", loaded.labels)
        for path in partial.iterdir():
            # save_pretrained leaves the weights at 0600, unreadable for a service under another account.
            path.chmod(0o644)
            flush(path)
        os.replace(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    flush(folder.parent)
    return folder_revision(folder)


def _write_names(path: Path, labels: LabelScheme) -> None:
    # A timm configuration saves its class names as label_names alone; others read id2label.
    config = json.loads(path.read_text(encoding="utf-8"))
    config["id2label"] = {str(index): name for index, name in labels.id2label.items()}
    config["label2id"] = dict(labels.label2id)
    if config.get("model_type") == "timm_wrapper":
        config["label_names"] = list(labels.names)
    path.write_text(json.dumps(config, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def _labels_of(config: Any, wanted: LabelScheme | None, *, said: str) -> LabelScheme:
    """The model's classes in the order of its outputs, checked against `wanted`, with the model's own task."""
    id2label: Mapping[Any, str] = config.id2label or {}
    task = task_of(config, said=said)
    if wanted is not None and len(id2label) != len(wanted.names):
        raise ModelUnavailable(
            f"a model with {len(wanted.names)} classes ({', '.join(wanted.names)})",
            f"{len(id2label)} in {said}",
            "Choose a model trained for this collection, or train one.",
        )
    try:
        names = distinct_names([str(id2label[index]) for index in range(len(id2label))])
        own = LabelScheme(tuple(names), task=task)
    except (KeyError, VitrinaError) as error:
        raise ModelUnavailable(
            f"a name for every class in id2label of {said}", str(error), "Correct id2label in config.json."
        ) from error
    if wanted is None or set(wanted.names) == set(own.names):
        return own
    if own.names == tuple(f"LABEL_{index}" for index in range(len(own.names))):
        return replace(wanted, task=task)
    raise ModelUnavailable(
        f"a model for the labels {', '.join(wanted.names)}",
        f"{', '.join(own.names)} in {said}",
        "Choose a model trained for this collection, or train one.",
    )
