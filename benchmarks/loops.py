"""Two loops that train every layer: ours, and the example's plain Trainer, each on the same pictures."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.side_by_side import silence
from benchmarks.steps import Pace

# Of the area, and a flip: what RandomResizedCrop and RandomHorizontalFlip do.
VARIED = {"crop": [0.08, 1.0], "flip": "horizontal"}


@dataclass(frozen=True)
class Turn:
    """`steps` that are counted, after `warm` that are not, of `batch` pictures each; `workers` prepare them."""

    steps: int
    batch: int
    bf16: bool
    warm: int = 1
    workers: int = 0
    use_cpu: bool = True

    def pace(self) -> Pace:
        """A new count."""
        return Pace(self.steps, self.batch, self.warm)


def our_pace(model: Path, work: Path, run: Path, turn: Turn) -> Pace:
    """Of the loop behind `python -m training train` with mode full; nothing is evaluated or saved between."""
    from training.recipe import settings_of
    from vitrina.augment import Augmentation
    from vitrina.learning.sides import open_sides
    from vitrina.learning.tuned import Tuning, tune
    from vitrina.models.trainable import load_backbone

    shutil.rmtree(run, ignore_errors=True)
    run.mkdir(parents=True)
    pace = turn.pace()
    content = {
        "name": "full",
        "mode": "full",
        "max_steps": pace.in_all,
        "per_device_train_batch_size": turn.batch,
        "learning_rate": 5e-5,
        "use_cpu": turn.use_cpu,
        "dataloader_num_workers": turn.workers,
        "save_strategy": "no",
        "load_best_model_at_end": False,
        "report_to": "none",
        "disable_tqdm": True,
    }
    with silence():
        sides = open_sides(work)
        loaded = load_backbone(model, sides.scheme, seed=0)
        arguments = settings_of(content, said="full.yaml").training_arguments(run, bf16=turn.bf16)
        # A recipe may not leave evaluation out; it would stand between the steps.
        arguments = replace(arguments, eval_strategy="no")
        tuning = Tuning("full", augment=Augmentation.from_recipe(VARIED))
        pace.watch(loaded.model)
        tune(loaded, sides["train"], sides["validation"], tuning=tuning, arguments=arguments, run=run)
    return pace


def their_pace(model: Path, pictures: Path, place: Path, turn: Turn) -> Pace:
    """Of the example's loop."""
    from benchmarks.example_way import Way, example

    shutil.rmtree(place, ignore_errors=True)
    pace = turn.pace()
    way = Way(
        bf16=turn.bf16, steps=pace.in_all, batch_size=turn.batch, workers=turn.workers, use_cpu=turn.use_cpu
    )
    with silence():
        made = example(model, pictures, way=way, place=place)
        pace.watch(made.network)
        made.trainer.train()
    return pace
