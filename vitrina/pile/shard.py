"""A range of pictures, written so that it counts as done only when all of it is on the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.decoder import Surveyed
from vitrina.errors import PictureRefused
from vitrina.pile.columns import Columns, survey_schema
from vitrina.pile.files import whole, write_json
from vitrina.readers.item import Item

if TYPE_CHECKING:
    import numpy as np
    import pyarrow

# Rows wait in memory until they hold this many bytes, so that large photos do not make large shards in memory.
FLUSH_BYTES = 16 * 1024 * 1024


def shard_paths(folder: Path, number: int, of: int) -> dict[str, Path]:
    """Where the parts of shard `number` lie: rows, views, survey, features, then done, which is written last."""
    parts = folder / "shards"
    return {
        "rows": folder / "dataset" / f"data-{number:05d}-of-{of:05d}.arrow",
        "views": folder / "views" / f"views-{number:05d}-of-{of:05d}.arrow",
        "survey": parts / f"{number:05d}.parquet",
        "features": parts / f"{number:05d}.npy",
        "done": parts / f"{number:05d}.json",
    }


def finished_shards(folder: Path, of: int) -> int:
    """How many shards from the first on are complete."""
    number = 0
    while number < of and shard_paths(folder, number, of)["done"].is_file():
        number += 1
    return number


class ShardWriter:
    """Takes the pictures of one shard in their order; used as a context manager, then committed.

    Without `commit` nothing of it stays. Memory: FLUSH_BYTES of files beside the small measures of each.
    """

    def __init__(self, folder: Path, number: int, *, of: int, columns: Columns) -> None:
        self._paths = shard_paths(folder, number, of)
        self._columns = columns
        self._survey: list[dict[str, Any]] = []
        self._quarantined: list[dict[str, Any]] = []
        self._decodes = 0
        self._committed = False

    def __enter__(self) -> ShardWriter:
        import pyarrow

        self._stack = ExitStack()
        view = pyarrow.schema([("jpeg", pyarrow.binary())])
        self._rows = _Table(self._columns.features().arrow_schema, self._paths["rows"], self._stack)
        self._views = _Table(view, self._paths["views"], self._stack)
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None and not self._committed:
            # Files take their places unless told of an error.
            kind, error = InterruptedError, InterruptedError("left before it was committed")
        self._stack.__exit__(kind, error, trace)

    def take(self, item: Item, data: bytes, seen: Surveyed, *, perceptual_hash: str) -> None:
        """One picture that decoded."""
        picture_id = hashlib.sha256(data).hexdigest()
        self._rows.add(self._columns.row(item, data, picture_id), len(data))
        self._views.add({"jpeg": seen.view}, len(seen.view))
        row = self._columns.survey_row(item, data, picture_id, seen)
        self._survey.append(row | {"perceptual_hash": perceptual_hash})
        self._decodes = max(self._decodes, seen.decodes)

    def quarantine(self, item: Item, data: bytes | None, refused: PictureRefused) -> None:
        """One picture that did not: named, with the reason. `data` is None where it could not even be read."""
        self._quarantined.append(
            {
                "file_name": item.file_name,
                "reason": refused.reason,
                "found": refused.found,
                "next_step": refused.next_step,
                "bytes": _size(item) if data is None else len(data),
                "picture_id": None if data is None else hashlib.sha256(data).hexdigest(),
            }
        )

    def commit(self, features: np.ndarray | None, *, revision: str | None, seconds: float) -> None:
        """Bring all parts to the disk. `features`: float32 (pictures taken, d), by the model `revision`."""
        import numpy as np
        import pyarrow
        import pyarrow.parquet

        self._rows.close()
        self._views.close()
        with whole(self._paths["survey"]) as partial:
            table = pyarrow.Table.from_pylist(self._survey, schema=survey_schema())
            pyarrow.parquet.write_table(table, partial)
        if features is not None:
            with whole(self._paths["features"]) as partial, partial.open("wb") as file:
                np.save(file, features, allow_pickle=False)
        self._committed = True
        # Ends the two tables, which take their places now.
        self._stack.close()
        done = {"taken": len(self._survey), "quarantined": self._quarantined, "most_decodes": self._decodes}
        write_json(self._paths["done"], done | {"revision": revision, "seconds": round(seconds, 3)})


class _Table:
    """An Arrow file that grows by batches under a temporary name until the stack it lives on closes."""

    def __init__(self, schema: pyarrow.Schema, path: Path, stack: ExitStack) -> None:
        import pyarrow

        self._schema = schema
        self._waiting: list[dict[str, Any]] = []
        self._bytes = 0
        partial = stack.enter_context(whole(path))
        file = stack.enter_context(partial.open("wb"))
        self._writer = stack.enter_context(pyarrow.ipc.new_stream(file, schema))

    def add(self, row: dict[str, Any], size: int) -> None:
        self._waiting.append(row)
        self._bytes += size
        if self._bytes >= FLUSH_BYTES:
            self._flush()

    def close(self) -> None:
        if self._waiting:
            self._flush()

    def _flush(self) -> None:
        import pyarrow

        self._writer.write_batch(pyarrow.RecordBatch.from_pylist(self._waiting, schema=self._schema))
        self._waiting, self._bytes = [], 0


def read_done(folder: Path, count: int) -> Sequence[dict[str, Any]]:
    """What the first `count` shards say of themselves, in their order."""
    paths = [shard_paths(folder, number, count)["done"] for number in range(count)]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def _size(item: Item) -> int | None:
    """Bytes of a file of its own; None for what lies in an archive."""
    try:
        return item.path.stat().st_size if item.place is None else None
    except OSError:
        return None
