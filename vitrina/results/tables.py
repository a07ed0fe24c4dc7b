"""The tables of the page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitrina.results.read import Results

# A share of pictures is told in hundredths, anything else as a number.
NUMBERS = ("log_loss", "mae", "rmse", "r2", "auroc")


@dataclass(frozen=True)
class Told:
    """One measured number: `value` is None where it cannot be said; then there is no `interval` either. `share`:
    whether it is a share of something, 0..1."""

    value: float | None
    interval: tuple[float, float] | None = None
    share: bool = True
    k: int | None = None


@dataclass(frozen=True)
class ClassRow:
    """One class or target: `told` has one entry a column of its table; `support`: test pictures of the class, None
    for a target."""

    name: str
    told: tuple[Told, ...]
    support: int | None


@dataclass(frozen=True)
class FigureRow:
    """One number of the whole set, on test beside validation. `group`: "macro", "weighted" or None."""

    key: str
    test: Told
    validation: Told
    group: str | None = None


COLUMNS = {
    "single_label": ("precision", "recall", "f1"),
    "multi_label": ("average_precision", "precision", "recall", "f1"),
    "regression": ("mae", "rmse", "r2"),
}
LEADING = {"single_label": "accuracy", "multi_label": "mean_average_precision", "regression": "mae"}
_OVERALL = {
    "single_label": ("accuracy", "top_k", "calibration_error", "auroc", "log_loss"),
    "multi_label": ("mean_average_precision", "exact_match", "auroc"),
    "regression": ("mae", "rmse", "r2"),
}


def told(figure: Mapping[str, Any] | None, *, share: bool = True) -> Told:
    """A figure of eval_results.json, {"value", "interval", "n"}, any of it missing."""
    value = (figure or {}).get("value")
    if figure is None or value is None:
        return Told(None, share=share)
    interval = figure.get("interval")
    ends = (
        None if not interval or None in (*interval,) else (float(interval[0]), float(interval[1]))
    )
    return Told(float(value), ends, share, figure.get("k"))


def leading(results: Results) -> Told:
    """The number that the page opens with, as measured on test."""
    key = LEADING[results.task]
    return told(results.evaluated["test"].get(key), share=key not in NUMBERS)


def class_rows(results: Results) -> list[ClassRow]:
    """Every class in the order of the model's outputs, with the columns of COLUMNS."""
    test = results.evaluated["test"]
    measured = test.get("per_target" if results.task == "regression" else "per_class") or {}
    rows = []
    for name in results.class_names:
        figures = measured.get(name) or {}
        cells = tuple(told(figures.get(key), share=key not in NUMBERS) for key in COLUMNS[results.task])
        support = figures.get("support")
        rows.append(ClassRow(name, cells, None if support is None else int(support)))
    return rows


def figure_rows(results: Results) -> list[FigureRow]:
    """The numbers of the whole set, those that were measured on neither side left out."""
    sides = (results.evaluated["test"], results.evaluated.get("validation") or {})
    asked: list[tuple[str | None, str]] = [(None, key) for key in _OVERALL[results.task]]
    if results.task != "regression":
        asked += [(group, key) for group in ("macro", "weighted") for key in ("precision", "recall", "f1")]
    rows = []
    for group, key in asked:
        both = [(side.get(group) or {} if group else side).get(key) for side in sides]
        if any(both):
            test, validation = (told(figure, share=key not in NUMBERS) for figure in both)
            rows.append(FigureRow(key, test, validation, group))
    return rows


@dataclass(frozen=True)
class ThresholdRow:
    """The score from which one class is said with the precision that was asked for; None where no score does."""

    name: str
    target: float
    threshold: float | None
    precision: Told
    recall: Told


def threshold_rows(results: Results) -> list[ThresholdRow]:
    """The thresholds of the classes that have one, in the order of the model's outputs."""
    chosen = results.evaluated.get("class_thresholds") or {}
    return [
        ThresholdRow(
            name=name,
            target=float(chosen[name]["target_precision"]),
            threshold=chosen[name].get("threshold"),
            precision=told(chosen[name].get("precision")),
            recall=told(chosen[name].get("recall")),
        )
        for name in results.class_names
        if chosen.get(name)
    ]


def n_of(side: Mapping[str, Any] | None, results: Results) -> int | None:
    """How many pictures a side was measured on, None where its figures do not say."""
    figure = (side or {}).get(LEADING[results.task]) or {}
    return None if figure.get("n") is None else int(figure["n"])
