"""A cleaned collection, made small: what python -m training clean leaves behind."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


@dataclass
class Piece:
    """One picture: `seed` paints it."""

    seed: int
    label: str | None
    group: int
    official: str | None = None
    columns: dict[str, Any] = field(default_factory=dict)

    @property
    def pixels(self) -> np.ndarray:
        return np.random.default_rng(self.seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)

    @property
    def png(self) -> bytes:
        stream = io.BytesIO()
        Image.fromarray(self.pixels).save(stream, "PNG")
        return stream.getvalue()

    @property
    def pixel_sha256(self) -> str:
        return hashlib.sha256(b"8x8:" + self.pixels.tobytes()).hexdigest()

    @property
    def picture_id(self) -> str:
        return hashlib.sha256(self.png).hexdigest()

    @property
    def file_name(self) -> str:
        return f"{self.label or 'pile'}/{self.seed}.png"


def make_cleaned(work: Path, pieces: Sequence[Piece], *, removed: Sequence[dict[str, Any]] = ()) -> Path:
    """WORK/cleaned with dataset, survey.parquet, clean_report.json; `work` itself is returned."""
    import datasets
    import pyarrow
    import pyarrow.parquet

    names = sorted({piece.label for piece in pieces if piece.label is not None})
    features: dict[str, Any] = {
        "image": datasets.Image(),
        "label": datasets.ClassLabel(names=names) if names else datasets.Value("string"),
        "picture_id": datasets.Value("string"),
        "file_name": datasets.Value("string"),
    }
    columns: dict[str, list[Any]] = {
        "image": [{"bytes": piece.png, "path": None} for piece in pieces],
        "label": [None if piece.label is None else names.index(piece.label) for piece in pieces],
        "picture_id": [piece.picture_id for piece in pieces],
        "file_name": [piece.file_name for piece in pieces],
    }
    for name in sorted({name for piece in pieces for name in piece.columns}):
        features[name] = datasets.Value("string")
        columns[name] = [piece.columns.get(name) for piece in pieces]
    features["duplicate_group"] = datasets.Value("int64")
    columns["duplicate_group"] = [piece.group for piece in pieces]
    folder = work / "cleaned"
    datasets.Dataset.from_dict(columns, features=datasets.Features(features)).save_to_disk(
        str(folder / "dataset")
    )
    survey = {
        "picture_id": columns["picture_id"],
        "file_name": columns["file_name"],
        "pixel_sha256": [piece.pixel_sha256 for piece in pieces],
        "official_split": [piece.official for piece in pieces],
        "duplicate_group": columns["duplicate_group"],
    }
    pyarrow.parquet.write_table(pyarrow.table(survey), folder / "survey.parquet")
    digest = hashlib.sha256("\n".join(sorted(columns["picture_id"])).encode()).hexdigest()
    report = {"stage": "clean", "fingerprint": digest, "removed": list(removed)}
    (folder / "clean_report.json").write_text(json.dumps(report), encoding="utf-8")
    return work


def pieces(counts: dict[str, int], *, groups_of: int = 1) -> list[Piece]:
    """So many pictures of each class, in groups of `groups_of` of one class."""
    answer: list[Piece] = []
    group = 0
    for label, count in counts.items():
        for number in range(count):
            group += number % groups_of == 0
            answer.append(Piece(len(answer), label, group))
    return answer
