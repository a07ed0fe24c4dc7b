"""Working folders with a small split, as `training split` writes it, made without its road."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, Value
from PIL import Image as Pillow

NAMES = ("blue", "green", "red")
COLOURS = {"blue": (60, 90, 200), "green": (70, 170, 80), "red": (200, 70, 60)}


def picture(name: str, number: int, *, size: tuple[int, int] = (48, 40)) -> bytes:
    """A PNG of noise with a square whose colour is the class's."""
    rng = np.random.default_rng([number, len(name)])
    pixels = rng.integers(60, 190, (size[1], size[0], 3))
    top, left = rng.integers(4, size[1] - 24), rng.integers(4, size[0] - 24)
    pixels[top : top + 18, left : left + 18] = 0.3 * pixels[
        top : top + 18, left : left + 18
    ] + 0.7 * np.array(COLOURS[name])
    file = io.BytesIO()
    Pillow.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def make_work(folder: Path, *, train: int = 8, validation: int = 4, test: int = 4, first: int = 0) -> Path:
    """`folder` as a working folder; so many pictures of each class a side. `first` numbers the pictures."""
    rows: dict[str, dict[str, list[Any]]] = {}
    number = first
    for side, each in (("train", train), ("validation", validation), ("test", test)):
        columns: dict[str, list[Any]] = {key: [] for key in _features()}
        for name in NAMES:
            for _ in range(each):
                number += 1
                _add(columns, name, number)
        rows[side] = columns
    return write_split(folder, rows)


def write_split(folder: Path, rows: dict[str, dict[str, list[Any]]]) -> Path:
    """The data set and a report with what training reads of it."""
    sides = {
        side: Dataset.from_dict(columns, features=_features())
        for side, columns in rows.items()
        if columns["label"]
    }
    DatasetDict(sides).save_to_disk(str(folder / "split" / "dataset"))
    hashes = {
        side: hashlib.sha256("\n".join(sorted(columns["pixel_sha256"])).encode()).hexdigest()
        for side, columns in rows.items()
    }
    report = {
        "stage": "split",
        "hashes": hashes,
        "fingerprint": hashlib.sha256("".join(hashes.values()).encode()).hexdigest(),
        "counts": {
            side: {
                "rows": len(columns["label"]),
                "pictures": len(columns["label"]),
                "groups": len(columns["label"]),
            }
            for side, columns in rows.items()
        },
        "leaks": {
            "before": {"what": "a random split by picture", "groups": 0, "pictures": 0},
            "after": {"what": "the splits as written", "groups": 0, "pictures": 0},
        },
        "class_weights": None,
    }
    (folder / "split" / "split_report.json").write_text(json.dumps(report), encoding="utf-8")
    return folder


def _features() -> Features:
    return Features(
        {
            "image": Image(),
            "label": ClassLabel(names=list(NAMES)),
            "picture_id": Value("string"),
            "pixel_sha256": Value("string"),
            "file_name": Value("string"),
            "round": Value("float64"),
            "bright": Value("float64"),
        }
    )


def _add(columns: dict[str, list[Any]], name: str, number: int) -> None:
    data = picture(name, number)
    key = hashlib.sha256(data).hexdigest()
    columns["image"].append({"bytes": data, "path": f"{number}.png"})
    columns["label"].append(NAMES.index(name))
    columns["picture_id"].append(key)
    columns["pixel_sha256"].append(key)
    columns["file_name"].append(f"{name}/{number}.png")
    columns["round"].append(float(name != "red"))
    columns["bright"].append({"blue": 0.2, "green": 0.6, "red": 0.9}[name])
