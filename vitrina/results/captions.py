"""What each plot says, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from vitrina.report.captions import Plot
from vitrina.report.words import LANGUAGES, Percent, Significant
from vitrina.results.confusion import Confusion
from vitrina.results.figures import Answers, Coverage, Figures, Lines, Reliability
from vitrina.results.plots import kind_of, size_of
from vitrina.results.words import TEXTS


def captioned(figures: Mapping[str, Figures], matrix: Confusion | None) -> dict[str, Plot]:
    """Every plot with its caption, by name."""
    plots = {}
    for name, told in figures.items():
        key, values = _said(kind_of(name), told, matrix)
        width, height = size_of(told)
        about: dict[str, Any] = {} if isinstance(told, Lines) else {"n": told.n}
        if isinstance(told, Answers):
            about["name"] = told.name
        alts = {
            language: f"{TEXTS.say(language, f'plot.{kind_of(name)}', **about)}. {TEXTS.say(language, key, **values)}"
            for language in LANGUAGES
        }
        plots[name] = Plot(name, width, height, TEXTS.both(key, **values), alts)
    return plots


def _said(kind: str, told: Figures, matrix: Confusion | None) -> tuple[str, dict[str, Any]]:
    if isinstance(told, Lines):
        points = told.curves[-1][1]
        first, last = points[0][1], points[-1][1]
        if kind == "grid":
            best, at = min((y, x) for x, y in points)
            return "caption.grid", {"best": Significant(best), "at": Significant(at)}
        if told.shares:
            return "caption.shares", {"first": Percent(first), "last": Percent(last)}
        kind = "loss_train" if kind == "loss" and told.curves[-1][0] == "curve.loss" else kind
        return f"caption.{kind}", {"first": Significant(first), "last": Significant(last)}
    if isinstance(told, Reliability):
        return "caption.reliability", {}
    if isinstance(told, Coverage):
        if told.chosen is None:
            return "caption.coverage_open", {}
        answered, right = told.chosen
        return "caption.coverage", {"answered": Percent(answered), "right": Percent(right)}
    if isinstance(told, Answers):
        error = sum(abs(x - y) for x, y in told.points) / told.n
        return "caption.answers", {"mae": Significant(error)}
    worst = matrix.mistaken[0] if matrix is not None and matrix.mistaken else None
    if worst is None:
        return "caption.confusion_none", {}
    return "caption.confusion", {"true": worst.true, "said": worst.said, "n": worst.count, "total": told.n}
