"""What a classifier says of pictures it was not fitted on."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitrina.doubts.folds import grouped_folds

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Fold:
    """How to fit: `folds` (2 or more), `repeats` with other folds each, from `seed`."""

    folds: int
    repeats: int
    seed: int


def choose_penalty(
    space: np.ndarray, labels: np.ndarray, groups: np.ndarray, *, grid: tuple[float, ...], how: Fold
) -> float:
    """The penalty of `grid` with the least mean log loss on held-out folds, of one repeat.

    Ties go to the stronger penalty. Log loss, a proper score, as in `vitrina.models.head`; it needs no
    clean labels: with wrong ones it asks for a stronger penalty.
    """
    strong_first = sorted(set(grid), reverse=True)
    of_own = np.full((len(strong_first), len(labels)), np.nan)
    fold = grouped_folds(labels, groups, folds=how.folds, seed=[how.seed, 0])
    for one in range(how.folds):
        train, held = fold != one, np.flatnonzero(fold == one)
        held = held[np.isin(labels[held], labels[train])]
        if len(held) and len(np.unique(labels[train])) > 1:
            model = _Model(space[train], labels[train])
            for which, l2 in enumerate(strong_first):
                classes, probabilities = model.fit(l2).predict(space[held])
                column = np.searchsorted(classes, labels[held])
                of_own[which, held] = probabilities[np.arange(len(held)), column]
    judged = ~np.isnan(of_own[0])
    if not judged.any():
        return strong_first[0]
    losses = -np.log(np.maximum(of_own[:, judged], 1e-12)).mean(axis=1)
    return float(strong_first[int(losses.argmin())])


def out_of_fold(
    space: np.ndarray,
    labels: np.ndarray,
    groups: np.ndarray,
    *,
    l2: float,
    how: Fold,
    kept: np.ndarray | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> np.ndarray:
    """float32 (n, classes): the mean over `how.repeats` of what a head not fitted on a row's group says of it.

    space (n, k), labels int (n,) from 0 to classes - 1, groups int (n,); l2 is the penalty l2/2 |w|^2 beside
    the summed log loss. Only rows of `kept` (n,) are fitted on; all are judged. NaN for a row whose class
    was missing wherever it was held out: that a head does not know a class says nothing of the row.
    """
    total = np.zeros((len(labels), int(labels.max()) + 1), dtype=np.float32)
    times = np.zeros(len(labels), dtype=np.int64)
    for repeat in range(how.repeats):
        fold = grouped_folds(labels, groups, folds=how.folds, seed=[how.seed, repeat])
        for one in range(how.folds):
            train, held = fold != one, np.flatnonzero(fold == one)
            if kept is not None:
                train &= kept
            held = held[np.isin(labels[held], labels[train])]
            if len(held) and len(np.unique(labels[train])) > 1:
                classes, probabilities = _Model(space[train], labels[train]).fit(l2).predict(space[held])
                total[np.ix_(held, classes)] += probabilities
                times[held] += 1
            told(repeat * how.folds + one + 1, how.repeats * how.folds)
    total[times == 0] = np.nan
    return total / np.maximum(times, 1)[:, None].astype(np.float32)


class _Model:
    """Multinomial logistic regression that goes on from its last answer when the penalty changes."""

    def __init__(self, space: np.ndarray, labels: np.ndarray) -> None:
        from sklearn.linear_model import LogisticRegression

        self._space, self._labels = space.astype(np.float64), labels
        self._model = LogisticRegression(max_iter=300, tol=1e-4, warm_start=True)

    def fit(self, l2: float) -> _Model:
        from sklearn.exceptions import ConvergenceWarning
        from threadpoolctl import threadpool_limits

        self._model.set_params(C=1.0 / l2)
        # One thread: sums come out the same on any machine, and small products are no faster with more
        # (on a machine whose cores were busy, two threads took many times as long as one).
        with warnings.catch_warnings(), threadpool_limits(limits=1):
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit(self._space, self._labels)
        return self

    def predict(self, space: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(classes int (c,) ascending, probabilities (m, c))."""
        from threadpoolctl import threadpool_limits

        with threadpool_limits(limits=1):
            return self._model.classes_, self._model.predict_proba(space.astype(np.float64))
