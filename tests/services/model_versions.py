"""A folder repository with versions of tiny models, measured on pictures by the code that measures real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.models.made import SCHEME
from tests.services.made_versions import model_folder
from vitrina.measures.single_label import single_label_figures
from vitrina.models.backbone import load_model
from vitrina.models.golden import GOLDEN, golden_picture, golden_scores, verify_model
from vitrina.repositories.manifest import Manifest
from vitrina.repositories.opening import open_repository
from vitrina.repositories.release import Content, release
from vitrina.repositories.repository import Repository

LABELS = SCHEME.names
CARD = """---
license: mit
---
# Tiny pets <script>alert(1)</script>

Figures of **test** and a [link](https://example.org/paper); a [bad one](javascript:alert(1)).

![Confusion](https://example.org/confusion.png)

| figure | test |
| --- | ---: |
| Accuracy | 0.90 |

```python
pipeline("image-classification")
```
"""


def results(right: float, *, n: int = 60, seed: int = 0, test: str = "a" * 64) -> dict[str, Any]:
    """eval_results.json of a model that is right on that share of `n` pictures."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, len(LABELS), n)
    said = np.where(rng.random(n) < right, truth, (truth + 1) % len(LABELS))
    scores = np.full((n, len(LABELS)), 0.1)
    scores[np.arange(n), said] = 0.8
    figures = single_label_figures(scores, truth, LABELS, seed=0, resamples=50)
    return {
        "stage": "evaluate",
        "task": "single_label",
        "data": {"name": "work", "sha256": test, "n": n},
        "test": figures,
    }


def publish(
    repository: Repository,
    folder: Path,
    *,
    seed: int,
    measured: dict[str, Any] | None,
    at: str,
    card: str = CARD,
    reason: str = "",
    forced: str | None = None,
) -> str:
    # A version has as many sides as the page shows of it.
    """One more version, by ana; its name."""
    place = model_folder(folder / f"model-{seed}", seed)
    loaded = load_model(place)
    files: dict[str, Path | bytes] = {path.name: path for path in sorted(place.iterdir())}
    files |= {GOLDEN: golden_picture(), "README.md": card.encode()}
    if measured is not None:
        files["eval_results.json"] = json.dumps(measured).encode()
    manifest = Manifest(
        kind="model",
        name="tiny",
        created=at,
        files={},
        labels=LABELS,
        task="single_label",
        golden=golden_scores(loaded, golden_picture()),
        forced=forced,
        test=None
        if measured is None
        else {"sha256": measured["data"]["sha256"], "fingerprint": "f", "n": 60, "figures": measured["test"]},
    )
    done = release(
        repository,
        Content.of(files, manifest),
        verify=lambda there: verify_model(there, said="tiny"),
        by="ana",
        at=at,
        reason=reason,
    )
    return done.version


_ONCE: dict[int, Path] = {}


def food_once(factory: pytest.TempPathFactory, *, versions: int) -> Path:
    """The folder of such a repository, made once a run: copy it before changing it."""
    if versions not in _ONCE:
        folder = factory.mktemp("food-once")
        food(folder, versions=versions)
        _ONCE[versions] = folder / "food"
    return _ONCE[versions]


def food(folder: Path, *, versions: int = 2) -> Repository:
    """The repository at FOLDER/food with v1 (80 %), v2 (90 %), v3 (not measured) ..., the last one in force."""
    repository = open_repository(folder / "food")
    for number in range(1, versions + 1):
        measured = results(0.7 + 0.1 * number, seed=number) if number < 3 else None
        publish(repository, folder, seed=number, measured=measured, at=f"2026-11-0{number}T10:00:00+00:00")
    return repository
