"""What was logged, as a table."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.learning.tiny import recipe, run
from vitrina.learning.journal import Journal, by_epoch, write_table

LOG = [
    {"loss": 1.2, "learning_rate": 0.1, "epoch": 1.0, "step": 3},
    {"eval_loss": 0.9, "eval_accuracy": 0.5, "epoch": 1.0, "step": 3},
    {"loss": 1.0, "learning_rate": 0.05, "epoch": 2.0, "step": 6},
    {"eval_loss": 0.8, "eval_accuracy": 0.75, "epoch": 2.0, "step": 6},
    {"train_runtime": 3.0, "train_loss": 1.1, "epoch": 2.0, "step": 6},
]


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_an_epoch_has_one_row() -> None:
    assert by_epoch(LOG) == [LOG[0] | LOG[1], LOG[2] | LOG[3]]
    assert by_epoch(list(reversed(LOG))) == by_epoch(LOG)
    assert by_epoch([]) == by_epoch([{"loss": 1.0}]) == []


def test_what_is_no_number_is_left_out() -> None:
    assert by_epoch([{"epoch": 1, "loss": 2, "said": "x"}]) == [{"epoch": 1.0, "loss": 2.0}]


def test_moments_within_an_epoch_have_rows_of_their_own() -> None:
    rows = by_epoch(
        [{"epoch": 0.5, "loss": 2.0}, {"epoch": 1.0, "loss": 1.0}, {"epoch": 1.0, "eval_loss": 3.0}]
    )
    assert rows == [{"epoch": 0.5, "loss": 2.0}, {"epoch": 1.0, "loss": 1.0, "eval_loss": 3.0}]


def test_a_table_has_every_column_that_a_row_has(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    write_table([{"zeta": 1, "loss": 0.5, "step": 3}, {"eval_loss": 0.25, "step": 6, "alpha": 2}], file)
    assert file.read_text(encoding="utf-8").splitlines() == [
        "step,loss,eval_loss,alpha,zeta",
        "3,0.5,,,1",
        "6,,0.25,2,",
    ]
    write_table([], file)
    assert read(file) == []
    assert [path.name for path in tmp_path.iterdir()] == ["history.csv"]


def test_a_table_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = tmp_path / "history.csv"
    write_table([{"step": 1}], file)

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("stopped while it writes")

    with pytest.raises(RuntimeError, match="stopped while it writes"):
        write_table([{"step": 2}, {"step": Broken()}], file)
    assert [row["step"] for row in read(file)] == ["1"]


def test_a_run_has_its_table_whatever_tracks_it(work: Path, tmp_path: Path) -> None:
    report = run(recipe(work, num_train_epochs=2), tmp_path / "run")
    rows = read(tmp_path / "run" / "history.csv")
    assert [float(row["eval_loss"]) for row in rows if row["eval_loss"]] == [
        row["eval_loss"] for row in report["history"]
    ]
    assert [float(row["loss"]) for row in rows if row["loss"]] == [row["loss"] for row in report["history"]]
    assert all(float(row["ram_mib"]) > 0 for row in rows if row["loss"])


def test_only_the_first_process_writes(tmp_path: Path) -> None:
    from transformers import TrainerControl, TrainerState, TrainingArguments

    arguments = TrainingArguments(output_dir=str(tmp_path / "checkpoints"), report_to="none")
    for first in (False, True):
        state = TrainerState(log_history=LOG, is_world_process_zero=first)
        Journal(tmp_path / "history.csv").on_log(arguments, state, TrainerControl())
        assert (tmp_path / "history.csv").exists() is first
    assert len(read(tmp_path / "history.csv")) == 5
