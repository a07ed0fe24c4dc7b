"""Who goes where, balanced, beside what would have been."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.splits.cleaned import make_cleaned, pieces
from vitrina.errors import BadRequest
from vitrina.splits import SplitRequest
from vitrina.splits.plan import make_plan
from vitrina.splits.rows import Rows, read_rows

USUAL = SplitRequest({"train": 0.7, "validation": 0.15, "test": 0.15}, seed=0)


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    """40 pictures of a and 20 of b, alone; each picture of a has a copy that cleaning took out."""
    made = pieces({"a": 40, "b": 20})
    removed = [
        {"picture_id": f"f{n}", "file_name": f"a/copy{n}.png", "label": "a", "of": piece.picture_id}
        for n, piece in enumerate(made)
        if piece.label == "a"
    ]
    return read_rows(make_cleaned(tmp_path, made, removed=removed) / "cleaned")


def test_leaks_before_count_the_copies_that_cleaning_took_out(rows: Rows) -> None:
    before = make_plan(rows, USUAL).before
    assert before["what"] == "a random split by picture, before copies were taken out"
    assert 8 < before["groups"] < 30  # 18.6 of 40 pairs on average.
    assert before["pictures"] == 2 * before["groups"]
    one, other = before["examples"][0]
    assert {one["file_name"].split("/")[1][:4], other["file_name"].split("/")[1][:4]} >= {"copy"}
    assert one["side"] != other["side"]
    assert set(one) == {"picture_id", "file_name", "label", "side"}


def test_official_splits_are_what_is_counted_where_there_are_some(rows: Rows) -> None:
    rows.official_split[:] = ["train", "test"] * 30
    rows.columns["duplicate_group"][:] = [row // 2 for row in range(60)]
    before = make_plan(rows, USUAL, official="ignore").before
    assert before["what"] == "the official splits, before copies were taken out"
    # Copies have no official side here: the survey of the collection is not there.
    assert (before["groups"], before["pictures"]) == (30, 60)


def test_weights_are_those_of_train_alone(rows: Rows) -> None:
    plan = make_plan(rows, USUAL, balance="weights")
    assert plan.class_weights == {"a": 42 / (2 * 28), "b": 42 / (2 * 14)}
    assert (plan.balance, plan.copies) == (None, [])


def test_undersampling_touches_train_alone_and_names_who_is_out(rows: Rows) -> None:
    whole, plan = make_plan(rows, USUAL), make_plan(rows, USUAL, balance="undersample")
    assert plan.balance == {
        "kind": "undersample",
        "to": 14,
        "before": {"a": 28, "b": 14},
        "after": {"a": 14, "b": 14},
        "copies": 0,
        "left_out": 14,
    }
    out = [each.row for each in plan.left_out]
    assert {(each.side, each.reason) for each in plan.left_out} == {("train", "undersampled")}
    assert [side if row not in out else None for row, side in enumerate(whole.sides)] == plan.sides
    assert Counter(plan.sides) == {"train": 28, "validation": 9, "test": 9, None: 14}


def test_oversampling_repeats_rows_of_train(rows: Rows) -> None:
    plan = make_plan(rows, USUAL, balance="oversample", balance_to=30)
    assert plan.sides == make_plan(rows, USUAL).sides
    assert Counter(rows.label[row] for row in plan.copies) == {"a": 2, "b": 16}
    assert {plan.sides[row] for row in plan.copies} == {"train"}
    assert plan.rows_of()["train"] == [row for row, side in enumerate(plan.sides) if side == "train"]


@pytest.mark.parametrize("balance", ["none", "weights"])
def test_a_number_without_sampling_is_refused(rows: Rows, balance: str) -> None:
    with pytest.raises(BadRequest) as refused:
        make_plan(rows, USUAL, balance=balance, balance_to=5)  # type: ignore[arg-type]
    assert str(refused.value) == (
        f"Expected --balance_to with --balance undersample or oversample; found --balance {balance}. "
        "Name how to come to that number, or leave it out."
    )
