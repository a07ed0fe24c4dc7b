"""Whether one model is better than another on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.measures.intervals import figures, resample

PAIRED_RESAMPLES = 10_000


def mcnemar(correct: np.ndarray, other_correct: np.ndarray) -> dict[str, Any]:
    """{"only_first", "only_second", "n", "p"}: pictures only one of two classifiers had right.

    correct and other_correct (n,) bool, of the same pictures. p: two-sided exact binomial test of an even
    split (McNemar 1947, Psychometrika 12, 153; exact as in Fay 2010, R J. 2, 53); 1.0 where they never
    differ. Raises BadRequest: lengths differ, no pictures.
    """
    first, second = _pair(correct, other_correct, dtype=bool)
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    differ = only_first + only_second
    return {
        "only_first": only_first,
        "only_second": only_second,
        "n": len(first),
        "p": _even_split(min(only_first, only_second), differ) if differ else 1.0,
    }


def paired_difference(
    scores: np.ndarray, other_scores: np.ndarray, *, seed: int, resamples: int = PAIRED_RESAMPLES
) -> dict[str, Any]:
    """{"value", "interval", "n", "p"}: the mean of scores - other_scores, both (n,), over resampled pictures.

    Scores are 1 or 0 for right or wrong, an absolute error, an average precision: any number a picture. p: how
    often the mean difference of a resample strays as far from the value as the value does from 0 (Efron and
    Tibshirani 1993, An Introduction to the Bootstrap, ch. 16); never below 1 / (resamples + 1). 1.0 where
    the two never differ. Raises BadRequest: lengths differ, no pictures, numbers that are not finite.
    """
    first, second = _pair(scores, other_scores, dtype=np.float64)
    differences, n = (first - second)[:, None], len(first)
    if not np.isfinite(differences).all():
        raise BadRequest("finite scores", "others", "Look at the predictions of these two runs.")
    resampled = resample(lambda weights: weights @ differences / n, n, seed=seed, resamples=resamples)
    value = float(resampled.values[0])
    # A resample that repeats the value must count whichever way rounding falls.
    strayed = np.abs(resampled.samples[:, 0] - value) >= abs(value) * (1 - 1e-9)
    p = (1 + int(strayed.sum())) / (1 + resamples) if differences.any() else 1.0
    return figures(resampled, n)[0] | {"p": p}


def holm(p_values: Sequence[float]) -> list[float]:
    """p values, 0 to 1, adjusted for their number, in the order given (Holm 1979, Scand. J. Stat. 6, 65)."""
    order = np.argsort(p_values, kind="stable")
    raised = np.asarray(p_values, dtype=np.float64)[order] * np.arange(len(order), 0, -1)
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(raised))
    return [float(p) for p in adjusted]


def _even_split(fewer: int, differ: int) -> float:
    from scipy.stats import binom

    return min(1.0, 2 * float(binom.cdf(fewer, differ, 0.5)))


def _pair(first: np.ndarray, second: np.ndarray, *, dtype: type) -> tuple[np.ndarray, np.ndarray]:
    first, second = np.asarray(first, dtype=dtype), np.asarray(second, dtype=dtype)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise BadRequest(
            "two answers for each picture, at least one picture",
            f"shapes {first.shape} and {second.shape}",
            "Measure both runs on the same pictures.",
        )
    return first, second
