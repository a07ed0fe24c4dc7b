"""The shards of a collection as one."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from vitrina.pile.columns import Columns, survey_schema
from vitrina.pile.files import whole, write_json
from vitrina.pile.shard import shard_paths

# What the digest takes from each row of survey.parquet.
SAID = ("picture_id", "pixel_sha256", "file_name", "label", "official_split", "group")


def join_survey(folder: Path, of: int) -> list[str]:
    """Write survey.parquet, a row group a shard; the picture ids of all rows in their order."""
    import pyarrow.parquet

    ids: list[str] = []
    with (
        whole(folder / "survey.parquet") as partial,
        pyarrow.parquet.ParquetWriter(partial, survey_schema()) as writer,
    ):
        for number in range(of):
            table = pyarrow.parquet.read_table(shard_paths(folder, number, of)["survey"])
            ids += table.column("picture_id").to_pylist()
            if table.num_rows:
                writer.write_table(table)
    return ids


def join_features(folder: Path, of: int, *, rows: int, revision: str) -> dict[str, Any]:
    """Write features.npy, float32 (rows, d), a shard at a time, then features.json, which is returned."""
    import numpy as np

    parts = [np.load(shard_paths(folder, number, of)["features"], mmap_mode="r") for number in range(of)]
    dimension = max(part.shape[1] for part in parts)
    with whole(folder / "features.npy") as partial, partial.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, dimension)}
        np.lib.format.write_array_header_1_0(file, header)
        # A shard at a time: features of a large collection need not fit in memory.
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype="<f4").tobytes())
    described = {"revision": revision, "dimension": dimension}
    write_json(folder / "features.json", described)
    return described


def join_rows(folder: Path, of: int, *, columns: Columns, fingerprint: str) -> None:
    """Write what makes the Arrow files of all shards a data set of the `datasets` library.

    The rows stay where they are. What lies beside them is written by the library itself, for no rows, so
    that it fits the version that is installed; then the files are named in it.
    """
    from datasets import Dataset

    place = folder / "dataset"
    features = columns.features()
    with tempfile.TemporaryDirectory(prefix=".described-", dir=folder) as described:
        nothing = Dataset.from_dict({name: [] for name in features}, features=features)
        with WithoutBars():
            nothing.save_to_disk(described)
        info, state = (
            json.loads((Path(described) / name).read_text(encoding="utf-8"))
            for name in ("dataset_info.json", "state.json")
        )
    names = [shard_paths(folder, number, of)["rows"].name for number in range(of)]
    state["_data_files"] = [{"filename": name} for name in names]
    state["_fingerprint"] = fingerprint[:16]
    write_json(place / "dataset_info.json", info)
    write_json(place / "state.json", state)


def digest_of(folder: Path, of: int, *, columns: Columns) -> str:
    """SHA-256 (64 hexadecimal digits) over the joined rows, a batch in memory at a time.

    A line of JSON a row, in their order: `SAID` of the survey, then the list of the source's own columns' values
    as text (None where there is none). The last line: the class names, the names of those columns.
    """
    digest = hashlib.sha256()
    names = [ours for _, ours, _ in columns.told]
    for said, told in zip(_survey_rows(folder), _told_rows(folder, of, names), strict=True):
        digest.update(f"{json.dumps([*said, told])}\n".encode())
    digest.update(f"{json.dumps([list(columns.class_names), names])}\n".encode())
    return digest.hexdigest()


def _survey_rows(folder: Path) -> Iterator[tuple[str | None, ...]]:
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(folder / "survey.parquet") as survey:
        for batch in survey.iter_batches(columns=list(SAID)):
            yield from zip(*(batch.column(name).to_pylist() for name in SAID), strict=True)


def _told_rows(folder: Path, of: int, names: list[str]) -> Iterator[list[str | None]]:
    import pyarrow

    for number in range(of):
        with (
            pyarrow.memory_map(str(shard_paths(folder, number, of)["rows"])) as file,
            pyarrow.ipc.open_stream(file) as batches,
        ):
            for batch in batches:
                values = [batch.column(name).to_pylist() for name in names]
                for row in range(batch.num_rows):
                    yield [None if one[row] is None else str(one[row]) for one in values]


def remove_parts(folder: Path) -> None:
    """Delete what only served to put the whole together."""
    shutil.rmtree(folder / "shards", ignore_errors=True)


def fingerprint_of(picture_ids: Iterable[str]) -> str:
    """SHA-256 over the sorted picture ids, a newline after each."""
    return hashlib.sha256("".join(f"{one}\n" for one in sorted(picture_ids)).encode()).hexdigest()


class WithoutBars:
    """Without the library's own progress bars, which would tell of no rows."""

    def __enter__(self) -> None:
        from datasets.utils.logging import disable_progress_bar, is_progress_bar_enabled

        self._shown = is_progress_bar_enabled()
        disable_progress_bar()

    def __exit__(self, *exception: object) -> None:
        from datasets.utils.logging import enable_progress_bar

        if self._shown:
            enable_progress_bar()
