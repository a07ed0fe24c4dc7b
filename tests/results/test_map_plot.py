"""The map shows each picture once, in the colour of its class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from vitrina.report.palette import DAY, NIGHT, THEMES
from vitrina.results.collection_map import Mapped
from vitrina.results.map_plot import (
    CLASS_COLOURS,
    WIDTH,
    Layout,
    class_colours,
    map_layout,
    map_plot,
    write_maps,
)

BLUE = Image.new("RGB", (40, 30), (10, 20, 30))


def mapped_by(labels: list[str], said: list[str] | None = None) -> Mapped:
    positions = np.random.default_rng(1).random((len(labels), 2), dtype=np.float32)
    return Mapped([str(index) for index in range(len(labels))], positions, labels, said)


def cells_of(image: Image.Image, layout: Layout) -> list[np.ndarray]:
    """The cell of every drawn picture, without the gap around it."""
    pixels = np.asarray(image)
    left = (WIDTH - layout.columns * layout.cell) // 2
    top = image.height - 32 - layout.rows * layout.cell
    cells = []
    for column, row in layout.places.tolist():
        x, y = left + column * layout.cell, top + row * layout.cell
        cells.append(pixels[y + 1 : y + layout.cell - 1, x + 1 : x + layout.cell - 1])
    return cells


def rgb(colour: str) -> tuple[int, ...]:
    return ImageColor.getrgb(colour)


@pytest.mark.parametrize("n", [0, 1, 7, 300])
def test_no_two_pictures_share_a_cell(n: int) -> None:
    layout = map_layout(np.random.default_rng(n).random((n, 2)) ** 3)
    assert len(layout.drawn) == n
    assert len({tuple(place) for place in layout.places.tolist()}) == n
    assert (layout.places >= 0).all()
    assert (layout.places < [layout.columns, layout.rows]).all()
    assert layout.columns * layout.cell <= WIDTH


def test_pictures_lie_near_their_positions() -> None:
    positions = np.random.default_rng(0).random((200, 2))
    layout = map_layout(positions)
    wanted = positions * [layout.columns - 1, layout.rows - 1]
    assert np.linalg.norm(layout.places - wanted, axis=1).mean() < 1


def test_more_than_can_be_drawn_are_sampled_by_seed() -> None:
    positions = np.random.default_rng(0).random((50, 2))
    first, again, other = (map_layout(positions, seed=seed, most=20) for seed in (1, 1, 2))
    assert first.drawn.tolist() == again.drawn.tolist() != other.drawn.tolist()
    assert first.drawn.tolist() == sorted(set(first.drawn.tolist()))
    assert len(first.drawn) == 20


@pytest.mark.parametrize("theme", THEMES)
def test_edges_are_the_class_corners_what_was_said(theme: str) -> None:
    mapped = mapped_by(["cat", "dog", "cat"], ["cat", "cat", "owl"])
    layout = map_layout(mapped.positions)
    image = map_plot(mapped, dict.fromkeys(range(3), BLUE), layout, theme=theme)
    inks = class_colours(mapped, rest=THEMES[theme]["edge"])
    assert image.size[0] == WIDTH
    assert image.getpixel((0, 0)) == rgb(THEMES[theme]["ground"])
    for cell, label, corner in zip(
        cells_of(image, layout), mapped.labels, (inks["cat"], inks["cat"], inks["owl"]), strict=True
    ):
        assert tuple(cell[0, 0]) == rgb(inks[label])
        assert tuple(cell[-1, -1]) == rgb(corner)
        assert tuple(cell[len(cell) // 2, len(cell) // 2]) == (10, 20, 30)
    assert len({inks["cat"], inks["dog"], inks["owl"]}) == 3


def test_the_largest_classes_have_colours_the_others_share_one() -> None:
    labels = [f"class {index:02d}" for index in range(14) for _ in range(20 - index)]
    inks = class_colours(mapped_by(labels), rest="#777777")
    assert [inks[f"class {index:02d}"] for index in range(9)] == list(CLASS_COLOURS)
    assert {inks[f"class {index:02d}"] for index in range(9, 14)} == {"#777777"}


def test_colours_show_on_both_grounds() -> None:
    for theme in (DAY, NIGHT):
        for colour in CLASS_COLOURS:
            assert contrast(colour, theme["ground"]) >= 2.2, (colour, theme["ground"])


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, from 1 to 21."""
    light = []
    for colour in (one, other):
        levels = np.array(rgb(colour)) / 255
        linear = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
        light.append(float(linear @ [0.2126, 0.7152, 0.0722]))
    return (max(light) + 0.05) / (min(light) + 0.05)


def test_maps_in_every_language_and_theme(tmp_path: Path) -> None:
    asked: list[int] = []

    def thumbnail(index: int) -> Image.Image:
        asked.append(index)
        return BLUE

    paths = write_maps(mapped_by(["cat", "dog", "ガラス"], ["dog", "dog", "dog"]), thumbnail, tmp_path)
    assert sorted(paths) == ["en-day", "en-night", "es-day", "es-night"]
    assert sorted(asked) == [0, 1, 2]
    pictures = {}
    for name, path in paths.items():
        with Image.open(path) as image:
            assert image.format == "PNG"
            pictures[name] = np.asarray(image)
    assert (pictures["en-day"] != pictures["es-day"]).any()
    assert tuple(pictures["es-night"][0, 0]) == rgb(NIGHT["ground"])


def test_the_map_says_that_it_is_a_sample() -> None:
    mapped = mapped_by(["cat"] * 30)
    legends = []
    for most in (30, 29):
        layout = map_layout(mapped.positions, most=most)
        image = map_plot(mapped, dict.fromkeys(range(30), BLUE), layout)
        legends.append(np.asarray(image)[32:62])
    whole, sample = ((legend != rgb(DAY["ground"])).any(axis=2).any(axis=0).sum() for legend in legends)
    assert sample > whole + 100  # The longer sentence, in pixels.
