"""Reading class folders, plain piles, everything in between, with nothing guessed in silence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.readers.piles import fill, labels, skipped, splits
from vitrina.errors import BadRequest
from vitrina.readers import Skipped, Source, open_source, read_folder


def test_class_folders(tmp_path: Path) -> None:
    root = fill(tmp_path / "pile", "glass/2.JPG", "glass/1.jpg", "paper/a.png", "empty/notes.txt")
    source = open_source(root)
    assert labels(source) == {"glass/1.jpg": "glass", "glass/2.JPG": "glass", "paper/a.png": "paper"}
    assert [item.file_name for item in source.items] == ["glass/1.jpg", "glass/2.JPG", "paper/a.png"]
    assert source.class_names == ["glass", "paper"]
    assert source.inferred == "2 class folders read as labels: glass, paper."
    assert source.skipped == [Skipped("empty/notes.txt", "not a picture's extension: .txt")]
    assert {item.source for item in source.items} == {"folder:pile"}
    assert all(item.path.is_file() for item in source.items)


def test_plain_pile(tmp_path: Path) -> None:
    source = read_folder(fill(tmp_path, "b.webp", "a.jpeg", "c.tif"))
    assert labels(source) == {"a.jpeg": None, "b.webp": None, "c.tif": None}
    assert source.class_names == []
    assert source.inferred == "A plain pile of 3 pictures without labels, no class folders."


def test_mixed_depths_are_said(tmp_path: Path) -> None:
    source = read_folder(fill(tmp_path, "loose.jpg", "cat/1.jpg", "cat/old/2.jpg", "dog/3.jpg"))
    assert labels(source) == {
        "cat/1.jpg": "cat", "cat/old/2.jpg": "cat", "dog/3.jpg": "dog", "loose.jpg": None,
    }  # fmt: skip
    assert source.inferred == (
        "2 class folders read as labels: cat, dog. "
        "1 picture in deeper folders took the label of the folder above. "
        "1 picture outside the class folders has no label."
    )


def test_splits_are_not_classes(tmp_path: Path) -> None:
    source = read_folder(fill(tmp_path, "train/cat/1.jpg", "test/dog/2.jpg", "test/3.jpg"))
    assert labels(source) == {"test/3.jpg": None, "test/dog/2.jpg": "dog", "train/cat/1.jpg": "cat"}
    assert splits(source) == {"test/3.jpg": "test", "test/dog/2.jpg": "test", "train/cat/1.jpg": "train"}
    assert source.class_names == ["cat", "dog"]
    assert source.inferred == (
        "2 class folders read as labels: cat, dog. "
        "The top folders are named like splits, so the folders below were read as classes. "
        "1 picture outside the class folders has no label. "
        "Splits: 1 train, 2 test."
    )


def test_a_class_named_like_a_split_among_others_is_a_class(tmp_path: Path) -> None:
    assert read_folder(fill(tmp_path, "train/1.jpg", "plane/2.jpg")).class_names == ["plane", "train"]


def test_what_is_left_out_is_named(tmp_path: Path) -> None:
    outside = fill(tmp_path / "outside", "secret.jpg")
    root = fill(
        tmp_path / "root", "a/1.jpg", "a/.hidden.jpg", ".git/x.jpg", "a/Thumbs.db", "a/noend", "a/m.csv"
    )
    (root / "a/leaves.jpg").symlink_to(outside / "secret.jpg")
    (root / "leaves").symlink_to(outside)
    (root / "a/stays.jpg").symlink_to(root / "a/1.jpg")
    (root / "a/loop.jpg").symlink_to(root / "a/loop.jpg")
    (root / "a/gone.jpg").symlink_to(root / "a/nothing.jpg")
    (root / "round").symlink_to(root / "a")
    os.mkfifo(root / "a/pipe.jpg")
    source = read_folder(root)
    assert labels(source) == {"a/1.jpg": "a", "a/stays.jpg": "a"}
    assert skipped(source) == {
        ".git/": "hidden",
        "a/.hidden.jpg": "hidden",
        "a/Thumbs.db": "hidden",
        "a/gone.jpg": "a link that leads nowhere",
        "a/leaves.jpg": "a link that leaves the folder",
        "a/loop.jpg": "a link that leads nowhere",
        "a/m.csv": "not a picture's extension: .csv",
        "a/noend": "not a picture's extension: none",
        "a/pipe.jpg": "not a plain file",
        "leaves": "a link that leaves the folder",
        "round": "a link to a folder",
    }
    assert source.skipped == sorted(source.skipped, key=lambda one: one.file_name)


def test_folder_names_that_cannot_be_labels(tmp_path: Path) -> None:
    source = read_folder(fill(tmp_path, "good/1.jpg", "evil\u202egpj/2.jpg", f"{'x' * 65}/3.jpg"))
    assert source.class_names == ["good"]
    assert len(source.skipped) == 2
    assert all(one.reason.startswith("its folder's name cannot be a label: ") for one in source.skipped)
    assert source.inferred.endswith("2 folders left out because the name cannot be a label.")


def test_file_names_that_are_not_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    try:
        (tmp_path / name).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system refuses names that are not UTF-8")
    (item,) = read_folder(tmp_path).items
    assert item.file_name == "caf\ufffd.jpg"
    assert item.path.is_file()


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """Paths longer than the system takes: such a folder is there, but its name cannot be handed over."""
    name = "x" * 240
    fill(tmp_path, "cat/1.jpg")
    here = os.getcwd()
    try:
        os.chdir(tmp_path)
        for _ in range(18):
            os.mkdir(name)
            os.chdir(name)
    finally:
        os.chdir(here)
    source = read_folder(tmp_path)
    assert labels(source) == {"cat/1.jpg": "cat"}
    (one,) = source.skipped
    assert one.reason == "the folder cannot be read: File name too long"
    assert one.file_name.endswith(f"/{name}/")
    assert source.inferred == "1 class folder read as labels: cat. 1 folder could not be read."


def test_nothing_there(tmp_path: Path) -> None:
    assert read_folder(tmp_path) == Source([], [], "No pictures were found.", [])
    with pytest.raises(BadRequest) as refused:
        read_folder(tmp_path / "gone")
    assert str(refused.value) == (
        f"Expected a folder of pictures; found {tmp_path / 'gone'}. Name a folder that exists."
    )


def test_trashnet(shared_data: Path) -> None:
    source = open_source(shared_data / "trashnet")
    assert len(source.items) == 1544
    assert source.class_names == ["cardboard", "glass", "metal", "paper", "plastic", "trash"]
    assert source.skipped == [Skipped("SOURCE.md", "not a picture's extension: .md")]
