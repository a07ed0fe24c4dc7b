"""Rows of numbers under keys in a folder, in shards that are there whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from vitrina.errors import OutOfSpace

_LOG = logging.getLogger(__name__)
# What a killed process left under a temporary name goes away after this; a living one needs seconds.
_STALE_SECONDS = 3600.0


class Shards:
    """float32 rows of `dimension` numbers. Several processes may read and write one folder at a time.

    A shard is NAME.npy and, written after it, NAME.json with its keys and the SHA-256 of the other: a shard
    counts from when its index is there.
    """

    def __init__(self, folder: Path, dimension: int) -> None:
        self._folder = Path(folder)
        self._dimension = dimension

    def read(self) -> dict[str, np.ndarray]:
        """Key -> row, mapped read-only. Damaged shards are removed, with a warning in the log."""
        rows: dict[str, np.ndarray] = {}
        for index in sorted(self._folder.glob("*.json")):
            if index.name == DESCRIPTION:
                continue
            try:
                keys, values = self._open(index)
            except (OSError, ValueError, KeyError, TypeError) as error:
                _LOG.warning("Features in %s are damaged (%s); they are computed again.", index.stem, error)
                # The index first: without it the other file is nothing.
                index.unlink(missing_ok=True)
                index.with_suffix(".npy").unlink(missing_ok=True)
                continue
            rows |= {key: values[number] for number, key in enumerate(keys) if key not in rows}
        return rows

    def add(self, keys: Sequence[str], values: np.ndarray) -> None:
        """Write one shard: (n, dimension) for n keys. Raises OutOfSpace where the disk is full."""
        name = uuid4().hex
        file = io.BytesIO()
        np.save(file, np.ascontiguousarray(values, dtype=np.float32), allow_pickle=False)
        data = file.getvalue()
        index = {"keys": list(keys), "sha256": hashlib.sha256(data).hexdigest()}
        write_whole(self._folder / f"{name}.npy", data)
        write_whole(self._folder / f"{name}.json", json.dumps(index).encode())

    def sweep(self) -> None:
        """Remove what killed processes left behind: temporary files and arrays without an index, an hour old."""
        for path in sorted([*self._folder.glob(".*.partial"), *self._folder.glob("*.npy")]):
            try:
                old = time.time() - path.stat().st_mtime > _STALE_SECONDS
            except FileNotFoundError:
                continue
            if old and not path.with_suffix(".json").exists():
                path.unlink(missing_ok=True)

    def _open(self, index: Path) -> tuple[list[str], np.ndarray]:
        told: dict[str, Any] = json.loads(index.read_text(encoding="utf-8"))
        path = index.with_suffix(".npy")
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != told["sha256"]:
            raise ValueError("other bytes than were written")
        values: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        expected = (len(told["keys"]), self._dimension)
        if values.shape != expected or values.dtype != np.float32:
            raise ValueError(f"{values.dtype} {values.shape} instead of float32 {expected}")
        return [str(key) for key in told["keys"]], values


# Says in words what the folder's rows are features of; no shard.
DESCRIPTION = "features.json"


def write_whole(path: Path, data: bytes) -> None:
    """`data` at `path`, flushed to the disk, or nothing. Raises OutOfSpace."""
    partial = path.with_name(f".{path.name}.{uuid4().hex}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException as error:
        _quietly(partial.unlink)
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise OutOfSpace(
                f"room for {len(data) / 2**20:,.1f} MiB of features at {path.parent}",
                "a full disk",
                "Free some; the same command then goes on from there.",
            ) from error
        raise


def _quietly(remove: Callable[[], None]) -> None:
    try:
        remove()
    except OSError:
        return
