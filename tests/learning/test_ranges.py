"""Numbers beyond what a setting may have are refused by name."""

from __future__ import annotations

from dataclasses import fields

import pytest
from transformers import TrainingArguments

from training.arguments import DataArguments, ModelArguments
from vitrina.errors import BadRequest
from vitrina.learning.ranges import RANGES, Range, refuse_out_of_range


def test_bounds_count_unless_they_are_left_out() -> None:
    assert [Range(0, 1).holds(value) for value in (-0.1, 0, 0.5, 1, 1.1)] == [False, True, True, True, False]
    half = Range(0, 1, above=True, below=True)
    assert [half.holds(value) for value in (0, 0.5, 1)] == [False, True, False]
    assert Range(3).holds(1e300)
    assert [str(each) for each in (Range(0, 1), half, Range(3), Range(0, above=True))] == [
        "from 0 to 1",
        "above 0 to less than 1",
        "from 3 upwards",
        "above 0",
    ]


def test_every_key_is_one_that_a_recipe_knows() -> None:
    known = {one.name for kind in (TrainingArguments, ModelArguments, DataArguments) for one in fields(kind)}
    assert set(RANGES) <= known


def test_the_usual_values_are_in_range() -> None:
    for kind in (ModelArguments, DataArguments):
        refuse_out_of_range({one.name: getattr(kind(), one.name) for one in fields(kind)}, "the defaults")


def test_numbers_of_a_list_count_each() -> None:
    refuse_out_of_range({"progressive": [32, 64], "size": None, "name": "x"}, "r.yaml")
    with pytest.raises(
        BadRequest, match=r"Expected progressive from 32 to 1,024; found 8\. Correct it in r.yaml\."
    ):
        refuse_out_of_range({"progressive": [64, 8]}, "r.yaml")
