"""When to say "not sure", and what that costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from vitrina.measures.checked import checked_answers
from vitrina.measures.intervals import RESAMPLES, share_figure

_POINTS = 100


def choose_threshold(
    confidences: Sequence[float], correct: Sequence[bool], *, target_precision: float
) -> float:
    """The lowest threshold, 0 to 1, at which `confidence >= threshold` is right often enough.

    `target_precision` (0 to 1) is the share of right answers wanted among those not abstained on. 0.0 where
    all answers reach it already, 1.0 where none do. Raises BadRequest: no answers, lengths differ.
    """
    given, right = checked_answers(confidences, correct)
    order = np.argsort(-given, kind="stable")
    sorted_confidences = given[order]
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Answers of equal confidence stand or fall together: only the last of each group is a place to cut.
    last_of_group = np.append(sorted_confidences[1:] != sorted_confidences[:-1], True)
    reached = np.flatnonzero(last_of_group & (precision >= target_precision))
    if not len(reached):
        return 1.0
    return 0.0 if reached[-1] == len(order) - 1 else float(sorted_confidences[reached[-1]])


def abstention_figures(
    confidences: Sequence[float],
    correct: Sequence[bool],
    *,
    abstain_below: float,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """{coverage, precision, curve}: the share answered at `abstain_below` (0 to 1), and how much of it is right.

    Measure on test pictures what was chosen on validation. Raises BadRequest: no answers, lengths differ.
    """
    given, right = checked_answers(confidences, correct)
    answered = given >= abstain_below
    return {
        "coverage": share_figure(answered, seed=seed, resamples=resamples),
        "precision": share_figure(right, among=answered, seed=seed, resamples=resamples),
        "curve": coverage_curve(confidences, correct),
    }


def coverage_curve(confidences: Sequence[float], correct: Sequence[bool]) -> list[dict[str, float]]:
    """[{"threshold", "coverage", "accuracy"}], at most 100 points, from coverage 1 downwards.

    `accuracy` is the share of right answers among `confidence >= threshold`. The first threshold is 0, each
    other one a confidence that occurred, so that something is always answered. Raises BadRequest: no answers,
    lengths differ.
    """
    given, right = checked_answers(confidences, correct)
    order = np.argsort(given, kind="stable")
    ascending, n = given[order], len(given)
    right_from = np.cumsum(right[order][::-1])[::-1]
    # Index of the first of each group of equal confidences: cutting there keeps the group whole.
    starts = np.flatnonzero(np.append(True, ascending[1:] != ascending[:-1]))
    if len(starts) > _POINTS:
        starts = starts[np.unique(np.linspace(0, len(starts) - 1, _POINTS).round().astype(np.int64))]
    return [
        {
            "threshold": float(ascending[start]) if start else 0.0,
            "coverage": float((n - start) / n),
            "accuracy": float(right_from[start] / (n - start)),
        }
        for start in starts
    ]


def class_thresholds(
    validation: tuple[np.ndarray, np.ndarray],
    test: tuple[np.ndarray, np.ndarray],
    *,
    names: Sequence[str],
    target_precision: float,
    seed: int,
    resamples: int = RESAMPLES,
) -> dict[str, Any]:
    """{name: {target_precision, threshold, chosen_on, chosen_n, precision, recall}}, one threshold a class.

    Both sides are (scores (n, k), targets); targets (n,) are class indices, and a class answers for the
    pictures it is the highest of; targets (n, k) are 0 or 1, and every class answers for every picture. The
    threshold is the lowest score at which the answers on validation are right often enough; None where no
    threshold reaches it, or where nothing was answered (`chosen_n` 0). `precision` and `recall` are of the
    test pictures at that threshold, None without one. Raises BadRequest: no pictures.
    """
    made = {}
    for column, name in enumerate(names):
        scores, asked, truth = _of_class(*validation, column)
        threshold = _reached(scores[asked], truth[asked], target_precision)
        chosen_n = int(asked.sum())
        scores, asked, truth = _of_class(*test, column)
        # Without a threshold nothing is asked of the test pictures: both figures are over none.
        there = np.full(len(scores), threshold is not None)
        said = asked & there & (scores >= (threshold or 0.0))
        made[name] = {
            "target_precision": target_precision,
            "threshold": threshold,
            "chosen_on": "validation",
            "chosen_n": chosen_n,
            "precision": share_figure(truth, among=said, seed=seed, resamples=resamples),
            "recall": share_figure(said, among=truth & there, seed=seed, resamples=resamples),
        }
    return made


def _of_class(
    scores: np.ndarray, targets: np.ndarray, column: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(scores of the class, pictures it answers for, pictures that show it), each (n,)."""
    if targets.ndim == 2:
        return scores[:, column], np.ones(len(scores), dtype=bool), targets[:, column].astype(bool)
    return scores[:, column], scores.argmax(axis=1) == column, targets == column


def _reached(scores: np.ndarray, right: np.ndarray, target_precision: float) -> float | None:
    if not len(scores):
        return None
    threshold = choose_threshold(scores.tolist(), right.tolist(), target_precision=target_precision)
    answered = scores >= threshold
    # 1.0 stands for "none do", unless answers of full confidence are right often enough.
    return threshold if answered.any() and right[answered].mean() >= target_precision else None
