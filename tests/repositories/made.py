"""Contents of versions that need no model: what is compared are bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vitrina.repositories.manifest import Manifest
from vitrina.repositories.release import Content
from vitrina.repositories.repository import Repository

AT = "2026-11-27T10:00:00+00:00"
# Larger than what the Hub takes inside a commit.
LARGE = 60_000


def weights(number: int) -> bytes:
    """Bytes that do not compress, the same for the same number."""
    return np.random.default_rng(number).bytes(LARGE)


def content(number: int, *, name: str = "food", extra: str | None = None) -> Content:
    """A version: a large file, two small ones, one in a folder; with `extra` another file of that name."""
    files: dict[str, Path | bytes] = {
        "model.safetensors": weights(number),
        "config.json": b'{"number": %d}' % number,
        "README.md": f"---\nlicense: apache-2.0\n---\n# Food {number}\n".encode(),
        "plots/curve.svg": f"<svg>{number}</svg>".encode(),
    }
    if extra is not None:
        files[extra] = b"more"
    return Content.of(files, Manifest(kind="model", name=f"{name} {number}", created=AT, files={}))


def at(repository: Repository, revision: str) -> dict[str, bytes]:
    """Path -> bytes of everything there."""
    return {path: repository.read(path, revision=revision) for path in repository.files(revision)}


def is_whole(repository: Repository, revision: str, wanted: Content) -> bool:
    """Whether that version, and nothing of another one, lies there."""
    found = {
        path: data
        for path, data in at(repository, revision).items()
        if path not in (".gitattributes", "champion_history.jsonl")
    }
    told = {
        path: data if isinstance(data, bytes) else data.read_bytes() for path, data in wanted.files.items()
    }
    return found == told | {"vitrina_manifest.json": wanted.manifest.to_bytes()}
