"""Features and labels by seed."""

from __future__ import annotations

import numpy as np

NAMES = ("cat", "dog", "owl", "pig")


def features_of(target: np.ndarray, *, seed: int, apart: float = 6.0, dimensions: int = 24) -> np.ndarray:
    """float32 (n, dimensions): unit noise around one centre a class, `apart` from zero, all away from zero
    as what a backbone pools is."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(int(target.max()) + 1, dimensions))
    centres *= apart / np.linalg.norm(centres, axis=1, keepdims=True)
    return (centres[target] + 3 + rng.normal(size=(len(target), dimensions))).astype(np.float32)


def flipped(target: np.ndarray, *, share: float, seed: int) -> np.ndarray:
    """`target` with that share of labels moved to another class."""
    rng = np.random.default_rng(seed)
    wrong = rng.permutation(len(target))[: round(share * len(target))]
    given, classes = target.copy(), int(target.max()) + 1
    given[wrong] = (given[wrong] + rng.integers(1, classes, len(wrong))) % classes
    return given


def names_of(target: np.ndarray) -> list[str | None]:
    return [NAMES[one] for one in target.tolist()]
