"""The sheet that a plot is drawn on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.report.palette import THEMES
from vitrina.report.words import LANGUAGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Pixels of the page, a hundred to the inch; saved at 240, so that plots stay crisp where the page enlarges them.
WIDTH, HEIGHT = 480, 330
DOTS = 240
TEXT = 9.5


def canvas(title: str, size: tuple[int, int], *, colours: Mapping[str, str]) -> tuple[Figure, Axes]:
    """A Figure of its own, `size` in pixels of the page, with one Axes: no state of pyplot, none of the process."""
    from matplotlib.figure import Figure

    width, height = size
    figure = Figure(
        figsize=(width / 100, height / 100), dpi=100, facecolor=colours["ground"], layout="constrained"
    )
    axes = figure.add_subplot()
    # Names of classes are data: a dollar sign in them is no formula.
    axes.set_title(title, loc="left", fontsize=TEXT + 1, color=colours["ink"], pad=10, parse_math=False)
    frame(axes, colours)
    return figure, axes


def frame(axes: Axes, colours: Mapping[str, str]) -> None:
    """Two quiet lines with quiet figures, nothing above and on the right."""
    axes.set_facecolor(colours["ground"])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(colours["edge"])
    axes.tick_params(colors=colours["quiet"], labelsize=TEXT, which="both", width=0.6)


def short(name: str, most: int = 26) -> str:
    """A name of a class on one line, at most `most` letters."""
    name = " ".join(name.encode("utf-8", "replace").decode().split())
    return name if len(name) <= most else name[: most - 1] + "…"


def save_each(figures: Mapping[str, Any], draw: Callable[..., Figure], folder: Path) -> list[Path]:
    """Writes NAME-LANGUAGE-THEME.png for every figure, language (en, es), theme (day, night); the paths, sorted.

    `draw(name, figure, language=, colours=)` gives each.
    """
    paths = []
    for name, figure in figures.items():
        for language in LANGUAGES:
            for theme, colours in THEMES.items():
                path = folder / f"{name}-{language}-{theme}.png"
                save(draw(name, figure, language=language, colours=colours), path)
                paths.append(path)
    return sorted(paths)


def save(figure: Figure, path: Path) -> None:
    """Writes the figure as PNG, DOTS to the inch, without the name of what wrote it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    with warnings.catch_warnings():
        # A class named in a script that the font lacks is drawn as boxes; the table beside the plot has its name.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(path, format="png", dpi=DOTS, metadata={"Software": None})
