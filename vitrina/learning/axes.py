"""Features seen along their own axes: standardised, turned, no more of them than pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# A direction whose spread is below this share of the widest carries rounding errors only.
_FLAT = 1e-7


@dataclass(frozen=True)
class Axes:
    """Standardised features turned to their principal axes; n pictures, r axes.

    A penalty on the squared length of a weight does not change under rotation, so the solution is the same with no
    more axes than pictures (Hastie, Tibshirani 2004, Biostatistics 5, 329). And along principal axes the curvature of
    the loss is nearly diagonal, which is what the solver needs to know (`vitrina.learning.solver`).

    `turned` float64 (n, r); `basis` (d, r); `mean`, `scale` (d,); `spread` (r,): mean square along each axis.
    """

    turned: np.ndarray
    basis: np.ndarray
    mean: np.ndarray
    scale: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Axes:
        """From finite features (n, d), n of 1 or more."""
        given = np.asarray(features, dtype=np.float64)
        mean, scale = standard_of(given)
        standard = (given - mean) / scale
        n, d = standard.shape
        # The smaller of the two Gram matrices: a full decomposition of (n, d) takes several times as long.
        if n >= d:
            values, basis = np.linalg.eigh(standard.T @ standard)
            kept = values > _FLAT * max(values[-1], 1e-300)
            values, basis = values[kept], basis[:, kept]
        else:
            values, left = np.linalg.eigh(standard @ standard.T)
            kept = values > _FLAT * max(values[-1], 1e-300)
            values = values[kept]
            basis = standard.T @ (left[:, kept] / np.sqrt(values))
        return cls(standard @ basis, basis, mean, scale, values / n)

    def to_raw(self, weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(weight (k, d), bias (k,)) for features as they came, from those (k, r), (k,) for `turned`."""
        raw = (weight @ self.basis.T) / self.scale
        return raw, bias - raw @ self.mean


def standard_of(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(mean (d,), deviation (d,)) of features (n, d), float64."""
    mean, scale = features.mean(axis=0, dtype=np.float64), features.std(axis=0, dtype=np.float64)
    # A feature that never changes carries nothing; dividing by its zero would.
    scale[scale < 1e-6 * np.abs(mean) + 1e-12] = 1.0
    return mean, scale
