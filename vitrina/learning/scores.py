"""A few figures of a head, by which one is chosen among several."""

from __future__ import annotations

import numpy as np

from vitrina.labels import LabelScheme
from vitrina.learning.solver import cross_entropy


def scores(
    logits: np.ndarray, targets: np.ndarray, scheme: LabelScheme, *, weights: np.ndarray | None = None
) -> dict[str, float]:
    """{"log_loss"} and, by task, "accuracy" | "exact_match" | "mae", "rmse"; "weighted_log_loss" with `weights`.

    logits and targets (n, k), n at least 1. Losses are means over pictures, in nats; with one sigmoid a class also
    over classes. The others: shares from 0 to 1, errors of the sigmoid in the unit of the targets.
    """
    softmax = scheme.task == "single_label"
    losses, probabilities = cross_entropy(logits.astype(np.float64), targets, softmax=softmax)
    parts = 1 if softmax else targets.shape[1]
    answer = {"log_loss": float(losses.sum(axis=1).mean() / parts)}
    if weights is not None:
        total = weights.sum() * (1 / targets.shape[1] if softmax else 1.0)
        answer["weighted_log_loss"] = float((losses * weights).sum() / total)
    if scheme.task == "single_label":
        answer["accuracy"] = float((logits.argmax(axis=1) == targets.argmax(axis=1)).mean())
    elif scheme.task == "multi_label":
        answer["exact_match"] = float(((logits >= 0) == (targets >= 0.5)).all(axis=1).mean())
    else:
        error = probabilities - targets
        answer |= {"mae": float(np.abs(error).mean()), "rmse": float(np.sqrt((error * error).mean()))}
    return answer
