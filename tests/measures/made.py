"""Answers by seed, for which scikit-learn knows the figures."""

from __future__ import annotations

import numpy as np

NAMES = ("a", "b", "c", "d")


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def single(n: int, k: int = 4, *, seed: int = 0, lift: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """(logits (n, k), targets (n,)): the true class is lifted by `lift` standard deviations."""
    generator = np.random.default_rng(seed)
    targets = generator.integers(0, k, n)
    logits = generator.normal(size=(n, k))
    logits[np.arange(n), targets] += lift
    return logits, targets


def multi(n: int, k: int = 4, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(scores (n, k) 0 to 1, targets (n, k) 0 or 1)."""
    generator = np.random.default_rng(seed)
    targets = (generator.random((n, k)) < 0.35).astype(int)
    return 1 / (1 + np.exp(-(generator.normal(size=(n, k)) + 1.5 * targets - 0.7))), targets
