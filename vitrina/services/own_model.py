"""A model that follows nothing: one version, and what was measured of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.services.classifiers import Classifiers
from vitrina.services.version_facts import CARD, LARGEST, LONGEST_CARD

if TYPE_CHECKING:
    from vitrina.gallery.collections import Collection


def own_model(classifiers: Classifiers, collection: Collection) -> dict[str, Any]:
    """{kind, mapped, pinned, versions, history} of a collection whose model lies in the data folder, is bundled, or is
    pinned.

    `mapped`: it answers by way of another scheme's classes (a class map).
    """
    if collection.model is None:
        return {"kind": "none", "versions": [], "history": []}
    told = classifiers.measured(collection.slug)
    figures = []
    if told is not None:
        interval = [told["low"], told["high"]]
        figures = [{"name": "accuracy", "value": told["accuracy"], "interval": interval, "n": told["n"]}]
    recipe = classifiers.recipes.get(collection.slug)
    mapped = recipe is not None and recipe.class_map is not None and recipe.model == collection.model
    row = {
        "name": " ".join(filter(None, (_said(collection.model), collection.model_version))),
        "revision": None,
        "figures": figures,
        "per_class": [],
        "when": None,
        "forced": None,
        "card": own_card(classifiers.data, collection) is not None,
        "served": classifiers.state(collection.slug).kind == "ready",
    }
    return {"kind": "own", "mapped": mapped, "pinned": _pinned(collection), "versions": [row], "history": []}


def _pinned(collection: Collection) -> dict[str, str] | None:
    """{version, repository} where one version of a repository was chosen for good; None for a model of its own."""
    if collection.model_version is None or collection.model is None:
        return None
    return {"version": collection.model_version, "repository": _said(collection.model).partition("@")[0]}


def own_card(data: Path, collection: Collection) -> str | None:
    """Of a model in the data folder alone: whatever else a README.md lies beside is nobody's to read here."""
    data = data.resolve()
    path = (data / (collection.model or "") / CARD).resolve()
    inside = path.is_relative_to(data) and (path.parent / "config.json").is_file()
    if not inside or not path.is_file() or path.stat().st_size > LARGEST:
        return None
    return path.read_text(encoding="utf-8", errors="replace")[:LONGEST_CARD]


def _said(model: str) -> str:
    """Of a folder its own name alone: where it lies on this machine is nobody's to read."""
    if model.startswith(("/", "~", ".", "models/", "file:")):
        return Path(model.partition("@")[0]).name
    name, at, commit = model.partition("@")
    return f"{name}@{commit[:12]}" if at else name
