"""The Trainer with a loss of ours, checkpoints that restore every tensor, an end where numbers stop being numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import Trainer

from vitrina.errors import BadRequest, VitrinaError
from vitrina.learning.checkpoints import mark_complete, needed_bytes, refuse_without_space, rotate, state_of
from vitrina.learning.schedules import one_cycle
from vitrina.learning.seen import DealtBatches, DealtLoader, TrainingPictures
from vitrina.learning.usage import usage
from vitrina.models.layers import keep_frozen_in_eval, parameter_groups

LOSS = "loss_of_pictures"


@dataclass(frozen=True)
class Learning:
    """What the Trainer is told beside its own arguments. `layer_decay` 0..1; `schedule` "trainer" or "one_cycle"."""

    task: str
    layer_decay: float = 1.0
    schedule: str = "trainer"


def losses(logits: torch.Tensor, targets: torch.Tensor, task: str) -> torch.Tensor:
    """float32 (b,): cross entropy against target shares (single_label), else the mean binary cross entropy.

    For regression to 0..1 binary cross entropy is a proper score as well: least where sigmoid(logit) is the target.
    """
    if task == "single_label":
        return -(targets * functional.log_softmax(logits.float(), dim=-1)).sum(dim=-1)
    return functional.binary_cross_entropy_with_logits(logits.float(), targets, reduction="none").mean(dim=-1)


class VitrinaTrainer(Trainer):
    """Trains on `TrainingPictures`, evaluates on `StandingPictures`.

    The loss of a step is the weighted mean over its pictures, those of all processes and of all accumulated batches
    together, so that neither changes the result.
    """

    # compute_loss divides by the whole step's weights itself.
    loss_is_scaled_for_ga = True

    def __init__(self, *, learning: Learning, **told: Any) -> None:
        super().__init__(**told)
        self.learning = learning
        # The step's weights have to be counted over all processes.
        self.model_accepts_loss_kwargs = False

    def get_train_dataloader(self) -> DealtLoader:
        """Batches dealt out by (seed, epoch), one share for each process."""
        pictures = self.train_dataset
        assert isinstance(pictures, TrainingPictures)
        batches = DealtBatches(
            len(pictures),
            batch_size=self.args.train_batch_size,
            seed=self.args.seed,
            process=self.args.process_index,
            processes=self.args.world_size,
        )
        workers = self.args.dataloader_num_workers
        return DealtLoader(
            pictures,
            batch_sampler=batches,
            collate_fn=self.data_collator,
            num_workers=workers,
            pin_memory=self.args.dataloader_pin_memory,
            prefetch_factor=self.args.dataloader_prefetch_factor if workers else None,
        )

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """What `optim` says over groups of layers, see `vitrina.models.layers.parameter_groups`. Raises BadRequest."""
        if self.optimizer is None:
            args = self.args
            trained: Any = self.model if model is None else model
            groups = parameter_groups(
                trained,
                learning_rate=args.learning_rate,
                weight_decay=args.weight_decay,
                layer_decay=self.learning.layer_decay,
            )
            with _said("optim", args.optim):
                kind, told = self.get_optimizer_cls_and_kwargs(args, trained)
                self.optimizer = kind(groups, **told)
        return self.optimizer

    def create_scheduler(
        self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None
    ) -> Any:
        """The one-cycle schedule where it is asked for, else what lr_scheduler_type says. Raises BadRequest."""
        if self.learning.schedule != "one_cycle":
            with _said("lr_scheduler_type", self.args.lr_scheduler_type):
                return super().create_scheduler(num_training_steps, optimizer)
        if self.lr_scheduler is None:
            steered: Any = optimizer or self.optimizer
            with _said("schedule", "one_cycle"):
                made: Any = one_cycle(steered, steps=num_training_steps)
            self.lr_scheduler = made
        return self.lr_scheduler

    def _get_learning_rate(self) -> float:
        # The Trainer logs that of its first group, which with layer_decay is the slowest.
        assert self.optimizer is not None
        return max(float(group["lr"]) for group in self.optimizer.param_groups)

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Any],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        """sum(weight * loss) / (sum of the step's weights over all processes); evaluation: of this batch alone."""
        if model.training:
            whole: Any = self.model
            keep_frozen_in_eval(whole)
        outputs = model(pixel_values=self._values(inputs["pixel_values"]))
        each = losses(outputs.logits, inputs["labels"], self.learning.task)
        weights = inputs["weights"]
        if model.training and num_items_in_batch is not None:
            # Gradients are averaged over processes: each is scaled up, since the divisor counts them all.
            loss = (weights * each).sum() / num_items_in_batch * self.args.world_size
        else:
            loss = (weights * each).sum() / weights.sum().clamp_min(1e-12)
        if model.training:
            # Once a step: gradients of accumulated batches are added up.
            loss = loss + _penalty(model) / self.current_gradient_accumulation_steps
        return (loss, outputs) if return_outputs else loss

    def _values(self, pixels: torch.Tensor) -> torch.Tensor:
        """Of levels, where the batch lies now: loader processes hand on a quarter of the bytes."""
        pictures = self.train_dataset
        assert isinstance(pictures, TrainingPictures)
        return pictures.seeing.values(pixels)

    def _get_num_items_in_batch(
        self, batch_samples: list[Mapping[str, Any]], device: torch.device
    ) -> torch.Tensor | None:
        if not batch_samples:
            return None
        total = torch.stack([batch["weights"].sum() for batch in batch_samples]).sum().to(device)
        if self.args.world_size > 1:
            total = self.accelerator.gather(total[None]).sum()
        return total.clamp_min(1e-12)

    def training_step(
        self, model: nn.Module, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """One step. Raises VitrinaError where its loss is no number: weights would be lost with it."""
        loss: torch.Tensor = super().training_step(model, inputs, num_items_in_batch)
        if not torch.isfinite(loss):
            raise VitrinaError(
                "a loss that is a finite number",
                f"{loss.item()} at step {self.state.global_step + 1} (epoch {self.state.epoch or 0:.2f}, "
                f"learning rate {self._get_learning_rate():.3g})",
                "Lower learning_rate, or set find_learning_rate: true; the checkpoint before is kept.",
            )
        return loss

    def evaluation_loop(self, *given: Any, **told: Any) -> Any:
        """As the Trainer's, but the loss is that of the pictures, each once.

        Its own is a mean over batches of all processes, with those in it that fill up the last batch.
        """
        output = super().evaluation_loop(*given, **told)
        metrics: dict[str, float] = output.metrics or {}
        for name in [name for name in metrics if name.endswith(f"_{LOSS}")]:
            metrics[name.removesuffix(f"_{LOSS}") + "_loss"] = metrics.pop(name)
        return output

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        """As the Trainer does, with what the process uses of the machine."""
        super().log({**logs, **usage()}, start_time)

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        folder = Path(str(self.args.output_dir)) / f"checkpoint-{self.state.global_step}"
        refuse_without_space(folder, needed_bytes(model), what="the next checkpoint")
        keep, self.args.save_total_limit = self.args.save_total_limit, None
        try:
            # Older ones are removed only when this one is whole.
            super()._save_checkpoint(model, trial)
        finally:
            self.args.save_total_limit = keep
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            mark_complete(folder)
            rotate(folder.parent, keep=keep, best=self.state.best_model_checkpoint)
        self.accelerator.wait_for_everyone()

    def _load_best_model(self) -> None:
        named = self.state.best_model_checkpoint
        assert named is not None
        # The folder may have moved with its run since.
        self._restore(Path(str(self.args.output_dir)) / Path(named).name)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        self._restore(Path(resume_from_checkpoint), model)

    def _restore(self, folder: Path, model: nn.Module | None = None) -> None:
        target = self.model if model is None else model
        assert isinstance(target, nn.Module)
        target.load_state_dict(state_of(target, folder), strict=True)


@contextmanager
def _said(key: str, value: Any) -> Iterator[None]:
    """What transformers or torch refuse while they make it, as one message that names the recipe's key."""
    try:
        yield
    except (ImportError, TypeError, ValueError, RuntimeError) as error:
        raise BadRequest(
            f"{key} {getattr(value, 'value', value)} that can be made of the recipe",
            " ".join(str(error).split())[:300].rstrip("."),
            f"Correct {key}, or what is said beside it.",
        ) from error


def _penalty(model: nn.Module) -> torch.Tensor | float:
    """The L1 and L2 terms of a model that has them, see `SmallCnnForImageClassification.penalty`."""
    inner = getattr(model, "module", model)
    penalty = getattr(inner, "penalty", None)
    return penalty() if callable(penalty) else 0.0


def metrics_of(logits: Any, targets: Any, task: str) -> dict[str, float]:
    """The loss, and beside it accuracy, the share of right yes and no, or the mean absolute error (0..1)."""
    scores, truth = torch.as_tensor(logits).float(), torch.as_tensor(targets).float()
    answer = {LOSS: float(losses(scores, truth, task).mean())}
    if task == "single_label":
        return answer | {"accuracy": float((scores.argmax(-1) == truth.argmax(-1)).float().mean())}
    if task == "multi_label":
        return answer | {"accuracy": float(((scores >= 0) == (truth >= 0.5)).float().mean())}
    return answer | {"mae": float((scores.sigmoid() - truth).abs().mean())}
