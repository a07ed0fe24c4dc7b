"""Figures of a model's answers on a side, by task."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.learning.answers import probabilities_of
from vitrina.learning.sides import Side
from vitrina.measures.calibration import at_temperature, calibration_figure, reliability_bins
from vitrina.measures.multi_label import multi_label_figures
from vitrina.measures.regression import regression_figures
from vitrina.measures.single_label import single_label_figures, top_answers

RESAMPLES = 1000


def figures_of(scores: np.ndarray, side: Side, *, seed: int) -> dict[str, Any]:
    """Every figure of the task with its interval. `scores` (n, k) 0..1 in the order of `side`."""
    return task_figures(side.scheme.task, scores, side.targets, side.scheme.names, seed=seed)


def task_figures(
    task: str,
    scores: np.ndarray,
    targets: np.ndarray,
    names: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """The same of scores and targets (n, k), both 0..1; one column a class, of single_label one 1 a row."""
    drawn: dict[str, Any] = {"seed": seed, "resamples": resamples}
    if task == "single_label":
        return single_label_figures(scores, targets.argmax(axis=1), names, **drawn)
    if task == "multi_label":
        return multi_label_figures(scores, targets, names, **drawn)
    return regression_figures(scores, targets, names, **drawn)


def validation_figures(logits: np.ndarray, validation: Side) -> dict[str, Any]:
    """{"n", "accuracy", "log_loss"}, for regression {"n", "mae"}: plain values, for a report of training."""
    scores, task = probabilities_of(logits, validation.scheme.task), validation.scheme.task
    n = len(validation)
    if task == "regression":
        return {"n": n, "mae": float(np.abs(scores - validation.targets).mean())}
    clipped = np.clip(scores, 1e-15, 1 - 1e-15)
    if task == "single_label":
        of_truth = clipped[np.arange(n), validation.labels]
        return {
            "n": n,
            "accuracy": float((scores.argmax(axis=1) == validation.labels).mean()),
            "log_loss": float(-np.log(of_truth).mean()),
        }
    truth = validation.targets
    losses = -(truth * np.log(clipped) + (1 - truth) * np.log(1 - clipped))
    return {
        "n": n,
        "accuracy": float(((scores >= 0.5) == (truth >= 0.5)).mean()),
        "log_loss": float(losses.mean()),
    }


def calibration_of(scores: np.ndarray, side: Side, *, temperature: float, seed: int) -> dict[str, Any] | None:
    """Errors before and after the temperature that is folded into the model, on `side`; None for regression."""
    task = side.scheme.task
    if task == "regression":
        return None
    single = task == "single_label"
    before = at_temperature(scores, 1 / temperature, one_class=single)

    def answers(given: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return top_answers(given, side.labels) if single else (given, side.targets)

    return {
        "temperature": temperature,
        "chosen_on": "validation",
        "error_before": calibration_figure(*answers(before), seed=seed),
        "error_after": calibration_figure(*answers(scores), seed=seed),
        "bins": reliability_bins(*answers(scores)),
    }
