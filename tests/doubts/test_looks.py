"""What looks odd, beside its own collection."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrina.doubts.looks import find_looks


def survey(count: int = 100, *, brightness: float = 120, contrast: float = 50) -> dict[str, np.ndarray]:
    """Ordinary photographs around those figures, by seed."""
    rng = np.random.default_rng(0)
    contrasts = contrast * np.exp(rng.normal(0, 0.2, count))
    return {
        "brightness": np.clip(brightness * np.exp(rng.normal(0, 0.2, count)), 0, 255),
        "contrast": contrasts,
        "sharpness": 0.3 * contrasts**2 * np.exp(rng.normal(0, 0.5, count)),
        "width": np.full(count, 640.0),
        "height": np.full(count, 480.0),
    }


@pytest.mark.parametrize(
    ("kind", "column", "value", "reason"),
    [
        ("dark", "brightness", 12, "mean grey 12 of 255; the middle of this collection has 1"),
        ("bright", "brightness", 250, "mean grey 250, 6 below white; the middle of this collection is 1"),
        ("flat", "contrast", 3, "grey levels differ by 3.0 (standard deviation); in the middle"),
        ("blurred", "sharpness", 10, "sharpness 0.0"),
        ("odd_size", "width", 32, "32 x 32; the middle of this collection is like 554 x 554"),
        ("odd_aspect", "width", 1900, "1900 x 480, 4.0 times as long as wide; the middle of this"),
    ],
)
def test_each_look_is_seen_and_said(kind: str, column: str, value: float, reason: str) -> None:
    columns = survey()
    assert find_looks(columns).doubts == []
    columns[column][7] = value
    if kind == "odd_size":
        columns["height"][7] = value
    found = find_looks(columns, labels=["cat"] * 100)
    one = next(one for one in found.doubts if one.kind == kind)
    assert (one.row, one.label, one.suggestion, one.score) == (7, "cat", None, 1.0)
    assert one.reason.startswith(reason)
    assert {one.row for one in found.doubts} == {7}
    assert found.common == {}


def test_night_sky_is_dark_and_no_frame_of_it_is_doubted() -> None:
    night = survey(brightness=12, contrast=4)
    assert find_looks(night).doubts == []
    night["brightness"][3] = 240
    assert [(one.row, one.kind) for one in find_looks(night).doubts] == [(3, "bright")]


def test_a_collection_of_days_and_nights_has_both_by_nature() -> None:
    both = survey()
    both["brightness"][:30] = 15 + np.arange(30) / 10
    found = find_looks(both)
    assert found.doubts == []
    assert found.common in ({}, {"dark": 30})
    rare = survey()
    rare["brightness"][:8] = 15
    assert [one.row for one in find_looks(rare).doubts] == list(range(8))


def test_a_common_look_is_counted_not_lost() -> None:
    wide = survey()
    wide["width"][:25] = 640 * 3
    found = find_looks(wide)
    assert found.common == {"odd_aspect": 25}
    assert [one for one in found.doubts if one.kind == "odd_aspect"] == []


def test_what_no_collection_can_use_is_said_always() -> None:
    flat = survey(contrast=3)
    flat["contrast"][:60] = 0.2
    flat["width"][0], flat["height"][0] = 7, 9
    flat["height"][1] = 80
    flat["width"][1] = 640
    found = {(one.row, one.kind) for one in find_looks(flat).doubts}
    assert {(row, "flat") for row in range(60)} <= found
    assert {(0, "odd_size"), (1, "odd_aspect")} <= found


def test_portrait_and_landscape_are_the_same_aspect() -> None:
    turned = survey()
    turned["width"][::2], turned["height"][::2] = 480, 640
    assert find_looks(turned).doubts == []


def test_a_table_will_do_and_the_farthest_has_the_highest_place() -> None:
    columns = survey()
    columns["brightness"][[2, 5]] = [5, 20]
    found = find_looks(pd.DataFrame(columns)).doubts
    assert [(one.row, one.score) for one in found] == [(2, 1.0), (5, 0.5)]


@given(
    st.lists(
        st.tuples(
            st.floats(0, 255),
            st.floats(0, 127.5),
            st.floats(0, 1e5),
            st.integers(1, 20000),
            st.integers(1, 20000),
        ),
        max_size=12,
    )
)
def test_any_survey_is_taken(rows: list[tuple[float, float, float, int, int]]) -> None:
    names = ("brightness", "contrast", "sharpness", "width", "height")
    columns = {name: np.array([row[place] for row in rows]) for place, name in enumerate(names)}
    found = find_looks(columns)
    assert all(0 < one.score <= 1 and 0 <= one.row < len(rows) for one in found.doubts)
    assert len({(one.row, one.kind) for one in found.doubts}) == len(found.doubts)
