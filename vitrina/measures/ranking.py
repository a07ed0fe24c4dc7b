"""How well scores put pictures in order: AUROC, average precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vitrina.measures.intervals import RESAMPLES, Figure, divided, figures, resample

# Entries (pictures x classes x resamples) beyond which fewer resamples are drawn, and the fewest.
_MOST_ENTRIES = 5e8
_FEWEST = 200

_OfClass = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]


def auroc_figure(scores: np.ndarray, truth: np.ndarray, *, seed: int, resamples: int = RESAMPLES) -> Figure:
    """Area under the ROC curve, each class against the rest, mean over the classes with both sorts of picture.

    scores (n, k), truth (n, k) bool. The share of pairs, one of the class and one not, that the score puts
    in order, ties half (Hanley and McNeil 1982, Radiology 143, 29). Large sets draw fewer resamples, never
    under 200, to stay within a minute.
    """
    statistic = _mean_of(_auroc, scores, truth)
    resampled = resample(statistic, len(scores), seed=seed, resamples=_affordable(scores, resamples))
    return figures(resampled, len(scores))[-1]


def average_precision_figures(
    scores: np.ndarray, truth: np.ndarray, names: Sequence[str], *, seed: int, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """{mean_average_precision, per_class: {name: figure}}: the step-wise area under precision over recall.

    scores (n, k), truth (n, k) bool. The mean is over the classes with pictures; a class without has None.
    Definition: sum over thresholds of the gain in recall times the precision there, without interpolation.
    """
    statistic = _mean_of(_average_precision, scores, truth)
    resampled = resample(statistic, len(scores), seed=seed, resamples=_affordable(scores, resamples))
    *per_class, mean = figures(resampled, [*truth.sum(axis=0).tolist(), len(scores)])
    return {"mean_average_precision": mean, "per_class": dict(zip(names, per_class, strict=True))}


def average_precision_by_picture(scores: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """(n,) 0 to 1: how near the top of each picture's ranking its own classes stand; 1.0 where it has none.

    scores (n, k), truth (n, k) bool. Its mean is the label ranking average precision (Schapire and Singer
    2000, Machine Learning 39, 135).
    """
    rank, own = np.ones(scores.shape), np.zeros(scores.shape)
    for column in range(scores.shape[1]):
        at_least = scores >= scores[:, column, None]
        rank[:, column] = at_least.sum(axis=1)
        own[:, column] = (at_least & truth).sum(axis=1)
    total = np.where(truth, own / rank, 0.0).sum(axis=1)
    count = truth.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0)


def _mean_of(of_class: _OfClass, scores: np.ndarray, truth: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """weights (r, n) -> (r, k + 1): each class, then the mean over those that can be said."""
    each = [of_class(scores[:, column], truth[:, column]) for column in range(scores.shape[1])]

    def statistic(weights: np.ndarray) -> np.ndarray:
        made = np.column_stack([one(weights) for one in each])
        known = ~np.isnan(made)
        mean = divided(np.where(known, made, 0.0).sum(axis=1), known.sum(axis=1))
        return np.column_stack([made, mean])

    return statistic


def _auroc(scores: np.ndarray, truth: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    positive, negative = np.flatnonzero(truth), np.flatnonzero(~truth)
    negative = negative[np.argsort(scores[negative], kind="stable")]
    below = np.searchsorted(scores[negative], scores[positive], side="left")
    up_to = np.searchsorted(scores[negative], scores[positive], side="right")

    def statistic(weights: np.ndarray) -> np.ndarray:
        others, own = _cumulative(weights[:, negative]), weights[:, positive]
        beaten = (own * (others[:, below] + others[:, up_to])).sum(axis=1) / 2
        return divided(beaten, own.sum(axis=1) * others[:, -1])

    return statistic


def _average_precision(scores: np.ndarray, truth: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    order = np.argsort(-scores, kind="stable")
    positive = order[truth[order]]
    # Pictures of one score are answered together: precision is taken after the last of them.
    among_all = np.searchsorted(-scores[order], -scores[positive], side="right")
    among_own = np.searchsorted(-scores[positive], -scores[positive], side="right")

    def statistic(weights: np.ndarray) -> np.ndarray:
        own = weights[:, positive]
        hits, said = _cumulative(own)[:, among_own], _cumulative(weights[:, order])[:, among_all]
        return divided((own * np.nan_to_num(divided(hits, said))).sum(axis=1), own.sum(axis=1))

    return statistic


def _cumulative(weights: np.ndarray) -> np.ndarray:
    """(r, m) -> (r, m + 1): the sum of the first 0, 1, ... m."""
    made = np.zeros((weights.shape[0], weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=made[:, 1:])
    return made


def _affordable(scores: np.ndarray, resamples: int) -> int:
    return min(resamples, max(_FEWEST, int(_MOST_ENTRIES / scores.size)))
