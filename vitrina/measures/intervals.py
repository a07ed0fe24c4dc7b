"""Figures with a 95 % interval, by resampling the pictures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

LEVEL = 0.95
RESAMPLES = 1000
_Z95 = 1.959963984540054
_ENTRIES = 2_000_000

# {"value": float or None, "interval": [low, high] or None, "n": pictures it rests on}
Figure = dict[str, Any]
# weights (r, n), how often each picture was drawn -> (r, q) figures, NaN where one cannot be said.
Statistic = Callable[[np.ndarray], np.ndarray]


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


@dataclass(frozen=True)
class Resampled:
    """`values` (q,) on the pictures as they are, `samples` (resamples, q) on pictures drawn with replacement.

    NaN where a figure cannot be said.
    """

    values: np.ndarray
    samples: np.ndarray


def resample(statistic: Statistic, n: int, *, seed: int, resamples: int = RESAMPLES) -> Resampled:
    """The statistic over `n` pictures, then over `resamples` draws of n among them (Efron 1979, Ann. Stat. 7, 1).

    `statistic` takes weights (r, n), float64, how often each picture counts, and gives (r, q). The same seed,
    n and number of resamples draw the same pictures for every statistic. 0 resamples: no samples. One picture
    alone says nothing of its spread: samples of NaN.
    """
    values = statistic(np.ones((1, n)))[0]
    if n == 1:
        return Resampled(values, np.full((resamples, len(values)), np.nan))
    generator = np.random.default_rng(seed)
    rows = max(1, _ENTRIES // n)
    samples = [
        statistic(drawn(generator, n, rows=min(rows, resamples - start)))
        for start in range(0, resamples, rows)
    ]
    return Resampled(values, np.concatenate(samples) if samples else np.empty((0, len(values))))


def drawn(generator: np.random.Generator, n: int, *, rows: int) -> np.ndarray:
    """(rows, n) float64: how often each of n pictures comes up in n draws with replacement; rows sum to n."""
    places = generator.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
    return np.bincount(places.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def figures(resampled: Resampled, n: int | Sequence[int], *, shares: bool = False) -> list[Figure]:
    """One figure for each of the q values: {"value", "interval", "n"}.

    The interval is the percentile interval over the resamples that can say the figure, reaching as far as
    the value itself: errors that cannot fall below 0 are larger in a resample than in the whole. Where
    `shares` and all pictures agree (0 or 1), each resample repeats it and its interval would be a point:
    there it is Wilson's. `n` is the number of pictures, one for all or one for each value.
    """
    counts = [n] * len(resampled.values) if isinstance(n, int) else [int(each) for each in n]
    lows, highs = _ends(resampled.samples)
    made: list[Figure] = []
    for value, low, high, count in zip(resampled.values.tolist(), lows, highs, counts, strict=True):
        interval = None if np.isnan(low) else [min(float(low), value), max(float(high), value)]
        if np.isnan(value):
            value, interval = None, None
        elif shares and value in (0.0, 1.0) and len(resampled.samples):
            interval = list(wilson_interval(int(value) * count, count))
        made.append({"value": value, "interval": interval, "n": count})
    return made


def share_figure(
    right: np.ndarray, *, among: np.ndarray | None = None, seed: int, resamples: int = RESAMPLES
) -> Figure:
    """The share of pictures that are `right` (n,) bool, of those `among` (n,) bool, else of all; 0 to 1.

    Its n is the number among which it is a share; the value is None where that is 0.
    """
    counted = np.ones(len(right), dtype=bool) if among is None else np.asarray(among, dtype=bool)
    sums = np.column_stack([np.asarray(right, dtype=bool) & counted, counted]).astype(np.float64)

    def statistic(weights: np.ndarray) -> np.ndarray:
        totals = weights @ sums
        return divided(totals[:, :1], totals[:, 1:])

    resampled = resample(statistic, len(sums), seed=seed, resamples=resamples)
    return figures(resampled, int(counted.sum()), shares=True)[0]


def divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """above / below, NaN where below is 0, without a warning."""
    above, below = np.broadcast_arrays(above, below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below != 0)


def _ends(samples: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper end (q,), of the samples that are not NaN; NaN where there is none."""
    ends = np.full((2, samples.shape[1]), np.nan)
    at = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    known = ~np.isnan(samples)
    if len(samples):
        whole = known.all(axis=0)
        ends[:, whole] = np.quantile(samples[:, whole], at, axis=0)
        for column in np.flatnonzero(~whole & known.any(axis=0)):
            ends[:, column] = np.quantile(samples[known[:, column], column], at)
    return ends[0], ends[1]
