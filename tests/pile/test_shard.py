"""Shards: all or nothing, in the order taken, in little memory."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from tests.hostile_pictures import encoded, photo
from vitrina.decoder.surveyed import survey_bytes
from vitrina.errors import PictureRefused
from vitrina.images import Limits
from vitrina.pile import shard as shard_module
from vitrina.pile.columns import Columns, columns_of
from vitrina.pile.shard import ShardWriter, finished_shards, read_done, shard_paths
from vitrina.readers import Item

HASH = "0123456789abcdef"
REFUSED = PictureRefused("a whole picture", "one that is cut short", "Copy it.", reason="truncated")


def item(number: int) -> Item:
    return Item(Path(f"/nowhere/{number}.jpg"), f"{number}.jpg", "b", "folder:p")


def columns() -> Columns:
    return columns_of([], class_names=["a", "b"], told=[], group_by=None)


def data(number: int) -> bytes:
    return encoded(photo(40, 30, seed=number), "JPEG")


def write(folder: Path, number: int, count: int) -> None:
    with ShardWriter(folder, number, of=3, columns=columns()) as shard:
        for index in range(count):
            seen = survey_bytes(data(index), limits=Limits())
            shard.take(item(index), data(index), seen, perceptual_hash=HASH)
        shard.quarantine(item(90), b"cut", REFUSED)
        shard.quarantine(item(91), None, REFUSED)
        features = np.arange(count * 4, dtype=np.float32).reshape(count, 4)
        shard.commit(features, revision="m@1", seconds=1.5)


def test_what_is_committed(tmp_path: Path) -> None:
    write(tmp_path, 0, 3)
    paths = shard_paths(tmp_path, 0, 3)
    files = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert files == set(paths.values())
    rows = pyarrow.ipc.open_stream(paths["rows"].read_bytes()).read_all().to_pylist()
    assert [row["image"]["bytes"] for row in rows] == [data(n) for n in range(3)]
    assert [row["picture_id"] for row in rows] == [hashlib.sha256(data(n)).hexdigest() for n in range(3)]
    assert [row["label"] for row in rows] == [1, 1, 1]
    survey = pyarrow.parquet.read_table(paths["survey"]).to_pylist()
    assert [row["file_name"] for row in survey] == ["0.jpg", "1.jpg", "2.jpg"]
    assert survey[0]["perceptual_hash"] == HASH
    assert survey[0]["bytes"] == len(data(0))
    views = pyarrow.ipc.open_stream(paths["views"].read_bytes()).read_all()["jpeg"].to_pylist()
    assert views == [survey_bytes(data(n), limits=Limits()).view for n in range(3)]
    assert np.load(paths["features"]).tolist() == np.arange(12).reshape(3, 4).tolist()
    done = json.loads(paths["done"].read_text())
    assert done == {
        "taken": 3,
        "quarantined": [
            {
                "file_name": "90.jpg", "reason": "truncated", "found": "one that is cut short",
                "next_step": "Copy it.", "bytes": 3, "picture_id": hashlib.sha256(b"cut").hexdigest(),
            },
            {
                "file_name": "91.jpg", "reason": "truncated", "found": "one that is cut short",
                "next_step": "Copy it.", "bytes": None, "picture_id": None,
            },
        ],
        "most_decodes": 1, "revision": "m@1", "seconds": 1.5,
    }  # fmt: skip


def test_what_is_not_committed_leaves_nothing(tmp_path: Path) -> None:
    def broken() -> None:
        with ShardWriter(tmp_path, 0, of=1, columns=columns()) as shard:
            shard.take(item(0), data(0), survey_bytes(data(0), limits=Limits()), perceptual_hash=HASH)
            raise ValueError("power")

    with pytest.raises(ValueError, match="power"):
        broken()
    with ShardWriter(tmp_path, 0, of=1, columns=columns()) as shard:
        shard.take(item(0), data(0), survey_bytes(data(0), limits=Limits()), perceptual_hash=HASH)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert finished_shards(tmp_path, 1) == 0


def test_rows_leave_memory_in_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_module, "FLUSH_BYTES", 2 * len(data(0)))
    write(tmp_path, 0, 5)
    batches = list(pyarrow.ipc.open_stream(shard_paths(tmp_path, 0, 3)["rows"].read_bytes()))
    assert len(batches) >= 2
    assert max(batch.num_rows for batch in batches) <= 3
    assert sum(batch.num_rows for batch in batches) == 5


def test_shards_count_from_the_first_on(tmp_path: Path) -> None:
    write(tmp_path, 0, 1)
    write(tmp_path, 2, 1)
    assert finished_shards(tmp_path, 3) == 1
    write(tmp_path, 1, 0)
    assert finished_shards(tmp_path, 3) == 3
    assert [done["taken"] for done in read_done(tmp_path, 3)] == [1, 0, 1]
