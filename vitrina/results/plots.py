"""Plots as PNG files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.report.canvas import HEIGHT, TEXT, WIDTH, canvas, save_each, short
from vitrina.report.words import Significant, number
from vitrina.results.figures import Answers, Coverage, Figures, Lines, Matrix, Reliability
from vitrina.results.words import TEXTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Colours = Mapping[str, str]
_MOST_WRITTEN = 15


def write_plots(figures: Mapping[str, Figures], folder: Path) -> list[Path]:
    """Writes NAME-LANGUAGE-THEME.png for every plot, language (en, es), theme (day, night); the paths, sorted."""
    return save_each(figures, draw, folder)


def size_of(figures: Figures) -> tuple[int, int]:
    """(width, height) of a plot in pixels of the page; a matrix needs room for every class."""
    if isinstance(figures, Matrix):
        side = max(4, len(figures.names)) * 32
        return max(WIDTH, side + 200), side + 160
    if isinstance(figures, Reliability):
        return WIDTH, 400
    return WIDTH, WIDTH if isinstance(figures, Answers) else HEIGHT


def kind_of(name: str) -> str:
    """The text key of a plot: all plots of single targets share theirs."""
    return "answers" if name.startswith("answers-") else name


def draw(name: str, figures: Figures, *, language: str, colours: Colours) -> Figure:
    """One plot as a Figure of its own: no state of pyplot, no settings of the process."""
    about = {} if isinstance(figures, Lines) else {"n": figures.n}
    if isinstance(figures, Answers):
        about["name"] = short(figures.name)  # type: ignore[assignment]
    title = TEXTS.say(language, f"plot.{kind_of(name)}", **about)
    figure, axes = canvas(title, size_of(figures), colours=colours)
    if isinstance(figures, Matrix):
        _matrix(axes, figures, language, colours)
    elif isinstance(figures, Reliability):
        _reliability(axes, figures, language, colours)
    elif isinstance(figures, Coverage):
        _coverage(axes, figures, language, colours)
    elif isinstance(figures, Lines):
        _lines(axes, figures, language, colours)
    else:
        _answers(axes, figures, language, colours)
    _labels(axes, kind_of(name), language, colours)
    return figure


def _labels(axes: Axes, name: str, language: str, colours: Colours) -> None:
    for side, write in (("x", axes.set_xlabel), ("y", axes.set_ylabel)):
        key = f"axis.{name}_{side}"
        if TEXTS.has(key):
            write(TEXTS.say(language, key), fontsize=TEXT, color=colours["quiet"])


def _matrix(axes: Axes, matrix: Matrix, language: str, colours: Colours) -> None:
    import numpy as np
    from matplotlib.colors import LinearSegmentedColormap

    counts = np.asarray(matrix.counts, dtype=np.float64)
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    shades = LinearSegmentedColormap.from_list("shares", [colours["ground"], colours["bar"]])
    axes.imshow(shares, cmap=shades, vmin=0, vmax=1)
    names = [short(name, 18) for name in matrix.names]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor", parse_math=False)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    for row, column in np.argwhere(counts > 0) if len(names) <= _MOST_WRITTEN else []:
        dark = shares[row, column] > 0.5
        axes.text(
            column, row, number(int(counts[row, column]), language), ha="center", va="center",
            fontsize=TEXT - 0.5, color=colours["on_amber"] if dark else colours["ink"],
        )  # fmt: skip


def _reliability(axes: Axes, told: Reliability, language: str, colours: Colours) -> None:
    most = max(one.n for one in told.bins)
    for one in told.bins:
        height, middle = 0.2 * one.n / most, (one.start + one.stop) / 2
        axes.bar(middle, height, width=(one.stop - one.start) * 0.86, color=colours["line"])
        if one.n:
            axes.text(
                middle, height + 0.008, number(one.n, language), ha="center", va="bottom", fontsize=TEXT - 2,
                color=colours["quiet"],
            )  # fmt: skip
    axes.plot([0, 1], [0, 1], color=colours["edge"], linewidth=1, linestyle=(0, (4, 3)))
    points = [
        (one.confidence, one.accuracy, 14 + 90 * one.n / most)
        for one in told.bins
        if one.confidence is not None and one.accuracy is not None
    ]
    axes.plot([x for x, _, _ in points], [y for _, y, _ in points], color=colours["bar"], linewidth=1.4)
    axes.scatter(*zip(*points, strict=True), color=colours["bar"], zorder=3, clip_on=False)
    _shares(axes)
    _percent(axes)


def _coverage(axes: Axes, told: Coverage, language: str, colours: Colours) -> None:
    for key, points in told.curves:
        strong = key == "curve.test"
        axes.plot(
            [x for x, _ in points], [y for _, y in points], label=TEXTS.say(language, key),
            color=colours["bar" if strong else "edge"], linewidth=1.8 if strong else 1.2,
        )  # fmt: skip
    axes.set_xlim(0, 1)
    least = min(y for _, points in told.curves for x, y in points if x >= 0.05 or x == points[-1][0])
    axes.set_ylim(max(0.0, least - 0.04), 1.01)
    _percent(axes)
    if told.chosen is not None:
        axes.axvline(told.chosen[0], color=colours["quiet"], linewidth=0.8, linestyle=(0, (2, 3)))
        axes.scatter(
            *told.chosen, s=52, color=colours["accent"], zorder=4, label=TEXTS.say(language, "curve.chosen"),
            clip_on=False,
        )  # fmt: skip
    _legend(axes, colours)


def _lines(axes: Axes, told: Lines, language: str, colours: Colours) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

    for place, (key, points) in enumerate(told.curves):
        last = place == len(told.curves) - 1
        axes.plot(
            [x for x, _ in points], [y for _, y in points], label=TEXTS.say(language, key),
            color=colours["bar" if last else "edge"], linewidth=1.8 if last else 1.2,
            marker="o" if len(points) <= 20 else None, markersize=4,
        )  # fmt: skip
    if told.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    if told.mark is not None:
        axes.axvline(
            told.mark, color=colours["accent"], linewidth=1, linestyle=(0, (2, 3)),
            label=TEXTS.say(language, "curve.chosen"),
        )  # fmt: skip
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(Significant(value), language)))
    if told.shares:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value)} %"))
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(Significant(value), language)))
    if not told.logarithmic:
        axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    _legend(axes, colours)


def _answers(axes: Axes, told: Answers, language: str, colours: Colours) -> None:
    from matplotlib.ticker import FuncFormatter

    axes.plot([0, 1], [0, 1], color=colours["edge"], linewidth=1, linestyle=(0, (4, 3)))
    faint = 0.65 if told.n < 500 else 0.3
    axes.scatter(
        [x for x, _ in told.points], [y for _, y in told.points], s=18, color=colours["bar"], alpha=faint,
        linewidths=0, clip_on=False,
    )  # fmt: skip
    _shares(axes)
    axes.set_aspect("equal")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(Significant(value), language)))


def _shares(axes: Axes) -> None:
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.01)


def _percent(axes: Axes) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{round(100 * value)} %"))


def _legend(axes: Axes, colours: Colours) -> None:
    axes.legend(frameon=False, fontsize=TEXT - 0.5, labelcolor=colours["ink"], handlelength=1.4, loc="best")
