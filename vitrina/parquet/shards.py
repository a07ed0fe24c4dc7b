"""Parquet files of one side, each of a size that travels well, named as the Hub expects it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pyarrow
    from datasets import Features

SHARD_BYTES = 300 * 1000 * 1000
# Pages end where the content says, as datasets writes them: what is unchanged in a later version is not sent again.
_CHUNKING = {"min_chunk_size": 256 * 1024, "max_chunk_size": 1024 * 1024, "norm_level": 0}


class SideFiles(NamedTuple):
    """Paths relative to the folder; rows; bytes of the tables in memory, of the files."""

    files: tuple[str, ...]
    rows: int
    in_memory: int
    on_disk: int


def write_side(
    folder: Path, side: str, groups: Iterable[pyarrow.Table], features: Features, *, shard_bytes: int
) -> SideFiles:
    """FOLDER/data/SIDE-00000-of-0000N.parquet, a row group for each of `groups`; no file where there are none, since
    `datasets` loads nothing of a data set that has a side without rows.

    The schema carries `features`, so that `datasets` finds pictures and class names without a card. The same tables
    give the same bytes. Raises OSError.
    """
    place = folder / "data"
    place.mkdir(parents=True, exist_ok=True)
    partials: list[Path] = []
    rows = in_memory = filled = 0
    writer: Any = None
    try:
        for table in groups:
            if writer is None or filled + table.nbytes > shard_bytes:
                if writer is not None:
                    _close(writer)
                partials.append(place / f".{side}-{len(partials):05d}.partial")
                writer, filled = _open(partials[-1], features), 0
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            rows, in_memory, filled = rows + table.num_rows, in_memory + table.nbytes, filled + table.nbytes
    finally:
        if writer is not None:
            _close(writer)
    names = [f"data/{side}-{n:05d}-of-{len(partials):05d}.parquet" for n in range(len(partials))]
    for partial, name in zip(partials, names, strict=True):
        os.replace(partial, folder / name)
    on_disk = sum((folder / name).stat().st_size for name in names)
    return SideFiles(tuple(names), rows, in_memory, on_disk)


def _open(path: Path, features: Features) -> Any:
    import pyarrow.parquet

    schema = features.arrow_schema
    texts = [name for name in features if name != "image"]
    return pyarrow.parquet.ParquetWriter(
        path,
        schema,
        # Pictures are compressed already.
        compression={"image.bytes": "none", "image.path": "snappy", **dict.fromkeys(texts, "snappy")},
        use_dictionary=["image.path", *texts],
        column_encoding={"image.bytes": "PLAIN"},
        use_content_defined_chunking=_CHUNKING,
        write_page_index=True,
        write_page_checksum=True,
    )


def _close(writer: Any) -> None:
    writer.add_key_value_metadata({"content_defined_chunking": json.dumps(_CHUNKING)})
    writer.close()
