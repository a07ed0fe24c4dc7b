"""The door: which reader reads what."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.readers.piles import fill, labels
from vitrina.errors import BadRequest, NotFound
from vitrina.readers import HUB, HUB_ID, READERS, open_source

READABLE = (
    "a folder saved by datasets, a folder of pictures, a zip archive, a tar archive, a rar archive, an HDF5 file, "
    "arrays (.npy, .npz), a table (CSV, TSV, JSON, parquet) or a data set of the Hub (org/name)"
)


def test_nothing_there(tmp_path: Path) -> None:
    path = tmp_path / "gone"
    with pytest.raises(NotFound) as missing:
        open_source(path)
    assert str(missing.value) == (
        f"Expected {READABLE}; found nothing at {path}. Check the path for a typing error."
    )


def test_a_file_that_no_reader_knows(tmp_path: Path) -> None:
    file = fill(tmp_path, "x.jpg") / "x.jpg"
    with pytest.raises(BadRequest) as refused:
        open_source(file)
    assert str(refused.value) == (
        f"Expected {READABLE}; found a file, x.jpg. Name the folder that holds the pictures."
    )


def test_a_name_that_the_system_does_not_take(tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        open_source(tmp_path / ("x" * 300))
    assert str(refused.value).endswith("File name too long. Name what can be read.")


def test_a_path_as_text_does_too(tmp_path: Path) -> None:
    assert labels(open_source(str(fill(tmp_path, "cat/1.jpg")))) == {"cat/1.jpg": "cat"}


def test_the_same_pictures_from_a_folder_and_from_a_zip(tmp_path: Path) -> None:
    rows = "file_name,label,night\n1.jpg,0,n1\n2.jpg,1,n2\n"
    root = fill(tmp_path / "pile", "train/1.jpg", "train/2.jpg", tables={"train/metadata.csv": rows})
    with zipfile.ZipFile(tmp_path / "pile.zip", "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, path.relative_to(root))
    for column, names in ((None, ["cat", "dog"]), ("night", None)):
        folder, packed = (
            open_source(place, class_names=names, label_column=column)
            for place in (root, tmp_path / "pile.zip")
        )
        assert [(item.file_name, item.label, item.split, item.columns) for item in folder.items] == [
            (item.file_name, item.label, item.split, item.columns) for item in packed.items
        ]
        assert (folder.class_names, folder.columns) == (packed.class_names, packed.columns)
        assert folder.inferred == packed.inferred


@pytest.mark.parametrize("told", ["org/name", "org/na.me_2@main", "org/name@refs/pr/1#train", "org/name#a-b"])
def test_names_of_data_sets(told: str) -> None:
    assert HUB_ID.fullmatch(told)


@pytest.mark.parametrize(
    "told", ["name", "../name", "/org/name", "a/b/c", "./name", "~/name", "org/na me", "a/"]
)
def test_what_is_no_name_of_a_data_set(told: str) -> None:
    assert not HUB_ID.fullmatch(told)


def test_a_mistyped_path_does_not_go_to_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkdir("pictures")
    with pytest.raises(NotFound, match="found nothing at pictures/trashnt"):
        open_source("pictures/trashnt")
    with pytest.raises(NotFound, match="found nothing at org/name"):
        open_source(Path("org/name"))


def test_every_reader_is_there() -> None:
    from importlib import import_module

    for reader in (*READERS, HUB):
        assert callable(getattr(import_module(reader.module), reader.function)), reader.what


def test_the_door_opens_without_the_heavy_libraries(tmp_path: Path) -> None:
    code = (
        "import sys; from vitrina.readers import open_source; open_source(sys.argv[1]); "
        "heavy = {'torch', 'datasets', 'pandas', 'h5py', 'pyarrow', 'rarfile', 'numpy'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    root = fill(tmp_path, "cat/1.jpg", tables={"metadata.csv": "file_name,label\ncat/1.jpg,cat\n"})
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
