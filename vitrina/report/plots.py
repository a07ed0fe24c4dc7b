"""Plots as PNG files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from vitrina.report.canvas import HEIGHT, TEXT, WIDTH, canvas, save_each, short
from vitrina.report.numbers import Bars, Histogram, Numbers, Sizes
from vitrina.report.words import Percent, number, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def write_plots(numbers: Mapping[str, Numbers], folder: Path) -> list[Path]:
    """Writes NAME-LANGUAGE-THEME.png for every plot, language (en, es), theme (day, night); the paths, sorted."""
    return save_each(numbers, draw, folder)


def size_of(numbers: Numbers) -> tuple[int, int]:
    """(width, height) of a plot in pixels of the page; bars need room for every name."""
    if not isinstance(numbers, Bars):
        return WIDTH, HEIGHT
    return WIDTH, 95 + max(2, len(numbers.names)) * (12 + 19 * len(numbers.series))


def draw(name: str, numbers: Numbers, *, language: str, colours: Mapping[str, str]) -> Figure:
    """One plot as a Figure of its own: no state of pyplot, no settings of the process."""
    title = say(language, f"plot.{name}", n=numbers.n)
    figure, axes = canvas(title, size_of(numbers), colours=colours)
    if isinstance(numbers, Bars):
        _bars(axes, numbers, language, colours)
    elif isinstance(numbers, Histogram):
        _histogram(axes, numbers, language, colours)
    else:
        _sizes(axes, numbers, language, colours)
    if not isinstance(numbers, Bars):
        axes.set_xlabel(say(language, f"axis.{name}"), fontsize=TEXT, color=colours["quiet"])
        across = "axis.height" if isinstance(numbers, Sizes) else "axis.pictures"
        axes.set_ylabel(say(language, across), fontsize=TEXT, color=colours["quiet"])
    return figure


def _bars(axes: Axes, bars: Bars, language: str, colours: Mapping[str, str]) -> None:
    fills = {1: ["bar"], 2: ["edge", "bar"]}.get(len(bars.series), ["bar", "edge", "ink"])
    thick = 0.8 / len(bars.series)
    most = max(max(values) for _, values in bars.series)
    for place, (key, values) in enumerate(bars.series):
        at = [row + (place - (len(bars.series) - 1) / 2) * thick for row in range(len(bars.names))]
        fill = colours[fills[place % len(fills)]]
        axes.barh(at, values, height=thick * 0.86, color=fill, label=say(language, key))
        for y, value in zip(at, values, strict=True):
            text = (
                say(language, "plot.percent", n=Percent(value))
                if bars.shares
                else number(int(value), language)
            )
            axes.text(value + most * 0.012, y, text, va="center", fontsize=TEXT - 1, color=colours["ink"])
    names = [short(name) for name in bars.names]
    axes.set_yticks(range(len(names)))
    # Names of classes are data: a dollar sign in them is no formula.
    axes.set_yticklabels(names, parse_math=False, color=colours["ink"])
    # One bar alone is no thicker than one of two.
    axes.set_ylim(max(len(names), 2) - 0.5, -0.5)
    axes.set_xlim(0, (most or 1) * 1.16)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.tick_params(axis="y", left=False)
    if bars.hidden:
        key = "plot.hidden_one" if bars.hidden == 1 else "plot.hidden_many"
        axes.set_xlabel(
            say(language, key, n=bars.hidden), fontsize=TEXT - 1, color=colours["quiet"], loc="left"
        )
    if len(bars.series) > 1:
        # Above the bars, never over them.
        axes.legend(
            loc="lower left", bbox_to_anchor=(0, 0.995), ncols=len(bars.series), frameon=False,
            fontsize=TEXT - 0.5, labelcolor=colours["ink"], borderaxespad=0, handlelength=1, columnspacing=1.2,
        )  # fmt: skip
        axes.title.set_y(1.0)
        axes.set_title(
            axes.get_title(loc="left"), loc="left", pad=24, fontsize=TEXT + 1, color=colours["ink"]
        )


def _histogram(axes: Axes, histogram: Histogram, language: str, colours: Mapping[str, str]) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullFormatter, NullLocator

    axes.stairs(histogram.counts, histogram.edges, fill=True, color=colours["bar"])
    axes.set_xlim(histogram.edges[0], histogram.edges[-1])
    if histogram.logarithmic:
        axes.set_xscale("log")
        axes.xaxis.set_minor_formatter(NullFormatter())
    if histogram.ticks:
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator([at for at, _ in histogram.ticks]))
        axes.xaxis.set_ticklabels([text for _, text in histogram.ticks])
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value), language)))
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value), language)))


def _sizes(axes: Axes, sizes: Sizes, language: str, colours: Mapping[str, str]) -> None:
    import numpy as np
    from matplotlib.ticker import FuncFormatter, NullFormatter

    counts = np.asarray(sizes.counts, dtype=np.float64)
    areas = 14 + 240 * counts / counts.max() if len(counts) > 1 else 60
    axes.scatter(sizes.widths, sizes.heights, s=areas, color=colours["bar"], alpha=0.6, linewidths=0)
    least = min(*sizes.widths, *sizes.heights) / 1.4
    most = max(*sizes.widths, *sizes.heights) * 1.4
    axes.plot([least, most], [least, most], color=colours["line"], linewidth=1, zorder=0)
    ticks = [float(2**power) for power in range(20) if least <= 2**power <= most]
    ticks = ticks[:: 1 + len(ticks) // 7]
    for axis, limits in ((axes.xaxis, axes.set_xlim), (axes.yaxis, axes.set_ylim)):
        (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log", base=2)
        limits(least, most)
        if len(ticks) > 1:
            axis.set_ticks(ticks)
        axis.set_major_formatter(FuncFormatter(lambda value, _: number(round(value), language)))
        axis.set_minor_formatter(NullFormatter())
