"""Columns: kinds from all values, nothing lost to a name that is taken, no label invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vitrina.pile.columns import columns_of
from vitrina.readers import Item


def item(number: int = 0, *, label: str | None = None, **columns: Any) -> Item:
    return Item(Path(f"/p/{number}.jpg"), f"a/{number}.jpg", label, "folder:p", columns=columns)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1, 2, None], "int64", [1, 2, None]),
        ([1, 2.5], "float64", [1.0, 2.5]),
        ([True, None], "bool", [True, None]),
        ([True, 1], "string", ["True", "1"]),
        (["x", 3, None], "string", ["x", "3", None]),
        ([None, None], "string", [None, None]),
        ([2**63, 1], "string", [str(2**63), "1"]),
    ],
)
def test_kinds(values: list[Any], kind: str, expected: list[Any]) -> None:
    items = [item(number, told=value) for number, value in enumerate(values)]
    columns = columns_of(items, class_names=[], told=["told"], group_by=None)
    assert columns.told == (("told", "told", kind),)
    rows = [columns.row(each, b"x", "id")["told"] for each in items]
    assert rows == expected
    assert [type(value) for value in rows] == [type(value) for value in expected]


def test_names_that_are_taken() -> None:
    items = [item(group="g", source="s", source_source="t", night="n")]
    told = ["group", "source", "source_source", "night"]
    columns = columns_of(items, class_names=["a"], told=told, group_by="group")
    assert columns.renamed == {
        "group": "source_group",
        "source": "source_source",
        "source_source": "source_source_source",
    }
    row = columns.row(items[0], b"data", "id")
    assert (row["source_group"], row["source_source"], row["source_source_source"]) == ("g", "s", "t")
    assert (row["group"], row["source"], row["night"]) == ("g", "folder:p", "n")
    assert set(row) == set(columns.features())


def test_names_that_later_stages_write() -> None:
    told = ["duplicate_group", "pixel_sha256", "balance_copy"]
    items = [item(duplicate_group=3, pixel_sha256="ab", balance_copy=True)]
    columns = columns_of(items, class_names=[], told=told, group_by="duplicate_group")
    assert columns.renamed == {name: f"source_{name}" for name in told}
    row = columns.row(items[0], b"data", "id")
    assert [row[f"source_{name}"] for name in told] == [3, "ab", True]
    assert row["group"] == "3"
    assert not {*told} & {*columns.features()}


def test_labels_are_numbers_or_nothing() -> None:
    columns = columns_of([], class_names=["b", "a"], told=[], group_by=None)
    assert [columns.row(item(label=name), b"", "")["label"] for name in ("b", "a", None)] == [0, 1, None]
    assert columns.features()["label"].names == ["b", "a"]
    plain = columns_of([], class_names=[], told=[], group_by=None)
    assert "label" not in plain.features()
    assert "label" not in plain.row(item(), b"", "")


def test_the_image_is_the_files_bytes() -> None:
    columns = columns_of([], class_names=[], told=[], group_by=None)
    assert columns.row(item(7), b"bytes", "id")["image"] == {"bytes": b"bytes", "path": "7.jpg"}


def test_groups_are_text() -> None:
    columns = columns_of([], class_names=[], told=["night"], group_by="night")
    assert [columns.group(item(night=value)) for value in ("n1", 3, None, "", 0)] == [
        "n1", "3", None, None, "0",
    ]  # fmt: skip
    assert columns.group(Item(Path("x"), "x", None, "s")) is None
    assert columns_of([], class_names=[], told=["night"], group_by=None).group(item(night="n1")) is None
