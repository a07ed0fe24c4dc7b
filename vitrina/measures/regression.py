"""Figures of a model that answers with numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.measures.checked import checked_columns
from vitrina.measures.intervals import RESAMPLES, divided, figures, resample

KINDS = ("mae", "rmse", "r2")


def regression_figures(
    answers: np.ndarray, targets: np.ndarray, names: Sequence[str], *, seed: int, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """{mae, rmse, r2, per_target: {name: {mae, rmse, r2}}}, in the unit of the targets; r2 at most 1.

    answers and targets (n, k). Over all targets: the mean absolute error, the root of the mean squared error,
    and the mean r2 of the targets that vary. r2 = 1 - squared error / squared distance from the mean of the
    targets; None for a target that does not vary. Raises BadRequest: shapes differ, not finite, no picture.
    """
    answers, targets = checked_columns(answers, names), checked_columns(targets, names)
    if answers.shape != targets.shape:
        raise BadRequest(
            "as many answers as targets",
            f"{len(answers)} and {len(targets)}",
            "Give one row a picture to both.",
        )
    n, k = targets.shape
    error = answers - targets
    # r2 does not move with the origin, its sums of squares are exact only near it.
    near = targets - targets[0]
    sums = np.column_stack([np.abs(error), error**2, near, near**2])

    def statistic(weights: np.ndarray) -> np.ndarray:
        absolute, squared, first, second = np.split(weights @ sums / n, 4, axis=1)
        spread = second - first**2
        r2 = 1 - divided(squared, np.where(spread > 1e-12 * np.maximum(second, 1e-300), spread, 0.0))
        known = ~np.isnan(r2)
        mean_r2 = divided(np.where(known, r2, 0.0).sum(axis=1), known.sum(axis=1))
        over_all = [absolute.mean(axis=1), np.sqrt(squared.mean(axis=1)), mean_r2]
        return np.column_stack([*over_all, absolute, np.sqrt(squared), r2])

    made = figures(resample(statistic, n, seed=seed, resamples=resamples), n)
    of_target = zip(*(made[3 + kind * k :][:k] for kind in range(3)), strict=True)
    per_target = [dict(zip(KINDS, each, strict=True)) for each in of_target]
    return dict(zip(KINDS, made, strict=False)) | {"per_target": dict(zip(names, per_target, strict=True))}
