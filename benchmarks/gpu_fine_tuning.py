"""Training every layer of ViT-B/16 on one GPU: our loop beside the example's, and what share of the card it uses.

python -m benchmarks.gpu_fine_tuning [--batch 128] [--workers 12]

Where there is no GPU it says so and ends with code 0. Random weights, photos of 600 x 400 decoded in the loop, a crop
and a flip on both sides. In one run: our stage's loop in bf16; the example's with the same batch, precision, workers;
the example as it comes (float32, batches of 8, no workers); the bare network in bf16 on a batch that lies on the card,
which no loop can outrun; and a large matrix product in bf16. Loader processes have batches ready that they made while
kernels were chosen: as many steps as they can keep batches are not counted, nor is a first turn of each side. A picture
counts 3 x 2 x its multiply-adds (forward once, backward twice; 17.6 thousand million of them in ViT-B/16), and the
share is that times images/s over the product's rate. `--device cpu --smallest` shows that all of it runs.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.loops import Turn, our_pace, their_pace
from benchmarks.networks import SMALLEST, VIT_BASE, saved
from benchmarks.side_by_side import interleaved, machine, ratio
from benchmarks.splits import folders_of, split_of_photos

PRODUCT = 8192
# Batches that a loader process keeps ready: torch's prefetch_factor, which neither loop changes.
PREFETCH = 2
# Steps that are not counted where no loader process keeps any.
WITHOUT = 5
OURS, SAME, PLAIN, BARE = "vitrina", "Trainer, told the same", "Trainer as it comes", "network alone"


def main(arguments: Sequence[str] | None = None) -> None:
    """All of them in turn, then ratios and shares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--workers", type=int, default=max(0, (os.cpu_count() or 1) - 2))
    parser.add_argument("--steps", type=int, default=40, help="counted steps a turn")
    parser.add_argument("--warm", type=int, default=5, help="steps before them; at least workers x prefetch")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--smallest", action="store_true", help="a network of some thousand numbers")
    told = parser.parse_args(arguments)
    told.warm = max(told.warm, told.workers * PREFETCH)
    import torch

    if told.device == "cuda" and not torch.cuda.is_available():
        print("No GPU here: nothing was measured. With one, run the same command.")
        return
    print(machine())
    if told.device == "cuda":
        print(f"{torch.cuda.get_device_name(0)}, CUDA {torch.version.cuda}, {told.workers} loader processes")
    measure(told)


def measure(told: argparse.Namespace) -> None:
    """Make model and photos, run every side `--repeats` times, print."""
    network = SMALLEST if told.smallest else VIT_BASE
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
        folder = Path(place)
        model = saved(network, folder / "network")
        photos = told.batch * (told.warm + told.steps + 1)
        size = (96, 64) if told.smallest else (600, 400)
        work = split_of_photos(
            folder / "work", {"train": max(10, photos), "validation": 5}, size=size, different=min(photos, 256)
        )
        pictures = folders_of(work, folder / "pictures")
        print(
            f"{network}: all layers, batches of {told.batch}, {told.steps} counted steps a turn after {told.warm}"
        )
        cpu = told.device == "cpu"
        same = Turn(told.steps, told.batch, True, told.warm, told.workers, cpu)
        plain = Turn(told.steps, 8, False, min(told.warm, WITHOUT), 0, cpu)
        sides: dict[str, Callable[[], float]] = {
            OURS: lambda: our_pace(model, work, folder / "run", same).rate(),
            SAME: lambda: their_pace(model, pictures, folder / "example", same).rate(),
            PLAIN: lambda: their_pace(model, pictures, folder / "example", plain).rate(),
            BARE: partial(bare_rate, model, network.size, told),
        }
        rates = interleaved(sides, told.repeats, said="images/s", discarded=True)
        show(rates, 6 * multiply_adds(model), product_rate(told))


def show(rates: dict[str, list[float]], a_picture: int, product: float) -> None:
    """`a_picture`: operations; `product`: operations a second of a matrix product."""
    print(f"matrix product in bf16: {product / 1e12:.2f} Tflop/s; a picture: {a_picture / 1e9:.4g} Gflop")
    for name, each in rates.items():
        share = np.median(each) * a_picture / product
        print(f"{name}: median {np.median(each):,.1f} images/s, {share:.1%} of that rate")
    for name in (SAME, PLAIN, BARE):
        print(f"ratio of ours to {name}: {ratio(rates[OURS], rates[name])}")


def multiply_adds(model: Path) -> int:
    """Of one picture through a ViT, forward: patches, then projections, attention and MLP of each layer."""
    from transformers import AutoConfig

    told = AutoConfig.from_pretrained(model)
    patches = (told.image_size // told.patch_size) ** 2
    tokens, width = patches + 1, told.hidden_size
    layer = tokens * (4 * width**2 + 2 * width * told.intermediate_size) + 2 * tokens**2 * width
    return patches * 3 * told.patch_size**2 * width + told.num_hidden_layers * layer + width * told.num_labels


def bare_rate(model: Path, size: int, told: argparse.Namespace) -> float:
    """Images a second of forward, backward and AdamW on one batch that is there already."""
    import torch
    from transformers import AutoModelForImageClassification

    network: Any = AutoModelForImageClassification.from_pretrained(model).to(told.device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-5, fused=True)
    pixels = torch.randn(told.batch, 3, size, size, device=told.device)
    labels = torch.zeros(told.batch, dtype=torch.long, device=told.device)

    def steps(count: int) -> None:
        for _ in range(count):
            optimizer.zero_grad()
            with torch.autocast(told.device, dtype=torch.bfloat16):
                loss = network(pixel_values=pixels, labels=labels).loss
            loss.backward()
            optimizer.step()

    steps(told.warm)
    return told.steps * told.batch / waited(lambda: steps(told.steps), told.device)


def product_rate(told: argparse.Namespace) -> float:
    """Operations a second, the best of ten products of square matrices in bf16."""
    import torch

    side = 256 if told.smallest else PRODUCT if told.device == "cuda" else 2048
    one = torch.randn(side, side, device=told.device, dtype=torch.bfloat16)
    many = 20 if told.device == "cuda" else 1

    def products() -> None:
        for _ in range(many):
            torch.mm(one, one)

    products()
    return 2 * side**3 * many / min(waited(products, told.device) for _ in range(10))


def waited(work: Callable[[], None], device: str) -> float:
    """Seconds until the device is done with it."""
    import torch

    if device == "cuda":
        torch.cuda.synchronize()
    begun = time.perf_counter()
    work()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
