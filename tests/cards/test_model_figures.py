"""Figures as the model card writes them."""

from __future__ import annotations

import pytest

from tests.cards.made_model_reports import eval_results, figure
from vitrina.cards.model_figures import (
    averaged_rows,
    each_columns,
    each_rows,
    figure_at,
    interval,
    overall_rows,
    shown,
    with_interval,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.87149, "0.871"),
        (1.0, "1.000"),
        (0.0, "0.000"),
        (-0.0512, "-0.051"),
        (1.19e-07, "1.2e-07"),
        (1234.56, "1,234.6"),
        (1234, "1,234"),
        (None, "not measured"),
        (float("nan"), "not measured"),
        (float("inf"), "not measured"),
    ],
)
def test_shown(value: float | None, text: str) -> None:
    assert shown(value) == text


def test_intervals() -> None:
    assert interval(figure(0.5, 0.4, 0.6)) == "0.400 to 0.600"
    assert interval(figure(0.5)) == interval(None) == "no interval"
    assert with_interval(figure(0.5, 0.4, 0.6)) == "0.500 (0.400 to 0.600)"
    assert with_interval(figure(0.5)) == "0.500 (no interval)"
    assert with_interval(figure(None)) == with_interval(None) == "not measured"


def test_figure_at() -> None:
    figures = {"macro": {"f1": figure(0.8)}, "auroc": figure(None), "log_loss": figure(float("nan"))}
    assert figure_at(figures, "macro.f1") == figure(0.8)
    for path in ("macro", "macro.recall", "auroc", "log_loss", "accuracy", "accuracy.f1"):
        assert figure_at(figures, path) is None, path
    assert figure_at(None, "macro.f1") is None


def test_rows_of_one_class_a_picture() -> None:
    evaluate = eval_results()
    rows = overall_rows(evaluate)
    assert [row.name for row in rows][:3] == ["accuracy", "accuracy of the first 2", "precision, macro"]
    assert rows[0].test == evaluate["test"]["accuracy"]
    assert rows[0].validation == evaluate["validation"]["accuracy"]
    evaluate["test"]["top_k"]["k"] = 1
    evaluate["validation"] = None
    rows = overall_rows(evaluate)
    assert [row.name for row in rows][:2] == ["accuracy", "precision, macro"]
    assert rows[0].validation is None


@pytest.mark.parametrize(("task", "n"), [("single_label", 3), ("multi_label", 4), ("regression", 3)])
def test_rows_of_each_class(task: str, n: int) -> None:
    evaluate = eval_results(task)
    assert len(each_columns(task)) == n
    rows = each_rows(evaluate)
    assert [name for name, _, _ in rows] == evaluate["class_names"]
    assert all(len(row) == n and None not in row for _, _, row in rows)
    each = evaluate["test"]["per_target" if task == "regression" else "per_class"]
    del each["menu"]  # No picture of it in test, so that nothing stands there.
    assert each_rows(evaluate)[2] == ("menu", None, [None] * n)


def test_rows_of_answers_averaged_over_views() -> None:
    single, several = eval_results(), eval_results("multi_label")
    assert averaged_rows(single) == []
    single["test_time_augmentation"] = {"views": ["none", "flip"], "accuracy": figure(0.9)}
    several["test_time_augmentation"] = {"views": ["none", "flip"], "figures": several["test"]}
    assert averaged_rows(single) == [("accuracy", figure(0.9))]
    assert averaged_rows(several) == [("mean average precision", several["test"]["mean_average_precision"])]
