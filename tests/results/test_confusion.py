"""The matrix says what the figures say and holds the pictures behind them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from vitrina.results.confusion import MOST_PAIRS, confusion
from vitrina.results.read import Results


def test_counts_are_those_of_the_predictions(results: Results) -> None:
    matrix = confusion(results, limit=100)
    assert matrix is not None
    counted = Counter((one.labels[0], one.said[0]) for one in results.test)
    for row in matrix.rows:
        for cell in row:
            assert cell.count == counted[cell.true, cell.said] == len(cell.shown)
            told = [one.confidence or 0.0 for one in cell.shown]
            assert told == sorted(told, reverse=True)
    assert matrix.n == 40
    assert matrix.whole
    assert {cell.place for cell in matrix.open_cells} == {
        f"cell-{row}-{column}"
        for row, cells in enumerate(matrix.rows)
        for column, cell in enumerate(cells)
        if cell.count
    }


def test_rows_add_up_to_one(results: Results) -> None:
    matrix = confusion(results, limit=1)
    assert matrix is not None
    for row, total in zip(matrix.rows, matrix.totals, strict=True):
        assert round(sum(cell.share for cell in row), 9) == (1 if total else 0)
        assert all(len(cell.shown) <= 1 for cell in row)


def test_most_mistaken_comes_first(results: Results) -> None:
    matrix = confusion(results, limit=1)
    assert matrix is not None
    counts = [cell.count for cell in matrix.mistaken]
    assert counts == sorted(counts, reverse=True)
    assert not any(cell.right for cell in matrix.mistaken)


def test_many_classes_are_told_as_pairs(results: Results) -> None:
    names = [f"class {number:02}" for number in range(50)]
    told = {name: {name: 5, names[(place + 1) % 50]: 1 + place} for place, name in enumerate(names)}
    evaluated = {**results.evaluated, "class_names": names, "test": {"confusion": told}}
    matrix = confusion(replace(results, evaluated=evaluated), limit=3)
    assert matrix is not None
    assert not matrix.whole
    assert len(matrix.open_cells) == MOST_PAIRS
    assert (matrix.open_cells[0].true, matrix.open_cells[0].count) == ("class 49", 50)


def test_a_class_that_the_model_does_not_know_has_its_row(results: Results) -> None:
    evaluated = {**results.evaluated, "test": {"confusion": {"glass": {"glass": 1}, "wood": {"glass": 2}}}}
    matrix = confusion(replace(results, evaluated=evaluated), limit=3)
    assert matrix is not None
    assert matrix.names[-1] == "wood"
    assert matrix.totals[-1] == 2


def test_without_a_matrix_there_is_none(results: Results) -> None:
    assert confusion(replace(results, evaluated={**results.evaluated, "test": {}}), limit=3) is None
