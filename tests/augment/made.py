"""Pictures made for the tests of this room."""

from __future__ import annotations

import numpy as np
from PIL import Image


def picture(width: int = 40, height: int = 28, *, seed: int = 0) -> Image.Image:
    """Colours without any symmetry, none of them black (60 to 220)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 220, (max(2, height // 4), max(2, width // 4), 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR)


def flat(width: int, height: int, colour: tuple[int, int, int] = (128, 128, 128)) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


def levels(image: Image.Image) -> np.ndarray:
    return np.asarray(image).astype(np.int64)
