"""What lies in a working folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitrina.errors import NotFound, VitrinaError

if TYPE_CHECKING:
    import pandas as pd

    from vitrina.pile import Pile

Report = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """The stages' reports, None for a stage that has not run; `queue` holds the lines of the review queue.

    `stale` names the stages whose report belongs to an earlier run of the stage before: they count as not run.
    """

    work: Path
    pile: Pile
    collected: Report
    cleaned: Report | None
    queue: Sequence[Report]
    split: Report | None
    stale: tuple[str, ...] = ()

    @property
    def survey(self) -> pd.DataFrame:
        """One row a picture, as collected."""
        return self.pile.survey

    @property
    def name(self) -> str:
        """The collection's name: that of its source, without the kind of the source."""
        told = str(self.collected["source"]["name"])
        return told.partition(":")[2] or told

    @cached_property
    def rows_of(self) -> dict[str, list[int]]:
        """The rows of each picture_id: more than one where files are the same byte for byte."""
        rows: dict[str, list[int]] = {}
        for row, picture_id in enumerate(self.survey["picture_id"]):
            rows.setdefault(str(picture_id), []).append(row)
        return rows

    @cached_property
    def collected_labels(self) -> list[str | None]:
        """The label of each row as collected, None where it has none."""
        return [label if isinstance(label, str) else None for label in self.survey["label"]]

    @cached_property
    def labels(self) -> list[str | None]:
        """The label of each row now: what a person said last, else as collected."""
        labels = list(self.collected_labels)
        for picture_id, event in self.decisions.items():
            for row in self.rows_of.get(picture_id, []) if event["kind"] == "relabel" else []:
                labels[row] = event["label"]
        return labels

    @cached_property
    def decisions(self) -> dict[str, Report]:
        """The decision that stands on each picture, of those that cleaning knew of: an undo takes the last one back."""
        standing: dict[str, list[Report]] = {}
        for event in [] if self.cleaned is None else self.cleaned["decided"]:
            before = standing.setdefault(str(event["picture_id"]), [])
            if event["kind"] != "undo":
                before.append(event)
            elif before:
                before.pop()
        return {picture_id: events[-1] for picture_id, events in standing.items() if events}

    @cached_property
    def file_names(self) -> list[str]:
        """The file name of each row."""
        return [str(name) for name in self.survey["file_name"]]

    def row_of(self, picture_id: str, file_name: str) -> int:
        """The row of one file. Raises VitrinaError for one that the collection does not hold."""
        for row in self.rows_of.get(picture_id, []):
            if self.file_names[row] == file_name:
                return row
        raise VitrinaError(
            "reports on the pictures in collected/",
            f"{file_name!r}, which is not among them",
            "Run python -m training clean WORK again.",
        )

    def official_split(self, row: int) -> str | None:
        """The split that the source gave to one row; None where it gave none."""
        told = self.survey["official_split"].iat[row]
        return told if isinstance(told, str) else None


def read_work(work: Path) -> Found:
    """Reads what the stages have left in `work`.

    Raises NotFound where nothing was collected, VitrinaError for a report that cannot be read.
    """
    from vitrina.pile import open_pile

    collected = _report(work / "collected" / "collect_report.json")
    if collected is None:
        raise NotFound(
            "a working folder that holds collected/collect_report.json",
            f"none in {work}",
            "Collect first: python -m training collect PILE --output_dir WORK.",
        )
    cleaned = _report(work / "cleaned" / "clean_report.json")
    split = _report(work / "split" / "split_report.json")
    stale = []
    if cleaned is not None and not _follows(cleaned["input"], collected, key="digest"):
        cleaned = None
        stale.append("clean")
    # Without a report of cleaning nothing says which labels were split: only the pictures can be compared.
    before = cleaned or {"fingerprint": collected["fingerprint"]}
    if split is not None and (stale or not _follows(split["input"], before, key="clean_digest")):
        split = None
        stale.append("split")
    queue = _lines(work / "cleaned" / "review_queue.jsonl") if cleaned is not None else []
    pile = open_pile(work / "collected")
    return Found(work, pile, collected, cleaned, queue=queue, split=split, stale=tuple(stale))


def _follows(told: Report, earlier: Report, *, key: str) -> bool:
    """Whether a stage's input is what the stage before has left: the same pictures and, where both say, labels."""
    if told["fingerprint"] != earlier["fingerprint"]:
        return False
    return told.get(key) is None or earlier.get("digest") is None or told[key] == earlier["digest"]


def _report(path: Path) -> Report | None:
    if not path.is_file():
        return None
    try:
        loaded = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(loaded, dict):
        raise _unreadable(path, f"a {type(loaded).__name__}")
    return loaded


def _lines(path: Path) -> list[Report]:
    if not path.is_file():
        return []
    lines = [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    try:
        return [json.loads(line) for line in lines]
    except ValueError as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, found: str) -> VitrinaError:
    return VitrinaError(
        f"{path.name} as its stage wrote it",
        found,
        f"Delete {path.parent.name}/{path.name}, then run its stage again.",
    )
