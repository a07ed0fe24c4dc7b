"""Plots are pictures of the figures they were handed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vitrina.report.numbers import Bars, Histogram, Sizes
from vitrina.report.palette import DAY, NIGHT
from vitrina.report.plots import draw, size_of, write_plots

BARS = Bars(
    ("glass", "$x_1$ <b>", "a" * 80),
    (("plot.before", (30.0, 7.0, 1.0)), ("plot.after", (25.0, 7.0, 0.0))),
    38,
)
GREY = Histogram((0.0, 100.0, 200.0, 255.0), (5, 0, 1), 6)
POINTS = Sizes((640.0, 32.0), (480.0, 32.0), (9, 1), 10)


def test_bars_are_as_long_as_the_figures() -> None:
    axes = draw("class_counts", BARS, language="en", colours=DAY).axes[0]
    assert [patch.get_width() for patch in axes.patches] == [30, 7, 1, 25, 7, 0]
    assert [text.get_text() for text in axes.texts] == ["30", "7", "1", "25", "7", "0"]
    assert axes.get_title(loc="left") == "Pictures a class, n = 38"
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:2] == ["glass", "$x_1$ <b>"]
    assert len(names[2]) < 30


def test_shares_are_written_as_shares() -> None:
    shares = Bars(("a", "b"), (("side.train", (0.25, 0.75)),), 8, hidden=3, shares=True)
    axes = draw("split_shares", shares, language="es", colours=NIGHT).axes[0]
    assert [text.get_text() for text in axes.texts] == ["25,0 %", "75,0 %"]
    assert axes.get_xlabel() == "y 3 clases menores"


def test_histogram_steps_are_the_counts() -> None:
    axes = draw("brightness", GREY, language="es", colours=DAY).axes[0]
    values, edges, _ = axes.patches[0].get_data()
    assert values.tolist() == [5, 0, 1]
    assert edges.tolist() == [0, 100, 200, 255]
    assert axes.get_xlabel() == "nivel de gris medio, de 0 a 255"


def test_points_lie_where_the_sizes_are() -> None:
    axes = draw("sizes", POINTS, language="en", colours=DAY).axes[0]
    assert axes.collections[0].get_offsets().tolist() == [[640, 480], [32, 32]]
    areas = axes.collections[0].get_sizes()
    assert areas[0] > areas[1]


def test_files_are_pictures_in_every_language_and_theme(tmp_path: Path) -> None:
    paths = write_plots({"class_counts": BARS, "brightness": GREY}, tmp_path)
    assert [path.name for path in paths if path.name.startswith("bright")] == [
        f"brightness-{language}-{theme}.png" for language in ("en", "es") for theme in ("day", "night")
    ]
    pictures = {}
    for path in paths:
        with Image.open(path) as image:
            assert image.format == "PNG"
            pictures[path.stem] = np.asarray(image.convert("RGB"))
    width, height = size_of(BARS)
    day, night = pictures["class_counts-en-day"], pictures["class_counts-en-night"]
    assert day.shape[1] / day.shape[0] == pytest.approx(width / height, rel=0.01)
    assert tuple(day[0, 0]) == tuple(bytes.fromhex(DAY["ground"][1:]))
    assert tuple(night[0, 0]) == tuple(bytes.fromhex(NIGHT["ground"][1:]))
    assert (pictures["brightness-en-day"] != pictures["brightness-es-day"]).any()


def test_nothing_of_the_process_is_changed(tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    write_plots({"brightness": GREY}, tmp_path)
    assert dict(matplotlib.rcParams) == before


def test_a_class_in_a_script_without_glyphs_is_still_drawn(tmp_path: Path) -> None:
    foreign = Bars(("ガラス", "\udcff"), (("plot.before", (2.0, 1.0)),), 3)
    assert len(write_plots({"class_counts": foreign}, tmp_path)) == 4
