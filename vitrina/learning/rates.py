"""The learning rate of a run that asked to have it found: once, kept with the run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from vitrina.learning.finder import Found, find_learning_rate, plot
from vitrina.learning.journal import write_table
from vitrina.learning.record import write_json
from vitrina.learning.seen import DealtBatches, TrainingPictures, collated
from vitrina.learning.trainer import losses
from vitrina.models.layers import keep_frozen_in_eval, parameter_groups

if TYPE_CHECKING:
    from transformers import TrainingArguments

KEPT = "learning_rate.json"


def learning_rate_of(
    model: nn.Module,
    pictures: TrainingPictures,
    arguments: TrainingArguments,
    *,
    layer_decay: float,
    run: Path,
) -> float:
    """The rate in RUN/learning_rate.json, where it is looked for first: a run that goes on keeps its rate.

    Beside it lr_finder.png and learning_rates.csv. Of several processes each looks, all take what the first one
    found. Raises VitrinaError where the loss never falls.
    """
    kept = run / KEPT
    if kept.is_file():
        rate = float(json.loads(kept.read_text(encoding="utf-8"))["learning_rate"])
    else:
        rate = _looked_for(model, pictures, arguments, layer_decay=layer_decay, run=run)
    if arguments.world_size > 1:
        # On GPUs the same search comes to slightly different rates, with which the processes would drift apart.
        from accelerate.utils import broadcast_object_list

        (rate,) = broadcast_object_list([rate], from_process=0)
    return rate


def _looked_for(
    model: nn.Module,
    pictures: TrainingPictures,
    arguments: TrainingArguments,
    *,
    layer_decay: float,
    run: Path,
) -> float:
    with torch.random.fork_rng():
        torch.manual_seed(arguments.seed)
        found = _found(model, pictures, arguments, layer_decay=layer_decay)
    if arguments.process_index == 0:
        rows = [{"learning_rate": r, "loss": v} for r, v in zip(found.rates, found.losses, strict=True)]
        write_table(rows, run / "learning_rates.csv")
        plot(found, run / "lr_finder.png")
        write_json(run / KEPT, {"learning_rate": found.suggestion})
        print(f"learning rate found: {found.suggestion:.2g} (see {run / 'lr_finder.png'})")
    return found.suggestion


def _found(
    model: nn.Module, pictures: TrainingPictures, arguments: TrainingArguments, *, layer_decay: float
) -> Found:
    task = pictures.side.scheme.task

    def loss_of(tried: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        keep_frozen_in_eval(tried)
        pixels = pictures.seeing.values(batch["pixel_values"])
        each = losses(tried(pixel_values=pixels).logits, batch["labels"], task)
        return (batch["weights"] * each).sum() / batch["weights"].sum()

    def optimizer_of(tried: Any, rate: float) -> torch.optim.Optimizer:
        return torch.optim.AdamW(
            parameter_groups(
                tried, learning_rate=rate, weight_decay=arguments.weight_decay, layer_decay=layer_decay
            )
        )

    model.to(arguments.device)
    return find_learning_rate(
        model, _batches(pictures, arguments), loss_of=loss_of, optimizer_of=optimizer_of
    )


def _batches(pictures: TrainingPictures, arguments: TrainingArguments) -> Iterator[dict[str, torch.Tensor]]:
    """Without end, as training would see them."""
    dealt = DealtBatches(len(pictures), batch_size=arguments.train_batch_size, seed=arguments.seed)
    while True:
        for places in dealt:
            batch = collated([pictures[place] for place in places])
            yield {name: values.to(arguments.device) for name, values in batch.items()}
        dealt.set_epoch(dealt.epoch + 1)
