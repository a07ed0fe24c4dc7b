"""The figures of the plots are those of the reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.results.made import Pictures, regression_run
from vitrina.results.confusion import confusion
from vitrina.results.figures import (
    Answers,
    Coverage,
    Lines,
    Matrix,
    Reliability,
    all_figures,
    coverage,
    curve_of,
    learning,
    reliability,
)
from vitrina.results.read import Results, read_run


def test_there_is_one_for_everything_that_was_measured(results: Results) -> None:
    made = all_figures(results, confusion(results, limit=1))
    assert list(made) == ["confusion", "reliability", "coverage", "loss", "metric", "learning_rate", "grid"]
    assert isinstance(made["confusion"], Matrix)
    assert sum(map(sum, made["confusion"].counts)) == 40


def test_reliability_holds_every_picture(results: Results) -> None:
    told = reliability(results)
    assert isinstance(told, Reliability)
    assert told.n == 40
    assert len(told.bins) == 15


def test_coverage_marks_the_threshold(results: Results) -> None:
    told = coverage(results)
    assert isinstance(told, Coverage)
    assert [key for key, _ in told.curves] == ["curve.validation", "curve.test"]
    abstention = results.evaluated["abstention"]
    assert told.chosen == (abstention["coverage"]["value"], abstention["precision"]["value"])
    last = dict(told.curves)["curve.test"][-1]
    assert last == (1.0, results.evaluated["test"]["accuracy"]["value"])


def test_coverage_of_predictions_is_that_of_the_figures(results: Results) -> None:
    told = coverage(results)
    assert told is not None
    assert curve_of(results.test) == dict(told.curves)["curve.test"]
    assert curve_of([]) == ()


def test_what_was_not_measured_is_not_drawn(results: Results) -> None:
    nothing = dict.fromkeys(("calibration", "abstention", "validation"))
    bare = replace(
        results, evaluated={**results.evaluated, **nothing, "test": {}}, trained=None, history=(), validation=None
    )
    assert all_figures(bare, None) == {}


def test_lines_skip_what_was_not_measured(results: Results) -> None:
    loss = learning(results)["loss"]
    assert isinstance(loss, Lines)
    curves = dict(loss.curves)
    assert len(curves["curve.loss"]) == 16
    assert len(curves["curve.eval_loss"]) == 8


def test_the_chosen_penalty_is_marked(results: Results) -> None:
    grid = learning(results)["grid"]
    assert isinstance(grid, Lines)
    assert (grid.mark, grid.logarithmic) == (1.0, True)
    assert grid.curves[0][1][0] == (0.01, 0.61)


def test_a_penalty_of_nothing_has_no_place_on_a_logarithmic_axis(results: Results) -> None:
    trained = {"grid": [{"l2": 0.0, "log_loss": 0.5}, {"l2": 1.0, "log_loss": 0.4}]}
    grid = learning(replace(results, trained=trained))["grid"]
    assert isinstance(grid, Lines)
    assert not grid.logarithmic


def test_targets_come_worst_first(pictures: Pictures, tmp_path: Path) -> None:
    run = regression_run(tmp_path / "run", list(pictures))
    made = all_figures(read_run(run.folder), None)
    scatters = [one for one in made.values() if isinstance(one, Answers)]
    assert [one.name for one in scatters] == ["star", "disk", "smooth"]
    error = [sum(abs(x - y) for x, y in one.points) / one.n for one in scatters]
    measured = run.evaluated["test"]["per_target"]
    assert error == pytest.approx([measured[one.name]["mae"]["value"] for one in scatters])
