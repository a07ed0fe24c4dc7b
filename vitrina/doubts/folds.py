"""Folds in which a group never stands on two sides."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def grouped_folds(
    labels: np.ndarray, groups: np.ndarray, *, folds: int, seed: int | Sequence[int]
) -> np.ndarray:
    """int64 (n,), 0 to folds - 1: rows of equal group share a fold, classes are spread evenly over folds.

    labels int (n,), from 0; groups int (n,). A group counts as the label most of its rows carry. Groups are
    dealt in an order shuffled by `seed`, large ones first, each to the fold that holds fewest rows of its
    label, then fewest of all. scikit-learn's StratifiedGroupKFold does the like, but warns and leaves folds
    empty where classes are small; here a class of two groups always has them in two folds.
    """
    _, group = np.unique(np.asarray(groups), return_inverse=True)
    sizes, label_of = np.bincount(group), _most_common(group, np.asarray(labels))
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    order = shuffled[np.lexsort((-sizes[shuffled], label_of[shuffled]))]
    of_label = np.zeros((int(label_of.max(initial=-1)) + 1, folds), dtype=np.int64).tolist()
    of_all = [0] * folds
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    for one in order.tolist():
        held, size = of_label[label_of[one]], int(sizes[one])
        fold = min(range(folds), key=lambda which: (held[which], of_all[which]))
        fold_of[one] = fold
        held[fold] += size
        of_all[fold] += size
    return fold_of[group]


def _most_common(group: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """int64 (number of groups,): the label most rows of a group carry, the lowest of several."""
    classes = int(labels.max(initial=0)) + 1
    pairs, counts = np.unique(group * classes + labels, return_counts=True)
    order = np.lexsort((pairs % classes, -counts, pairs // classes))
    pairs = pairs[order]
    _, first = np.unique(pairs // classes, return_index=True)
    return pairs[first] % classes
