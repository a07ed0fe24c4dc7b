"""What a person at the terminal sees of a run: a bar, one line an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from transformers import ProgressCallback, TrainerCallback
from transformers.trainer_callback import PrinterCallback

if TYPE_CHECKING:
    from transformers import Trainer, TrainerControl, TrainerState, TrainingArguments

# Name in the log -> name on the line.
_SAID = {
    "loss": "loss",
    "eval_loss": "loss on validation",
    "eval_accuracy": "accuracy there",
    "eval_mae": "mean absolute error there",
    "learning_rate": "learning rate",
}


class _Bar(ProgressCallback):
    """The Trainer's bar without the dictionaries it prints between."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **told: Any) -> None:
        """Nothing: `Lines` says it."""


class Lines(TrainerCallback):
    """One line an epoch, after its evaluation."""

    def __init__(self) -> None:
        self._waiting: dict[str, float] = {}

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: Mapping[str, float] | None = None,
        **told: Any,
    ) -> None:
        """Called by the Trainer."""
        self._waiting |= {key: value for key, value in (logs or {}).items() if key in _SAID}
        if "eval_loss" not in (logs or {}) or not state.is_world_process_zero:
            return
        from tqdm import tqdm

        said = ", ".join(f"{_SAID[key]} {self._waiting[key]:.3g}" for key in _SAID if key in self._waiting)
        tqdm.write(f"epoch {state.epoch or 0:g} of {args.num_train_epochs:g}: {said}")
        self._waiting = {}


def show(trainer: Trainer) -> None:
    """Put these in the place of the Trainer's own."""
    shown = not trainer.args.disable_tqdm
    trainer.remove_callback(ProgressCallback)
    trainer.remove_callback(PrinterCallback)
    if shown:
        trainer.add_callback(_Bar)
    trainer.add_callback(Lines)
