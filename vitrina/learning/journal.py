"""What was logged, as a table that is always there."""

from __future__ import annotations

import csv
import os
import time
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


class Clock(TrainerCallback):
    """Seconds of training, those before a run was stopped included: kept in `path` at each save."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = _kept(path)
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Up to now."""
        return self.before + time.monotonic() - self.started

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **told: Any
    ) -> None:
        """Called by the Trainer."""
        if state.is_world_process_zero:
            self.path.write_text(f"{self.seconds:.3f}\n", encoding="utf-8")


def _kept(path: Path) -> float:
    try:
        return float(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0.0


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
