"""Folders and tables together: what is read, what is said, who wins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.readers.piles import fill, labels, remarks, skipped, splits
from vitrina.errors import BadRequest
from vitrina.readers import Skipped, read_folder
from vitrina.readers.layout import Layout, Told, lay_out


def lay(names: list[str], *, told: Told | None = None, **tables: str) -> Layout:
    """A listing that no disk holds; `tables`: name with __ for its dot -> content."""
    contents = {name.replace("__", "."): content.encode() for name, content in tables.items()}
    return lay_out(
        [*names, *contents],
        source="zip:x.zip",
        path_of=lambda name: Path("x.zip"),
        place_of=lambda name: name,
        read=contents.__getitem__,
        told=told or Told(),
    )


def test_a_listing_of_an_archive_keeps_its_order() -> None:
    layout = lay(["b/2.jpg", "a/9.jpg", "__MACOSX/a/9.jpg", "a/.x.jpg", "b/notes.txt", "a/1.jpg"])
    assert [item.file_name for item in layout.items] == ["b/2.jpg", "a/9.jpg", "a/1.jpg"]
    assert [item.place for item in layout.items] == ["b/2.jpg", "a/9.jpg", "a/1.jpg"]
    assert {(item.path, item.source) for item in layout.items} == {(Path("x.zip"), "zip:x.zip")}
    assert layout.class_names == ["a", "b"]
    assert layout.skipped == [
        Skipped("__MACOSX/a/9.jpg", "hidden"),
        Skipped("a/.x.jpg", "hidden"),
        Skipped("b/notes.txt", "not a picture's extension: .txt"),
    ]


def test_metadata_labels_adds_columns_and_names_what_is_missing(tmp_path: Path) -> None:
    rows = (
        "file_name,label,night,weight\nimages/1.jpg,cat,n1,3\nimages/2.jpg,dog,n2,\nimages/9.jpg,dog,n2,1\n"
    )
    names = [f"images/{number}.jpg" for number in (1, 2, 3)]
    source = read_folder(fill(tmp_path, *names, tables={"metadata.csv": rows}))
    assert labels(source) == {"images/1.jpg": "cat", "images/2.jpg": "dog", "images/3.jpg": None}
    assert [item.columns for item in source.items] == [
        {"night": "n1", "weight": "3"}, {"night": "n2", "weight": None}, None,
    ]  # fmt: skip
    assert (source.class_names, source.columns) == (["cat", "dog"], ["night", "weight"])
    assert skipped(source) == {"images/9.jpg": "named in metadata.csv, but no such picture is here"}
    assert remarks(source) == {"images/3.jpg": "not named in metadata.csv"}
    assert source.inferred == (
        "1 folder is named like no label of metadata.csv, so not read as classes: images. "
        "metadata.csv names 2 of 3 pictures, labels from the column label. "
        "metadata.csv adds 2 columns: night, weight. "
        "1 row leads to no picture here: images/9.jpg. "
        "1 picture has no row in metadata.csv: images/3.jpg. "
        "1 picture has no label."
    )


def test_metadata_without_labels_leaves_them_to_the_folders() -> None:
    layout = lay(["cat/1.jpg", "dog/2.jpg"], metadata__csv="file_name,night\ncat/1.jpg,n1\ndog/2.jpg,n2\n")
    assert [item.label for item in layout.items] == ["cat", "dog"]
    assert layout.inferred == (
        "2 class folders read as labels: cat, dog. "
        "metadata.csv names 2 of 2 pictures, without a column of labels. "
        "metadata.csv adds 1 column: night."
    )


def test_where_folders_and_metadata_disagree_metadata_wins_and_it_is_said() -> None:
    layout = lay(
        ["cat/1.jpg", "cat/2.jpg", "dog/3.jpg", "dog/4.jpg"],
        metadata__csv="file_name,label\ncat/1.jpg,dog\ncat/2.jpg,cat\ndog/3.jpg,\n",
    )
    assert [item.label for item in layout.items] == ["dog", "cat", "dog", "dog"]
    assert {one.file_name: one.what for one in layout.remarks} == {
        "cat/1.jpg": "its folder says cat, metadata.csv says dog, which was taken",
        "dog/4.jpg": "not named in metadata.csv",
    }
    assert (
        "1 picture lies in a folder of another label than metadata.csv gives; metadata.csv wins."
        in layout.inferred
    )


def test_a_few_labels_do_not_take_the_folders_theirs() -> None:
    layout = lay(
        [f"cat/{n}.jpg" for n in range(3)] + ["dog/3.jpg"], metadata__csv="file_name,label\ncat/0.jpg,emu\n"
    )
    assert [item.label for item in layout.items] == ["emu", "cat", "cat", "dog"]
    assert layout.class_names == ["cat", "dog", "emu"]
    assert [one.what for one in layout.remarks if one.file_name == "cat/0.jpg"] == [
        "its folder says cat, metadata.csv says emu, which was taken"
    ]


def test_one_folder_beside_a_table_is_no_class() -> None:
    layout = lay(["images/1.jpg", "images/2.jpg"], metadata__csv="file_name,night\nimages/1.jpg,n1\n")
    assert [item.label for item in layout.items] == [None, None]
    assert layout.class_names == []
    assert "so not read as classes: images." in layout.inferred


def test_metadata_in_each_split_folder(tmp_path: Path) -> None:
    tables = {
        "train/metadata.jsonl": '{"file_name": "1.jpg", "label": 1}\n{"file_name": "2.jpg", "label": 0}\n',
        "test/metadata.csv": "file_name,label\n1.jpg,1\n9.jpg,0\n",
    }
    root = fill(tmp_path, "train/1.jpg", "train/2.jpg", "test/1.jpg", tables=tables)
    source = read_folder(root, class_names=["cat", "dog"])
    assert labels(source) == {"test/1.jpg": "dog", "train/1.jpg": "dog", "train/2.jpg": "cat"}
    assert splits(source) == {"test/1.jpg": "test", "train/1.jpg": "train", "train/2.jpg": "train"}
    assert list(skipped(source)) == ["test/9.jpg"]
    assert source.inferred == (
        "test/metadata.csv, train/metadata.jsonl name 3 of 3 pictures, labels from the column label. "
        "The labels are whole numbers, named from the 2 class names given. "
        "1 row leads to no picture here: test/9.jpg. "
        "Splits: 2 train, 1 test."
    )


def test_whole_numbers_without_names_are_said() -> None:
    layout = lay(["1.jpg", "2.jpg"], metadata__csv="file_name,label\n1.jpg,10\n2.jpg,9\n")
    assert layout.class_names == ["9", "10"]
    assert "The labels are whole numbers without names, so their digits stand as labels." in layout.inferred


def test_folders_of_numbers_are_named() -> None:
    layout = lay(["0/a.jpg", "1/b.jpg"], told=Told(["round", "spiral", "merging"]))
    assert [item.label for item in layout.items] == ["round", "spiral"]
    assert layout.class_names == ["round", "spiral", "merging"]
    assert layout.inferred == (
        "2 class folders read as labels: 0, 1. The labels are whole numbers, named from the 3 class names given."
    )
    assert lay(["0/a.jpg", "1/b.jpg"]).inferred == "2 class folders read as labels: 0, 1."
    with pytest.raises(BadRequest, match="found 7 in the names of the folders"):
        lay(["0/a.jpg", "7/b.jpg"], told=Told(["round", "spiral"]))


def test_labels_are_normalised_and_checked() -> None:
    rows = 'file_name,label\n1.jpg,cafe\u0301\n2.jpg,"x\u202e"\n3.jpg,café\n'
    layout = lay(["1.jpg", "2.jpg", "3.jpg"], metadata__csv=rows)
    assert [item.label for item in layout.items] == ["café", "café"]
    assert [one.file_name for one in layout.skipped] == ["2.jpg"]
    assert layout.skipped[0].reason.startswith("its label in metadata.csv cannot be one: ")
    assert layout.inferred.endswith("1 picture left out because the label in a table cannot be one.")


def test_a_picture_named_twice_with_two_labels_has_none() -> None:
    layout = lay(["1.jpg", "2.jpg"], metadata__csv="file_name,label\n1.jpg,a\n1.jpg,b\n2.jpg,a\n")
    assert [item.label for item in layout.items] == [None, "a"]
    assert "1 picture is named more than once with contradictions, which were left out." in layout.inferred
    assert (
        layout.remarks[0].what
        == "named more than once in metadata.csv, with another label, which was left out"
    )


def test_the_users_label_column() -> None:
    rows = "file_name,label,aggre\n1.jpg,x,cat\n"
    layout = lay(["1.jpg"], told=Told(label_column="aggre"), metadata__csv=rows)
    assert layout.items[0].label == "cat"
    assert layout.items[0].columns == {"label": "x"}
    with pytest.raises(BadRequest) as refused:
        lay(["1.jpg"], told=Told(label_column="worse"), metadata__csv=rows)
    assert str(refused.value) == (
        "Expected a column worse in the metadata; found the columns aggre. "
        "Name one of its columns, or the table itself as the source."
    )
    with pytest.raises(BadRequest, match="found no table with further columns"):
        lay(["cat/1.jpg"], told=Told(label_column="worse"))


def test_tables_of_other_names_are_pointed_out() -> None:
    layout = lay(["a/1.jpg", "b/2.jpg"], labels__csv="file_name,label\n")
    assert layout.inferred.endswith(
        " Not read: labels.csv; to take labels from such a table, call it metadata or name it as the source."
    )


def test_the_way_down_is_said() -> None:
    assert lay(["set/train/cat/1.jpg", "set/val/dog/2.jpg"]).inferred == (
        "2 class folders read as labels: cat, dog. Folders read as set/SPLIT/CLASS. "
        "Splits: 1 train, 1 validation."
    )
    assert "Folders read as CLASS/SPLIT." in lay(["cat/train/1.jpg", "dog/test/2.jpg"]).inferred
    pile = lay(["train/1.jpg", "test/2.jpg"])
    assert pile.inferred == (
        "A plain pile of 2 pictures without labels, no class folders. Splits: 1 train, 1 test."
    )


def test_what_was_told_must_fit_the_folders() -> None:
    with pytest.raises(BadRequest) as refused:
        lay(["cat/1.jpg", "emu/2.jpg"], told=Told(["cat", "dog"]))
    assert str(refused.value) == (
        "Expected labels among the 2 class names given (cat, dog); found emu in the names of the folders. "
        "Correct the class names, or leave them out."
    )
    rows = "file_name,label\nimages/1.jpg,cat\n"
    assert lay(["images/1.jpg"], told=Told(["cat", "dog"]), metadata__csv=rows).class_names == ["cat", "dog"]


NAMES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["cat", "dog", "train", "test", "set", ".git"]), max_size=3),
        st.sampled_from(["1.jpg", "2.png", "3.txt", ".4.jpg", "labels.json", "metadata.csv"]),
    ).map(lambda pair: "/".join([*pair[0], pair[1]])),
    unique=True,
)


@given(NAMES, st.dictionaries(st.sampled_from(["1.jpg", "cat/1.jpg", "../x.jpg"]), st.sampled_from("ab")))
def test_every_file_is_taken_or_accounted_for(names: list[str], manifest: dict[str, str]) -> None:
    rows = "file_name,label\n" + "".join(f"{name},{label}\n" for name, label in manifest.items())
    layout = lay_out(
        names,
        source="x",
        path_of=Path,
        place_of=lambda name: None,
        read=lambda name: (rows if name.endswith(".csv") else json.dumps(manifest)).encode(),
    )
    taken = [item.file_name for item in layout.items]
    tables = {name for name in names if name.endswith(("labels.json", "metadata.csv"))}
    left = {one.file_name for one in layout.skipped}
    assert len(taken) == len(set(taken))
    assert set(names) - tables <= set(taken) | left
    assert not set(taken) & left
    assert {item.label for item in layout.items} - {None} <= set(layout.class_names)
