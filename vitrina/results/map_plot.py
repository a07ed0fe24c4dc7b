"""The map of a collection as one picture made of its pictures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from vitrina.report.canvas import short
from vitrina.report.palette import THEMES
from vitrina.report.words import LANGUAGES, number
from vitrina.results.collection_map import Mapped

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

MOST_DRAWN = 2000
WIDTH, MARGIN, TEXT, LINE, SWATCH = 1280, 32, 17, 30, 20
# Cells a picture: room for groups to stand apart.
SPARE = 1.8
LARGEST, SMALLEST = 84, 26
# Told apart by hue, by lightness where hue fails (deuteranopia), on the ground of both themes.
CLASS_COLOURS = (
    "#2f7ed8", "#d9531e", "#1f9d6b", "#b8489f", "#c4a000", "#6d5bd0", "#12a3b4", "#e07aa0", "#8a6239",
)  # fmt: skip
_WORDS = {
    "en": {
        "drawn": "{drawn} of {n} pictures, drawn by lot (seed {seed})",
        "all": "{n} pictures",
        "wrong": "corner: what the model said instead ({wrong})",
        "other": "other classes ({n})",
    },
    "es": {
        "drawn": "{drawn} de {n} imágenes, elegidas al azar (semilla {seed})",
        "all": "{n} imágenes",
        "wrong": "esquina: lo que dijo el modelo en su lugar ({wrong})",
        "other": "otras clases ({n})",
    },
}


@dataclass(frozen=True)
class Layout:
    """A grid of square cells. `cell` in pixels; `columns`, `rows` of the grid; `places` int64 (drawn, 2):
    the column, row of each picture, no two alike; `drawn` int64: which pictures, ascending."""

    cell: int
    columns: int
    rows: int
    places: np.ndarray
    drawn: np.ndarray


def write_maps(
    mapped: Mapped, thumbnail: Callable[[int], Image.Image], folder: Path, *, seed: int = 0
) -> dict[str, Path]:
    """Writes FOLDER/map-LANGUAGE-THEME.png, 1280 pixels wide; "LANGUAGE-THEME" -> path ("en-day" ...).

    `thumbnail(i)` gives picture i in any size and is asked once for each that is drawn. More than 2,000 pictures
    are sampled by `seed`, which the map says.
    """
    layout = map_layout(mapped.positions, seed=seed)
    side = (layout.cell, layout.cell)
    thumbnails = {
        index: ImageOps.fit(thumbnail(index).convert("RGB"), side, Image.Resampling.LANCZOS)
        for index in layout.drawn.tolist()
    }
    paths = {}
    for language in LANGUAGES:
        for theme in THEMES:
            path = folder / f"map-{language}-{theme}.png"
            image = map_plot(mapped, thumbnails, layout, theme=theme, language=language, seed=seed)
            image.save(path, format="PNG")
            paths[f"{language}-{theme}"] = path
    return paths


def map_layout(positions: np.ndarray, *, seed: int = 0, most: int = MOST_DRAWN) -> Layout:
    """Every picture in a cell of its own, on the whole as near to its position (n, 2), 0..1, as can be.

    The cells are given by linear assignment over squared distances, so that no picture is moved far because it
    came late. At most `most` pictures, sampled by `seed`.
    """
    from scipy.optimize import linear_sum_assignment

    n = len(positions)
    drawn = np.sort(np.random.default_rng(seed).choice(n, size=min(n, most), replace=False))
    inner = WIDTH - 2 * MARGIN
    # A map of few pictures is a strip, one of many a square.
    height = inner * min(1.0, 0.62 + len(drawn) / 4000)
    side = math.sqrt(inner * height / max(1, len(drawn)) / SPARE)
    cell = int(min(LARGEST, max(SMALLEST, side)))
    columns = inner // cell
    rows = max(1, math.ceil(height / cell), math.ceil(len(drawn) * 1.15 / columns))
    centres = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).reshape(-1, 2)
    wanted = positions[drawn].astype(np.float64) * [columns - 1, rows - 1]
    costs = ((wanted[:, None] - centres[None]) ** 2).sum(axis=2)
    chosen = linear_sum_assignment(costs)[1]
    return Layout(cell, columns, rows, centres[chosen].astype(np.int64), drawn)


def map_plot(
    mapped: Mapped,
    thumbnails: Mapping[int, Image.Image],
    layout: Layout,
    *,
    theme: str = "day",
    language: str = "en",
    seed: int = 0,
) -> Image.Image:
    """RGB, 1280 pixels wide: thumbnails in their cells, edged in the colour of their class; a legend above.

    `thumbnails`: picture i of `mapped` by i, for each that `layout` draws; `theme` "day" or "night".

    A picture of which the model said another class carries that class's colour in its corner.
    """
    colours = THEMES[theme]
    inks = class_colours(mapped, rest=colours["edge"])
    legend = _arranged(_legend(mapped, layout, inks, language=language, seed=seed), _font())
    top = MARGIN + LINE * (1 + max(item.line for item in legend)) + MARGIN // 2
    image = Image.new("RGB", (WIDTH, top + layout.rows * layout.cell + MARGIN), colours["ground"])
    _draw_legend(image, legend, inks, colours)
    left = (WIDTH - layout.columns * layout.cell) // 2
    for index, (column, row) in zip(layout.drawn.tolist(), layout.places.tolist(), strict=True):
        at = (left + column * layout.cell, top + row * layout.cell)
        said = mapped.said[index] if mapped.wrong[index] and mapped.said is not None else None
        tile = _tile(thumbnails[index], layout.cell - 2, inks[mapped.labels[index]])
        if said is not None:
            _mark(tile, inks.get(said, colours["edge"]))
        image.paste(tile, (at[0] + 1, at[1] + 1))
    return image


def class_colours(mapped: Mapped, *, rest: str) -> dict[str, str]:
    """A colour for every class: the nine largest have one of their own, the others share `rest`."""
    counts = Counter(mapped.labels)
    names = sorted({*counts, *(mapped.said or ())}, key=lambda name: (-counts[name], name))
    own = sorted(names[: len(CLASS_COLOURS)])
    return dict.fromkeys(sorted(names), rest) | dict(zip(own, CLASS_COLOURS, strict=False))


@dataclass(frozen=True)
class _Item:
    """One part of the legend. `kind`: "text", "class" or "mark"; `x` in pixels, `line` from 0."""

    kind: str
    text: str
    name: str = ""
    x: int = 0
    line: int = 0


def _legend(
    mapped: Mapped, layout: Layout, inks: Mapping[str, str], *, language: str, seed: int
) -> list[_Item]:
    words = _WORDS[language]
    n, drawn = len(mapped.picture_ids), len(layout.drawn)
    told = {"n": number(n, language), "drawn": number(drawn, language), "seed": str(seed)}
    items = [_Item("text", words["all" if drawn == n else "drawn"].format(**told))]
    counts = Counter(mapped.labels)
    own = [name for name, ink in inks.items() if ink in CLASS_COLOURS and counts[name]]
    items += [_Item("class", f"{short(name)} {number(counts[name], language)}", name) for name in own]
    others = [name for name in inks if name not in own and counts[name]]
    if others:
        items.append(_Item("class", words["other"].format(n=number(len(others), language)), others[0]))
    if mapped.said is not None:
        items.append(_Item("mark", words["wrong"].format(wrong=number(int(mapped.wrong.sum()), language))))
    return items


def _arranged(items: list[_Item], font: FreeTypeFont) -> list[_Item]:
    """The legend in lines no wider than the map."""
    x, line, placed = MARGIN, 0, []
    for item in items:
        width = round(font.getlength(item.text)) + (0 if item.kind == "text" else SWATCH + 8)
        if x > MARGIN and x + width > WIDTH - MARGIN:
            x, line = MARGIN, line + 1
        placed.append(replace(item, x=x, line=line))
        x += width + 26
    return placed


def _draw_legend(
    image: Image.Image, items: list[_Item], inks: Mapping[str, str], colours: Mapping[str, str]
) -> None:
    pen, font = ImageDraw.Draw(image), _font()
    for item in items:
        x, middle = item.x, MARGIN + item.line * LINE + LINE // 2
        box = (x, middle - SWATCH // 2, x + SWATCH - 1, middle + SWATCH // 2 - 1)
        if item.kind == "class":
            pen.rectangle(box, outline=inks[item.name], width=4)
        elif item.kind == "mark":
            sample = Image.new("RGB", (SWATCH, SWATCH), colours["line"])
            _mark(sample, colours["ink"])
            image.paste(sample, box[:2])
        if item.kind != "text":
            x += SWATCH + 8
        ink = colours["quiet" if item.kind == "text" else "ink"]
        pen.text((x, middle), item.text, font=font, fill=ink, anchor="lm")


def _tile(picture: Image.Image, side: int, ink: str) -> Image.Image:
    """RGB (side, side): the picture's middle in an edge of its class's colour."""
    edge = max(2, side // 14)
    tile = Image.new("RGB", (side, side), ink)
    inner = side - 2 * edge
    tile.paste(ImageOps.fit(picture.convert("RGB"), (inner, inner), Image.Resampling.LANCZOS), (edge, edge))
    return tile


def _mark(tile: Image.Image, ink: str) -> None:
    """A triangle in the lower right corner, set off by a white line that shows on any picture."""
    side = tile.width
    reach = max(10, round(side * 0.42))
    pen = ImageDraw.Draw(tile)
    for colour, size in (("#ffffff", reach + 3), (ink, reach)):
        pen.polygon([(side, side - size), (side, side), (side - size, side)], fill=colour)


def _font() -> FreeTypeFont:
    import matplotlib
    from PIL import ImageFont

    # DejaVu comes with matplotlib, has Latin, Greek, Cyrillic; no font of the system is looked for.
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf"), TEXT)
