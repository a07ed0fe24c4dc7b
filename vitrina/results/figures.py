"""The figures behind each plot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from vitrina.measures.abstention import coverage_curve
from vitrina.results.confusion import Confusion
from vitrina.results.predicted import Predicted
from vitrina.results.read import Results

MOST_TARGETS = 6


@dataclass(frozen=True)
class Matrix:
    """`counts[i][j]` pictures of class i were called class j."""

    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    n: int


@dataclass(frozen=True)
class Bin:
    """`n` pictures whose confidence lies between `start` and `stop`; on average it is `confidence`, and `accuracy` of
    them are right (both 0..1, None without pictures)."""

    start: float
    stop: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Reliability:
    """How right the model is where it is how sure."""

    bins: tuple[Bin, ...]
    n: int


@dataclass(frozen=True)
class Coverage:
    """Curves of (share answered, share right of those), by text key; `chosen` is the point of the threshold."""

    curves: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    chosen: tuple[float, float] | None
    n: int


@dataclass(frozen=True)
class Lines:
    """Curves by text key over one axis; `mark`: the place on it that was chosen."""

    curves: tuple[tuple[str, tuple[tuple[float, float], ...]], ...]
    mark: float | None = None
    logarithmic: bool = False
    shares: bool = False


@dataclass(frozen=True)
class Answers:
    """Points (what should have come out, what came out), 0..1, of one target."""

    name: str
    points: tuple[tuple[float, float], ...]

    @property
    def n(self) -> int:
        """Pictures."""
        return len(self.points)


Figures = Matrix | Reliability | Coverage | Lines | Answers


def all_figures(results: Results, matrix: Confusion | None) -> dict[str, Figures]:
    """The figures of every plot there is something to draw for, by the plot's name."""
    made: dict[str, Figures | None] = {
        "confusion": None if matrix is None or not matrix.whole else _matrix(matrix),
        "reliability": reliability(results),
        "coverage": coverage(results),
        **learning(results),
        **answers(results),
    }
    return {name: figures for name, figures in made.items() if figures is not None}


def _matrix(matrix: Confusion) -> Matrix:
    counts = tuple(tuple(cell.count for cell in row) for row in matrix.rows)
    return Matrix(matrix.names, counts, matrix.n)


def reliability(results: Results) -> Reliability | None:
    """The bins of the calibration, on test."""
    told = (results.evaluated.get("calibration") or {}).get("bins") or []
    bins = tuple(
        Bin(float(one["from"]), float(one["to"]), int(one["n"]), one["confidence"], one["accuracy"])
        for one in told
    )
    n = sum(one.n for one in bins)
    return Reliability(bins, n) if n else None


def coverage(results: Results) -> Coverage | None:
    """How the share that is right grows as fewer pictures are answered: on test, and on validation if that is kept."""
    abstention = results.evaluated.get("abstention") or {}
    curve = _points(
        ((one.get("coverage"), one.get("accuracy")) for one in abstention.get("curve") or []), ordered=True
    )
    if len(curve) < 2:
        return None
    curves = [("curve.test", curve)]
    if results.validation:
        curves = [("curve.validation", curve_of(results.validation)), *curves]
    chosen = _points([tuple((abstention.get(key) or {}).get("value") for key in ("coverage", "precision"))])
    return Coverage(tuple(curves), chosen[0] if chosen else None, n=len(results.test))


def curve_of(several: Sequence[Predicted]) -> tuple[tuple[float, float], ...]:
    """(share answered, share right of those), fewest answered first, as `vitrina.measures` has it."""
    known = [one for one in several if one.known]
    if not known:
        return ()
    told = coverage_curve([one.confidence or 0.0 for one in known], [one.right for one in known])
    return _points(((one["coverage"], one["accuracy"]) for one in told), ordered=True)


def learning(results: Results) -> dict[str, Figures | None]:
    """Curves over the epochs; over the penalties of a head that was fitted at once."""
    trained = results.trained or {}
    chosen = trained.get("chosen") or {}
    epoch = chosen.get("epoch")
    rows = results.history
    metrics = sorted({key for row in rows for key in row if key.startswith("eval_") and key != "eval_loss"})
    shown = [key for key in ("eval_accuracy", "eval_mean_average_precision", "eval_mae") if key in metrics]
    grid = trained.get("grid") or []
    over = _points(((one.get("l2"), one.get("log_loss")) for one in grid), ordered=True)
    curves = {
        key: (f"curve.{key}", _points((row.get("epoch"), row.get(key)) for row in rows))
        for key in ("loss", "eval_loss", "learning_rate", *shown[:1])
    }
    return {
        "loss": _lines([curves["loss"], curves["eval_loss"]], epoch),
        "metric": _lines([curves[key] for key in shown[:1]], epoch, shares=shown[:1] != ["eval_mae"]),
        "learning_rate": _lines([curves["learning_rate"]], None),
        "grid": _lines([("curve.log_loss", over)], chosen.get("l2"), logarithmic=True),
    }


def _lines(
    curves: list[tuple[str, tuple[tuple[float, float], ...]]], mark: float | None, **about: Any
) -> Lines | None:
    drawn = tuple((key, points) for key, points in curves if len(points) > 1)
    if about.get("logarithmic") and any(x <= 0 for _, points in drawn for x, _ in points):
        about["logarithmic"] = False
    return Lines(drawn, mark, **about) if drawn else None


def answers(results: Results) -> dict[str, Figures | None]:
    """What came out against what should have, of the MOST_TARGETS targets with the largest mean absolute error."""
    if results.task != "regression":
        return {}
    measured = []
    for name in results.class_names:
        points = _points((one.targets.get(name), one.scores.get(name)) for one in results.test if one.targets)
        error = sum(abs(a - b) for a, b in points) / max(1, len(points))
        if points:
            measured.append((-error, name, points))
    worst = sorted(measured)[:MOST_TARGETS]
    return {f"answers-{place}": Answers(name, points) for place, (_, name, points) in enumerate(worst)}


def _points(pairs: Iterable[tuple[Any, ...]], *, ordered: bool = False) -> tuple[tuple[float, float], ...]:
    known = ((float(x), float(y)) for x, y in pairs if x is not None and y is not None)
    return tuple(sorted(known) if ordered else known)
