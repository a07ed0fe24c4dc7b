"""Plots are pictures of the figures they were handed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vitrina.report.palette import DAY, NIGHT
from vitrina.results.figures import Answers, Bin, Coverage, Lines, Matrix, Reliability
from vitrina.results.plots import draw, size_of, write_plots

MATRIX = Matrix(("glass", "$x_1$ <b>"), ((3, 1), (0, 1200)), 1204)
BINS = Reliability((Bin(0, 0.5, 0, None, None), Bin(0.5, 1, 4, 0.8, 0.75)), 4)
COVERAGE = Coverage((("curve.test", ((0.1, 1.0), (1.0, 0.8))),), (0.5, 0.9), 10)
LOSS = Lines((("curve.loss", ((1.0, 2.0), (2.0, 1.0))), ("curve.eval_loss", ((1.0, 2.5), (2.0, 1.5)))), mark=2.0)
GRID = Lines((("curve.log_loss", ((0.01, 0.5), (1.0, 0.4))),), mark=1.0, logarithmic=True)
ANSWERS = Answers("$smooth$", ((0.1, 0.2), (0.9, 0.7)))


def test_fields_hold_the_counts_that_are_there() -> None:
    axes = draw("confusion", MATRIX, language="es", colours=DAY).axes[0]
    assert [text.get_text() for text in axes.texts] == ["3", "1", "1200"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["glass", "$x_1$ <b>"]
    assert axes.get_title(loc="left") == "Es y dijo, n\u00a0=\u00a01204"
    assert axes.images[0].get_array().tolist() == [[0.75, 0.25], [0, 1]]


def test_bins_lie_at_their_confidence() -> None:
    axes = draw("reliability", BINS, language="en", colours=DAY).axes[0]
    assert axes.collections[0].get_offsets().tolist() == [[0.8, 0.75]]
    assert [text.get_text() for text in axes.texts] == ["4"]


def test_the_chosen_point_is_marked() -> None:
    axes = draw("coverage", COVERAGE, language="en", colours=NIGHT).axes[0]
    assert axes.collections[0].get_offsets().tolist() == [[0.5, 0.9]]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["test", "chosen"]


def test_curves_go_through_their_points() -> None:
    axes = draw("loss", LOSS, language="en", colours=DAY).axes[0]
    assert [list(line.get_ydata()) for line in axes.lines[:2]] == [[2.0, 1.0], [2.5, 1.5]]
    assert axes.get_xlabel() == "epoch"
    grid = draw("grid", GRID, language="es", colours=DAY).axes[0]
    assert grid.get_xscale() == "log"
    assert grid.get_ylabel() == "pérdida logarítmica en validación"


def test_answers_lie_over_what_people_said() -> None:
    axes = draw("answers-0", ANSWERS, language="en", colours=DAY).axes[0]
    assert axes.collections[0].get_offsets().tolist() == [[0.1, 0.2], [0.9, 0.7]]
    assert axes.get_title(loc="left") == "$smooth$, n\u00a0=\u00a02"


def test_files_are_pictures_in_every_language_and_theme(tmp_path: Path) -> None:
    paths = write_plots({"answers-0": ANSWERS}, tmp_path)
    assert [path.name for path in paths] == [
        f"answers-0-{language}-{theme}.png" for language in ("en", "es") for theme in ("day", "night")
    ]
    width, height = size_of(ANSWERS)
    with Image.open(paths[1]) as image:
        assert image.format == "PNG"
        assert image.width / image.height == pytest.approx(width / height, rel=0.01)
        assert tuple(np.asarray(image.convert("RGB"))[0, 0]) == tuple(bytes.fromhex(NIGHT["ground"][1:]))
