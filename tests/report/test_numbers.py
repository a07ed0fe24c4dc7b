"""The figures behind the plots are those of the collection."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tests.report.made import BOLD, Reports
from vitrina.report.found import Found, read_work
from vitrina.report.numbers import (
    MOST_BARS,
    MOST_POINTS,
    Bars,
    Histogram,
    Sizes,
    all_numbers,
    aspect,
    class_counts,
    levels,
    sharpness,
    sizes,
    split_shares,
)


def with_survey(found: Found, **columns: object) -> Found:
    pile = SimpleNamespace(survey=pd.DataFrame(columns), report=found.collected)
    return replace(found, pile=pile)  # type: ignore[arg-type]


def test_class_counts_stand_before_and_after(found: Found) -> None:
    bars = class_counts(found)
    assert bars is not None
    assert bars.names == ("glass", "metal", BOLD)
    assert bars.series == (("plot.before", (10.0, 10.0, 8.0)), ("plot.after", (9.0, 8.0, 8.0)))
    assert bars.n == 28
    assert bars.hidden == 0


def test_class_counts_name_the_largest_and_count_the_rest(found: Found) -> None:
    many = {f"class {number:03}": 200 - number for number in range(100)}
    bars = class_counts(replace(found, collected={**found.collected, "classes": many}, cleaned=None))
    assert bars is not None
    assert bars.names[0] == "class 000"
    assert len(bars.names) == MOST_BARS
    assert bars.hidden == 100 - MOST_BARS
    assert bars.n == sum(many.values())


def test_every_plot_counts_every_picture(found: Found) -> None:
    numbers = all_numbers(found)
    assert set(numbers) == {
        "class_counts", "sizes", "aspect", "modes", "brightness", "contrast", "sharpness", "split_shares"
    }  # fmt: skip
    for name, one in numbers.items():
        if isinstance(one, Histogram | Sizes):
            assert sum(one.counts) == one.n == 28, name


def test_sizes_are_those_of_the_survey(found: Found) -> None:
    drawn = sizes(found)
    assert drawn is not None
    told = dict(zip(zip(drawn.widths, drawn.heights, strict=True), drawn.counts, strict=True))
    expected = found.survey.groupby(["width", "height"]).size().to_dict()
    assert told == {(float(width), float(height)): count for (width, height), count in expected.items()}


def test_many_sizes_are_taken_together_and_none_is_lost(found: Found) -> None:
    drawn = np.random.default_rng(0).integers(20, 4000, size=(5000, 2))
    one = sizes(with_survey(found, width=drawn[:, 0], height=drawn[:, 1]))
    assert one is not None
    assert len(one.counts) < len(np.unique(drawn, axis=0))
    assert len(np.unique(drawn, axis=0)) > MOST_POINTS
    assert sum(one.counts) == one.n == 5000


def test_aspect_has_the_square_in_the_middle_of_a_bin(found: Found) -> None:
    drawn = aspect(with_survey(found, width=[100, 100, 101, 300, 50], height=[100, 100, 100, 100, 400]))
    assert drawn is not None
    assert sum(drawn.counts) == 5
    place = next(i for i, edge in enumerate(drawn.edges) if edge > 1) - 1
    assert drawn.counts[place] == 3
    assert drawn.edges[place] * drawn.edges[place + 1] == pytest.approx(1)
    assert [text for _, text in drawn.ticks] == ["1:3", "1:2", "2:3", "1:1", "3:2", "2:1", "3:1"]


def test_levels_span_what_is_possible(found: Found) -> None:
    drawn = levels(with_survey(found, brightness=[0.0, 255.0, 128.0, float("nan")]), "brightness", most=255.0)
    assert drawn is not None
    assert (drawn.edges[0], drawn.edges[-1]) == (0.0, 255.0)
    assert drawn.counts[0] == drawn.counts[-1] == 1
    assert drawn.n == 3


def test_sharpness_counts_a_flat_picture_too(found: Found) -> None:
    drawn = sharpness(with_survey(found, sharpness=[0.0, 10.0, 5000.0]))
    assert drawn is not None
    assert drawn.counts[0] == drawn.counts[-1] == 1
    assert sum(drawn.counts) == 3


def test_modes_say_their_channels(found: Found) -> None:
    bars = all_numbers(found)["modes"]
    assert isinstance(bars, Bars)
    assert bars.names == ("RGB · 3", "L · 1")
    assert bars.series == (("plot.pictures", (27.0, 1.0)),)


def test_split_shares_add_up_on_each_side(reports: Reports) -> None:
    reports.clean([])
    reports.split()
    bars = split_shares(read_work(reports.work))
    assert bars is not None
    assert [key for key, _ in bars.series] == ["side.train", "side.validation", "side.test"]
    for _, values in bars.series:
        assert sum(values) == pytest.approx(1)
    assert bars.n == 24


def test_an_empty_collection_has_no_plots(found: Found) -> None:
    columns = ("width", "height", "mode", "channels", "brightness", "contrast", "sharpness")
    empty: dict[str, object] = {name: [] for name in columns}
    bare = with_survey(replace(found, split=None, cleaned=None), **empty)
    assert all_numbers(replace(bare, collected={**found.collected, "classes": {}})) == {}
