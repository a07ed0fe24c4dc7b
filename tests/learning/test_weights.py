"""Weights of the classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitrina.errors import BadRequest
from vitrina.labels import LabelScheme
from vitrina.learning.sides import Side, open_sides
from vitrina.learning.weights import class_weights_of


@pytest.fixture
def train(work: Path) -> Side:
    return open_sides(work)["train"]


@pytest.mark.parametrize("asked", [None, "none"])
def test_none_are_none(asked: str | None, train: Side) -> None:
    assert class_weights_of(asked, train) is None


def test_rare_classes_weigh_more_and_a_picture_one_on_average(train: Side) -> None:
    few = Side(train.name, train.dataset, train.targets[[*range(8), 8, 9, 16, 17]], train.scheme)
    weights = class_weights_of("auto", few)
    assert weights is not None
    assert weights.dtype == np.float32
    assert weights.tolist() == [0.5, 2.0, 2.0]
    assert float(weights[few.labels].mean()) == 1.0


def test_a_weight_for_each_class_by_name(train: Side) -> None:
    weights = class_weights_of({"red": 3, "blue": 1.5, "green": 1}, train)
    assert weights is not None
    assert weights.tolist() == [1.5, 1.0, 3.0]
    numbered = Side(train.name, train.dataset, train.targets, LabelScheme(("0", "1", "2")))
    weights = class_weights_of({0: 1, 1: 2, "2": 3}, numbered)
    assert weights is not None
    assert weights.tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("balanced", "class_weights none, auto, or a weight for each class; found 'balanced'"),
        (3, "class_weights none, auto, or a weight for each class; found 3"),
        ({"red": 1}, "a weight for each of blue, green, red; found blue, green on one side alone"),
        ({"red": 1, "blue": 1, "green": 1, "grey": 1}, "found grey on one side alone. Name every class"),
        ({"red": 0, "blue": 1, "green": 1}, r"class weights that are numbers above 0; found \[1, 1, 0\]"),
        ({"red": "2", "blue": 1, "green": 1}, "class weights that are numbers above 0"),
        ({"red": float("nan"), "blue": 1, "green": 1}, "class weights that are numbers above 0"),
        ({"red": True, "blue": 1, "green": 1}, "class weights that are numbers above 0"),
    ],
)
def test_other_weights_are_refused(asked: Any, said: str, train: Side) -> None:
    with pytest.raises(BadRequest, match=said):
        class_weights_of(asked, train)


def test_only_classes_weigh(work: Path) -> None:
    votes = open_sides(work, task="regression", targets=["bright"])["train"]
    with pytest.raises(BadRequest, match="class_weights with the task single_label alone; found regression"):
        class_weights_of("auto", votes)
