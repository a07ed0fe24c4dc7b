"""A split on disk: written whole, read back, checked."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import BadRequest, Conflict
from vitrina.splits.groups import join_groups
from vitrina.splits.leaks import Leaks, count_leaks
from vitrina.splits.rows import labels_of
from vitrina.splits.targets import Targets, read_targets

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict


# True in rows that repeat a picture of train; there only where train was oversampled.
COPY = "balance_copy"


def write_sides(
    dataset: Dataset, rows: dict[str, list[int]], *, copies: Sequence[int], folder: Path
) -> DatasetDict:
    """Writes the rows of each side as a DatasetDict, then opens what was written.

    `copies` are rows that train holds once more, marked in the column COPY. Pictures keep their bytes. Raises
    BadRequest where the collection has a column of that name.
    """
    from datasets import DatasetDict, concatenate_datasets, load_from_disk

    if COPY in dataset.column_names:
        raise BadRequest(
            "a collection without a column of that name",
            COPY,
            "Rename the column in the source, then collect again.",
        )
    first: Any = dataset
    if copies:
        first = dataset.add_column(COPY, [False] * len(dataset))
    sides = {side: first.select(chosen) for side, chosen in rows.items()}
    if copies:
        repeats: Any = dataset.add_column(COPY, [True] * len(dataset))
        sides["train"] = concatenate_datasets([sides["train"], repeats.select(copies)])
    with _quiet_unless_watched():
        DatasetDict(sides).save_to_disk(str(folder))
    written: Any = load_from_disk(str(folder))
    return written


def leaks_of(written: DatasetDict, columns: Sequence[str]) -> Leaks:
    """Leaks counted afresh from what was written: groups are joined again from its columns."""
    sides = [side for side, part in written.items() for _ in range(len(part))]
    values = [[value for part in written.values() for value in part[name][:]] for name in columns]
    return count_leaks(sides, join_groups(*values))


def refuse_leaks(leaks: Leaks) -> None:
    """Raises Conflict where there are any."""
    if leaks.groups:
        raise Conflict(
            "a written split in which every group lies on one side",
            f"on two sides: {leaks.groups}, with pictures in them: {leaks.pictures}",
            "Nothing was kept of it; please report this with the collection's reports.",
        )


def contents(
    written: DatasetDict, columns: Sequence[str], *, targets: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """For each side: `rows`; `pictures`, those without copies; `groups`; `classes` with the pictures of each, classes
    without any included where the label feature or another side names them.

    With `targets` a picture without a label counts as one of its highest, and `targets` stand there with `n`, `mean`.
    """
    answer: dict[str, dict[str, Any]] = {}
    labels = {side: _labels(part, targets) for side, part in written.items()}
    names = _class_names(written, labels, targets)
    for side, part in written.items():
        own = _own_rows(part)
        counted = dict.fromkeys(names, 0)
        for row in own:
            counted[str(labels[side][row])] += 1
        ids = join_groups(*[part[name][:] for name in columns])
        answer[side] = {
            "pictures": len(own),
            "rows": len(part),
            "groups": len({int(ids[row]) for row in own}),
            "classes": counted,
        }
        if targets:
            answer[side]["targets"] = _targets(part, targets).figures(own)
    return answer


def _class_names(
    written: DatasetDict, labels: Mapping[str, Sequence[str | None]], targets: Sequence[str]
) -> list[str]:
    """Classes in the order of the label feature, then targets in theirs, then what else occurs."""
    occurring = {str(label) for side in labels.values() for label in side}
    names = [name for part in written.values() for name in getattr(part.features.get("label"), "names", None) or ()]
    names += [name for name in targets if name in occurring]
    return list(dict.fromkeys([*names, *sorted(occurring)]))


def _targets(part: Dataset, targets: Sequence[str]) -> Targets:
    return read_targets(part, targets, file_names=part["file_name"][:])


def _labels(part: Dataset, targets: Sequence[str]) -> list[str | None]:
    labels = labels_of(part)
    return _targets(part, targets).stands_for(labels) if targets else labels


def hashes(written: DatasetDict) -> dict[str, str]:
    """For each side the SHA-256 of its pictures' `pixel_sha256`, sorted, joined by newlines; copies left out."""
    return {
        side: hashlib.sha256("\n".join(sorted(_pixels(part))).encode()).hexdigest()
        for side, part in written.items()
    }


def fingerprint(written: DatasetDict, *, targets: Sequence[str] = ()) -> str:
    """SHA-256 over side, pixels, label and `targets` of every row, in no order of their own."""
    lines = []
    for side, part in written.items():
        pixels, labels = part["pixel_sha256"][:], labels_of(part)
        ends = [""] * len(part)
        if targets:
            read = _targets(part, targets)
            ends = ["\t" + json.dumps([targets, read.told(row)]) for row in range(len(part))]
        lines += [f"{side}\t{one}\t{label}{end}" for one, label, end in zip(pixels, labels, ends, strict=True)]
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _own_rows(part: Dataset) -> list[int]:
    if COPY not in part.column_names:
        return list(range(len(part)))
    return [row for row, copy in enumerate(part[COPY][:]) if not copy]


def _pixels(part: Dataset) -> list[str]:
    pixels = part["pixel_sha256"][:]
    return [str(pixels[row]) for row in _own_rows(part)]


@contextmanager
def _quiet_unless_watched() -> Iterator[None]:
    """The bars of datasets ignore whether anybody watches."""
    from datasets import utils

    switch = not sys.stderr.isatty() and utils.are_progress_bars_disabled() is False
    if switch:
        utils.disable_progress_bars()
    try:
        yield
    finally:
        if switch:
            utils.enable_progress_bars()
