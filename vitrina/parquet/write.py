"""The files of a data set as it is published, from a split and its card."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.cards.reports import SPLIT, read_report, write_text
from vitrina.errors import BadRequest, Conflict, NotFound
from vitrina.parquet.card import published_card, refuse_card
from vitrina.parquet.check import check_dataset
from vitrina.parquet.columns import Chosen, chosen_columns
from vitrina.parquet.rows import Counted, row_groups
from vitrina.parquet.shards import SHARD_BYTES, SideFiles, write_side

if TYPE_CHECKING:
    from datasets import DatasetDict

CARD = "README.md"


@dataclass(frozen=True)
class DatasetFiles:
    """What lies in `folder`: `files`, paths relative to it, the card last; `sides` in the order of the split;
    `counted`, what became of rows and pictures; `columns` that are published, `left_out`: name -> why.
    """

    folder: Path
    files: tuple[str, ...]
    sides: Mapping[str, SideFiles]
    counted: Counted
    columns: tuple[str, ...]
    left_out: Mapping[str, str]

    def told(self) -> str:
        """The same for a terminal, a few lines."""
        lines = [
            f"{side:10} {one.rows:9,d} rows in {len(one.files)} Parquet files, {one.on_disk:,} bytes"
            for side, one in self.sides.items()
        ]
        lines.append(f"columns    {', '.join(self.columns)}")
        lines += [f"left out   {name}: {why}" for name, why in self.left_out.items()]
        counted = self.counted
        found = (
            ", ".join(f"{what} {n:,}" for what, n in sorted(counted.taken_out.items())) or "no metadata found"
        )
        lines.append(f"pictures   {counted.changed:,} of {counted.rows:,} leave without something: {found}")
        lines += [f"as PNG     {n:,}: {why}" for why, n in sorted(counted.written_anew.items())]
        lines += [
            f"shortened  {n:,} in {name}: folders of a disk" for name, n in sorted(counted.shortened.items())
        ]
        return "\n".join(lines)


def write_dataset_files(
    work: Path,
    folder: Path,
    *,
    repo_id: str | None = None,
    without: Sequence[str] = (),
    shard_bytes: int = SHARD_BYTES,
    progress: Callable[[int, int], None] | None = None,
) -> DatasetFiles:
    """WORK/split and WORK/card as FOLDER/data/SIDE-00000-of-0000N.parquet and FOLDER/README.md, checked.

    `folder` is new or empty; after an error it is as it was. `repo_id` (org/name) stands in the card's lines that load
    the data; None: they load the folder. `without`: columns that stay at home; `chosen_columns` says what leaves, and
    why. `progress` gets rows done, rows in all. A row group (32 MiB, or one picture if that is more) is in memory at
    a time. The same split, card and arguments give the same bytes.

    Raises NotFound where there is no split or card, Conflict where they do not belong together or `folder` holds
    something, BadRequest where a picture does not decode, for `without`, for a card that names folders of a person.
    """
    report, card = _report(work), _card(work)
    refuse_card(card, report)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"a new or empty folder at {folder.name}", "one with files", "Name another folder.")
    written = _split(work)
    chosen = chosen_columns(
        next(iter(written.values())).features, targets=report["settings"].get("targets", ()), without=without
    )
    was_there = folder.exists()
    try:
        counted = Counted()
        sides = _sides(
            written, chosen, folder=folder, counted=counted, shard_bytes=shard_bytes, progress=progress
        )
        text = published_card(
            card, report=report, sides=sides, counted=counted, columns=list(chosen.features), repo_id=repo_id
        )
        write_text(folder / CARD, text)
        check_dataset(folder, report)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if was_there:
            folder.mkdir()
        raise
    files = (*(name for side in sides.values() for name in side.files), CARD)
    return DatasetFiles(folder, files, sides, counted, tuple(chosen.features), chosen.left_out)


def _sides(
    written: DatasetDict,
    chosen: Chosen,
    *,
    folder: Path,
    counted: Counted,
    shard_bytes: int,
    progress: Callable[[int, int], None] | None,
) -> dict[str, SideFiles]:
    total = sum(len(part) for part in written.values())
    done = 0

    def count() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return {
        str(side): write_side(
            folder,
            str(side),
            row_groups(part, chosen.features, counted=counted, progress=count),
            chosen.features,
            shard_bytes=shard_bytes,
        )
        for side, part in written.items()
    }


def _report(work: Path) -> dict[str, Any]:
    report = read_report(work, "split", SPLIT)
    if lacking := sorted({"counts", "features", "fingerprint", "hashes", "settings"} - set(report)):
        raise BadRequest(
            f"a split_report.json in {work.resolve().name} with what a check needs",
            f"one without {', '.join(lacking)}",
            "Run python -m training split again.",
        )
    return report


def _card(work: Path) -> str:
    path = work / "card" / CARD
    if not path.is_file():
        raise NotFound(
            f"the card of the data at card/{CARD} in {work.resolve().name}",
            "none",
            f"Run python -m training card {work} --license LICENCE first.",
        )
    return path.read_text(encoding="utf-8")


def _split(work: Path) -> DatasetDict:
    from datasets import load_from_disk

    try:
        loaded: Any = load_from_disk(str(work / "split" / "dataset"))
    except (OSError, ValueError) as error:
        raise NotFound(
            f"the split's rows at split/dataset in {work.resolve().name}",
            " ".join(str(error).split())[:200],
            "Run python -m training split again.",
        ) from error
    return loaded
