"""The tables say what eval_results.json says, and nothing where it says nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.results.made import CLASSES
from vitrina.results.read import Results
from vitrina.results.tables import (
    Told,
    class_rows,
    figure_rows,
    leading,
    n_of,
    threshold_rows,
    told,
)


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        (None, Told(None)),
        ({}, Told(None)),
        ({"value": None, "interval": None, "n": 0}, Told(None)),
        ({"value": 0.5, "interval": None, "n": 3}, Told(0.5)),
        ({"value": 0.5, "interval": [0.4, 0.6], "n": 3}, Told(0.5, (0.4, 0.6))),
        ({"value": 0.5, "interval": [None, None]}, Told(0.5)),
        ({"value": 0.5, "k": 3}, Told(0.5, k=3)),
    ],
)
def test_a_figure_or_nothing(figure: dict[str, object] | None, expected: Told) -> None:
    assert told(figure) == expected


def test_every_class_has_its_row(results: Results) -> None:
    rows = class_rows(results)
    assert [row.name for row in rows] == list(CLASSES)
    per_class = results.evaluated["test"]["per_class"]
    assert [row.told[0].value for row in rows] == [per_class[name]["precision"]["value"] for name in CLASSES]
    assert [row.support for row in rows] == [per_class[name]["support"] for name in CLASSES]


def test_a_class_that_was_not_measured_says_nothing(results: Results) -> None:
    bare = replace(results, evaluated={**results.evaluated, "test": {}})
    assert class_rows(bare)[0].told == (Told(None), Told(None), Told(None))
    assert class_rows(bare)[0].support is None
    assert leading(bare) == Told(None)
    assert n_of(bare.evaluated["test"], bare) is None


def test_figures_stand_beside_those_of_validation(results: Results) -> None:
    rows = {(row.group, row.key): row for row in figure_rows(results)}
    accuracy = rows[None, "accuracy"]
    assert accuracy.test.value == results.evaluated["test"]["accuracy"]["value"]
    assert accuracy.validation.value == results.evaluated["validation"]["accuracy"]["value"]
    assert rows[None, "top_k"].test.k == 3
    assert not rows[None, "log_loss"].test.share
    assert ("macro", "f1") in rows
    assert ("weighted", "recall") in rows


def test_figures_without_validation(results: Results) -> None:
    rows = figure_rows(replace(results, evaluated={**results.evaluated, "validation": None}))
    assert {row.validation.value for row in rows} == {None}


def test_thresholds_by_class(results: Results) -> None:
    rows = threshold_rows(results)
    chosen = results.evaluated["class_thresholds"]
    assert [(row.name, row.threshold) for row in rows] == [(name, chosen[name]["threshold"]) for name in CLASSES]
    assert threshold_rows(replace(results, evaluated={**results.evaluated, "class_thresholds": None})) == []
