"""How right a classifier is, with how much doubt."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme

_Z95 = 1.959963984540054


def wilson_interval(right: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, 0 to 1 (Wilson 1927, J. Am. Stat. Assoc. 22, 209). (0, 1) when n is 0."""
    if n == 0:
        return 0.0, 1.0
    share, z2 = right / n, _Z95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    # At 0 and n right the end of the interval is exact; rounding must not move it.
    low = 0.0 if right == 0 else max(0.0, centre - half)
    return low, 1.0 if right == n else min(1.0, centre + half)


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


def choose_threshold(
    confidences: Sequence[float], correct: Sequence[bool], *, target_precision: float
) -> float:
    """The lowest threshold, 0 to 1, at which `confidence >= threshold` is right often enough.

    `target_precision` (0 to 1) is the share of right answers wanted among those not abstained on. 0.0 where
    all answers reach it already, 1.0 where none do. Raises BadRequest: no answers, lengths differ.
    """
    if len(confidences) != len(correct) or not len(confidences):
        raise BadRequest(
            "as many confidences as answers, at least one",
            f"{len(confidences)} and {len(correct)}",
            "Choose the threshold on validation pictures.",
        )
    order = np.argsort(-np.asarray(confidences, dtype=np.float64), kind="stable")
    sorted_confidences = np.asarray(confidences, dtype=np.float64)[order]
    precision = np.cumsum(np.asarray(correct, dtype=bool)[order]) / np.arange(1, len(order) + 1)
    # Answers of equal confidence stand or fall together: only the last of each group is a place to cut.
    last_of_group = np.append(sorted_confidences[1:] != sorted_confidences[:-1], True)
    reached = np.flatnonzero(last_of_group & (precision >= target_precision))
    if not len(reached):
        return 1.0
    return 0.0 if reached[-1] == len(order) - 1 else float(sorted_confidences[reached[-1]])


def _of_class(counts: np.ndarray, index: int) -> dict[str, Any]:
    hits, support, said = int(counts[index, index]), int(counts[index].sum()), int(counts[:, index].sum())
    return {
        "precision": hits / said if said else None,
        "recall": hits / support if support else None,
        "f1": 2 * hits / (support + said) if support else None,
        "support": support,
    }
