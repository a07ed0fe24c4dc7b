"""The figures behind each plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vitrina.report.found import Found

MOST_BARS = 30
MOST_POINTS = 1500
BINS = 40


@dataclass(frozen=True)
class Bars:
    """One bar a name and series. `series` are (text key, one value a name); `hidden`: names left out, the
    smallest; `shares`: the values are 0..1. `n`: pictures counted, hidden ones too."""

    names: tuple[str, ...]
    series: tuple[tuple[str, tuple[float, ...]], ...]
    n: int
    hidden: int = 0
    shares: bool = False


@dataclass(frozen=True)
class Histogram:
    """`counts[i]` pictures lie between `edges[i]` and `edges[i + 1]`; `logarithmic`: the axis of the values is."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    n: int
    logarithmic: bool = False
    ticks: tuple[tuple[float, str], ...] = ()


@dataclass(frozen=True)
class Sizes:
    """`counts[i]` pictures are `widths[i]` by `heights[i]` pixels."""

    widths: tuple[float, ...]
    heights: tuple[float, ...]
    counts: tuple[int, ...]
    n: int


Numbers = Bars | Histogram | Sizes
ASPECTS = (
    (1 / 3, "1:3"),
    (1 / 2, "1:2"),
    (2 / 3, "2:3"),
    (1.0, "1:1"),
    (3 / 2, "3:2"),
    (2.0, "2:1"),
    (3.0, "3:1"),
)


def all_numbers(found: Found) -> dict[str, Numbers]:
    """The figures of every plot there is something to draw for, by the plot's name."""
    makers: dict[str, Callable[[Found], Numbers | None]] = {
        "class_counts": class_counts,
        "sizes": sizes,
        "aspect": aspect,
        "modes": modes,
        "brightness": lambda found: levels(found, "brightness", most=255.0),
        "contrast": lambda found: levels(found, "contrast", most=127.5),
        "sharpness": sharpness,
        "split_shares": split_shares,
    }
    made = {name: make(found) for name, make in makers.items()}
    return {name: numbers for name, numbers in made.items() if numbers is not None}


def class_counts(found: Found) -> Bars | None:
    """Pictures a class as collected, beside those that remain after cleaning; largest class first."""
    before = dict(found.collected["classes"])
    after: dict[str, int] | None = None
    if found.cleaned is not None:
        before, after = dict(found.cleaned["classes"]["before"]), dict(found.cleaned["classes"]["after"])
    names = sorted({*before, *(after or {})}, key=lambda name: (-before.get(name, 0), name))
    if not names:
        return None
    shown = tuple(names[:MOST_BARS])
    series = [("plot.before", tuple(float(before.get(name, 0)) for name in shown))]
    if after is not None:
        series.append(("plot.after", tuple(float(after.get(name, 0)) for name in shown)))
    return Bars(shown, tuple(series), n=sum(before.values()), hidden=len(names) - len(shown))


def sizes(found: Found) -> Sizes | None:
    """How many pictures there are of each width and height, in pixels.

    Beyond MOST_POINTS different sizes they are taken together in steps of a sixteenth of a doubling.
    """
    pairs = found.survey[["width", "height"]].to_numpy(dtype=np.float64)
    if not len(pairs):
        return None
    points, counts = np.unique(pairs, axis=0, return_counts=True)
    if len(points) > MOST_POINTS:
        steps = np.round(np.log2(pairs) * 16) / 16
        points, counts = np.unique(steps, axis=0, return_counts=True)
        points = np.exp2(points)
    return Sizes(_tuple(points[:, 0]), _tuple(points[:, 1]), _counts(counts), n=len(pairs))


def aspect(found: Found) -> Histogram | None:
    """Width over height; bins are a twelfth of a doubling wide, with the square in the middle of one."""
    pairs = found.survey[["width", "height"]].to_numpy(dtype=np.float64)
    if not len(pairs):
        return None
    steps = np.round(np.log2(pairs[:, 0] / pairs[:, 1]) * 12).astype(int)
    least, most = min(steps.min(), -12), max(steps.max(), 12)
    edges = np.exp2((np.arange(least, most + 2) - 0.5) / 12)
    counts = np.bincount(steps - least, minlength=most - least + 1)
    ticks = tuple((at, text) for at, text in ASPECTS if edges[0] <= at <= edges[-1])
    return Histogram(_tuple(edges), _counts(counts), len(pairs), logarithmic=True, ticks=ticks)


def modes(found: Found) -> Bars | None:
    """Pillow modes of the files with their channels, most frequent first."""
    counted = Counter(zip(found.survey["mode"], found.survey["channels"], strict=True))
    if not counted:
        return None
    ranked = sorted(counted.items(), key=lambda pair: (-pair[1], str(pair[0])))
    names = tuple(f"{mode} · {int(channels)}" for (mode, channels), _ in ranked)
    values = tuple(float(count) for _, count in ranked)
    return Bars(names, (("plot.pictures", values),), n=int(sum(values)))


def levels(found: Found, column: str, *, most: float) -> Histogram | None:
    """Grey levels of one column of the survey, 0 to `most`."""
    values = _finite(found, column)
    if not len(values):
        return None
    counts, edges = np.histogram(values, bins=BINS, range=(0.0, most))
    return Histogram(_tuple(edges), _counts(counts), len(values))


def sharpness(found: Found) -> Histogram | None:
    """Variance of the Laplacian on a logarithmic axis; what lies below 1 is counted as 1."""
    values = np.maximum(_finite(found, "sharpness"), 1.0)
    if not len(values):
        return None
    most = max(float(values.max()), 10.0)
    counts, edges = np.histogram(values, bins=np.geomspace(1.0, most * (1 + 1e-9), BINS + 1))
    return Histogram(_tuple(edges), _counts(counts), len(values), logarithmic=True)


def split_shares(found: Found) -> Bars | None:
    """The share of each class within each side of the split, largest class first."""
    if found.split is None:
        return None
    sides = {side: counts["classes"] for side, counts in found.split["counts"].items() if counts["pictures"]}
    total: Counter[str] = Counter()
    for classes in sides.values():
        total.update(classes)
    if not total:
        return None
    names = sorted(total, key=lambda name: (-total[name], name))
    shown = tuple(names[:MOST_BARS])
    series = tuple(
        (f"side.{side}", tuple(classes.get(name, 0) / max(1, sum(classes.values())) for name in shown))
        for side, classes in sides.items()
    )
    return Bars(shown, series, n=sum(total.values()), hidden=len(names) - len(shown), shares=True)


def _finite(found: Found, column: str) -> np.ndarray:
    values = found.survey[column].to_numpy(dtype=np.float64)
    return values[np.isfinite(values)]


def _tuple(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _counts(values: np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in values)
