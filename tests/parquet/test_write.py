"""From a split to the files of a data set, and back."""

from __future__ import annotations

import hashlib
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pandas
import pytest
import yaml
from datasets import ClassLabel, Image, load_dataset, load_dataset_builder, load_from_disk
from PIL import Image as Pillow
from PIL import ImageOps

from tests.parquet.conftest import pieces
from tests.parquet.made import TRACES, make_work, write_the_card
from vitrina.errors import BadRequest, Conflict, NotFound
from vitrina.parquet import DatasetFiles, check_dataset, write_dataset_files
from vitrina.splits.written import fingerprint


def report(work: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((work / "split" / "split_report.json").read_text("utf-8"))
    return told


def everything(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_files(published: DatasetFiles) -> None:
    assert published.files == (
        "data/train-00000-of-00001.parquet",
        "data/validation-00000-of-00001.parquet",
        "data/test-00000-of-00001.parquet",
        "README.md",
    )
    assert set(everything(published.folder)) == set(published.files)
    assert {side: one.rows for side, one in published.sides.items()} == {
        "train": 22,
        "validation": 4,
        "test": 4,
    }
    assert published.counted.rows == 30
    assert published.counted.changed == 5
    assert published.counted.taken_out["EXIF"] == 3
    assert published.counted.shortened == {"stall": 1}


def test_nothing_private_leaves(published: DatasetFiles, work: Path) -> None:
    """Of any file, not only of its pictures: parquet keeps them as they are, without packing them."""
    for name in published.files:
        data = (published.folder / name).read_bytes()
        assert [
            trace for trace in TRACES if trace in data and not (trace == b"GPS" and name == "README.md")
        ] == []
        assert b"/home/" not in data
        assert str(work).encode() not in data


def test_datasets_loads_what_the_card_says(published: DatasetFiles, work: Path, tmp_path: Path) -> None:
    loaded = load_dataset(str(published.folder), cache_dir=str(tmp_path))
    front = yaml.safe_load((published.folder / "README.md").read_text("utf-8").split("---\n")[1])
    info = front["dataset_info"]
    assert {one["name"]: one["num_examples"] for one in info["splits"]} == loaded.num_rows
    assert info["download_size"] == sum(side.on_disk for side in published.sides.values())
    assert info["dataset_size"] == sum(one["num_bytes"] for one in info["splits"])
    assert loaded["train"].features["image"] == Image()
    assert loaded["train"].features["label"] == ClassLabel(names=["dumplings", "menu"])
    assert loaded["train"].features._to_yaml_list() == info["features"]
    builder = load_dataset_builder(str(published.folder), cache_dir=str(tmp_path))
    assert builder.info.splits["test"].num_examples == 4
    # Rows, labels, pixels are those of the split.
    before = load_from_disk(str(work / "split" / "dataset"))
    assert fingerprint(loaded) == fingerprint(before) == report(work)["fingerprint"]
    for side in before:
        for one, other in zip(before[side], loaded[side], strict=True):
            seen = [ImageOps.exif_transpose(each["image"]) for each in (one, other)]
            assert seen[0].size == seen[1].size
            assert seen[0].convert("RGB").tobytes() == seen[1].convert("RGB").tobytes()


def test_other_readers(published: DatasetFiles, tmp_path: Path) -> None:
    """Without the card, and without datasets."""
    file = published.folder / "data" / "test-00000-of-00001.parquet"
    loaded = load_dataset("parquet", data_files={"test": str(file)}, cache_dir=str(tmp_path))["test"]
    assert loaded.features["label"].names == ["dumplings", "menu"]
    assert isinstance(loaded[0]["image"], Pillow.Image)
    frame = pandas.read_parquet(file)
    assert Pillow.open(io.BytesIO(frame["image"].iloc[0]["bytes"])).size in {(32, 24), (96, 64), (64, 96)}
    assert len(frame) == 4


def test_the_card_shows_how_to_load_it(published: DatasetFiles) -> None:
    card = (published.folder / "README.md").read_text("utf-8")
    assert 'data = load_dataset("org/market")\n' in card
    assert "load_from_disk" not in card
    assert re.search(r"\| train \| 22 \| 1 \| [\d,]+ \|\n", card)
    assert "Rows whose file lost something: 5 of 30 (EXIF 3, XMP 3, comment 3, " in card
    assert "Written anew as PNG, as Vitrina decodes them (upright, sRGB, 8 bits, first frame): 1 (" in card
    assert "(BMP has no parts to tell pixels from the rest by: 1).\n" in card
    assert "Values without the folders of the disk they named: stall 1.\n" in card


def test_the_same_split_gives_the_same_bytes(published: DatasetFiles, work: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_dataset_files(
        work, tmp_path / "a", repo_id="org/market", progress=lambda done, total: seen.append((done, total))
    )
    assert everything(tmp_path / "a") == everything(published.folder)
    assert seen == [(n, 30) for n in range(1, 31)]


def test_small_shards_and_columns_that_stay_at_home(work: Path, tmp_path: Path) -> None:
    files = write_dataset_files(work, tmp_path / "a", without=("stall", "file_name"), shard_bytes=1)
    assert files.left_out == {"stall": "asked for", "file_name": "asked for"}
    assert "left out   stall: asked for\n" in files.told()
    assert "pictures   5 of 30 leave without something: EXIF 3, " in files.told()
    card = (tmp_path / "a" / "README.md").read_text("utf-8")
    assert "stall" not in card.split("## Where the pictures come from")[0]
    assert "FOLDER stands for the path of the folder that holds this card.\n\n```python\n" in card
    assert 'data = load_dataset("FOLDER")\n' in card
    loaded = load_dataset(str(tmp_path / "a"), cache_dir=str(tmp_path / "cache"))
    assert not {"stall", "file_name"} & set(loaded["train"].column_names)
    assert check_dataset(tmp_path / "a", report(work)).rows == {"train": 22, "validation": 4, "test": 4}


def test_copies_that_balance_train(tmp_path: Path) -> None:
    unequal = [piece for piece in pieces() if piece.label == "dumplings" or piece.seed < 12]
    work = make_work(tmp_path / "w", unequal, balance="oversample")
    files = write_dataset_files(work, tmp_path / "out")
    counts = report(work)["counts"]["train"]
    assert counts["rows"] > counts["pictures"]
    assert files.sides["train"].rows == counts["rows"]


def test_targets_in_columns(tmp_path: Path) -> None:
    told = pieces()
    for piece in told:
        piece.label = None
        piece.columns = {"smooth": f"{piece.seed / 30:.3f}", "disk": f"{1 - piece.seed / 30:.3f}"}
    work = make_work(tmp_path / "w", told, targets=["smooth", "disk"])
    files = write_dataset_files(work, tmp_path / "out")
    card = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "| `smooth` | `string` | a number to be predicted |\n" in card
    assert sum(side.rows for side in files.sides.values()) == 30
    with pytest.raises(BadRequest, match=r"found smooth\. Name others"):
        write_dataset_files(work, tmp_path / "other", without=("smooth",))
    assert not (tmp_path / "other").exists()


def test_what_a_person_wrote_into_the_card_stays(work: Path, tmp_path: Path) -> None:
    own = shutil.copytree(work, tmp_path / "w")
    card = own / "card" / "README.md"
    text = card.read_text("utf-8")
    card.write_text(
        text.replace("tags:\n- vitrina\n", "# ours\ntags:\n- vitrina\n- food\n").replace(
            "## Known limits\n", "## Ethics\n\nFaces were asked.\n\n## Known limits\n"
        ),
        encoding="utf-8",
    )
    write_dataset_files(own, tmp_path / "out", repo_id="org/market")
    written = (tmp_path / "out" / "README.md").read_text("utf-8")
    assert "# ours\ntags:\n- vitrina\n- food\nconfigs:\n" in written
    assert "## Ethics\n\nFaces were asked.\n\n## Known limits\n" in written
    assert written.count("## Files\n") == 1
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert [
        line for line in written.splitlines() if line.startswith("#") and line not in ("# ours", "## Ethics")
    ] == headings


@pytest.mark.parametrize(
    ("path", "message"),
    [
        (
            "split/split_report.json",
            "Expected the report of split at split/split_report.json in w; found none. "
            "Run python -m training split first.",
        ),
        (
            "card/README.md",
            "Expected the card of the data at card/README.md in w; found none. "
            "Run python -m training card {work} --license LICENCE first.",
        ),
        ("split/dataset/dataset_dict.json", "Expected the split's rows at split/dataset in w; found "),
    ],
)
def test_what_is_missing(work: Path, tmp_path: Path, path: str, message: str) -> None:
    own = shutil.copytree(work, tmp_path / "w")
    (own / path).unlink()
    with pytest.raises(NotFound) as missing:
        write_dataset_files(own, tmp_path / "out")
    assert str(missing.value).startswith(message.format(work=own))
    assert not (tmp_path / "out").exists()


def test_a_card_of_another_split(work: Path, tmp_path: Path) -> None:
    own = shutil.copytree(work, tmp_path / "w")
    card = own / "card" / "README.md"
    now = report(own)["fingerprint"]
    card.write_text(
        card.read_text("utf-8").replace(f"split `{now}`", f"split `{'e' * 64}`"), encoding="utf-8"
    )
    with pytest.raises(Conflict) as refused:
        write_dataset_files(own, tmp_path / "out")
    assert str(refused.value) == (
        f"Expected a card of the split as it is, {now[:12]}; found one of the split eeeeeeeeeeee. "
        "Run python -m training card again."
    )


def test_a_card_that_names_a_home(work: Path, tmp_path: Path) -> None:
    own = shutil.copytree(work, tmp_path / "w")
    with (own / "card" / "README.md").open("a", encoding="utf-8") as card:
        card.write("\nFrom /home/ana/photos.\n")
    with pytest.raises(BadRequest) as refused:
        write_dataset_files(own, tmp_path / "out")
    assert str(refused.value) == (
        "Expected a card that names no folder of a person; found From /home/ana/photos.. "
        "Take it out of card/README.md."
    )


def test_a_folder_with_files(work: Path, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("mine", encoding="utf-8")
    with pytest.raises(Conflict) as refused:
        write_dataset_files(work, tmp_path)
    assert str(refused.value) == (
        f"Expected a new or empty folder at {tmp_path.name}; found one with files. Name another folder."
    )
    assert (tmp_path / "a").read_text("utf-8") == "mine"


def test_after_an_error_the_folder_is_as_it_was(work: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        if done == 25:
            raise KeyboardInterrupt

    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "empty", tmp_path / "new"):
        with pytest.raises(KeyboardInterrupt):
            write_dataset_files(work, folder, progress=stop)
    assert list(tmp_path.iterdir()) == [tmp_path / "empty"]
    assert list((tmp_path / "empty").iterdir()) == []


def test_a_report_of_an_older_version(work: Path, tmp_path: Path) -> None:
    own = shutil.copytree(work, tmp_path / "w")
    told = report(own)
    del told["hashes"]
    (own / "split" / "split_report.json").write_text(json.dumps(told), encoding="utf-8")
    with pytest.raises(BadRequest) as refused:
        write_dataset_files(own, tmp_path / "out")
    assert str(refused.value) == (
        "Expected a split_report.json in w with what a check needs; found one without hashes. "
        "Run python -m training split again."
    )


def test_an_odd_name(work: Path, tmp_path: Path) -> None:
    with pytest.raises(BadRequest) as refused:
        write_dataset_files(work, tmp_path / "out", repo_id='x")\nimport os')
    assert str(refused.value).startswith("Expected a repository of the Hub, such as org/name; found 'x")
    assert not (tmp_path / "out").exists()


def test_a_card_made_with_a_name_shows_it_before(tmp_path: Path, work: Path) -> None:
    own = shutil.copytree(work, tmp_path / "w")
    write_the_card(own, repo_id="org/market")
    assert 'load_dataset("org/market")' in (own / "card" / "README.md").read_text("utf-8")
