"""A sheet of pictures beside their variations, to see what training sees."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vitrina.augment.augmentation import Augmentation
from vitrina.augment.seeds import generator_for
from vitrina.errors import BadRequest

MOST_ROWS, MOST_VARIANTS = 40, 12
# Pixels of the sheet: a picture's longer side is TILE, a column at least CAPTION wide, so that words fit.
MARGIN, TILE, GAP, HEAD, CAPTION = 40, 288, 16, 92, 216
TITLE, TEXT, SMALL, LINE = 26, 16, 14, 19

# The values of vitrina/pages/theme.py by day, which this room may not import; a test keeps the two the same.
DAY = {"ground": "#faf6ee", "ink": "#211c15", "quiet": "#665c4e", "line": "#e3d9c7"}


@dataclass(frozen=True)
class _Cell:
    picture: Image.Image
    label: str
    words: tuple[str, ...]


def sample_sheet(
    pictures: Sequence[Image.Image],
    augmentation: Augmentation,
    *,
    labels: Sequence[str],
    seed: int,
    path: Path,
    variants: int = 6,
) -> Path:
    """Writes a PNG at `path`: a row for each picture, first as it is, then as `variants` epochs would see it.

    `pictures` are RGB, 1 to 40, in the size in which training varies them; `labels` their classes in words,
    one each; `variants` 1 to 12, squares as the network sees them where the augmentation has a frame. The
    variant in column e of row i is that of `generator_for(seed, e, i)`, e from 0. An augmentation that does
    nothing gives the first column alone. The same arguments give the same file. Atomic. Raises BadRequest,
    OSError.
    """
    _check(pictures, labels, variants)
    epochs = range(variants if augmentation else 0)
    rows = [
        [
            _Cell(picture, label, ("as it is",)),
            *(_varied(picture, augmentation, generator_for(seed, epoch, row)) for epoch in epochs),
        ]
        for row, (picture, label) in enumerate(zip(pictures, labels, strict=True))
    ]
    tile = max(CAPTION, *(_fit(picture)[0] for picture in pictures))
    lines = max(bool(cell.label) + len(_lines(cell.words, tile, SMALL)) for row in rows for cell in row)
    tall = TILE + lines * LINE + 2 * GAP
    width = max(2 * MARGIN + len(rows[0]) * (tile + GAP) - GAP, 640)
    sheet = Image.new("RGB", (width, MARGIN + HEAD + len(rows) * tall + MARGIN - GAP), DAY["ground"])
    pen = ImageDraw.Draw(sheet)
    _head(pen, augmentation, seed=seed, width=width - 2 * MARGIN)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            _place(sheet, cell, at=(MARGIN + column * (tile + GAP), MARGIN + HEAD + row * tall), width=tile)
    return _save(sheet, Path(path))


def _check(pictures: Sequence[Image.Image], labels: Sequence[str], variants: int) -> None:
    if not 1 <= len(pictures) <= MOST_ROWS or len(labels) != len(pictures):
        raise BadRequest(
            f"1 to {MOST_ROWS} pictures for a sheet, a label for each",
            f"{len(pictures)} pictures, {len(labels)} labels",
            "Choose a few pictures of each class.",
        )
    if not 1 <= variants <= MOST_VARIANTS:
        raise BadRequest(f"1 to {MOST_VARIANTS} variants a picture", str(variants), "Six fill a page well.")


def _head(pen: ImageDraw.ImageDraw, augmentation: Augmentation, *, seed: int, width: int) -> None:
    pen.text((MARGIN, MARGIN - 6), "What training sees", DAY["ink"], font=_font(TITLE, bold=True))
    said = [f"{name} {_value(value)}" for name, value in augmentation.as_dict().items()]
    said = [*said, f"seed {seed}"] if said else ["Every picture enters training as it is."]
    for place, line in enumerate(_lines(said, width, TEXT)):
        pen.text((MARGIN, MARGIN + 34 + place * 23), line, DAY["quiet"], font=_font(TEXT))


def _value(value: object) -> str:
    if isinstance(value, list):
        return " to ".join(f"{side:g}" for side in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _varied(picture: Image.Image, augmentation: Augmentation, generator: np.random.Generator) -> _Cell:
    drawn = augmentation.draw(generator)
    return _Cell(augmentation.apply(picture, drawn), "", augmentation.told(drawn) or ("unchanged",))


def _place(sheet: Image.Image, cell: _Cell, *, at: tuple[int, int], width: int) -> None:
    """The picture whole, in its own shape, standing on its words."""
    left, line = at[0], at[1] + TILE
    tile = cell.picture.resize(_fit(cell.picture), Image.Resampling.LANCZOS)
    sheet.paste(tile, (left, line - tile.height))
    pen = ImageDraw.Draw(sheet)
    # A white picture would otherwise run into the ground.
    pen.rectangle((left, line - tile.height, left + tile.width - 1, line - 1), outline=DAY["line"])
    if cell.label:
        pen.text((left, line + 6), _short(cell.label, width), DAY["ink"], font=_font(TEXT, bold=True))
        line += LINE + 2
    for place, words in enumerate(_lines(cell.words, width, SMALL)):
        pen.text((left, line + 7 + place * LINE), words, DAY["quiet"], font=_font(SMALL))


def _fit(picture: Image.Image) -> tuple[int, int]:
    scale = TILE / max(picture.size)
    return max(1, round(picture.width * scale)), max(1, round(picture.height * scale))


def _lines(words: Sequence[str], width: int, size: int) -> list[str]:
    """`words` joined by dots, in as many lines as `width` pixels need; none is cut in two."""
    measure, lines = _font(size).getlength, [""]
    for word in words:
        longer = f"{lines[-1]} · {word}" if lines[-1] else word
        if lines[-1] and measure(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _short(text: str, width: int) -> str:
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    measure = _font(TEXT, bold=True).getlength
    if measure(text) <= width:
        return text
    while text and measure(text + "…") > width:
        text = text[:-1]
    return text + "…"


def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, which comes with matplotlib: it has the letters of every European language."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)


def _save(sheet: Image.Image, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        # Drawn before every training: a sixth larger, four times as fast.
        sheet.save(partial, format="PNG", compress_level=1)
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    return path
