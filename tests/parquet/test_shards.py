"""Parquet files of a side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas
import pyarrow
import pyarrow.parquet
import pytest
from datasets import ClassLabel, Features, Image

from vitrina.parquet.shards import write_side

FEATURES = Features({"image": Image(), "label": ClassLabel(names=["a", "b"])})


def tables(count: int, size: int = 1000) -> Iterator[pyarrow.Table]:
    for n in range(count):
        rows = [{"image": {"bytes": bytes([n]) * size, "path": f"{n}.png"}, "label": n % 2}] * 2
        yield pyarrow.Table.from_pylist(rows, schema=FEATURES.arrow_schema)


def test_shards_are_of_the_size_asked_for(tmp_path: Path) -> None:
    size = next(tables(1)).nbytes
    side = write_side(tmp_path, "train", tables(5), FEATURES, shard_bytes=2 * size)
    assert side.files == tuple(f"data/train-{n:05d}-of-00003.parquet" for n in range(3))
    assert (side.rows, side.in_memory) == (10, sum(table.nbytes for table in tables(5)))
    assert side.on_disk == sum((tmp_path / name).stat().st_size for name in side.files)
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [name[5:] for name in side.files]
    frame = pandas.concat([pandas.read_parquet(tmp_path / name) for name in side.files])
    assert frame["label"].tolist() == [n % 2 for n in range(5) for _ in range(2)]
    assert frame["image"].iloc[9] == {"bytes": bytes([4]) * 1000, "path": "4.png"}
    with pyarrow.parquet.ParquetFile(tmp_path / side.files[0]) as file:
        assert file.num_row_groups == 2
        assert file.metadata.row_group(0).column(0).compression == "UNCOMPRESSED"
        assert Features.from_arrow_schema(file.schema_arrow) == FEATURES


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    sides = [
        write_side(tmp_path / name, "test", tables(3), FEATURES, shard_bytes=10**9) for name in ("a", "b")
    ]
    assert sides[0] == sides[1]
    one, other = ((tmp_path / name / "data/test-00000-of-00001.parquet").read_bytes() for name in ("a", "b"))
    assert one == other


def test_a_side_without_rows_is_no_file(tmp_path: Path) -> None:
    assert write_side(tmp_path, "test", iter(()), FEATURES, shard_bytes=100) == ((), 0, 0, 0)
    assert list((tmp_path / "data").iterdir()) == []


def test_an_error_of_the_rows_is_not_swallowed(tmp_path: Path) -> None:
    def broken() -> Iterator[pyarrow.Table]:
        yield from tables(1)
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        write_side(tmp_path, "train", broken(), FEATURES, shard_bytes=100)
    assert not list(tmp_path.rglob("*.parquet"))
