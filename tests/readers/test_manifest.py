"""JSON manifests: one for all pictures, or one a split."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.readers.piles import fill, labels, remarks, skipped, splits
from vitrina.errors import BadRequest
from vitrina.readers import open_source
from vitrina.readers.manifest import is_manifest, parse_manifest
from vitrina.readers.metadata import Row


def parse(name: str, content: Any) -> list[Row]:
    return parse_manifest(name, json.dumps(content).encode()).rows


def test_the_two_files_of_the_restaurant_study(tmp_path: Any) -> None:
    fill(
        tmp_path,
        "photos/1.jpg", "photos/2.jpg", "photos/3.jpg",
        tables={
            "train.json": json.dumps({"1.jpg": "food", "2.jpg": "menu"}),
            "test.json": json.dumps({"3.jpg": "food", "4.jpg": "drink"}),
        },
    )  # fmt: skip
    source = open_source(tmp_path)
    assert labels(source) == {"photos/1.jpg": "food", "photos/2.jpg": "menu", "photos/3.jpg": "food"}
    assert splits(source) == {"photos/1.jpg": "train", "photos/2.jpg": "train", "photos/3.jpg": "test"}
    assert source.class_names == ["food", "menu"]
    assert skipped(source) == {"4.jpg": "named in test.json, but no such picture is here"}
    assert source.inferred == (
        "1 folder is named like no label of test.json, train.json, so not read as classes: photos. "
        "test.json, train.json name 3 of 3 pictures, labels from the column label. "
        "1 row leads to no picture here: 4.jpg. "
        "3 rows found their pictures by the last part of the name or without its extension. "
        "Splits: 2 train, 1 test."
    )


def test_equal_names_in_two_splits_are_told_apart(tmp_path: Any) -> None:
    fill(
        tmp_path,
        "train/1.jpg", "test/1.jpg",
        tables={"train.json": '{"1.jpg": 0, "2.jpg": 1}', "test.json": '[{"file_name": "1.jpg", "label": 1}]'},
    )  # fmt: skip
    source = open_source(tmp_path, class_names=["food", "menu"])
    assert labels(source) == {"test/1.jpg": "menu", "train/1.jpg": "food"}
    assert splits(source) == {"test/1.jpg": "test", "train/1.jpg": "train"}
    assert list(skipped(source)) == ["2.jpg"]


@pytest.mark.parametrize(
    "content",
    [
        {"a.jpg": "food", "b.jpg": None},
        {"a.jpg": {"label": "food"}, "b.jpg": {}},
        [{"file_name": "a.jpg", "label": "food"}, {"file_name": "b.jpg", "label": None}],
        {"images": [{"filename": "a.jpg", "class": "food"}, {"filename": "b.jpg"}]},
    ],
)
def test_shapes(content: Any) -> None:
    assert parse("labels.json", content) == [Row("a.jpg", "food", None, {}), Row("b.jpg", None, None, {})]
    sides = [row.split for row in parse("photos_train.json", content)]
    assert sides == ["train", "train"]


def test_labels_with_their_pictures() -> None:
    assert parse("labels.json", {"food": ["a.jpg", "b.jpg"], "menu": []}) == [
        Row("a.jpg", "food", None, {}),
        Row("b.jpg", "food", None, {}),
    ]


def test_splits_inside() -> None:
    rows = parse("labels.json", {"train": {"a.jpg": 1}, "val": [{"file_name": "b.jpg", "label": 2}]})
    assert rows == [Row("a.jpg", 1, "train", {}), Row("b.jpg", 2, "validation", {})]


def test_further_columns_and_a_column_of_choice() -> None:
    content = json.dumps({"a.jpg": {"place": "x", "kind": "food"}}).encode()
    assert parse_manifest("train.json", content, label_column="kind").rows == [
        Row("a.jpg", "food", "train", {"place": "x"})
    ]


def test_a_name_that_stands_there_twice_is_not_lost() -> None:
    rows = parse_manifest("labels.json", b'{"a.jpg": "food", "a.jpg": "menu"}').rows
    assert [row.label for row in rows] == ["food", "menu"]


def test_names_of_manifests() -> None:
    good = ["train.json", "Test.JSON", "val.json", "photos_train.json", "test-labels.json", "labels.json"]
    assert all(map(is_manifest, good))
    bad = ["config.json", "train_1.json", "train_test.json", "train.csv", "1.json", ".json", "retrain.json"]
    assert not any(map(is_manifest, bad))


OTHER = "Write it as {picture: label} or as a table with the columns file_name, label."


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"{not json", "train.json, which is no JSON. Save the file anew."),
        (b"[" * 100_000, "train.json, which is no JSON. Save the file anew."),
        (b"3", f"another kind of content in train.json. {OTHER}"),
        (b'{"0": "cat", "1": "dog"}', f"another kind of content in train.json. {OTHER}"),
        (b"{}", f"another kind of content in train.json. {OTHER}"),
        (b'["a.jpg"]', f"another kind of content in train.json. {OTHER}"),
        (b'{"a.jpg": "food", "b": [1]}', f"another kind of content in train.json. {OTHER}"),
        (b'{"images": [{"id": 1}], "boxes": [{"id": 1}]}', f"another kind of content in train.json. {OTHER}"),
    ],
)
def test_what_is_no_manifest(data: bytes, found: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_manifest("train.json", data)
    assert str(refused.value) == (
        "Expected a JSON file that maps names of pictures to labels, or a list of records; found " + found
    )


@pytest.mark.parametrize("depth", [2, 300, 450, 900, 2000])
def test_deep_nests_are_refused(depth: int) -> None:
    with pytest.raises(BadRequest):
        parse_manifest("train.json", b'{"train":' * depth + b"1" + b"}" * depth)


def test_other_json_files_of_such_names_change_nothing(tmp_path: Any) -> None:
    tables = {"train.json": '{"a": {"b": 1}}', "labels.json": '{"0": "cat", "1": "dog"}', "test.json": ""}
    source = open_source(fill(tmp_path, "cat/1.jpg", "dog/2.jpg", tables=tables))
    assert source.inferred == "2 class folders read as labels: cat, dog."
    assert source.remarks == []
    reasons = skipped(source)
    assert list(reasons) == ["labels.json", "test.json", "train.json"]
    assert all(reason.startswith("no manifest: ") for reason in reasons.values())


def test_a_manifest_of_other_pictures_is_none(tmp_path: Any) -> None:
    tables = {"train.json": '{"9.jpg": "cat"}'}
    source = open_source(fill(tmp_path, "cat/1.jpg", "dog/2.jpg", tables=tables))
    assert skipped(source) == {"train.json": "no manifest: it names no picture that is here"}
    assert source.remarks == []


def test_a_picture_of_two_splits_is_no_picture_to_learn_from(tmp_path: Any) -> None:
    tables = {
        "train.json": '{"1.jpg": "cat", "2.jpg": "cat", "3.jpg": "dog"}',
        "val.json": '{"2.jpg": "cat"}',
        "test.json": '{"1.jpg": "cat", "4.jpg": "dog"}',
    }
    source = open_source(fill(tmp_path, "1.jpg", "2.jpg", "3.jpg", "4.jpg", tables=tables))
    assert splits(source) == {"1.jpg": "test", "2.jpg": "validation", "3.jpg": "train", "4.jpg": "test"}
    assert labels(source) == {"1.jpg": "cat", "2.jpg": "cat", "3.jpg": "dog", "4.jpg": "dog"}
    kept = "with another split, of which the strictest, {}, was kept"
    assert remarks(source) == {
        "1.jpg": "named more than once in test.json, train.json, " + kept.format("test"),
        "2.jpg": "named more than once in train.json, val.json, " + kept.format("validation"),
    }
    assert (
        "2 pictures are named in more than one split; the strictest was kept, test before validation "
        "before train: 1.jpg, 2.jpg."
    ) in source.inferred
    assert "contradictions" not in source.inferred
