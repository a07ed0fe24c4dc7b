"""Dark, bright, flat, blurred, odd pictures, beside what is usual in their collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.doubts.doubt import Doubt, places

# The share of a collection above which a look is how the collection is (night sky is dark).
COMMON = 0.2
_DEVIATIONS = 3.0
_TO_DEVIATIONS = 1.4826  # Median absolute deviation -> standard deviation, of a normal distribution.


@dataclass(frozen=True)
class Looks:
    """`doubts`, by row, then kind; `common`: kind -> pictures that would have been proposed, had they not been more
    than a fifth of the collection.
    """

    doubts: list[Doubt]
    common: dict[str, int]


@dataclass(frozen=True)
class _Look:
    """One kind: `measure` from the columns; `strange` by itself, `hopeless` in any collection (both compare
    the measure); `side` +1 where large values are doubtful, -1 small ones, 0 both; `factor` least distance
    from the median; `says` the reason, from (measure, median).
    """

    kind: str
    measure: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    strange: Callable[[np.ndarray], np.ndarray]
    hopeless: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    side: int
    factor: float
    says: str


def find_looks(survey: Mapping[str, Any], *, labels: Sequence[str | None] | None = None) -> Looks:
    """Judge n pictures by columns of their survey: brightness, contrast, sharpness, width, height, each (n,).

    A pandas.DataFrame will do. A picture is proposed where its measure is strange by itself and in its collection: 3
    robust deviations (1.4826 x median absolute deviation, of the logarithm) and the factor below from the
    median. Where more than a fifth would be, the look is the collection's own and none is. What no
    collection can use is proposed always.

    - dark: mean grey of at most 40 of 255, half of the median or less;
    - bright: at least 235, half as far from white as the median;
    - flat: contrast under 5 grey levels, half of the median or less; always under 1;
    - blurred: sharpness / contrast^2 under 0.02, a quarter of the median or less (the division takes out that plain
      things have few edges);
    - odd_size: 3 times as long or as short as the median (root of the area); always with a side under 8;
    - odd_aspect: the longer side at least 2.86 times the shorter (cleanvision's 0.35), 1.5 times the median;
      always from 8, where classifiers see only the middle.
    """
    columns = {name: np.asarray(survey[name], dtype=np.float64) for name in _COLUMNS}
    count = len(columns["width"])
    doubts: list[Doubt] = []
    common: dict[str, int] = {}
    for look in _LOOKS:
        values = look.measure(columns)
        away, median = _away(values, look)
        always = look.hopeless(columns)
        proposed = look.strange(values) & (away >= 1)
        if proposed.sum() > COMMON * count:
            common[look.kind] = int((proposed & ~always).sum())
            proposed = np.zeros(count, dtype=bool)
        rows = np.flatnonzero(proposed | always)
        # Hopeless ones first; among equals the farther from the usual.
        scores = places(np.where(always[rows], 1e6, 0) + away[rows])
        for row, score in zip(rows.tolist(), scores, strict=True):
            label = labels[row] if labels is not None else None
            reason = look.says.format(value=float(values[row]), median=median, **_of_row(columns, row))
            doubts.append(Doubt(row, look.kind, float(score), label, None, (), reason))
    return Looks(sorted(doubts, key=lambda doubt: (doubt.row, doubt.kind)), common)


def _away(values: np.ndarray, look: _Look) -> tuple[np.ndarray, float]:
    """(float (n,): distance from the median on the doubtful side, 1 = just far enough; the median)."""
    if not len(values):
        return values, 0.0
    logs = np.log(values)
    middle = float(np.median(logs))
    deviation = _TO_DEVIATIONS * float(np.median(np.abs(logs - middle)))
    away = (logs - middle) * look.side if look.side else np.abs(logs - middle)
    return away / max(_DEVIATIONS * deviation, float(np.log(look.factor))), float(np.exp(middle))


def _of_row(columns: Mapping[str, np.ndarray], row: int) -> dict[str, float]:
    return {name: float(values[row]) for name, values in columns.items()}


def _never(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.zeros(len(columns["width"]), dtype=bool)


def _shorter(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.minimum(columns["width"], columns["height"])


def _aspect(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    return np.maximum(columns["width"], columns["height"]) / np.maximum(_shorter(columns), 1)


def _focus(columns: Mapping[str, np.ndarray]) -> np.ndarray:
    # Flat pictures have their own kind; a contrast of at least 1 keeps their noise from looking sharp.
    return np.maximum(columns["sharpness"], 1e-3) / np.maximum(columns["contrast"], 1.0) ** 2


_COLUMNS = ("brightness", "contrast", "sharpness", "width", "height")
# One grey level is added under each logarithm, so that black and white have one.
_LOOKS = (
    _Look(
        "dark",
        lambda of: of["brightness"] + 1,
        lambda values: values <= 41,
        _never,
        -1,
        2.0,
        "mean grey {brightness:.0f} of 255; the middle of this collection has {median:.0f}",
    ),
    _Look(
        "bright",
        lambda of: 256 - of["brightness"],
        lambda values: values <= 21,
        _never,
        -1,
        2.0,
        "mean grey {brightness:.0f}, {value:.0f} below white; the middle of this collection is {median:.0f} below",
    ),
    _Look(
        "flat",
        lambda of: of["contrast"] + 1,
        lambda values: values < 6,
        lambda of: of["contrast"] < 1,
        -1,
        2.0,
        "grey levels differ by {contrast:.1f} (standard deviation); in the middle of this collection by {median:.0f}",
    ),
    _Look(
        "blurred",
        _focus,
        lambda values: values < 0.02,
        _never,
        -1,
        4.0,
        "sharpness {value:.4f} (edges beside contrast); the middle of this collection has {median:.3f}",
    ),
    _Look(
        "odd_size",
        lambda of: np.sqrt(np.maximum(of["width"] * of["height"], 1)),
        lambda values: np.ones(len(values), dtype=bool),
        lambda of: _shorter(of) < 8,
        0,
        3.0,
        "{width:.0f} x {height:.0f}; the middle of this collection is like {median:.0f} x {median:.0f}",
    ),
    _Look(
        "odd_aspect",
        _aspect,
        lambda values: values >= 1 / 0.35,
        lambda of: _aspect(of) >= 8,
        1,
        1.5,
        "{width:.0f} x {height:.0f}, {value:.1f} times as long as wide; the middle of this collection has {median:.1f}",
    ),
)
