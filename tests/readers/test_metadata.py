"""Tables as they come: every dialect, every kind of damage."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitrina.errors import BadRequest
from vitrina.readers import Skipped, metadata
from vitrina.readers.metadata import LABEL_COLUMNS, Row, is_metadata, parse_table, plain


def parquet(columns: dict[str, list[Any]]) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


ROWS = [Row("a.jpg", "cat", None, {"night": "n1"}), Row("b/c.jpg", None, None, {"night": None})]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("m.csv", b"file_name,label,night\na.jpg,cat,n1\nb/c.jpg,,\n"),
        ("m.csv", b"\xef\xbb\xbffile_name, label, night\r\na.jpg, cat, n1\r\n\r\nb/c.jpg,,\r\n"),
        ("m.csv", b"night;Label;File Name\nn1;cat;a.jpg\n;;b/c.jpg"),
        ("m.tsv", b"path\tlabel\tnight\na.jpg\tcat\tn1\nb/c.jpg\t\t\n"),
        ("m.csv", b'"image","label","night"\n"a.jpg","cat","n1"\n"b/c.jpg","",""\n'),
        (
            "m.jsonl",
            b'{"file_name":"a.jpg","label":"cat","night":"n1"}\n\n{"file_name":"b/c.jpg","night":null}',
        ),
        (
            "m.parquet",
            parquet({"file_name": ["a.jpg", "b/c.jpg"], "label": ["cat", None], "night": ["n1", None]}),
        ),
    ],
    ids=["csv", "mark", "semicolon", "tsv", "quoted", "jsonl", "parquet"],
)
def test_every_dialect_says_the_same(name: str, data: bytes) -> None:
    table = parse_table(name, data)
    assert table.rows == ROWS
    assert table.columns == ["night"]
    assert (table.label_column or "").lower() == "label"
    assert (table.split_column, table.skipped, table.name) == (None, [], name)


def test_the_users_label_column_comes_first() -> None:
    data = b"file,label,aggre\na.jpg,x,cat\n"
    table = parse_table("labels.csv", data, label_column="aggre")
    assert table.rows == [Row("a.jpg", "cat", None, {"label": "x"})]
    assert table.columns == ["label"]
    assert parse_table("labels.csv", data, label_column="worse").label_column == "label"


def test_other_names_for_labels_only_where_asked() -> None:
    data = b"filename,class\na.jpg,cat\n"
    assert parse_table("x.csv", data).label_column is None
    assert parse_table("x.csv", data, known=LABEL_COLUMNS).rows == [Row("a.jpg", "cat", None, {})]


def test_a_split_column_holds_splits_alone() -> None:
    table = parse_table("x.csv", b"file_name,split\na.jpg,TRAIN\nb.jpg,val\nc.jpg,\n")
    assert [row.split for row in table.rows] == ["train", "validation", None]
    assert (table.split_column, table.columns) == ("split", [])
    folds = parse_table("x.csv", b"file_name,split\na.jpg,train\nb.jpg,fold 2\n")
    assert [row.split for row in folds.rows] == [None, None]
    assert folds.columns == ["split"]


def test_rows_that_cannot_be_read_are_named() -> None:
    table = parse_table("m.csv", b"file_name,label\na.jpg,cat\nb.jpg\nc.jpg,cat,dog\n,cat\n")
    assert [row.file_name for row in table.rows] == ["a.jpg"]
    assert table.skipped == [
        Skipped("m.csv line 3", "it has 1 values, the columns are 2"),
        Skipped("m.csv line 4", "it has 3 values, the columns are 2"),
        Skipped("m.csv row 2", "it names no picture"),
    ]
    lines = b'{"file_name":"a.jpg"}\n{"file_name":\n[1]\n' + b"[" * 100_000 + b'\n{"file_name":"d.jpg"}'
    table = parse_table("m.jsonl", lines)
    assert [row.file_name for row in table.rows] == ["a.jpg", "d.jpg"]
    assert table.skipped == [Skipped(f"m.jsonl line {n}", "it is no JSON object") for n in (2, 3, 4)]


def test_an_empty_table_names_nothing() -> None:
    for name in ("m.csv", "m.jsonl"):
        assert parse_table(name, b"").rows == []


REFUSED = [
    (
        "m.csv", b"name,label\na,b\n",
        "Expected a column file_name in m.csv; found the columns name, label. "
        "Name the column of file names file_name.",
    ),
    (
        "m.csv", b"file_name,a,a\nx,y,z\n",
        "Expected columns of different names in m.csv; found a more than once. Rename one of them.",
    ),
    (
        "m.csv", b"file_name\ncaf\xe9.jpg\n",
        "Expected text in UTF-8 in m.csv; found bytes of another encoding at place 13. Save the file as UTF-8.",
    ),
    (
        "m.csv", b"file_name\n" + b"x" * 200_000,
        "Expected a table of comma-separated values in m.csv; found line 2: field larger than field limit "
        "(131072). Save the table anew.",
    ),
    (
        "m.parquet", b"PAR1 no table PAR1",
        "Expected a parquet table in m.parquet; found one that is damaged "
        "(Couldn't deserialize thrift: TProtocolException: Invalid data). Save the table anew.",
    ),
    (
        "m.parquet", parquet({"image": [{"bytes": b"x", "path": "a.jpg"}]}),
        "Expected names of files in the column image of m.parquet; found the pictures themselves. "
        "Open it with datasets, save_to_disk into a folder, then name that folder.",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "said"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_no_table(name: str, data: bytes, said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_table(name, data)
    assert (
        str(refused.value).split(" found one that is damaged")[0]
        == said.split(" found one that is damaged")[0]
    )
    assert str(refused.value).endswith(said[-22:])


def test_a_parquet_file_that_unfolds(monkeypatch: pytest.MonkeyPatch) -> None:
    data = parquet({"file_name": ["a" * 1000] * 5000})
    assert len(data) < 100_000
    monkeypatch.setattr(metadata, "MOST_BYTES", 1_000_000)
    with pytest.raises(BadRequest) as refused:
        parse_table("m.parquet", data)
    assert str(refused.value) == (
        "Expected at most 1,000,000 bytes of values in m.parquet; found more. "
        "Leave out the columns that hold more than names and figures."
    )


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", None), ("x", "x"), (None, None), (True, True), (3, 3), (2**70, str(2**70)), (0.5, 0.5),
        (float("nan"), None), (Decimal("1.50"), "1.50"), (datetime.date(2020, 1, 3), "2020-01-03"),
        (["a", 1], '["a", 1]'), ({"é": None}, '{"é": null}'), (b"\x01\xff", "01ff"),
    ],
)  # fmt: skip
def test_cells_become_plain_values(cell: Any, value: Any) -> None:
    assert plain(cell) == value
    assert type(plain(cell)) is type(value)


def test_names_of_metadata_files() -> None:
    assert all(map(is_metadata, ["metadata.csv", "Metadata.CSV", "metadata.jsonl", "metadata.parquet"]))
    assert not any(map(is_metadata, ["metadata.txt", "metadata", "labels.csv", "my_metadata.csv"]))


def test_real_labels(shared_data: Path) -> None:
    data = (shared_data / "noisy_cifar10n" / "labels.csv").read_bytes()
    table = parse_table("labels.csv", data, label_column="worse")
    assert len(table.rows) == 2000
    assert table.columns == ["cifar10_train_index", "clean", "aggre", "random1", "random2", "random3"]
    assert len({row.label for row in table.rows}) == 10
