"""A first classifier for a collection: one head on frozen features, measured on pictures held out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload
from uuid import uuid4

import numpy as np

from vitrina.errors import Conflict, ModelUnavailable, VitrinaError
from vitrina.labels import LabelScheme
from vitrina.prediction import Prediction

if TYPE_CHECKING:
    from vitrina.models.backbone import LoadedModel
    from vitrina.models.classifier import Classifier
    from vitrina.models.head import Head

log = logging.getLogger(__name__)

# The share of right answers that the classifier promises for what it does not abstain on.
TARGET_PRECISION = 0.95


@dataclass(frozen=True)
class FirstModel:
    """A saved model. `folder` is relative to the data folder; `held_out` are positions in the given order.

    `measured` is what `measure` gives, with coverage at the abstention threshold, all on `held_out` alone, by
    the model loaded afresh from its folder; `predictions` are its answers there.
    """

    folder: str
    revision: str
    measured: dict[str, Any]
    held_out: list[int]
    predictions: list[Prediction]


class _Chosen(Sequence[np.ndarray]):
    """Some of `pictures`, by position, each looked up only when it is asked for."""

    def __init__(self, pictures: Sequence[np.ndarray], places: Sequence[int]) -> None:
        self.pictures = pictures
        self.places = list(places)

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, index: slice) -> list[np.ndarray]: ...
    def __getitem__(self, index: int | slice) -> np.ndarray | list[np.ndarray]:
        if isinstance(index, int):
            return self.pictures[self.places[index]]
        return [self.pictures[place] for place in self.places[index]]


def hold_out(labels: Sequence[str], *, share: float, seed: int) -> tuple[list[int], list[int]]:
    """Positions to train on, positions held out: `share` (0 to 1) of every class, by seed.

    Raises VitrinaError where a class has fewer than four pictures: none could be held out of it honestly.
    """
    from sklearn.model_selection import train_test_split

    names, counts = np.unique(np.asarray(labels), return_counts=True)
    few = [f"{name} ({count})" for name, count in zip(names, counts, strict=True) if count < 4]
    if few or len(names) < 2:
        raise VitrinaError(
            "at least two classes with four labelled pictures each",
            ", ".join(few) or f"{len(names)} class",
            "Label more pictures, then train again.",
        )
    train, test = train_test_split(
        np.arange(len(labels)), test_size=share, random_state=seed, stratify=np.asarray(labels)
    )
    return sorted(map(int, train)), sorted(map(int, test))


def fit_first_model(
    pictures: Sequence[np.ndarray],
    labels: Sequence[str],
    scheme: LabelScheme,
    *,
    slug: str,
    data: Path,
    seed: int,
    backbone: str = "bundled/efficientnet-lite0",
    share: float = 0.25,
    progress: Callable[[str, int, int], None] = lambda doing, done, of: None,
) -> FirstModel:
    """Features once, a head on three quarters of them, figures on the rest; saved under `data`/models.

    `pictures` are uint8 (h, w, 3), `labels` their classes in `scheme`. `progress(doing, done, of)` is called
    with "features" or "head". The saved folder is loaded afresh and its own answers on the held-out pictures
    are what is measured. The abstention threshold comes from cross-validation on the training part alone.
    Raises VitrinaError where a class is too small, ModelUnavailable where the backbone cannot be loaded.
    """
    from vitrina.models.backbone import load_model
    from vitrina.models.features import compute_features
    from vitrina.models.head import attach_head, fit_head

    train, held_out = hold_out(labels, share=share, seed=seed)
    progress("features", 0, len(train))
    loaded = load_model(backbone)
    features = compute_features(
        loaded, _Chosen(pictures, train), progress=lambda done, of: progress("features", done, of)
    )
    progress("head", 0, 0)
    targets = [scheme.index(labels[i]) for i in train]
    head = fit_head(features, targets, scheme=scheme, seed=seed)
    threshold = _threshold(head, targets)
    complete = attach_head(loaded, head, scheme, abstain_below=threshold)
    folder, classifier = _save(complete, slug=slug, data=data)
    answers = classifier.predict(_Chosen(pictures, held_out))
    measured = _measured(answers, [labels[i] for i in held_out], scheme, threshold=threshold) | {
        "seed": seed,
        "backbone": loaded.revision,
        "revision": classifier.revision,
        "trained_on": len(train),
        "cross_validated_accuracy": head.validation_accuracy,
        "l2": head.l2,
    }
    _write_report(data / folder / "eval_results.json", measured)
    return FirstModel(folder, classifier.revision, measured, held_out, answers)


def _threshold(head: Head, targets: Sequence[int]) -> float:
    """The abstention threshold, from folds of the training part that did not see the picture."""
    from vitrina.models.measure import choose_threshold

    probabilities = head.validation_probabilities
    right = [
        bool(guess == target) for guess, target in zip(probabilities.argmax(axis=1), targets, strict=True)
    ]
    return choose_threshold(
        [float(p) for p in probabilities.max(axis=1)], right, target_precision=TARGET_PRECISION
    )


def _save(complete: LoadedModel, *, slug: str, data: Path) -> tuple[str, Classifier]:
    """(folder relative to `data`, classifier loaded afresh from it)."""
    from vitrina.models.backbone import save_model
    from vitrina.models.classifier import open_classifier

    # The name carries what was learned: the same name is the same model, another run cannot overwrite it.
    folder = f"models/{slug}-{complete.revision.rpartition(':')[2]}"
    whole = data / folder
    whole.parent.mkdir(parents=True, exist_ok=True)
    if whole.exists():
        try:
            return folder, open_classifier(whole, labels=complete.labels)
        except ModelUnavailable:
            # Damaged since: out of the way, not gone.
            whole.rename(whole.with_name(f".{whole.name}.{uuid4().hex}.damaged"))
    try:
        save_model(complete, whole)
    except Conflict:
        log.info("%s was saved by another process meanwhile", folder)
    return folder, open_classifier(whole, labels=complete.labels)


def _write_report(path: Path, measured: dict[str, Any]) -> None:
    partial = path.with_name(f".{path.name}.{uuid4().hex}")
    partial.write_text(json.dumps(measured, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def _measured(
    answers: Sequence[Prediction], truth: Sequence[str], scheme: LabelScheme, *, threshold: float
) -> dict[str, Any]:
    from vitrina.models.measure import measure

    given = [(a.top_label, t) for a, t in zip(answers, truth, strict=True) if not a.abstained]
    right = sum(said == true for said, true in given)
    return measure([a.top_label for a in answers], truth, scheme) | {
        "abstain_below": threshold,
        "coverage": len(given) / len(answers),
        "accuracy_where_answered": right / len(given) if given else None,
    }
