"""Logistic regression, by softmax or one sigmoid a class, towards targets that may lie between 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vitrina.errors import BadRequest
from vitrina.learning.axes import Axes

_MOST_STEPS = 500


@dataclass(frozen=True)
class Problem:
    """The sum over n pictures of weight x cross-entropy, beside l2/2 x the squared weights (not the biases).

    `targets` float64 (n, k): rows that sum to 1 where `softmax`, else each from 0 to 1. `weights` float64 (n, k), 0
    or more: of each picture's part in each class; where `softmax` the same along a row.
    """

    axes: Axes
    targets: np.ndarray
    weights: np.ndarray
    softmax: bool

    def solve(self, l2: float, start: np.ndarray | None = None) -> np.ndarray:
        """(k, r + 1): weights along the axes, the bias last; `start` is a solution for another penalty.

        By L-BFGS (Liu, Nocedal 1989) in coordinates scaled by a bound on the curvature along each axis: a quarter of
        the spread for a sigmoid, half for a softmax (Böhning 1992, Ann. Inst. Stat. Math. 44, 197). Raises BadRequest
        where the loss is not finite.
        """
        from scipy.optimize import minimize

        scale = self._scale(l2)
        classes = self.targets.shape[1]
        first = np.zeros((classes, len(scale))) if start is None else start / scale

        def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = self._loss(flat.reshape(classes, -1) * scale, l2)
            return value, (slope * scale).ravel()

        found = minimize(
            loss,
            first.ravel(),
            jac=True,
            method="L-BFGS-B",
            options={
                "maxiter": _MOST_STEPS,
                "maxfun": 2 * _MOST_STEPS,
                "ftol": 1e-10,
                "gtol": 1e-4,
                "maxcor": 20,
            },
        )
        if not np.isfinite(found.fun):
            raise BadRequest(
                "a finite loss of the head", str(found.fun), "Compute the features again; use a larger l2."
            )
        return np.asarray(found.x).reshape(classes, -1) * scale

    def _loss(self, solution: np.ndarray, l2: float) -> tuple[float, np.ndarray]:
        """(objective, its gradient (k, r + 1)) at `solution`."""
        weight, bias = solution[:, :-1], solution[:, -1]
        logits = self.axes.turned @ weight.T + bias
        losses, probabilities = cross_entropy(logits, self.targets, softmax=self.softmax)
        value = float((losses * self.weights).sum() + l2 / 2 * (weight * weight).sum())
        error = (probabilities - self.targets) * self.weights
        slope = np.empty_like(solution)
        slope[:, :-1] = error.T @ self.axes.turned + l2 * weight
        slope[:, -1] = error.sum(axis=0)
        return value, slope

    def _scale(self, l2: float) -> np.ndarray:
        """(r + 1,): one over the root of the curvature's bound along each axis, the bias last."""
        mass = float(self.weights.sum(axis=0).max())
        share = 0.5 if self.softmax else 0.25
        return 1.0 / np.sqrt(np.append(share * mass * self.axes.spread + l2, share * mass))


def cross_entropy(logits: np.ndarray, targets: np.ndarray, *, softmax: bool) -> tuple[np.ndarray, np.ndarray]:
    """(losses (n, k) whose row sums are the cross-entropies, probabilities (n, k)).

    Of targets strictly between 0 and 1 the loss cannot reach 0: their own entropy is part of it.
    """
    if softmax:
        shifted = logits - logits.max(axis=1, keepdims=True)
        exponent = np.exp(shifted)
        total = exponent.sum(axis=1, keepdims=True)
        return targets * (np.log(total) - shifted), exponent / total
    small = np.exp(-np.abs(logits))
    losses = np.maximum(logits, 0) - logits * targets + np.log1p(small)
    return losses, np.where(logits >= 0, 1.0, small) / (1.0 + small)
