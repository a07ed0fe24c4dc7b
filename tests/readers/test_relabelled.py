"""Labels from a column of any source."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.readers.piles import labels, skipped
from vitrina.errors import BadRequest
from vitrina.readers import Item, Source
from vitrina.readers.relabelled import take_labels


def source() -> Source:
    columns = [{"fine": 1, "night": "a"}, {"fine": 0, "night": "b"}, {"night": "\u202e"}, None]
    items = [
        Item(Path("x.h5"), f"{number}", "old", "hdf5:x.h5", place=number, columns=one)
        for number, one in enumerate(columns)
    ]
    return Source(items, ["old"], "Read.", [], ["fine", "night"])


def test_numbers_are_named() -> None:
    made = take_labels(source(), "fine", class_names=["cat", "dog", "emu"])
    assert labels(made) == {"0": "dog", "1": "cat", "2": None, "3": None}
    assert made.class_names == ["cat", "dog", "emu"]
    assert made.columns == ["night"]
    assert [item.columns for item in made.items] == [
        {"night": "a"}, {"night": "b"}, {"night": "\u202e"}, None,
    ]  # fmt: skip
    assert made.inferred == (
        "Read. Labels come from the column fine, as told. "
        "The labels are whole numbers, named from the 3 class names given. "
        "2 of 4 pictures have no value there, so no label."
    )


def test_what_cannot_be_a_label_is_skipped() -> None:
    made = take_labels(source(), "night")
    assert labels(made) == {"0": "a", "1": "b", "3": None}
    assert made.class_names == ["a", "b"]
    assert list(skipped(made)) == ["2"]
    assert skipped(made)["2"].startswith("its label in the column night cannot be one: ")


def test_a_column_that_is_not_there() -> None:
    with pytest.raises(BadRequest) as refused:
        take_labels(source(), "coarse")
    assert str(refused.value) == (
        "Expected a column coarse in the source; found the columns fine, night. "
        "Name one of its columns, or leave it to the reader. Read."
    )
    with pytest.raises(BadRequest, match="found none besides the labels"):
        take_labels(Source([], [], ""), "coarse")
