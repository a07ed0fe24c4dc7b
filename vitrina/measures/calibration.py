"""Whether a confidence of 0.8 is right 8 times in 10."""

from __future__ import annotations

from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.measures.intervals import RESAMPLES, Figure, figures, resample

BINS = 15
_RANGE = (0.05, 20.0)


def calibration_error(confidences: np.ndarray, correct: np.ndarray, *, bins: int = BINS) -> float:
    """Expected calibration error, 0 to 1, over `bins` bins of equal width (Guo et al. 2017, arXiv 1706.04599).

    confidences 0 to 1, correct 0 or 1, of one shape: (n,), or (n, k) where each class is a decision. The mean
    distance between confidence and share of right answers, bins weighted by what falls in them. Raises
    BadRequest: shapes differ, no answers, confidences outside 0 to 1.
    """
    value = calibration_figure(confidences, correct, seed=0, resamples=0, bins=bins)["value"]
    return float(value)


def calibration_figure(
    confidences: np.ndarray,
    correct: np.ndarray,
    *,
    seed: int,
    resamples: int = RESAMPLES,
    bins: int = BINS,
) -> Figure:
    """`calibration_error` with its interval over resampled pictures (rows)."""
    confidences, correct = _checked(confidences, correct)
    n, decisions = confidences.shape
    place = _places(confidences, bins)
    sums = np.zeros((n, bins))
    np.add.at(sums, (np.arange(n)[:, None], place), confidences - correct)

    def statistic(weights: np.ndarray) -> np.ndarray:
        return np.abs(weights @ sums).sum(axis=1, keepdims=True) / (n * decisions)

    return figures(resample(statistic, n, seed=seed, resamples=resamples), n)[0]


def reliability_bins(
    confidences: np.ndarray, correct: np.ndarray, *, bins: int = BINS
) -> list[dict[str, Any]]:
    """[{"from", "to", "n", "confidence", "accuracy"}], from 0 to 1: what a reliability diagram shows.

    A bin holds confidences above `from` and up to `to`; the first holds 0 as well. Means are None where n is
    0. Arguments and errors as in `calibration_error`.
    """
    confidences, correct = _checked(confidences, correct)
    place = _places(confidences, bins)
    made = []
    for index in range(bins):
        inside = place == index
        count = int(inside.sum())
        means = [float(each[inside].mean()) if count else None for each in (confidences, correct)]
        ends = {"from": index / bins, "to": (index + 1) / bins}
        made.append({**ends, "n": count, "confidence": means[0], "accuracy": means[1]})
    return made


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """The temperature, 0.05 to 20, that logits are divided by for the lowest log loss (Guo et al. 2017).

    logits (n, k). targets (n,) class indices: softmax over the classes; targets (n, k), 0 to 1: a sigmoid for
    each. 1.0 where none is better, and where every answer is right: there the log loss falls without end as T
    does, and the pictures do not say how sure to be. Choose it on validation pictures. Raises BadRequest: other
    shapes, no picture, an index of no class, numbers that are not finite.
    """
    from scipy.optimize import minimize_scalar

    logits, targets = _checked_logits(logits, targets)

    def loss(log_temperature: float) -> float:
        return _log_loss(logits / np.exp(log_temperature), targets)

    if _all_right(logits, targets):
        return 1.0
    low, high = np.log(_RANGE)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x)) if found.fun < loss(0.0) else 1.0


def at_temperature(probabilities: np.ndarray, temperature: float, *, one_class: bool) -> np.ndarray:
    """(n, k): the probabilities that the same logits give when divided by `temperature` (above 0).

    `one_class`: rows are a softmax; else each entry is a sigmoid. 1 / T takes T back. Probabilities of 0 and 1
    have lost their logits; they are taken as 1e-15 away.
    """
    kept = np.clip(np.asarray(probabilities, dtype=np.float64), 1e-15, 1 - 1e-15)
    if one_class:
        logits = np.log(kept) / temperature
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))
    return np.asarray(1 / (1 + np.exp(-(np.log(kept) - np.log1p(-kept)) / temperature)))


def _all_right(logits: np.ndarray, targets: np.ndarray) -> bool:
    if targets.ndim == 2:
        return bool(np.where(logits > 0, targets == 1, (logits < 0) & (targets == 0)).all())
    others = logits.copy()
    others[np.arange(len(targets)), targets] = -np.inf
    of_truth = np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    return bool((of_truth > others.max(axis=1)).all())


def _log_loss(logits: np.ndarray, targets: np.ndarray) -> float:
    if targets.ndim == 2:
        return float((np.logaddexp(0.0, logits) - targets * logits).mean())
    shifted = logits - logits.max(axis=1, keepdims=True)
    of_truth = np.take_along_axis(shifted, targets[:, None], axis=1)[:, 0]
    return float((np.log(np.exp(shifted).sum(axis=1)) - of_truth).mean())


def _places(confidences: np.ndarray, bins: int) -> np.ndarray:
    return np.clip(np.ceil(confidences * bins).astype(np.int64) - 1, 0, bins - 1)


def _checked(confidences: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    confidences, correct = np.asarray(confidences, dtype=np.float64), np.asarray(correct, dtype=np.float64)
    if confidences.shape != correct.shape or confidences.ndim not in (1, 2) or not confidences.size:
        raise BadRequest(
            "as many confidences as answers, at least one",
            f"shapes {confidences.shape} and {correct.shape}",
            "Measure on pictures with labels.",
        )
    if not ((confidences >= 0.0) & (confidences <= 1.0)).all():
        raise BadRequest(
            "confidences from 0 to 1",
            f"{confidences.min():.4g} to {confidences.max():.4g}",
            "Give probabilities, not the raw outputs of the model.",
        )
    rows = len(confidences)
    return confidences.reshape(rows, -1), correct.reshape(rows, -1)


def _checked_logits(logits: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    logits, targets = np.asarray(logits, dtype=np.float64), np.asarray(targets)
    fits = logits.ndim == 2 and logits.size > 0 and np.isfinite(logits).all()
    if fits and targets.ndim == 1:
        whole = targets.shape == logits.shape[:1] and targets.dtype.kind in "iu"
        fits = whole and targets.min() >= 0 and targets.max() < logits.shape[1]
    elif fits:
        fits = targets.shape == logits.shape and bool(((targets >= 0) & (targets <= 1)).all())
    if not fits:
        raise BadRequest(
            "finite logits (n, k) with class indices (n,) or marks (n, k), at least one picture",
            f"shapes {logits.shape} and {targets.shape}",
            "Choose the temperature on validation pictures.",
        )
    return logits, targets.astype(np.int64) if targets.ndim == 1 else targets.astype(np.float64)
