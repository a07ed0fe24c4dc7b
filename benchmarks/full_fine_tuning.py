"""Training every layer of ViT-B/16: our loop in bf16 and float32 beside a plain Trainer in both, in one run.

python -m benchmarks.full_fine_tuning [--steps 4] [--repeats 3]

Random weights, batches of 8, the photos of a collection (class folders), varied alike on both sides: a crop of 8 to 100
% of the area, a flip. Ours is what the stage with mode full calls; theirs is benchmarks.example_way. Each turn builds
its trainer and takes one step that is not counted, then `--steps` that are, pictures read and decoded in the loop as
always, nothing evaluated or saved between. On a busy machine read the ratios by CPU time, and set OMP_NUM_THREADS=1:
threads that wait for one another count as well.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.loops import Turn, our_pace, their_pace
from benchmarks.networks import SMALLEST, VIT_BASE, saved
from benchmarks.side_by_side import interleaved, machine, ratio
from benchmarks.splits import folders_of, split_of_classes, split_of_photos

AIM = 3
# Name -> whether it computes in bf16.
SIDES = {"vitrina bf16": True, "Trainer bf16": True, "vitrina float32": False, "Trainer float32": False}


def main(arguments: Sequence[str] | None = None) -> None:
    """Four loops in turn, then their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--steps", type=int, default=4, help="counted steps a turn")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("../shared/data/trashnet"), help="class folders")
    parser.add_argument("--smallest", action="store_true", help="a network of some thousand numbers, made photos")
    told = parser.parse_args(arguments)
    network, photos = SMALLEST if told.smallest else VIT_BASE, told.batch * (told.steps + 2)
    print(machine())
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
        folder = Path(place)
        model = saved(network, folder / "network")
        counts = {"train": max(photos, 12), "validation": 6}
        if told.smallest:
            work = split_of_photos(folder / "work", counts, size=(96, 64))
        else:
            work = split_of_classes(told.data, folder / "work", counts)
        pictures = folders_of(work, folder / "pictures")
        print(f"{network}: all layers, batches of {told.batch}, {told.steps} counted steps a turn")

        cpu: dict[str, list[float]] = {}

        def side(name: str, bf16: bool) -> float:
            turn = Turn(told.steps, told.batch, bf16)
            if name.startswith("vitrina"):
                pace = our_pace(model, work, folder / "run", turn)
            else:
                pace = their_pace(model, pictures, folder / "example", turn)
            cpu.setdefault(name, []).append(pace.cpu_rate())
            return pace.rate()

        rates = interleaved(
            {name: partial(side, name, bf16) for name, bf16 in SIDES.items()},
            told.repeats,
            said="images/s",
        )
    for name, each in rates.items():
        print(f"{name}: median {np.median(each):.2f} images/s, {np.median(cpu[name]):.2f} a second of CPU")
    show(rates, "")
    show(cpu, ", by CPU time")


def show(rates: dict[str, list[float]], by: str) -> None:
    """The ratios that matter."""
    ours, plain = "vitrina bf16", "Trainer float32"
    print(f"ratio of bf16 to float32, ours{by}: {ratio(rates[ours], rates['vitrina float32'])}, aim {AIM}")
    print(f"ratio of ours in bf16 to the example as it comes, float32{by}: {ratio(rates[ours], rates[plain])}")
    for precision in ("bf16", "float32"):
        ours, plain = f"vitrina {precision}", f"Trainer {precision}"
        print(f"ratio of ours to the Trainer's loop, both {precision}{by}: {ratio(rates[ours], rates[plain])}")


if __name__ == "__main__":
    main()
