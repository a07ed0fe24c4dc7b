"""Figures of a model that says one class a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.measures.calibration import BINS, calibration_figure
from vitrina.measures.checked import checked_probabilities, checked_targets
from vitrina.measures.classes import answer_figures
from vitrina.measures.intervals import RESAMPLES, Figure, figures, resample, share_figure
from vitrina.measures.ranking import auroc_figure

_SMALLEST = 1e-15


def single_label_figures(
    probabilities: np.ndarray,
    targets: np.ndarray,
    names: Sequence[str],
    *,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """{accuracy, top_k, macro, weighted, per_class, confusion, calibration_error, auroc, log_loss}.

    probabilities (n, k), 0 to 1, rows that sum to 1; targets (n,) indices into `names`. The answer is the
    first class of the highest probability, whether or not the model abstains. `top_k` carries its k (see
    `top_k_of`), `calibration_error` its number of bins; `macro` is the mean over the classes with pictures.
    Each figure is {"value", "interval", "n"}, over the same resampled pictures. Raises BadRequest.
    """
    probabilities = checked_probabilities(probabilities, names)
    targets = checked_targets(targets, len(probabilities), classes=len(names))
    drawn: dict[str, Any] = {"seed": seed, "resamples": resamples}
    confidences, correct = top_answers(probabilities, targets)
    truth = targets[:, None] == np.arange(len(names))
    return {
        **answer_figures(probabilities.argmax(axis=1), targets, names, **drawn),
        "top_k": top_k_figure(probabilities, targets, k=top_k_of(len(names)), **drawn),
        "calibration_error": calibration_figure(confidences, correct, **drawn) | {"bins": BINS},
        "auroc": auroc_figure(probabilities, truth, **drawn),
        "log_loss": log_loss_figure(probabilities, targets, **drawn),
    }


def top_answers(probabilities: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(confidences (n,) 0 to 1, correct (n,) bool) of the highest class; probabilities (n, k), targets (n,)."""
    probabilities = np.asarray(probabilities, dtype=np.float64)
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == np.asarray(targets)


def top_k_of(classes: int) -> int:
    """3 for fewer than 10 classes, else 5, always fewer than the classes; 1 at least."""
    return max(1, min(3 if classes < 10 else 5, classes - 1))


def top_k_figure(
    probabilities: np.ndarray, targets: np.ndarray, *, k: int, seed: int, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """{"k", "value", "interval", "n"}: the share of pictures whose true class is among the k highest.

    Of equal probabilities the first class comes first, so that k = 1 is the accuracy.
    """
    of_truth = np.take_along_axis(probabilities, targets[:, None], axis=1)
    before = np.arange(probabilities.shape[1]) < targets[:, None]
    rank = (probabilities > of_truth).sum(axis=1) + ((probabilities == of_truth) & before).sum(axis=1)
    return {"k": k} | share_figure(rank < k, seed=seed, resamples=resamples)


def log_loss_figure(
    probabilities: np.ndarray, targets: np.ndarray, *, seed: int, resamples: int = RESAMPLES
) -> Figure:
    """Mean of -ln(probability of the true class), in nats; a probability below 1e-15 counts as that."""
    losses = -np.log(np.maximum(np.take_along_axis(probabilities, targets[:, None], axis=1), _SMALLEST))
    n = len(losses)
    return figures(resample(lambda weights: weights @ losses / n, n, seed=seed, resamples=resamples), n)[0]
