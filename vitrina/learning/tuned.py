"""Training layers of the network itself through the Trainer: the last few, all, or all from random weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vitrina.augment import Augmentation, sizes_for
from vitrina.learning.answers import logits_of
from vitrina.learning.checkpoints import needed_bytes, newest_complete, refuse_without_space
from vitrina.learning.framing import Framing, framing_of
from vitrina.learning.journal import Clock, Journal, by_epoch, write_table
from vitrina.learning.progress import show
from vitrina.learning.rates import learning_rate_of
from vitrina.learning.seen import Seeing, StandingPictures, TrainingPictures, collated
from vitrina.learning.sides import Side
from vitrina.learning.trackers import hushed
from vitrina.learning.trained import Trained
from vitrina.learning.trainer import Learning, VitrinaTrainer, metrics_of
from vitrina.models.backbone import LoadedModel
from vitrina.models.checkpoint import quiet
from vitrina.models.inputs import pixel_values
from vitrina.models.layers import freeze
from vitrina.models.preprocessing import at_size

if TYPE_CHECKING:
    from PIL import Image
    from transformers import TrainingArguments


@dataclass(frozen=True)
class Tuning:
    """How the network is trained, beside what TrainingArguments say. `class_weights` float32 (k,) or None."""

    mode: str
    last_n: int = 1
    layer_decay: float = 1.0
    schedule: str = "trainer"
    augment: Augmentation | None = None
    mixup: float = 0.0
    progressive: tuple[int, ...] = ()
    class_weights: np.ndarray | None = None
    early_stopping: int = 0
    find_learning_rate: bool = False


def tune(
    loaded: LoadedModel,
    train: Side,
    validation: Side,
    *,
    tuning: Tuning,
    arguments: TrainingArguments,
    run: Path,
) -> Trained:
    """Train `loaded`, go on from the newest complete checkpoint in RUN/checkpoints, end with the best one.

    Raises BadRequest, OutOfSpace, VitrinaError where the loss stops being a number.
    """
    freeze(loaded.model, mode=tuning.mode, last_n=tuning.last_n)
    refuse_without_space(run, needed_bytes(loaded.model) * 2, what="two checkpoints")
    pictures = TrainingPictures(train, seeing_of(loaded, tuning, arguments), weights=tuning.class_weights)
    if tuning.find_learning_rate:
        rate = learning_rate_of(loaded.model, pictures, arguments, layer_decay=tuning.layer_decay, run=run)
        arguments = replace(arguments, learning_rate=rate)
    trainer = _trainer(loaded, pictures, validation, tuning=tuning, arguments=arguments, run=run)
    show(trainer)
    clock = Clock(run / "seconds.txt")
    trainer.add_callback(clock)
    before = _checkpoint_before(trainer)
    with quiet():
        done = trainer.train(resume_from_checkpoint=None if before is None else str(before))
    seconds = clock.seconds
    # The best checkpoint has been read by every process before the first one may clear it away.
    trainer.accelerator.wait_for_everyone()
    # Without the wrapper in which bf16 was trained: it would stay around every later answer.
    model: Any = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    complete = replace(loaded, model=model.cpu().float().eval())
    if trainer.is_world_process_zero():
        write_table(trainer.state.log_history, run / "history.csv")
    first = arguments.process_index == 0
    return Trained(
        loaded=complete,
        validation_logits=logits_of(complete, validation) if first else np.zeros((0, 0)),
        precision="float32",
        chosen=_chosen(trainer, arguments),
        seconds=seconds,
        trained_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        epochs=float(trainer.state.epoch or 0),
        steps=int(trainer.state.global_step),
        pictures_per_second=float(done.metrics.get("train_samples_per_second", 0.0)) or None,
        processes=arguments.world_size,
        learning_rate=float(arguments.learning_rate),
        history=by_epoch(trainer.state.log_history),
        more={
            "training_precision": "bf16" if arguments.bf16 else "float32",
            "resumed_from": None if before is None else before.name,
        },
    )


def _checkpoint_before(trainer: VitrinaTrainer) -> Path | None:
    """The one to go on from. Of several processes the first removes what is not complete, then the others look."""
    checkpoints = Path(str(trainer.args.output_dir))
    with trainer.accelerator.main_process_first():
        before, broken = newest_complete(checkpoints)
    if trainer.is_world_process_zero():
        if broken:
            print(f"left out, since they are not complete: {', '.join(broken)}")
        if before is not None:
            print(f"going on from {before.name}")
    return before


def seeing_of(loaded: LoadedModel, tuning: Tuning, arguments: TrainingArguments) -> Seeing:
    """How `tune` shows pictures of train. Raises BadRequest for sizes that the model does not take."""
    epochs = max(1, int(np.ceil(arguments.num_train_epochs)))
    sizes = sizes_for(tuning.progressive, epochs) if tuning.progressive else ()
    prepared = {size: replace(loaded, image_processor=at_size(loaded, size)) for size in sorted(set(sizes))}

    def shown(epoch: int) -> LoadedModel:
        return prepared[sizes[min(epoch, len(sizes) - 1)]] if sizes else loaded

    def prepare(picture: Image.Image, epoch: int) -> torch.Tensor:
        return pixel_values(shown(epoch), [picture])[0]

    augmentation = tuning.augment or Augmentation.from_recipe(None)
    framings = _framings([shown(epoch) for epoch in range(len(sizes) or 1)]) if augmentation else []
    if augmentation and not framings and arguments.process_index == 0:
        kind = type(loaded.image_processor).__name__
        print(f"{kind} is asked for every picture, varied in its own size: training takes longer for that")
    return Seeing(
        prepare,
        augmentation,
        arguments.seed,
        mixup=tuning.mixup,
        smoothing=arguments.label_smoothing_factor,
        framings=framings,
    )


def _framings(shown: list[LoadedModel]) -> list[Framing]:
    """One an epoch; none at all where the image processor of one cannot be done without."""
    known = {id(model): framing_of(model) for model in shown}
    framings = [framing for model in shown if (framing := known[id(model)]) is not None]
    return framings if len(framings) == len(shown) else []


def _trainer(
    loaded: LoadedModel,
    pictures: TrainingPictures,
    validation: Side,
    *,
    tuning: Tuning,
    arguments: TrainingArguments,
    run: Path,
) -> VitrinaTrainer:
    from transformers import EarlyStoppingCallback

    task = validation.scheme.task
    callbacks: list[Any] = [Journal(run / "history.csv")]
    if tuning.early_stopping:
        callbacks.append(EarlyStoppingCallback(tuning.early_stopping))

    def metrics(answers: Any) -> dict[str, float]:
        return metrics_of(answers.predictions, _first(answers.label_ids), task)

    trainer = VitrinaTrainer(
        learning=Learning(task, tuning.layer_decay, tuning.schedule),
        model=loaded.model,
        args=arguments,
        train_dataset=pictures,
        eval_dataset=StandingPictures(validation, lambda picture: pixel_values(loaded, [picture])[0]),
        data_collator=collated,
        compute_metrics=metrics,
        callbacks=callbacks,
    )
    for callback in trainer.callback_handler.callbacks:
        hushed(callback)
    return trainer


def _first(labels: Any) -> Any:
    return labels[0] if isinstance(labels, tuple) else labels


def _chosen(trainer: VitrinaTrainer, arguments: TrainingArguments) -> dict[str, Any]:
    """The best epoch, or the last one where load_best_model_at_end is false."""
    metric = str(arguments.metric_for_best_model)
    state, measured = trainer.state, [row for row in trainer.state.log_history if "eval_loss" in row]
    if arguments.load_best_model_at_end and state.best_global_step:
        measured = [row for row in measured if row.get("step") == state.best_global_step]
    last = measured[-1] if measured else {}
    return {
        "metric": "log_loss" if metric == "eval_loss" else metric,
        "on": "validation",
        "value": last.get(metric),
        "epoch": last.get("epoch", state.epoch),
        "l2": None,
    }
