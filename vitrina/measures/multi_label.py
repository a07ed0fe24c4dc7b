"""Figures of a model that says any number of classes a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.measures.checked import checked_marks, checked_scores
from vitrina.measures.classes import class_figures
from vitrina.measures.intervals import RESAMPLES, share_figure
from vitrina.measures.ranking import auroc_figure, average_precision_figures


def multi_label_figures(
    probabilities: np.ndarray,
    targets: np.ndarray,
    names: Sequence[str],
    *,
    seed: int,
    threshold: float | Sequence[float] = 0.5,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """{mean_average_precision, per_class, macro, weighted, exact_match, auroc}.

    probabilities and targets (n, k); each class is said where its probability is at least `threshold`, one
    for all or one for each class, 0 to 1. `exact_match` is the share of pictures with every class right.
    Means over classes leave out those without pictures. Each figure is {"value", "interval", "n"}, over the
    same resampled pictures. Raises BadRequest.
    """
    probabilities = checked_scores(probabilities, names)
    truth = checked_marks(targets, probabilities.shape)
    said = probabilities >= _thresholds(threshold, len(names))
    drawn: dict[str, Any] = {"seed": seed, "resamples": resamples}
    precision = average_precision_figures(probabilities, truth, names, **drawn)
    marks = class_figures(said, truth, names, **drawn)
    return {
        "mean_average_precision": precision["mean_average_precision"],
        "per_class": {
            name: {"average_precision": precision["per_class"][name], **marks["per_class"][name]}
            for name in names
        },
        "macro": marks["macro"],
        "weighted": marks["weighted"],
        "exact_match": share_figure((said == truth).all(axis=1), **drawn),
        "auroc": auroc_figure(probabilities, truth, **drawn),
    }


def _thresholds(threshold: float | Sequence[float], classes: int) -> np.ndarray:
    made = np.asarray(threshold, dtype=np.float64)
    if made.shape not in ((), (classes,)) or not ((made >= 0.0) & (made <= 1.0)).all():
        raise BadRequest(
            f"a threshold from 0 to 1, or {classes} of them", repr(threshold), "Name one threshold a class."
        )
    return made
