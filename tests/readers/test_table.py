"""A table as the source itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.readers.piles import fill, labels, remarks, skipped, splits
from vitrina.errors import BadRequest
from vitrina.readers import Item, open_source
from vitrina.readers.table import read_pictures_of_table

CSV = "path,class,restaurant\na.jpg,food,r1\nsub/b.jpg,menu,r2\n"


def test_only_what_it_names_is_taken(tmp_path: Path) -> None:
    root = fill(tmp_path, "a.jpg", "sub/b.jpg", "sub/c.jpg", "notes.txt", tables={"list.csv": CSV})
    source = open_source(root / "list.csv")
    assert source.items == [
        Item(root / "a.jpg", "a.jpg", "food", "table:list.csv", columns={"restaurant": "r1"}),
        Item(root / "sub/b.jpg", "sub/b.jpg", "menu", "table:list.csv", columns={"restaurant": "r2"}),
    ]
    assert source.class_names == ["food", "menu"]
    assert source.columns == ["restaurant"]
    assert (source.skipped, source.remarks) == ([], [])
    assert source.inferred == (
        "1 folder is named like no label of list.csv, so not read as classes: sub. "
        "list.csv names 2 of 3 pictures, labels from the column class. "
        "list.csv adds 1 column: restaurant."
    )


@pytest.mark.parametrize("name", ["list.json", "list.jsonl", "list.tsv"])
def test_other_formats(tmp_path: Path, name: str) -> None:
    rows = [{"file_name": "a.jpg", "label": "food"}, {"file_name": "sub/b.jpg", "label": "menu"}]
    content = {
        "list.json": json.dumps({row["file_name"]: row["label"] for row in rows}),
        "list.jsonl": "\n".join(map(json.dumps, rows)),
        "list.tsv": "file_name\tlabel\n" + "\n".join("\t".join(row.values()) for row in rows),
    }[name]
    source = open_source(fill(tmp_path, "a.jpg", "sub/b.jpg", tables={name: content}) / name)
    assert labels(source) == {"a.jpg": "food", "sub/b.jpg": "menu"}


def test_paths_that_leave_its_folder_are_refused_and_named(tmp_path: Path) -> None:
    fill(tmp_path, "secret.jpg")
    rows = "file_name,label\n../secret.jpg,x\n/etc/passwd,x\nlink.jpg,x\ngone.jpg,x\nb.txt,x\na.jpg,y\n"
    root = fill(tmp_path / "pile", "a.jpg", "b.txt", "c.txt", tables={"list.csv": rows})
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    source = open_source(root / "list.csv")
    assert labels(source) == {"a.jpg": "y"}
    assert skipped(source) == {
        "../secret.jpg": "named in list.csv, but it leads out of the folder",
        "/etc/passwd": "named in list.csv, but it leads out of the folder",
        "b.txt": "named in list.csv, but not a picture's extension: .txt",
        "gone.jpg": "named in list.csv, but no such picture is here",
        "link.jpg": "named in list.csv, but a link that leaves the folder",
    }
    assert (
        "5 rows lead to no picture here: ../secret.jpg, /etc/passwd, link.jpg, gone.jpg, b.txt."
        in source.inferred
    )


def test_splits_and_folders_count_too(tmp_path: Path) -> None:
    rows = "file_name,split\ntrain/cat/1.jpg,train\ntrain/dog/2.jpg,test\ntest/dog/3.jpg,\n"
    names = ("train/cat/1.jpg", "train/dog/2.jpg", "test/dog/3.jpg", "test/emu/4.jpg")
    source = open_source(fill(tmp_path, *names, tables={"list.csv": rows}) / "list.csv")
    assert labels(source) == {"test/dog/3.jpg": "dog", "train/cat/1.jpg": "cat", "train/dog/2.jpg": "dog"}
    assert splits(source) == {"test/dog/3.jpg": "test", "train/cat/1.jpg": "train", "train/dog/2.jpg": "test"}
    assert remarks(source) == {
        "train/dog/2.jpg": "its folder says train, list.csv says test, which was taken"
    }
    assert "list.csv names 3 of 4 pictures, without a column of labels." in source.inferred
    assert (
        "1 picture lies in a folder of another split than list.csv gives; list.csv wins." in source.inferred
    )


def test_a_label_column_of_choice(tmp_path: Path) -> None:
    path = fill(tmp_path, "a.jpg", "sub/b.jpg", tables={"list.csv": CSV}) / "list.csv"
    assert labels(open_source(path, label_column="restaurant")) == {"a.jpg": "r1", "sub/b.jpg": "r2"}
    with pytest.raises(BadRequest) as refused:
        open_source(path, label_column="kind")
    assert str(refused.value) == (
        "Expected a column kind in list.csv; found the columns restaurant. Name one of its columns."
    )


def test_what_is_no_table(tmp_path: Path) -> None:
    fill(tmp_path, tables={"empty.csv": "", "other.json": "[1]"})
    with pytest.raises(BadRequest) as refused:
        open_source(tmp_path / "empty.csv")
    assert str(refused.value) == (
        "Expected a table in empty.csv; found an empty file. Save the table anew, or take it away."
    )
    with pytest.raises(BadRequest, match=r"found another kind of content in other\.json"):
        open_source(tmp_path / "other.json")
    with pytest.raises(BadRequest, match=r"Expected a table in gone\.csv; found a file that cannot be read"):
        read_pictures_of_table(tmp_path / "gone.csv")


def test_real_labels(shared_data: Path) -> None:
    source = open_source(shared_data / "noisy_cifar10n" / "labels.csv", label_column="aggre")
    assert len(source.items) == 2000
    assert len(source.class_names) == 10
    assert (source.skipped, source.remarks) == ([], [])
    wrong = sum(item.label != (item.columns or {})["clean"] for item in source.items)
    assert 0.07 < wrong / 2000 < 0.11


def test_the_files_that_pillow_was_tried_with(shared_data: Path) -> None:
    """Its names are without their folder; many are of formats that are not read."""
    source = open_source(shared_data / "corrupt_and_odd_pillow" / "manifest.csv")
    assert source.class_names == []
    assert "found their pictures by the last part of the name" in source.inferred
    rows = (shared_data / "corrupt_and_odd_pillow" / "manifest.csv").read_text(encoding="utf-8").splitlines()
    assert len(source.items) + len(source.skipped) == len(rows) - 1
