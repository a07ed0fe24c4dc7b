"""A split as training sees it: pictures that decode when they are asked for, targets as numbers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vitrina.errors import BadRequest, NotFound
from vitrina.labels import LabelScheme
from vitrina.models.inputs import as_rgb

if TYPE_CHECKING:
    from datasets import Dataset
    from PIL import Image

TRAIN, VALIDATION, TEST = "train", "validation", "test"


@dataclass(frozen=True)
class Side:
    """n pictures of one side. `targets` float32 (n, k): one 1 a row (single_label), 0 or 1 (multi_label), 0..1
    (regression). `skipped` counts rows without a target. Nothing is decoded before `picture`.
    """

    name: str
    dataset: Dataset
    targets: np.ndarray
    scheme: LabelScheme
    skipped: int = 0

    def __len__(self) -> int:
        return len(self.targets)

    def picture(self, row: int, *, at_least: int | None = None) -> Image.Image:
        """RGB, decoded as the classifier decodes files, or to a shorter side of `at_least`. Raises PictureRefused."""
        return as_rgb(self.data(row), at_least=at_least)

    def data(self, row: int) -> bytes:
        """The bytes of the picture's file."""
        content: bytes = self.dataset[row]["image"]["bytes"]
        return content

    @cached_property
    def picture_id(self) -> list[str]:
        """In the order of the rows."""
        return list(self.dataset["picture_id"])

    @cached_property
    def keys(self) -> list[str]:
        """`pixel_sha256` of each row."""
        return list(self.dataset["pixel_sha256"])

    @cached_property
    def file_name(self) -> list[str]:
        """In the order of the rows."""
        return list(self.dataset["file_name"])

    @property
    def labels(self) -> np.ndarray:
        """int64 (n,): the index of the highest target."""
        return np.asarray(self.targets.argmax(axis=1), dtype=np.int64)

    def label(self, row: int) -> str | list[str] | dict[str, float]:
        """The truth of one picture as reports write it: a name, names, or a number for each name."""
        values = self.targets[row]
        if self.scheme.task == "single_label":
            return self.scheme.names[int(values.argmax())]
        if self.scheme.task == "multi_label":
            return [name for name, value in zip(self.scheme.names, values, strict=True) if value >= 0.5]
        return {name: round(float(value), 6) for name, value in zip(self.scheme.names, values, strict=True)}

    def counts(self) -> dict[str, Any]:
        """{"pictures", "rows", "classes"}: repeats of a picture are rows; classes count rows of each name, for
        regression the mean of each target instead."""
        unique = len(set(self.keys))
        if self.scheme.task == "regression":
            per_class: dict[str, float] = {
                name: round(float(self.targets[:, k].mean()), 4) for k, name in enumerate(self.scheme.names)
            }
        else:
            totals = (self.targets >= 0.5).sum(axis=0)
            per_class = {name: int(totals[k]) for k, name in enumerate(self.scheme.names)}
        return {"pictures": unique, "rows": len(self), "classes": per_class, "skipped": self.skipped}


@dataclass(frozen=True)
class Sides:
    """A split of the collection `name`: train, validation, test where they are, and the split's own report."""

    name: str
    sides: Mapping[str, Side]
    scheme: LabelScheme
    report: Mapping[str, Any]

    def __getitem__(self, side: str) -> Side:
        return self.sides[side]

    def summary(self) -> dict[str, Any]:
        """What a report of training says of its data."""
        return {
            "name": self.name,
            "fingerprint": self.report["fingerprint"],
            "hashes": dict(self.report["hashes"]),
            "counts": {name: side.counts() for name, side in self.sides.items()},
        }


def open_sides(
    work: Path,
    *,
    task: str = "single_label",
    targets: Sequence[str] = (),
    limit: int | None = None,
    seed: int = 0,
) -> Sides:
    """The split in WORK/split. `limit` takes that many rows a side by seed, one of each class in turn.

    Raises NotFound where there is no split, BadRequest: a side missing or empty, a class with fewer than two
    pictures in train, targets that are not there or no numbers from 0 to 1.
    """
    folder = Path(work) / "split"
    if not (folder / "split_report.json").is_file() or not (folder / "dataset").is_dir():
        raise NotFound(
            f"a split in {work}",
            "no split/split_report.json",
            f"Run python -m training prepare PILE --output_dir {work} --license LICENCE, or name another --data.",
        )
    from datasets import Image as ImageFeature
    from datasets import load_from_disk

    written: Any = load_from_disk(str(folder / "dataset"))
    report = json.loads((folder / "split_report.json").read_text(encoding="utf-8"))
    missing = [side for side in (TRAIN, VALIDATION) if side not in written or not len(written[side])]
    if missing:
        raise BadRequest(
            f"the sides train and validation in {folder.parent.name}/split",
            f"none for {', '.join(missing)}",
            "Split again with a share for each: validation is what is chosen on, test what is measured on.",
        )
    scheme = _scheme(written[TRAIN], task, targets)
    sides = {}
    for name in (TRAIN, VALIDATION, TEST):
        if name in written:
            rows = written[name].cast_column("image", ImageFeature(decode=False))
            sides[name] = _limited(_side(name, rows, scheme, targets), limit, seed)
    _refuse_small_classes(sides[TRAIN])
    return Sides(_name(folder.resolve().parent), sides, scheme, report)


def _name(work: Path) -> str:
    """That of the source, as collecting saw it; else that of the working folder."""
    try:
        told = json.loads((work / "collected" / "collect_report.json").read_text(encoding="utf-8"))
        return str(told["source"]["name"]).partition(":")[2] or str(told["source"]["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return work.name


def _scheme(rows: Dataset, task: str, targets: Sequence[str]) -> LabelScheme:
    if task == "single_label":
        names = getattr(rows.features.get("label"), "names", None)
        if targets or not names:
            raise BadRequest(
                "class names in the column label, no targets, for the task single_label",
                f"targets {', '.join(targets)}" if targets else "no class names",
                "Set task to multi_label or regression for target columns, or split a collection with classes.",
            )
        return LabelScheme(tuple(names))
    known = [name for name in rows.column_names if name != "image"]
    absent = [name for name in targets if name not in known]
    if not targets or absent:
        raise BadRequest(
            f"targets among the columns {', '.join(known)} for the task {task}",
            ", ".join(absent) or "none",
            "Name the columns that hold the targets.",
        )
    return LabelScheme(tuple(targets), task)


def _side(name: str, rows: Dataset, scheme: LabelScheme, targets: Sequence[str]) -> Side:
    if scheme.task == "single_label":
        labels = np.array([-1 if value is None else value for value in rows["label"]], dtype=np.int64)
        if labels.max(initial=-1) >= len(scheme.names):
            raise BadRequest(
                f"labels from 0 to {len(scheme.names) - 1} in {name}",
                str(int(labels.max())),
                "Split the collection again.",
            )
        kept = np.flatnonzero(labels >= 0)
        values = np.eye(len(scheme.names), dtype=np.float32)[labels[kept]]
    else:
        matrix = np.array(
            [[_number(value, column) for value in rows[column]] for column in targets], dtype=np.float32
        ).T.reshape(len(rows), len(targets))
        kept = np.flatnonzero(~np.isnan(matrix).any(axis=1))
        values = matrix[kept]
        _refuse_out_of_range(values, scheme, name)
    chosen = rows if len(kept) == len(rows) else rows.select(kept)
    return Side(name, chosen, values, scheme, skipped=len(rows) - len(kept))


def _number(value: Any, column: str) -> float:
    try:
        return float("nan") if value in (None, "") else float(value)
    except (TypeError, ValueError):
        raise BadRequest(
            f"numbers in the target column {column}", repr(value)[:80], "Correct the table."
        ) from None


def _refuse_out_of_range(values: np.ndarray, scheme: LabelScheme, side: str) -> None:
    allowed = "0 or 1" if scheme.task == "multi_label" else "from 0 to 1"
    wrong = (values < 0) | (values > 1)
    if scheme.task == "multi_label":
        wrong |= (values != 0) & (values != 1)
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise BadRequest(
            f"targets {allowed} for the task {scheme.task}",
            f"{values[row, column]:g} in {scheme.names[column]} of {side}",
            "Bring the column to that range, or choose another task.",
        )


def _limited(side: Side, limit: int | None, seed: int) -> Side:
    if limit is None or limit >= len(side):
        return side
    if limit < 1:
        raise BadRequest("limit of 1 or more", str(limit), "Correct it, or leave it out.")
    rng = np.random.default_rng([seed, limit])
    order = rng.permutation(len(side))
    # One of each class in turn, so that a small trial sees them all.
    seen: Counter[int] = Counter()
    turn = {}
    for row in order:
        label = int(side.labels[row])
        turn[int(row)] = seen[label]
        seen[label] += 1
    chosen = np.sort(sorted(turn, key=lambda row: (turn[row], row))[:limit])
    return Side(side.name, side.dataset.select(chosen), side.targets[chosen], side.scheme, side.skipped)


def _refuse_small_classes(train: Side) -> None:
    if train.scheme.task != "single_label":
        return
    counts = np.bincount(train.labels, minlength=len(train.scheme.names))
    few = [f"{name} ({count})" for name, count in zip(train.scheme.names, counts, strict=True) if count < 2]
    if few:
        raise BadRequest(
            "at least two pictures of every class in train",
            ", ".join(few[:20]),
            "Label more pictures of it, or leave the class out of the collection.",
        )
