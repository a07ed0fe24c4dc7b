"""What preparing a picture for training costs: ours beside the example's, CPU time in one process, one thread, one run.

python -m benchmarks.picture_preparation [--photos 256] [--width 600 --height 400]

From the file in the data set to the batch that a network takes, as each side's own loader makes it without worker
processes: decoded, a crop of 8 to 100 % of the area brought to 224 pixels, a flip, values. A loader that is slower than
the GPU starves it, and processes to help it are few on a rented machine. Of ours it also says where the time goes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.loops import VARIED
from benchmarks.networks import SMALLEST, VIT_BASE, saved
from benchmarks.side_by_side import interleaved, machine, ratio, silence
from benchmarks.splits import folders_of, split_of_photos

if TYPE_CHECKING:
    from vitrina.learning.seen import TrainingPictures

AIM = 1.2
BATCH = 32
OURS, THEIRS = "vitrina", "example"


def main(arguments: Sequence[str] | None = None) -> None:
    """Both in turn, then the ratio, then the parts of ours."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--photos", type=int, default=256, help="pictures a turn")
    parser.add_argument("--width", type=int, default=600)
    parser.add_argument("--height", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--smallest", action="store_true", help="a network of some thousand numbers")
    told = parser.parse_args(arguments)
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        print(machine())
        with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
            measure(told, Path(place))
    finally:
        torch.set_num_threads(threads)


def measure(told: argparse.Namespace, folder: Path) -> None:
    """Make photos, run both sides `--repeats` times, print."""
    size, counts = (told.width, told.height), {"train": max(10, told.photos), "validation": 5}
    work = split_of_photos(folder / "work", counts, size=size, different=min(told.photos, 64))
    model = saved(SMALLEST if told.smallest else VIT_BASE, folder / "network")
    pictures = ours(model, work, folder / "run")
    loader = theirs(model, folders_of(work, folder / "pictures"), folder / "example")
    sides: dict[str, Callable[[], float]] = {
        OURS: lambda: cpu_of(made(pictures)),
        THEIRS: lambda: cpu_of(batch["pixel_values"] for batch in loader),
    }
    print(f"{told.width} x {told.height} pixels, {len(pictures)} pictures a turn in batches of {BATCH}")
    spent = interleaved(sides, told.repeats, said="ms of CPU a picture", discarded=True)
    for name, each in spent.items():
        print(f"{name}: median {np.median(each):.2f} ms of CPU a picture")
    print(f"ratio of ours to the example, CPU time a picture: {ratio(spent[OURS], spent[THEIRS])}, aim {AIM}")
    print("of ours: " + ", ".join(f"{name} {value:.2f} ms" for name, value in parts(pictures).items()))


def ours(model: Path, work: Path, run: Path) -> TrainingPictures:
    """Pictures of train as the stage with mode full sees them."""
    from training.recipe import settings_of
    from vitrina.augment import Augmentation
    from vitrina.learning.seen import TrainingPictures
    from vitrina.learning.sides import open_sides
    from vitrina.learning.tuned import Tuning, seeing_of
    from vitrina.models.trainable import load_backbone

    with silence():
        sides = open_sides(work)
        loaded = load_backbone(model, sides.scheme, seed=0)
        settings = settings_of({"name": "full", "mode": "full", "report_to": "none"}, said="full.yaml")
        arguments = settings.training_arguments(run, bf16=False)
    tuning = Tuning("full", augment=Augmentation.from_recipe(VARIED))
    return TrainingPictures(sides["train"], seeing_of(loaded, tuning, arguments))


def theirs(model: Path, pictures: Path, place: Path) -> Iterable[Any]:
    """The example's own loader."""
    from benchmarks.example_way import Way, example

    with silence():
        return example(model, pictures, way=Way(batch_size=BATCH), place=place).trainer.get_train_dataloader()


def made(pictures: TrainingPictures) -> Iterable[Any]:
    """An epoch of ours, up to the values."""
    from vitrina.learning.seen import DealtBatches, DealtLoader, collated

    dealt = DealtBatches(len(pictures), batch_size=BATCH, seed=0)
    for batch in DealtLoader(pictures, batch_sampler=dealt, collate_fn=collated):
        yield pictures.seeing.values(batch["pixel_values"])


def cpu_of(batches: Iterable[Any]) -> float:
    """Milliseconds of this process's CPU time for each picture of `batches`."""
    count, begun = 0, time.process_time()
    for pixels in batches:
        count += len(pixels)
    return 1e3 * (time.process_time() - begun) / count


def parts(pictures: TrainingPictures) -> dict[str, float]:
    """Where the time of ours goes, in milliseconds of CPU a picture; the batch is not among them."""
    from vitrina.augment import generator_for

    seeing, side = pictures.seeing, pictures.side
    framing = seeing.framing(0)
    assert framing is not None
    spent = dict.fromkeys(("read", "draw", "decode", "crop, resize, flip"), 0.0)
    for row in range(len(pictures)):
        begun = time.process_time()
        side.data(row)
        read = time.process_time()
        drawn = seeing.augmentation.draw(generator_for(0, 0, row))
        at_least = framing.frame.at_least(seeing.augmentation.window(drawn))
        known = time.process_time()
        picture = side.picture(row, at_least=at_least)
        decoded = time.process_time()
        framing.frame.levels(seeing.augmentation.within(framing.frame).apply(picture, drawn))
        # `picture` reads the file as well.
        times = (read - begun, known - read, decoded - known - (read - begun), time.process_time() - decoded)
        for name, value in zip(spent, times, strict=True):
            spent[name] += 1e3 * value / len(pictures)
    return spent


if __name__ == "__main__":
    main()
