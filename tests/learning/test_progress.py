"""What a person at the terminal sees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from transformers import ProgressCallback, Trainer, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import PrinterCallback

from tests.learning.tiny import recipe, run
from vitrina.learning.progress import Lines, show


def said(lines: Lines, arguments: Any, *, first: bool = True, **logs: float) -> None:
    state = TrainerState(epoch=1.0, is_world_process_zero=first)
    lines.on_log(arguments, state, TrainerControl(), logs=logs)


def test_an_epoch_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = recipe(tmp_path).training_arguments(tmp_path)
    lines = Lines()
    said(lines, arguments, loss=0.51234, learning_rate=0.001, ram_mib=300.0)
    assert capsys.readouterr().out == ""
    said(lines, arguments, eval_loss=0.25, eval_accuracy=0.875, eval_runtime=3.0)
    assert capsys.readouterr().out == (
        "epoch 1 of 3: loss 0.512, loss on validation 0.25, accuracy there 0.875, learning rate 0.001\n"
    )
    # The next line has nothing of the last one.
    said(lines, arguments, eval_loss=0.2, eval_mae=0.1)
    assert capsys.readouterr().out == "epoch 1 of 3: loss on validation 0.2, mean absolute error there 0.1\n"
    said(lines, arguments, first=False, loss=0.5, eval_loss=0.2)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("bar", [True, False])
def test_the_own_bar_takes_the_place_of_the_trainers(bar: bool, tmp_path: Path) -> None:
    import torch

    arguments = TrainingArguments(str(tmp_path), disable_tqdm=not bar, report_to="none")
    trainer = Trainer(torch.nn.Linear(1, 1), arguments)
    show(trainer)
    kinds = [type(callback) for callback in trainer.callback_handler.callbacks]
    assert ProgressCallback not in kinds
    assert PrinterCallback not in kinds
    assert kinds.count(Lines) == 1
    bars = [kind for kind in kinds if issubclass(kind, ProgressCallback)]
    assert [kind.__name__ for kind in bars] == ["_Bar"] * bar


def test_a_run_says_a_line_an_epoch_beside_its_bar(
    work: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(recipe(work, num_train_epochs=2, disable_tqdm=False), tmp_path / "run")
    shown = capsys.readouterr()
    lines = [line for line in shown.out.splitlines() if line.startswith("epoch ")]
    assert [line.partition(":")[0] for line in lines] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert "6/6" in shown.err
    assert "{" not in shown.out + shown.err
