"""A cleaned collection on the disk."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from vitrina.cleaning.plan import Plan
from vitrina.pile.join import WithoutBars

if TYPE_CHECKING:
    import numpy as np

    from vitrina.pile import Pile

REPORT = "clean_report.json"
QUEUE = "review_queue.jsonl"


def write_cleaned(
    final: Path, pile: Pile, plan: Plan, *, group: np.ndarray, queue: Iterable[Mapping[str, Any]], report: Any
) -> None:
    """Write `final` (dataset/, survey.parquet, review_queue.jsonl, clean_report.json), whole or not at all.

    The rows are those that `plan` keeps, in the order of the pile, labels as decided; `group` int64 (n,) becomes
    the column `duplicate_group`. What stood at `final` is replaced.
    """
    partial = final.with_name(f".{final.name}.{uuid4().hex}")
    partial.mkdir(parents=True)
    try:
        _write_dataset(partial, pile, plan, group)
        with (partial / QUEUE).open("w", encoding="utf-8") as file:
            for line in queue:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        (partial / REPORT).write_text(text, encoding="utf-8")
        _put(partial, final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def clear_what_a_kill_left(final: Path) -> None:
    """Put an old `final` back where a kill came between the two renames; remove what is half written."""
    old = _old(final)
    if old.exists() and not final.exists():
        os.replace(old, final)
    shutil.rmtree(old, ignore_errors=True)
    for left in final.parent.glob(f".{final.name}.{'[0-9a-f]' * 32}"):
        shutil.rmtree(left, ignore_errors=True)


def _old(final: Path) -> Path:
    return final.with_name(f".{final.name}.old")


def _write_dataset(partial: Path, pile: Pile, plan: Plan, group: np.ndarray) -> None:
    kept = plan.kept
    # Columns first, rows after: the other way round the library copies every picture into a cache of its own.
    dataset = pile.dataset.add_column("duplicate_group", group.tolist())
    if "label" in dataset.column_names:
        feature = dataset.features["label"]
        names = {name: number for number, name in enumerate(pile.class_names)}
        numbers = [None if label is None else names[label] for label in plan.labels]
        dataset = dataset.remove_columns("label").add_column("label", numbers, feature=feature)
    with WithoutBars():
        dataset.select(kept).save_to_disk(str(partial / "dataset"))
    survey = pile.survey.iloc[kept].reset_index(drop=True)
    survey["label"] = [plan.labels[row] for row in kept]
    survey["duplicate_group"] = group[kept]
    survey.to_parquet(partial / "survey.parquet", index=False)


def _put(partial: Path, final: Path) -> None:
    old = _old(final)
    if final.exists():
        os.replace(final, old)
    try:
        os.replace(partial, final)
    except OSError:
        if old.exists():
            os.replace(old, final)
        raise
    shutil.rmtree(old, ignore_errors=True)
