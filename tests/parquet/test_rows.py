"""Rows as they leave."""

from __future__ import annotations

from typing import Any

import pytest
from datasets import Dataset, Features, Image, Value

import vitrina.parquet.rows as module
from tests.hostile_pictures import encoded, photo
from tests.parquet.made import bmp, jpeg, pixels
from vitrina.errors import BadRequest
from vitrina.parquet.rows import Counted, row_groups

FEATURES = Features(
    {"image": Image(), "pixel_sha256": Value("string"), "file_name": Value("string"), "size": Value("int64")}
)


def rows(files: list[bytes], names: list[str | None], **columns: list[Any]) -> Dataset:
    told: dict[str, list[Any]] = {
        "image": [{"bytes": data, "path": name} for data, name in zip(files, names, strict=True)],
        "pixel_sha256": [pixels(data) if data else "" for data in files],
        "file_name": names,
        "size": [len(data) for data in files],
        "secret": ["SECRET"] * len(files),
    }
    return Dataset.from_dict(told | columns, features=Features({**FEATURES, "secret": Value("string")}))


def taken(dataset: Dataset) -> tuple[list[Any], Counted, int]:
    counted, calls = Counted(), 0

    def progress() -> None:
        nonlocal calls
        calls += 1

    groups = list(row_groups(dataset, FEATURES, counted=counted, progress=progress))
    return groups, counted, calls


def test_pictures_without_metadata_texts_without_places() -> None:
    plain = encoded(photo(), "PNG")
    dataset = rows([jpeg(), plain, bmp()], ["/home/ana/1.jpg", "menu/2.png", "C:\\photos\\3.bmp"])
    (table,), counted, calls = taken(dataset)
    assert table.column_names == ["image", "pixel_sha256", "file_name", "size"]
    cells = table.column("image").to_pylist()
    assert [cell["path"] for cell in cells] == ["1.jpg", "2.png", "3.png"]
    assert cells[1]["bytes"] == plain
    assert b"SECRET" not in b"".join(cell["bytes"] for cell in cells)
    assert table.column("file_name").to_pylist() == ["1.jpg", "menu/2.png", "3.bmp"]
    assert (counted.rows, counted.changed, calls) == (3, 2, 3)
    assert counted.taken_out["EXIF"] == counted.taken_out["XMP"] == 1
    assert list(counted.written_anew.values()) == [1]
    assert counted.shortened == {"file_name": 2}
    assert Features.from_arrow_schema(table.schema) == FEATURES


def test_names_end_as_the_files_are() -> None:
    dataset = rows([bmp()] * 4, ["a.BMP", "b", "c.png", None], file_name=["a", None, "c", "d"])
    (table,), _, _ = taken(dataset)
    assert [cell["path"] for cell in table.column("image").to_pylist()] == ["a.png", "b.png", "c.png", None]
    assert table.column("file_name").to_pylist() == ["a", None, "c", "d"]


def test_groups_are_small_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    files = [encoded(photo(seed=seed), "PNG") for seed in range(10)]
    dataset = rows(files, [f"{n}.png" for n in range(10)])
    monkeypatch.setattr(module, "GROUP_BYTES", 3 * len(files[0]))
    monkeypatch.setattr(module, "_BATCH", 4)
    groups, _, _ = taken(dataset)
    assert max(table.num_rows for table in groups) <= 3
    assert [cell["bytes"] for table in groups for cell in table.column("image").to_pylist()] == files
    monkeypatch.setattr(module, "GROUP_BYTES", 10**9)
    monkeypatch.setattr(module, "GROUP_ROWS", 8)
    assert [table.num_rows for table in taken(dataset)[0]] == [8, 2]
    assert [table.num_rows for table in taken(dataset.select([7, 1, 3]))[0]] == [3]
    (table,), _, _ = taken(dataset.select([7, 1, 3]))
    assert table.column("file_name").to_pylist() == ["7.png", "1.png", "3.png"]


@pytest.mark.parametrize("name", ["a.png", None])
def test_a_row_without_a_picture(name: str | None) -> None:
    with pytest.raises(BadRequest) as refused:
        taken(rows([b""], [name]))
    assert str(refused.value) == (
        f"Expected the bytes of a picture in {name or 'row 0'}; found none. "
        "Run python -m training collect and the stages after it again."
    )
