"""Figures of a model card: looked up, written with three decimals, in rows for its tables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from vitrina.cards.markdown import Markdown

Report = Mapping[str, Any]
Figure = Mapping[str, Any]

NOT_MEASURED = Markdown("not measured")

# Task -> (path in the figures, name for a reader); {k} is the figure's own.
_OVERALL: Mapping[str, tuple[tuple[str, str], ...]] = {
    "single_label": (
        ("accuracy", "accuracy"),
        ("top_k", "accuracy of the first {k}"),
        ("macro.precision", "precision, macro"),
        ("macro.recall", "recall, macro"),
        ("macro.f1", "F1, macro"),
        ("weighted.precision", "precision, weighted"),
        ("weighted.recall", "recall, weighted"),
        ("weighted.f1", "F1, weighted"),
        ("auroc", "AUROC"),
        ("log_loss", "log loss"),
    ),
    "multi_label": (
        ("mean_average_precision", "mean average precision"),
        ("macro.precision", "precision, macro"),
        ("macro.recall", "recall, macro"),
        ("macro.f1", "F1, macro"),
        ("weighted.precision", "precision, weighted"),
        ("weighted.recall", "recall, weighted"),
        ("weighted.f1", "F1, weighted"),
        ("exact_match", "exact match"),
        ("auroc", "AUROC"),
    ),
    "regression": (
        ("mae", "mean absolute error"),
        ("rmse", "root mean squared error"),
        ("r2", "R squared"),
    ),
}
_EACH: Mapping[str, tuple[tuple[str, str], ...]] = {
    "single_label": (("precision", "precision"), ("recall", "recall"), ("f1", "F1")),
    "multi_label": (
        ("average_precision", "average precision"),
        ("precision", "precision"),
        ("recall", "recall"),
        ("f1", "F1"),
    ),
    "regression": (("mae", "mean absolute error"), ("rmse", "root mean squared error"), ("r2", "R squared")),
}


class Row(NamedTuple):
    """One figure: its name, and what test and validation gave, None where it was not measured."""

    name: str
    test: Figure | None
    validation: Figure | None


def figure_at(figures: Report | None, path: str) -> Figure | None:
    """The figure under a dotted path; None where there is none, or none with a finite value."""
    found: Any = figures
    for part in path.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or found.get("value") is None or not math.isfinite(found["value"]):
        return None
    return found


def overall_rows(evaluate: Report) -> list[Row]:
    """What is measured over all pictures, in the order of telling."""
    rows = []
    for path, name in _OVERALL[evaluate["task"]]:
        test = figure_at(evaluate["test"], path)
        k = (evaluate["test"].get(path) or {}).get("k")
        if "{k}" in name and (k is None or k < 2):  # The first one alone is accuracy.
            continue
        rows.append(Row(name.format(k=k), test, figure_at(evaluate.get("validation"), path)))
    return rows


def averaged_rows(evaluate: Report) -> list[tuple[str, Figure | None]]:
    """The first figure of the task, over answers averaged over views of each picture; nothing where none were."""
    told = evaluate.get("test_time_augmentation")
    if not told:
        return []
    path, name = _OVERALL[evaluate["task"]][0]
    return [(name, figure_at(told.get("figures") or told, path))]


def each_columns(task: str) -> list[str]:
    """Names of the figures that every class (or target) has of its own."""
    return [name for _, name in _EACH[task]]


def each_rows(evaluate: Report) -> list[tuple[str, int | None, list[Figure | None]]]:
    """(class or target, pictures in test, its figures in the order of `each_columns`)."""
    task = evaluate["task"]
    of = evaluate["test"]["per_target" if task == "regression" else "per_class"]
    return [
        (
            name,
            of.get(name, {}).get("support"),
            [figure_at(of.get(name), key) for key, _ in _EACH[task]],
        )
        for name in evaluate["class_names"]
    ]


def shown(value: float | None) -> str:
    """Three decimals, fewer for large numbers, 1.0e-06 for tiny ones; "not measured" for none."""
    if value is None or not math.isfinite(value):
        return NOT_MEASURED
    if isinstance(value, int):
        return Markdown(f"{value:,}")
    if value and abs(value) < 0.001:
        return Markdown(f"{value:.1e}")
    return Markdown(f"{value:.3f}" if abs(value) < 100 else f"{value:,.1f}")


def interval(figure: Figure | None) -> str:
    """ "0.828 to 0.909", or that there is none."""
    bounds = figure and figure.get("interval")
    return Markdown(f"{shown(bounds[0])} to {shown(bounds[1])}") if bounds else Markdown("no interval")


def with_interval(figure: Figure | None) -> str:
    """ "0.871 (0.828 to 0.909)"; "not measured" for none."""
    if figure is None or figure.get("value") is None or not math.isfinite(figure["value"]):
        return NOT_MEASURED
    return Markdown(f"{shown(figure['value'])} ({interval(figure)})")
