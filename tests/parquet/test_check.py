"""What a check of published files notices."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from datasets import ClassLabel, Features

from tests.parquet.made import jpeg, pixels
from vitrina.errors import Conflict
from vitrina.parquet import Checked, DatasetFiles, check_dataset

TRAIN, TEST = "data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"
AGAIN = "Publish it again; where that does not help, report it with split_report.json."


@pytest.fixture
def report(work: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((work / "split" / "split_report.json").read_text("utf-8"))
    return told


@pytest.fixture
def folder(published: DatasetFiles, tmp_path: Path) -> Path:
    return shutil.copytree(published.folder, tmp_path / "data")


def rewrite(
    path: Path, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]], **metadata: Any
) -> None:
    table = pyarrow.parquet.read_table(path)
    schema = metadata.get("schema", table.schema)
    rows = change(table.to_pylist())
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows, schema=schema), path)


def found(folder: Path, report: dict[str, Any], **options: Any) -> str:
    with pytest.raises(Conflict) as refused:
        check_dataset(folder, report, **options)
    assert refused.value.expected.startswith("in the data set as published ")
    assert refused.value.next_step == AGAIN
    return (
        str(refused.value).removeprefix("Expected in the data set as published ").removesuffix(f". {AGAIN}")
    )


def test_what_is_as_it_should_be(folder: Path, report: dict[str, Any]) -> None:
    assert check_dataset(folder, report) == Checked({"train": 22, "validation": 4, "test": 4}, 16)
    assert check_dataset(folder, report, sample=100).decoded == 30


def test_a_missing_row(folder: Path, report: dict[str, Any]) -> None:
    rewrite(folder / TEST, lambda rows: rows[:-1])
    assert found(folder, report) == "4 pictures in test; found 3"


def test_another_label(folder: Path, report: dict[str, Any]) -> None:
    rewrite(folder / TRAIN, lambda rows: [row | {"label": 1 - row["label"]} for row in rows])
    assert "classes in train; found {'dumplings': " in found(folder, report)


def test_two_labels_that_changed_places(folder: Path, report: dict[str, Any]) -> None:
    def swap(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        one = next(row for row in rows if row["label"] == 0)
        other = next(row for row in rows if row["label"] == 1)
        one["label"], other["label"] = 1, 0
        return rows

    rewrite(folder / TRAIN, swap)
    assert found(folder, report).startswith(
        f"rows and labels of the fingerprint {report['fingerprint'][:12]}; found "
    )


def test_a_picture_on_two_sides(folder: Path, report: dict[str, Any]) -> None:
    first = pyarrow.parquet.read_table(folder / TRAIN).to_pylist()[0]
    told = {name: first[name] for name in ("picture_id", "pixel_sha256", "image")}
    rewrite(folder / TEST, lambda rows: [rows[0] | told, *rows[1:]])
    assert found(folder, report).startswith(
        "no picture or group (duplicate_group, pixel_sha256, picture_id) on two sides; found 1, with "
    )


def test_a_group_on_two_sides(folder: Path, report: dict[str, Any]) -> None:
    group = pyarrow.parquet.read_table(folder / TRAIN)["duplicate_group"][0].as_py()
    old = pyarrow.parquet.read_table(folder / TEST)["duplicate_group"][0].as_py()

    def move(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            row | {"duplicate_group": group if row["duplicate_group"] == old else row["duplicate_group"]}
            for row in rows
        ]

    rewrite(folder / TEST, move)
    assert "on two sides; found 1, with 4 pictures" in found(folder, report)


def test_other_pictures(folder: Path, report: dict[str, Any]) -> None:
    rewrite(folder / TEST, lambda rows: [row | {"pixel_sha256": f"{n:064}"} for n, row in enumerate(rows)])
    assert found(folder, report) == "the pictures of the split on each side; found others in test"


def test_other_classes(folder: Path, report: dict[str, Any]) -> None:
    features = Features.from_arrow_schema(pyarrow.parquet.read_schema(folder / TRAIN))
    features["label"] = ClassLabel(names=["menu", "dumplings"])
    rewrite(folder / TRAIN, lambda rows: rows, schema=features.arrow_schema)
    assert found(folder, report) == "the classes ['dumplings', 'menu'] in label; found ['menu', 'dumplings']"


def test_columns(folder: Path, report: dict[str, Any]) -> None:
    features = Features.from_arrow_schema(pyarrow.parquet.read_schema(folder / TEST))
    less = Features({name: one for name, one in features.items() if name != "picture_id"})
    rewrite(folder / TEST, lambda rows: rows, schema=less.arrow_schema)
    assert found(folder, report).startswith("a column picture_id; found image, label, ")
    less["place"] = features["picture_id"]
    rewrite(folder / TEST, lambda rows: rows, schema=less.arrow_schema)
    assert found(folder, report) == "the columns of the split; found others: place"


def test_a_picture_that_is_another(folder: Path, report: dict[str, Any]) -> None:
    def swap(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows[0]["image"], rows[-1]["image"] = rows[-1]["image"], rows[0]["image"]
        return rows

    rewrite(folder / TEST, swap)
    said = found(folder, report)
    assert "the pixels of the picture " in said
    assert said.endswith("found others")


def test_a_picture_that_does_not_decode(folder: Path, report: dict[str, Any]) -> None:
    rewrite(folder / TEST, lambda rows: [row | {"image": {"bytes": b"words", "path": None}} for row in rows])
    assert found(folder, report).endswith(", decoded; found a file of another kind, or a damaged one")


def test_a_picture_that_says_too_much(folder: Path, report: dict[str, Any]) -> None:
    """As it would be had it been sent by another road."""

    def put_back(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for row in rows:
            if row["pixel_sha256"] == pixels(jpeg(1)):
                row["image"]["bytes"] = jpeg(1)
        return rows

    for name in (TRAIN, TEST, "data/validation-00000-of-00001.parquet"):
        rewrite(folder / name, put_back)
    said = found(folder, report, sample=100)
    assert said.endswith(" without metadata; found EXIF, XMP, comment, names in the colour profile")


def test_missing_and_strange_files(folder: Path, report: dict[str, Any]) -> None:
    (folder / TEST).rename(folder / "data" / "test-00000-of-00002.parquet")
    assert found(folder, report) == (
        "the files test-00000-of-00002.parquet, test-00001-of-00002.parquet; found test-00000-of-00002.parquet"
    )
    (folder / "data" / "test-00000-of-00002.parquet").rename(folder / "data" / "other-00000-of-00001.parquet")
    assert found(folder, report) == (
        "Parquet files of train, validation, test alone; found data/other-00000-of-00001.parquet"
    )
    (folder / "data" / "other-00000-of-00001.parquet").unlink()
    assert found(folder, report) == "the files test-00000-of-00001.parquet; found none"


def test_a_card_that_tells_otherwise(folder: Path, report: dict[str, Any]) -> None:
    card = folder / "README.md"
    card.write_text(card.read_text("utf-8").replace("num_examples: 22", "num_examples: 23"), encoding="utf-8")
    assert found(folder, report) == (
        "a card that tells of the rows {'train': 22, 'validation': 4, 'test': 4}; "
        "found {'train': 23, 'validation': 4, 'test': 4}"
    )
    card.unlink()
    assert found(folder, report) == "a card, README.md; found none"


def test_broken_files(folder: Path, report: dict[str, Any]) -> None:
    whole = (folder / TRAIN).read_bytes()
    (folder / TRAIN).write_bytes(whole[:-50])
    assert found(folder, report).startswith("Parquet files that can be read; found ArrowInvalid: ")
    at = whole.index(b"\xff\xd8\xff") + 9
    (folder / TRAIN).write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    assert found(folder, report).startswith("Parquet files that can be read; found OSError: ")
