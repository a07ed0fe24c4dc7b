"""Features with their targets, checked for what a head is fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme


@dataclass(frozen=True)
class Examples:
    """n rows. `features` (n, d), finite; `targets` (n, k): one 1 a row (single_label), 0 or 1 (multi_label), 0 to 1
    (regression), as `vitrina.learning.sides.Side.targets` has them."""

    features: np.ndarray
    targets: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)


def checked(examples: Examples, scheme: LabelScheme, *, side: str) -> Examples:
    """The same, targets in float64. Raises BadRequest that names the `side`."""
    features, targets = np.asarray(examples.features), np.asarray(examples.targets, dtype=np.float64)
    fits = features.ndim == 2 and targets.ndim == 2 and len(features) == len(targets) > 0
    if not fits or targets.shape[1] != len(scheme.names):
        raise BadRequest(
            f"features (n, d) for targets (n, {len(scheme.names)}) in {side}, n at least 1",
            f"{features.shape} for {targets.shape}",
            "Give each picture one row in both.",
        )
    wrong = int((~np.isfinite(features).all(axis=1)).sum())
    if wrong:
        raise BadRequest(
            f"finite features in {side}",
            f"others in {wrong} of {len(features)} rows",
            "Compute the features again.",
        )
    kinds = {
        "single_label": ("one 1 a row, else 0", _one_hot(targets)),
        "multi_label": ("0 or 1", bool(np.isin(targets, (0, 1)).all())),
        "regression": ("from 0 to 1", bool(((targets >= 0) & (targets <= 1)).all())),
    }
    wanted, right = kinds[scheme.task]
    if not right:
        raise BadRequest(
            f"targets {wanted} in {side} for the task {scheme.task}",
            "others",
            "Correct the targets, or the task.",
        )
    return Examples(features, targets)


def refuse_unlearnable(train: Examples, scheme: LabelScheme) -> None:
    """Raises BadRequest naming the classes of which train has no picture, or (multi_label) nothing else."""
    if scheme.task == "regression":
        return
    pictures = train.targets.sum(axis=0)
    without = [name for name, count in zip(scheme.names, pictures, strict=True) if count == 0]
    if without:
        raise BadRequest(
            "pictures of every class in train",
            f"none of {', '.join(without)}",
            "Label some, or leave the class out.",
        )
    always = [name for name, count in zip(scheme.names, pictures, strict=True) if count == len(train)]
    if always and (scheme.task == "multi_label" or len(scheme.names) > 1):
        raise BadRequest(
            "pictures with and without each class in train",
            f"only pictures with {', '.join(always)}",
            "Add pictures without it, or leave the class out.",
        )


def weights_of(targets: np.ndarray, scheme: LabelScheme, given: Mapping[str, float] | None) -> np.ndarray:
    """float64 (n, k): what each picture counts for in each class. A weight above 0 for every class; None counts 1.

    With single_label a picture counts what its class does. Raises BadRequest.
    """
    if given is None:
        return np.ones_like(targets)
    row = np.array([given.get(name, 0.0) for name in scheme.names], dtype=np.float64)
    if set(given) != set(scheme.names) or not (np.isfinite(row) & (row > 0)).all():
        raise BadRequest(
            f"a weight above 0 for each of {', '.join(scheme.names)}",
            repr(dict(given))[:200],
            "Name every class once, or set class_weights to none.",
        )
    if scheme.task == "single_label":
        return np.repeat((targets @ row)[:, None], targets.shape[1], axis=1)
    return np.tile(row, (len(targets), 1))


def smoothed(targets: np.ndarray, share: float, scheme: LabelScheme) -> np.ndarray:
    """Targets moved by `share` (0 to below 1) towards all classes alike (Szegedy et al. 2016, section 7), or towards
    one half where each class has its own sigmoid. Raises BadRequest."""
    if not 0.0 <= share < 1.0:
        raise BadRequest("label smoothing from 0 to below 1", str(share), "Use 0, or 0.1.")
    if scheme.task == "regression" or not share:
        return targets
    aim = 1.0 / targets.shape[1] if scheme.task == "single_label" else 0.5
    return targets * (1.0 - share) + share * aim


def _one_hot(targets: np.ndarray) -> bool:
    return bool(np.isin(targets, (0, 1)).all() and (targets.sum(axis=1) == 1).all())
