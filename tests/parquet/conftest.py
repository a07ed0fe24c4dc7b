"""A small split with metadata in its files, published once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile_pictures import encoded, photo
from tests.parquet.made import Photo, bmp, jpeg, make_work, png, two_pictures
from vitrina.parquet import DatasetFiles, write_dataset_files


def pieces() -> list[Photo]:
    """30 pictures of two classes, pairs in groups; the first ones say too much, a stall lies in a home folder."""
    told = [jpeg(6), png(3), two_pictures(), bmp(), jpeg(1)]
    files = told + [encoded(photo(32, 24, seed=50 + n), "JPEG") for n in range(25)]
    stalls = ["/home/ana/stalls/soup", *("soup" if n % 2 else None for n in range(1, 30))]
    return [
        Photo(n, ("dumplings", "menu")[n // 2 % 2], n // 2, columns={"stall": stall}, data=data)
        for n, (data, stall) in enumerate(zip(files, stalls, strict=True))
    ]


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """To be read only."""
    return make_work(tmp_path_factory.mktemp("parquet") / "market", pieces())


@pytest.fixture(scope="session")
def published(work: Path, tmp_path_factory: pytest.TempPathFactory) -> DatasetFiles:
    """To be read only."""
    return write_dataset_files(work, tmp_path_factory.mktemp("published") / "data", repo_id="org/market")
