"""What was logged, as a table that is always there."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transformers import TrainerCallback

if TYPE_CHECKING:
    from transformers import TrainerControl, TrainerState, TrainingArguments

FIRST = ("step", "epoch", "loss", "eval_loss", "eval_accuracy", "learning_rate", "grad_norm")


class Journal(TrainerCallback):
    """Writes `path` anew after each log, all of it: a run that was taken up again has one table without repeats."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **told: Any
    ) -> None:
        """Called by the Trainer."""
        if state.is_world_process_zero:
            write_table(state.log_history, self.path)


def write_table(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """A CSV of `rows`, in one step; columns that a row does not have stay empty."""
    known = {name for row in rows for name in row}
    columns = [name for name in FIRST if name in known] + sorted(known - set(FIRST))
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows(rows)
    os.replace(partial, path)


def by_epoch(log: Sequence[Mapping[str, Any]]) -> list[dict[str, float]]:
    """One row for each moment at which something was logged, by default each epoch's end.

    {"epoch", "loss", "eval_loss", "eval_accuracy", ...}; the Trainer's summary of the whole run is none of them.
    """
    epochs: dict[float, dict[str, float]] = {}
    for row in log:
        if "epoch" in row and not any(name.startswith("train_") for name in row):
            epochs.setdefault(round(float(row["epoch"]), 4), {}).update(
                {name: float(value) for name, value in row.items() if isinstance(value, int | float)}
            )
    return [epochs[epoch] for epoch in sorted(epochs)]
