"""Tiny models, published as versions to any repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.models.made import SCHEME, tiny
from vitrina.labels import LabelScheme
from vitrina.models.backbone import load_model, save_model
from vitrina.models.golden import GOLDEN, golden_picture, golden_scores, verify_model
from vitrina.repositories.manifest import Manifest
from vitrina.repositories.release import Content, Released, release
from vitrina.repositories.repository import Repository

AT = "2026-05-01T12:00:00+00:00"
FIGURES = {"accuracy": {"value": 0.9, "interval": [0.8, 0.95], "n": 50}}


def model_folder(folder: Path, seed: int, *, scheme: LabelScheme = SCHEME) -> Path:
    """A saved network of some thousand random numbers, others for each seed."""
    save_model(tiny("small-cnn", scheme=scheme, seed=seed), folder)
    return folder


def content_of(model: Path, **told: Any) -> Content:
    """The version that `model` makes; `told` overrules what its manifest says."""
    loaded, picture = load_model(model), golden_picture()
    files: Mapping[str, Path | bytes] = {
        **{path.name: path for path in model.iterdir()},
        GOLDEN: picture,
        "README.md": b"---\nlicense: mit\n---\n# A tiny model\n",
    }
    says = {
        "labels": loaded.labels.names,
        "task": loaded.labels.task,
        "golden": golden_scores(loaded, picture),
        "test": {"sha256": "0" * 64, "fingerprint": "f", "n": 50, "figures": FIGURES},
    } | told
    return Content.of(files, Manifest(kind="model", name=model.name, created=AT, files={}, **says))


def publish(repository: Repository, content: Content, *, verify: bool = True) -> Released:
    """It is the champion from now on. Without `verify` also what nobody should publish."""
    return release(
        repository,
        content,
        verify=(lambda folder: verify_model(folder, said="the version")) if verify else lambda folder: None,
        by="ana",
        at=AT,
    )
