"""Splits to train on: of photos that are nobody's, of a folder by the real stages; the same as class folders."""

from __future__ import annotations

import hashlib
import io
import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.photos import CLASSES, make_photo
from benchmarks.side_by_side import silence

if TYPE_CHECKING:
    from vitrina.learning.sides import Sides

NAMES = tuple(sorted(CLASSES))


def split_of_photos(
    work: Path, counts: Mapping[str, int], *, size: tuple[int, int] = (600, 400), different: int | None = None
) -> Path:
    """`work` as a working folder whose split holds so many photos a side, each once unless only so many are different.

    `different` serves where they are read anew each time anyhow, and drawing thousands would take minutes.
    """
    photos: Iterable[bytes] = (_photo(number, size=size) for number in itertools.count())
    if different is not None:
        photos = itertools.cycle(list(itertools.islice(photos, different)))
    photos = iter(photos)
    rows = {
        side: [_row(data, number % len(NAMES)) for number, data in enumerate(itertools.islice(photos, count))]
        for side, count in counts.items()
    }
    return _write(work, rows, NAMES)


def split_of_classes(pile: Path, work: Path, counts: Mapping[str, int]) -> Path:
    """The same of JPEG files in class folders, one of each class in turn as they are named, each once."""
    names = sorted({path.parent.name for path in pile.glob("*/*.jpg")})
    each = [sorted((pile / name).glob("*.jpg")) for name in names]
    rounds = itertools.chain.from_iterable(zip(*each, strict=False))
    rows = {
        side: [_row(path.read_bytes(), names.index(path.parent.name)) for path in itertools.islice(rounds, count)]
        for side, count in counts.items()
    }
    return _write(work, rows, names)


def _write(work: Path, given: Mapping[str, list[dict[str, Any]]], names: Sequence[str]) -> Path:
    from datasets import ClassLabel, Dataset, DatasetDict, Features, Image, Value, disable_progress_bars

    disable_progress_bars()
    features = Features(
        {"image": Image(), "label": ClassLabel(names=list(names))}
        | {name: Value("string") for name in ("picture_id", "pixel_sha256", "file_name")}
    )
    sides = {side: Dataset.from_list(rows, features=features) for side, rows in given.items()}
    DatasetDict(sides).save_to_disk(str(work / "split" / "dataset"))
    hashes = {
        side: hashlib.sha256("\n".join(rows["pixel_sha256"]).encode()).hexdigest()
        for side, rows in sides.items()
    }
    report = {
        "stage": "split",
        "hashes": hashes,
        "fingerprint": hashlib.sha256("".join(hashes.values()).encode()).hexdigest(),
        "counts": {side: {"rows": len(rows)} for side, rows in given.items()},
    }
    (work / "split" / "split_report.json").write_text(json.dumps(report), encoding="utf-8")
    return work


def split_of_folder(pile: Path, work: Path) -> Path:
    """`work` after `python -m training prepare` on `pile`; what it finished before is left as it is."""
    from training.prepare import main

    with silence():
        main([str(pile), "--output_dir", str(work), "--license", "other"])
    return work


def folders_of(work: Path, folder: Path) -> Path:
    """The split of `work` as class folders."""
    from vitrina.learning.sides import open_sides

    return class_folders(open_sides(work), folder)


def class_folders(sides: Sides, folder: Path) -> Path:
    """The same pictures, file by file, as FOLDER/side/class/number.jpg, the way imagefolder reads them."""
    for name, side in sides.sides.items():
        for row in range(len(side)):
            place = folder / name / str(side.label(row))
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{row:05d}.jpg").write_bytes(side.data(row))
    return folder


def _photo(number: int, *, size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    make_photo(number, size=size).save(file, "JPEG", quality=88)
    return file.getvalue()


def _row(data: bytes, label: int) -> dict[str, Any]:
    key = hashlib.sha256(data).hexdigest()
    name = f"{key[:12]}.jpg"
    told = {"picture_id": key, "pixel_sha256": key, "file_name": name}
    return {"image": {"bytes": data, "path": name}, "label": label} | told
