"""Precision, recall, F1: of each class, over all classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.measures.checked import checked_targets
from vitrina.measures.intervals import RESAMPLES, Figure, divided, figures, resample, share_figure

KINDS = ("precision", "recall", "f1")


def answer_figures(
    said: np.ndarray, targets: np.ndarray, names: Sequence[str], *, seed: int, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """{accuracy, macro, weighted, per_class, confusion} of one answer a picture.

    said (n,) and targets (n,) are class indices. `confusion[true][said]` counts pictures. The rest as in
    `class_figures`. Raises BadRequest: no picture, lengths differ, an index of no class.
    """
    said = checked_targets(said, max(1, len(said)), classes=len(names))
    targets = checked_targets(targets, len(said), classes=len(names))
    columns = np.arange(len(names))
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (targets, said), 1)
    marks = class_figures(
        said[:, None] == columns, targets[:, None] == columns, names, seed=seed, resamples=resamples
    )
    return {
        "accuracy": share_figure(said == targets, seed=seed, resamples=resamples),
        **marks,
        "confusion": {
            true: dict(zip(names, counts[row].tolist(), strict=True)) for row, true in enumerate(names)
        },
    }


def class_figures(
    said: np.ndarray, truth: np.ndarray, names: Sequence[str], *, seed: int, resamples: int = RESAMPLES
) -> dict[str, Any]:
    """{macro, weighted: {precision, recall, f1}, per_class: {name: {precision, recall, f1, support}}}.

    said and truth: (n, k) bool. What cannot be said is None: the precision of a class never said, recall and
    F1 of one without support. `macro` is the mean over the classes with support, `weighted` the mean by
    support; in both a class never said counts with precision 0, or a model would gain by leaving it out.
    n: of a precision the pictures said to be the class, of a recall those that are, of an F1 either.
    """
    from scipy.sparse import csr_array, hstack

    parts = [csr_array(each.astype(np.float64)) for each in (said & truth, truth, said)]
    sums = hstack(parts, format="csr")

    def statistic(weights: np.ndarray) -> np.ndarray:
        hits, support, named = np.split(weights @ sums, 3, axis=1)
        rates = _rates(hits, support, named)
        return np.concatenate([_means(rates, support), rates], axis=1).reshape(len(weights), -1)

    support = truth.sum(axis=0)
    of_class = np.stack([said.sum(axis=0), support, (said | truth).sum(axis=0)])
    n = [len(said)] * 6 + of_class.ravel().tolist()
    made = _shaped(resample(statistic, len(said), seed=seed, resamples=resamples), n, len(names))
    macro, weighted, *per_class = made
    return {
        "macro": macro,
        "weighted": weighted,
        "per_class": {
            name: figure | {"support": int(count)}
            for name, figure, count in zip(names, per_class, support, strict=True)
        },
    }


def confusion_shares(
    said: np.ndarray, targets: np.ndarray, names: Sequence[str], *, seed: int, resamples: int = RESAMPLES
) -> dict[str, dict[str, Figure]]:
    """{true: {said: figure}}: the share of a class's pictures that each answer gets, 0 to 1.

    Arguments and errors as in `answer_figures`; None in the row of a class without pictures.
    """
    from scipy.sparse import csr_array

    said = checked_targets(said, max(1, len(said)), classes=len(names))
    targets = checked_targets(targets, len(said), classes=len(names))
    n, k = len(said), len(names)
    cells = csr_array((np.ones(n), (np.arange(n), targets * k + said)), shape=(n, k * k))

    def statistic(weights: np.ndarray) -> np.ndarray:
        counts = (weights @ cells).reshape(-1, k, k)
        return divided(counts, counts.sum(axis=2, keepdims=True)).reshape(-1, k * k)

    support = np.repeat(np.bincount(targets, minlength=k), k)
    flat = figures(resample(statistic, n, seed=seed, resamples=resamples), support.tolist(), shares=True)
    rows = [dict(zip(names, flat[row * k :][:k], strict=True)) for row in range(k)]
    return dict(zip(names, rows, strict=True))


def _rates(hits: np.ndarray, support: np.ndarray, said: np.ndarray) -> np.ndarray:
    """(r, 3 k): precision of every class, then recall, then F1; NaN where it cannot be said."""
    both = np.where(support > 0, support + said, 0.0)
    return np.concatenate([divided(hits, said), divided(hits, support), divided(2 * hits, both)], axis=1)


def _means(rates: np.ndarray, support: np.ndarray) -> np.ndarray:
    """(r, 6): macro precision, recall, F1, then weighted ones; NaN where no class has support."""
    by_kind = np.nan_to_num(rates).reshape(len(rates), 3, -1)
    there = (support > 0).astype(np.float64)
    made = [divided((by_kind * w[:, None]).sum(axis=2), w.sum(axis=1)[:, None]) for w in (there, support)]
    return np.concatenate(made, axis=1)


def _shaped(resampled: Any, n: list[int], classes: int) -> list[dict[str, Any]]:
    """[macro, weighted, each class], each {precision, recall, f1}."""
    flat = figures(resampled, n, shares=True)
    means = [dict(zip(KINDS, flat[start : start + 3], strict=True)) for start in (0, 3)]
    rates = [flat[6 + kind * classes :][:classes] for kind in range(3)]
    return means + [dict(zip(KINDS, each, strict=True)) for each in zip(*rates, strict=True)]
