"""How right a classifier is, with how much doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.measures.abstention import choose_threshold
from vitrina.measures.intervals import wilson_interval

__all__ = ["choose_threshold", "measure", "wilson_interval"]


def measure(predicted: Sequence[str], truth: Sequence[str], scheme: LabelScheme) -> dict[str, Any]:
    """{accuracy, n, interval, macro_f1, per_class: {label: {precision, recall, f1, support}}, confusion}.

    `interval` is the 95 % Wilson interval of the accuracy as [low, high]. `macro_f1` is the mean over the
    labels that occur in `truth`. What cannot be said is None: precision of a label never predicted, recall
    and f1 of one without support. `confusion[true][predicted]` counts. Raises BadRequest: no pictures,
    lengths differ.
    """
    if len(predicted) != len(truth) or not truth:
        raise BadRequest(
            "as many predictions as true labels, at least one",
            f"{len(predicted)} and {len(truth)}",
            "Measure on pictures with labels.",
        )
    size = len(scheme.names)
    counts = np.zeros((size, size), dtype=np.int64)
    np.add.at(counts, ([scheme.index(name) for name in truth], [scheme.index(name) for name in predicted]), 1)
    n, right = int(counts.sum()), int(counts.trace())
    per_class = {name: _of_class(counts, i) for i, name in enumerate(scheme.names)}
    f1 = [figures["f1"] for figures in per_class.values() if figures["support"]]
    return {
        "accuracy": right / n,
        "n": n,
        "interval": list(wilson_interval(right, n)),
        "macro_f1": sum(f1) / len(f1),
        "per_class": per_class,
        "confusion": {
            true: {said: int(counts[i, j]) for j, said in enumerate(scheme.names)}
            for i, true in enumerate(scheme.names)
        },
    }


def _of_class(counts: np.ndarray, index: int) -> dict[str, Any]:
    hits, support, said = int(counts[index, index]), int(counts[index].sum()), int(counts[:, index].sum())
    return {
        "precision": hits / said if said else None,
        "recall": hits / support if support else None,
        "f1": 2 * hits / (support + said) if support else None,
        "support": support,
    }
