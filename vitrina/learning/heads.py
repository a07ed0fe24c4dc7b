"""A linear head, its penalty chosen on validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.learning.axes import Axes
from vitrina.learning.examples import Examples, checked, refuse_unlearnable, smoothed, weights_of
from vitrina.learning.scores import scores
from vitrina.learning.solver import Problem

# Beside the summed loss, on standardised features. Half decades: on 1,544 photos of waste whole ones cost 0.01 of log
# loss (EfficientNet-Lite0 0.468 to 0.458, ViT-Tiny 0.418 to 0.412, mean of five folds).
L2_GRID = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)


@dataclass(frozen=True)
class FittedHead:
    """A linear layer for features as they come: logits = weight @ feature + bias.

    `weight` float32 (k, d), `bias` float32 (k,). `l2` was chosen among `grid`, whose entries are what `scores` says,
    beside "l2" and "train_log_loss". `validation_logits` float32 (n, k) are those of the chosen one: choosing on them
    makes figures of validation slightly hopeful.
    """

    weight: np.ndarray
    bias: np.ndarray
    l2: float
    grid: list[dict[str, float]]
    validation_logits: np.ndarray


def fit_linear(
    train: Examples,
    validation: Examples,
    *,
    scheme: LabelScheme,
    l2_grid: Sequence[float] = L2_GRID,
    class_weights: Mapping[str, float] | None = None,
    label_smoothing: float = 0.0,
) -> FittedHead:
    """Logistic regression on train alone, with the penalty of `l2_grid` that has the lowest log loss on validation.

    single_label: softmax. multi_label: one sigmoid a class. regression: the same sigmoids towards targets from 0 to
    1, so by binary cross-entropy (Papke, Wooldridge 1996, J. Appl. Econometrics 11, 619), whose expected minimum is
    the mean, as that of the squared error. `class_weights` weigh train and the choice (as "weighted_log_loss"),
    `label_smoothing` train alone. Ties go to the stronger penalty. Raises BadRequest: shapes, numbers that are not
    finite, a class without pictures.
    """
    grid = _penalties(l2_grid)
    train, validation = checked(train, scheme, side="train"), checked(validation, scheme, side="validation")
    refuse_unlearnable(train, scheme)
    axes = Axes.of(train.features)
    targets = smoothed(train.targets, label_smoothing, scheme)
    weights = weights_of(train.targets, scheme, class_weights)
    problem = Problem(axes, targets, weights, softmax=scheme.task == "single_label")
    seen = None if class_weights is None else weights_of(validation.targets, scheme, class_weights)
    fitted: list[FittedHead] = []
    solution: np.ndarray | None = None
    tried: list[dict[str, float]] = []
    for l2 in grid:
        # From the strongest penalty down: each solution is a good start for the next.
        with threadpool_limits(1, user_api="blas"):
            # Thousands of small products: handing each out to two threads took five times as long.
            solution = problem.solve(l2, solution)
        weight, bias = (part.astype(np.float32) for part in axes.to_raw(solution[:, :-1], solution[:, -1]))
        logits = logits_of(weight, bias, validation.features)
        figures = scores(logits, validation.targets, scheme, weights=seen)
        of_train = scores(logits_of(weight, bias, train.features), train.targets, scheme)
        tried.append({"l2": l2, **figures, "train_log_loss": of_train["log_loss"]})
        fitted.append(FittedHead(weight, bias, l2, tried, logits))
    judged = "log_loss" if class_weights is None else "weighted_log_loss"
    return fitted[int(np.argmin([entry[judged] for entry in tried]))]


def logits_of(weight: np.ndarray, bias: np.ndarray, features: np.ndarray) -> np.ndarray:
    """float32 (n, k) for features (n, d)."""
    return np.asarray(features @ weight.T + bias, dtype=np.float32)


def _penalties(given: Sequence[float]) -> list[float]:
    """From the strongest to the weakest, each once."""
    grid = sorted({float(l2) for l2 in given}, reverse=True)
    if not grid or not 0 < grid[-1] <= grid[0] < float("inf"):
        raise BadRequest("L2 penalties above 0 to try", repr(list(given)), "Leave l2 at its default.")
    return grid
