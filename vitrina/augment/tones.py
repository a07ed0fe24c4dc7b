"""Variations that change tones in place: brightness, contrast, noise, grey."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
from PIL import Image

from vitrina.augment.asked import number
from vitrina.augment.variation import Variation


@dataclass(frozen=True)
class _Factor(Variation):
    """One factor for the whole picture, from 1 - `amount` to 1 + `amount`, evenly distributed."""

    amount: float

    @classmethod
    def read(cls, value: Any) -> Self | None:
        amount = number(value, key=cls.name, most=1, below=True)
        return cls(amount) if amount else None

    def value(self) -> float:
        return self.amount

    def draw(self, generator: np.random.Generator) -> float:
        return generator.uniform(1 - self.amount, 1 + self.amount)

    def told(self, drawn: float) -> str:
        return f"{self.name} ×{drawn:.2f}"


class Brightness(_Factor):
    """Every level times one factor; cut at 0 and 255."""

    name = "brightness"

    def apply(self, image: Image.Image, drawn: float) -> Image.Image:
        return _spread(image, drawn, about=0.0)


class Contrast(_Factor):
    """Every level's distance from the picture's mean grey times one factor."""

    name = "contrast"

    def apply(self, image: Image.Image, drawn: float) -> Image.Image:
        counts = image.convert("L").histogram()
        mean = float(np.dot(counts, np.arange(256))) / sum(counts)
        return _spread(image, drawn, about=mean)


@dataclass(frozen=True)
class Noise(Variation):
    """Gaussian noise of `deviation` (a share of 255), independent for every pixel and channel, in whole levels."""

    name = "noise"
    deviation: float

    @classmethod
    def read(cls, value: Any) -> Noise | None:
        deviation = number(value, key=cls.name, most=0.5)
        return cls(deviation) if deviation else None

    def value(self) -> float:
        return self.deviation

    def draw(self, generator: np.random.Generator) -> int:
        """The seed of the noise: its levels are as many as the picture has pixels."""
        return int(generator.integers(2**63))

    def apply(self, image: Image.Image, drawn: int) -> Image.Image:
        pixels = np.asarray(image).astype(np.int16)
        words = np.random.Generator(np.random.PCG64(drawn)).bytes(2 * pixels.size)
        pixels += _levels(self.deviation)[np.frombuffer(words, dtype="<u2")].reshape(pixels.shape)
        return Image.fromarray(np.clip(pixels, 0, 255, out=pixels).astype(np.uint8))

    def told(self, drawn: int) -> str:
        return f"noise {100 * self.deviation:.2g} %"


@dataclass(frozen=True)
class Grey(Variation):
    """The picture in grey (ITU-R BT.601 luma, as Pillow has it) with a `probability`."""

    name = "grey"
    probability: float

    @classmethod
    def read(cls, value: Any) -> Grey | None:
        probability = number(value, key=cls.name, most=1, also=" (a probability)")
        return cls(probability) if probability else None

    def value(self) -> float:
        return self.probability

    def draw(self, generator: np.random.Generator) -> bool:
        return bool(generator.random() < self.probability)

    def apply(self, image: Image.Image, drawn: bool) -> Image.Image:
        return image.convert("L").convert("RGB") if drawn else image

    def told(self, drawn: bool) -> str:
        return "grey" if drawn else ""


def _spread(image: Image.Image, factor: float, *, about: float) -> Image.Image:
    levels = np.rint(about + factor * (np.arange(256) - about)).clip(0, 255).astype(np.uint8)
    return image.point(levels.tolist() * 3)


@lru_cache(maxsize=16)
def _levels(deviation: float) -> np.ndarray:
    """Noise in whole levels as 65,536 equally likely values: a look-up is several times as fast as a normal draw."""
    scale = 255 * deviation * math.sqrt(2)
    below = [0.5 * (1 + math.erf((level + 0.5) / scale)) for level in range(-255, 255)]
    edges = np.rint(65536 * np.array([0, *below, 1])).astype(np.int64)
    return np.repeat(np.arange(-255, 256, dtype=np.int16), np.diff(edges))
