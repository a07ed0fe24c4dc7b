"""Labels as text, labels as numbers."""

from __future__ import annotations

import pytest

from vitrina.errors import BadRequest
from vitrina.readers.item import Value
from vitrina.readers.naming import Named, as_label, name_labels, sort_names


@pytest.mark.parametrize(
    ("value", "label"),
    [
        ("cat", "cat"), ("cafe\u0301", "café"), (3, 3), (3.0, 3), (True, "true"), (False, "false"),
        (None, None), ("", None), (float("nan"), None), ("007", "007"),
    ],
)  # fmt: skip
def test_values_become_labels(value: Value, label: int | str | None) -> None:
    made = as_label(value, where="a column")
    assert made == label
    assert type(made) is type(label)


def test_figures_are_no_classes() -> None:
    with pytest.raises(BadRequest) as refused:
        as_label(0.25, where="the column score of votes.csv")
    assert str(refused.value) == (
        "Expected class names or whole numbers as labels; found 0.25 in the column score of votes.csv. "
        "Name the column that holds the classes."
    )


def test_names_stay() -> None:
    assert name_labels(["dog", "cat", "dog"], where="") == Named({"cat": "cat", "dog": "dog"}, ["cat", "dog"])
    assert name_labels([], where="") == Named({}, [])


def test_numbers_without_names_are_said() -> None:
    named = name_labels([10, 9, 0], where="")
    assert named.text == {0: "0", 9: "9", 10: "10"}
    assert named.class_names == ["0", "9", "10"]
    assert named.said == "The labels are whole numbers without names, so their digits stand as labels."
    assert name_labels(["10", "9"], where="").said == named.said
    assert name_labels(["07", "9"], where="") == Named({"07": "07", "9": "9"}, ["07", "9"])


def test_numbers_are_named_in_order() -> None:
    named = name_labels([2, 0], ["round", "spiral", "merging"], where="")
    assert named.text == {0: "round", 2: "merging"}
    assert named.class_names == ["round", "spiral", "merging"]
    assert named.said == "The labels are whole numbers, named from the 3 class names given."
    assert name_labels(["2", "0"], ["a", "b", "c"], where="").text == {"0": "a", "2": "c"}


def test_text_follows_the_order_of_the_names_given() -> None:
    assert name_labels(["b", "a"], ["b", "a", "c"], where="") == Named({"a": "a", "b": "b"}, ["b", "a", "c"])
    # Digits that are names themselves stand for themselves.
    assert name_labels(["7", "3"], ["3", "7"], where="") == Named({"3": "3", "7": "7"}, ["3", "7"])


def test_numbers_beyond_the_names() -> None:
    with pytest.raises(BadRequest) as refused:
        name_labels([0, 3, -1], ["a", "b"], where="the column ans")
    assert str(refused.value) == (
        "Expected whole numbers from 0 to 1 as labels, one for each of the 2 class names given; "
        "found -1, 3 in the column ans. Give a name for every number, in their order."
    )


def test_text_beyond_the_names() -> None:
    with pytest.raises(BadRequest) as refused:
        name_labels(["a", "z"], ["a", "b"], where="labels.csv")
    assert str(refused.value) == (
        "Expected labels among the 2 class names given (a, b); found z in labels.csv. "
        "Correct the class names, or leave them out."
    )


def test_names_that_cannot_be_labels() -> None:
    with pytest.raises(BadRequest, match="Expected labels that differ; found 'a' twice"):
        name_labels([0], ["a", "a"], where="")
    with pytest.raises(BadRequest, match="an empty name"):
        name_labels([0], ["a", " "], where="")


def test_order() -> None:
    assert sort_names(["b", "a", "b"]) == ["a", "b"]
    assert sort_names(["10", "9", "-1"]) == ["-1", "9", "10"]
    assert sort_names(["10", "9", "x"]) == ["10", "9", "x"]
