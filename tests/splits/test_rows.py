"""What a split reads of a cleaned collection."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from tests.splits.cleaned import Piece, make_cleaned, pieces
from vitrina.errors import BadRequest, NotFound
from vitrina.splits.rows import Copy, labels_of, read_rows


def test_rows_labels_groups(tmp_path: Path) -> None:
    made = [
        Piece(0, "a", 4),
        Piece(1, None, 4, "test"),
        Piece(2, "b", 5, "train", {"night": "3", "group": "x"}),
    ]
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned", keep_together=["night"])
    assert rows.label == ["a", None, "b"] == labels_of(rows.dataset)
    assert rows.official_split == [None, "test", "train"]
    assert rows.pixel_sha256 == [piece.pixel_sha256 for piece in made] == rows.dataset["pixel_sha256"][:]
    assert list(rows.columns) == ["duplicate_group", "pixel_sha256", "picture_id", "group", "night"]
    assert rows.columns["duplicate_group"] == [4, 4, 5]
    assert rows.columns["night"] == [None, None, "3"]


def test_an_empty_group_column_does_not_count(tmp_path: Path) -> None:
    made = [Piece(0, "a", 0, None, {"group": None}), Piece(1, "a", 1, None, {"group": ""})]
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned")
    assert list(rows.columns) == ["duplicate_group", "pixel_sha256", "picture_id"]


def test_columns_of_the_same_names_in_the_source_do_not_count(tmp_path: Path) -> None:
    made = [Piece(seed, "a", seed, None, {"pixel_sha256": "same", "night": "1"}) for seed in range(3)]
    rows = read_rows(make_cleaned(tmp_path, made) / "cleaned")
    assert rows.dataset["pixel_sha256"][:] == [piece.pixel_sha256 for piece in made]
    assert len(set(rows.columns["pixel_sha256"])) == 3


def test_the_digest_hangs_on_what_decides_not_on_the_order(tmp_path: Path) -> None:
    made = pieces({"a": 4, "b": 4}, groups_of=2)
    first = read_rows(make_cleaned(tmp_path / "1", made) / "cleaned").digest()
    shuffled = random.Random(1).sample(made, len(made))
    assert read_rows(make_cleaned(tmp_path / "2", shuffled) / "cleaned").digest() == first
    made[0].label = "b"
    assert read_rows(make_cleaned(tmp_path / "3", made) / "cleaned").digest() != first


def test_copies_come_with_their_official_split(tmp_path: Path) -> None:
    made = pieces({"a": 2})
    removed = [
        {
            "picture_id": "ff",
            "file_name": "a/x.png",
            "label": "a",
            "reason": "exact_duplicate",
            "of": made[0].picture_id,
        },
        {"picture_id": "ee", "file_name": "a/y.png", "label": "a", "reason": "decided", "of": None},
    ]
    work = make_cleaned(tmp_path, made, removed=removed)
    assert read_rows(work / "cleaned").copies == [Copy("ff", "a/x.png", "a", None, made[0].picture_id)]
    (work / "collected").mkdir()
    survey = {"picture_id": ["ff"], "file_name": ["a/x.png"], "official_split": ["test"]}
    pyarrow.parquet.write_table(pyarrow.table(survey), work / "collected" / "survey.parquet")
    assert read_rows(work / "cleaned").copies[0].official_split == "test"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as missing:
        read_rows(tmp_path / "w" / "cleaned")
    assert str(missing.value) == (
        f"Expected a cleaned collection in {tmp_path / 'w'}; found no cleaned/clean_report.json. "
        f"Run python -m training clean {tmp_path / 'w'} first."
    )
    work = make_cleaned(tmp_path / "w", pieces({"a": 3}))
    with pytest.raises(BadRequest) as refused:
        read_rows(work / "cleaned", keep_together=["night", "label"])
    assert str(refused.value) == (
        "Expected --keep_together with columns among file_name; found night, label. Name columns of the collection."
    )
    survey = pyarrow.parquet.read_table(work / "cleaned" / "survey.parquet")
    pyarrow.parquet.write_table(survey.slice(1), work / "cleaned" / "survey.parquet")
    with pytest.raises(BadRequest) as refused:
        read_rows(work / "cleaned")
    assert str(refused.value) == (
        "Expected cleaned/survey.parquet in the order of cleaned/dataset; found 2 and 3 rows that do not agree. "
        f"Run python -m training clean {work} again."
    )
