"""The other side: pictures in class folders, a plain Trainer, as transformers' image classification example does it.

Written anew from what run_image_classification.py of transformers does: load_dataset("imagefolder"), AutoImageProcessor
for size and colours, RandomResizedCrop with a flip while training, Resize with CenterCrop while evaluating, both made
as a batch is read, float32, batches of 8, AdamW with a linear schedule. Nothing is saved between, nothing evaluated
before the end: its README does both each epoch, which would only cost it more.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import Trainer, TrainerCallback, TrainingArguments

if TYPE_CHECKING:
    from datasets import Dataset
    from torch import nn


@dataclass(frozen=True)
class Way:
    """How the example is run. `steps` above 0 ends after that many, whatever `epochs` says."""

    epochs: float = 3.0
    learning_rate: float = 5e-5
    head_only: bool = False
    bf16: bool = False
    steps: int = -1
    batch_size: int = 8
    seed: int = 0
    use_cpu: bool = True
    workers: int = 0


@dataclass
class Clock(TrainerCallback):
    """Seconds since training began at the end of each epoch."""

    epochs: list[float] = field(default_factory=list)
    begun: float = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **told: Any) -> None:
        """Called by the Trainer."""
        self.begun = time.perf_counter()

    def on_epoch_end(self, args: Any, state: Any, control: Any, **told: Any) -> None:
        """Called by the Trainer."""
        self.epochs.append(time.perf_counter() - self.begun)


@dataclass(frozen=True)
class Example:
    """A trainer that is ready, and what it reads."""

    trainer: Trainer
    network: nn.Module
    data: Mapping[str, Dataset]
    clock: Clock
    names: list[str]

    def logits(self, side: str) -> tuple[np.ndarray, np.ndarray]:
        """(logits (n, k), labels (n,)) of a side."""
        found = self.trainer.predict(self.data[side])
        return np.asarray(found.predictions), np.asarray(found.label_ids)

    def accuracy(self, side: str) -> float:
        """0 to 1."""
        logits, labels = self.logits(side)
        return float((logits.argmax(axis=1) == labels).mean())


def example(model: Path, pictures: Path, *, way: Way, place: Path) -> Example:
    """Everything up to the first step: data set, model with a head for its classes, Trainer. Writes to `place`."""
    from transformers import AutoConfig, AutoImageProcessor, AutoModelForImageClassification, set_seed

    set_seed(way.seed)
    data, names = _data(pictures, place / "cache", AutoImageProcessor.from_pretrained(model))
    config = AutoConfig.from_pretrained(
        model, num_labels=len(names), label2id={n: i for i, n in enumerate(names)}, id2label=dict(enumerate(names))
    )
    network = AutoModelForImageClassification.from_pretrained(
        model, config=config, ignore_mismatched_sizes=True, dtype=torch.float32
    )
    if way.head_only:
        network.requires_grad_(False)
        network.classifier.requires_grad_(True)
    arguments = TrainingArguments(
        output_dir=str(place / "run"),
        num_train_epochs=way.epochs,
        max_steps=way.steps,
        learning_rate=way.learning_rate,
        per_device_train_batch_size=way.batch_size,
        per_device_eval_batch_size=way.batch_size,
        bf16=way.bf16,
        seed=way.seed,
        use_cpu=way.use_cpu,
        dataloader_num_workers=way.workers,
        dataloader_pin_memory=not way.use_cpu,
        remove_unused_columns=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    clock = Clock()
    trainer = Trainer(
        model=network,
        args=arguments,
        train_dataset=data["train"],
        data_collator=_collated,
        callbacks=[clock],
    )
    return Example(trainer, network, data, clock, names)


def _data(pictures: Path, cache: Path, processor: Any) -> tuple[Mapping[str, Dataset], list[str]]:
    from datasets import disable_progress_bars, load_dataset
    from torchvision.transforms import (
        CenterCrop,
        Compose,
        Normalize,
        RandomHorizontalFlip,
        RandomResizedCrop,
        Resize,
        ToTensor,
    )

    disable_progress_bars()
    data: Any = load_dataset("imagefolder", data_dir=str(pictures), cache_dir=str(cache))
    told = processor.size
    size = told["shortest_edge"] if told.get("shortest_edge") else (told["height"], told["width"])
    last = [ToTensor(), Normalize(processor.image_mean, processor.image_std)]
    varied = Compose([RandomResizedCrop(size), RandomHorizontalFlip(), *last])
    plain = Compose([Resize(size), CenterCrop(size), *last])
    for side, rows in data.items():
        rows.set_transform(_Transformed(varied if side == "train" else plain))
    return data, list(data["train"].features["label"].names)


class _Transformed:
    """A batch of rows with pixel_values beside their pictures."""

    def __init__(self, transform: Any) -> None:
        self.transform = transform

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        return {**rows, "pixel_values": [self.transform(one.convert("RGB")) for one in rows["image"]]}


def _collated(rows: Sequence[Mapping[str, Any]]) -> dict[str, torch.Tensor]:
    return {
        "pixel_values": torch.stack([row["pixel_values"] for row in rows]),
        "labels": torch.tensor([row["label"] for row in rows]),
    }
