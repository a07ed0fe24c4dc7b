"""Photos that are nobody's: seeded, with shapes, gradients and noise, as JPEG files in class folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

CLASSES = ("inside", "outside", "food", "drink", "menu")


def make_photo(seed: int, *, size: tuple[int, int] = (600, 400)) -> Image.Image:
    """One photo of `size` (width, height): smooth colour fields, a dozen shapes, fine noise."""
    rng = np.random.default_rng(seed)
    field = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
    image = Image.fromarray(field).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    for _ in range(12):
        left, right = sorted(int(x) for x in rng.integers(0, size[0], 2))
        top, bottom = sorted(int(y) for y in rng.integers(0, size[1], 2))
        colour = tuple(int(c) for c in rng.integers(0, 256, 3))
        shape = draw.ellipse if rng.random() < 0.5 else draw.rectangle
        shape((left, top, right + 1, bottom + 1), fill=colour)
    noisy = np.asarray(image, dtype=np.int16) + rng.integers(-9, 10, (size[1], size[0], 3), dtype=np.int16)
    return Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))


def make_pile(folder: Path, count: int, *, seed: int = 0) -> dict[str, int]:
    """`count` JPEG files in class folders: of each hundred one is another's copy byte for byte, two are another's
    at four fifths of the size. Returns how many of each kind there are.
    """
    made = {"photos": 0, "copies": 0, "resized": 0}
    before = make_photo(seed)
    path = folder
    for number in range(count):
        place = folder / CLASSES[number % len(CLASSES)]
        place.mkdir(parents=True, exist_ok=True)
        previous, path = path, place / f"{number:06d}.jpg"
        kind = {49: "copies", 24: "resized", 74: "resized"}.get(number % 100, "photos")
        if kind == "copies":
            shutil.copyfile(previous, path)
        elif kind == "resized":
            before.resize((480, 320), Image.Resampling.LANCZOS).save(path, quality=75)
        else:
            before = make_photo(seed * 1_000_003 + number)
            before.save(path, quality=88)
        made[kind] += 1
    return made
