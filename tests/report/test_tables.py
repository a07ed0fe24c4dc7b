"""The tables say what the reports say, and whether that adds up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.report.made import BOLD, CLASSES, Reports
from vitrina.report.found import Found, read_work
from vitrina.report.tables import class_rows, extent, not_looked_for, side_rows, steps, unaccounted


def test_steps_are_those_of_the_study(found: Found) -> None:
    rows = steps(found)
    assert [(row.key, row.count) for row in rows] == [
        ("original", 29),
        ("unreadable", 1),
        ("exact_duplicates", 1),
        ("near_duplicates", 1),
        ("relabelled", 1),
        ("irrelevant", 1),
        ("final", 25),
    ]
    assert rows[-1].share == pytest.approx(25 / 29)
    assert unaccounted(rows) == 0


def test_a_table_that_does_not_add_up_is_found_out(reports: Reports) -> None:
    counts = reports.clean([])["counts"]
    reports.clean([], counts=counts | {"final": 20})
    assert unaccounted(steps(read_work(reports.work))) == 5


def test_without_cleaning_copies_were_not_looked_for(collected_work: Path) -> None:
    rows = {row.key: row for row in steps(read_work(collected_work))}
    assert rows["near_duplicates"].count is None
    assert rows["near_duplicates"].share is None
    assert rows["final"].count == 28
    assert unaccounted(list(rows.values())) == 0


def test_class_rows_keep_every_class(found: Found) -> None:
    rows = class_rows(found)
    assert [(row.name, row.before, row.after) for row in rows] == [
        ("glass", 10, 9),
        ("metal", 10, 8),
        (BOLD, 8, 8),
    ]
    assert sum(row.share for row in rows) == pytest.approx(1)


def test_side_rows_name_the_classes_a_side_lacks(reports: Reports) -> None:
    reports.clean([])
    counts = reports.split()["counts"]
    counts["test"]["classes"] = {"glass": 3, "metal": 0}
    reports.split(counts=counts)
    rows = side_rows(read_work(reports.work))
    assert [(row.side, row.pictures, row.lacks) for row in rows] == [
        ("train", 18, ()),
        ("validation", 3, ()),
        ("test", 3, tuple(sorted((BOLD, "metal")))),
    ]
    assert rows[0].share == pytest.approx(0.75)
    assert rows[0].hash == "a" * 64


def test_extent_is_least_median_most(found: Found) -> None:
    assert extent(found, "width") == (24.0, 36.0, 48.0)


FEATURES = {"revision": "bundled/efficientnet-lite0@0.1.0", "dimension": 1280}


@pytest.mark.parametrize(
    ("collected", "settings", "kind", "reason"),
    [
        ({}, {}, "outlier", "no features were computed"),
        ({}, {}, "dark", None),
        ({}, {}, "label_conflict", None),
        ({"features": FEATURES}, {}, "outlier", None),
        ({"features": FEATURES}, {"label_errors": False}, "label_error", "switched off"),
        ({"features": FEATURES}, {"label_errors": True}, "label_error", None),
        (
            {"classes": dict.fromkeys(CLASSES, 0) | {"glass": 28}},
            {},
            "label_conflict",
            "fewer than two classes",
        ),
    ],
)
def test_what_was_not_looked_for_is_said_with_the_reason(
    found: Found, collected: dict[str, Any], settings: dict[str, Any], kind: str, reason: str | None
) -> None:
    assert found.cleaned is not None
    told = replace(
        found, collected={**found.collected, **collected}, cleaned={**found.cleaned, "settings": settings}
    )
    assert not_looked_for(told, kind) == reason


def test_without_cleaning_nothing_was_looked_for(found: Found) -> None:
    assert not_looked_for(replace(found, cleaned=None), "dark") == "cleaning has not run"


def test_what_the_stage_says_itself_comes_first(found: Found) -> None:
    assert found.cleaned is not None
    told = {**found.cleaned, "not_looked_for": {"outlier": "fewer than 20 pictures"}}
    assert not_looked_for(replace(found, cleaned=told), "outlier") == "fewer than 20 pictures"
    assert not_looked_for(replace(found, cleaned=told), "irrelevant") == "no features were computed"
