"""Variations that move pixels: crop, zoom, rotate, flip."""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from vitrina.augment.asked import number, pair, refusal
from vitrina.augment.variation import Variation
from vitrina.augment.window import WHOLE, Window

# Shapes of a random crop, width to height (Szegedy et al. 2015, "Going deeper with convolutions", section 6).
NARROWEST, WIDEST = 3 / 4, 4 / 3


class Placing(Variation):
    """A variation that moves the window through which the picture is seen."""

    @abstractmethod
    def place(self, window: Window, drawn: Any) -> Window:
        """`window` moved by what was drawn."""

    def apply(self, image: Image.Image, drawn: Any) -> Image.Image:
        return self.place(WHOLE, drawn).seen(image)


@dataclass(frozen=True)
class Crop(Placing):
    """A part of the picture, enlarged to its size: `least` to `most` of its area, evenly distributed.

    Its shape is 3/4 to 4/3 of the picture's own (evenly on a logarithmic scale, within what fits), its place
    even. torchvision's RandomResizedCrop measures the shape against a square instead, and tries up to ten
    times: here a panorama is not squeezed, and every picture takes four numbers.
    """

    name = "crop"
    least: float
    most: float

    @classmethod
    def read(cls, value: Any) -> Crop | None:
        shares = pair(value, key=cls.name, least=0.05, most=1)
        return cls(*shares) if shares else None

    def value(self) -> list[float]:
        return [self.least, self.most]

    def draw(self, generator: np.random.Generator) -> tuple[float, float, float, float]:
        area = generator.uniform(self.least, self.most)
        low, high = math.log(max(NARROWEST, area)), math.log(min(WIDEST, 1 / area))
        shape = math.exp(generator.uniform(low, high))
        width, height = min(1.0, math.sqrt(area * shape)), min(1.0, math.sqrt(area / shape))
        left, top = generator.random(2)
        return float(left) * (1 - width), float(top) * (1 - height), width, height

    def place(self, window: Window, drawn: tuple[float, float, float, float]) -> Window:
        return window.part(*drawn)

    def told(self, drawn: tuple[float, float, float, float]) -> str:
        return f"crop {100 * drawn[2] * drawn[3]:.0f} %"


@dataclass(frozen=True)
class Zoom(Placing):
    """The picture `least` to `most` times as large about its middle, evenly on a logarithmic scale."""

    name = "zoom"
    least: float
    most: float

    @classmethod
    def read(cls, value: Any) -> Zoom | None:
        factors = pair(value, key=cls.name, least=0.25, most=4)
        return cls(*factors) if factors else None

    def value(self) -> list[float]:
        return [self.least, self.most]

    def draw(self, generator: np.random.Generator) -> float:
        return math.exp(generator.uniform(math.log(self.least), math.log(self.most)))

    def place(self, window: Window, drawn: float) -> Window:
        return window.zoomed(drawn)

    def told(self, drawn: float) -> str:
        return f"zoom ×{drawn:.2f}"


@dataclass(frozen=True)
class Rotate(Placing):
    """Any angle up to `degrees` either way; with `degrees` None a quarter turn: 0, 90, 180 or 270, each as likely."""

    name = "rotate"
    degrees: float | None

    @classmethod
    def read(cls, value: Any) -> Rotate | None:
        if value == "quarter":
            return cls(None)
        if isinstance(value, str):
            raise refusal("a number of degrees from 0 to 180, or quarter", value, key=cls.name)
        degrees = number(value, key=cls.name, most=180, also=" (degrees), or quarter")
        return cls(degrees) if degrees else None

    def value(self) -> float | str:
        return "quarter" if self.degrees is None else self.degrees

    def draw(self, generator: np.random.Generator) -> float:
        if self.degrees is None:
            return 90.0 * int(generator.integers(4))
        return generator.uniform(-self.degrees, self.degrees)

    def place(self, window: Window, drawn: float) -> Window:
        return window.turned(drawn)

    def told(self, drawn: float) -> str:
        sign = "" if self.degrees is None or abs(drawn) < 0.5 else "+" if drawn > 0 else "−"
        return f"rotate {sign}{abs(drawn):.0f}°" if drawn else ""


@dataclass(frozen=True)
class Flip(Variation):
    """Mirrored, left to right or top to bottom, each with probability 1/2; `way` horizontal, vertical or both."""

    name = "flip"
    way: str

    @classmethod
    def read(cls, value: Any) -> Flip | None:
        if value is None or value is False:
            return None
        if value not in ("horizontal", "vertical", "both"):
            raise refusal("horizontal, vertical or both", value, key=cls.name)
        return cls(value)

    def value(self) -> str:
        return self.way

    def draw(self, generator: np.random.Generator) -> tuple[bool, bool]:
        # Both are drawn whatever the way, so that `both` keeps what `horizontal` drew.
        across, down = (bool(side) for side in generator.random(2) < 0.5)
        return across and self.way != "vertical", down and self.way != "horizontal"

    def apply(self, image: Image.Image, drawn: tuple[bool, bool]) -> Image.Image:
        if all(drawn):
            return image.transpose(Image.Transpose.ROTATE_180)
        if drawn[0]:
            return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM) if drawn[1] else image

    def told(self, drawn: tuple[bool, bool]) -> str:
        names = {(True, True): "both", (True, False): "horizontal", (False, True): "vertical"}
        return f"flip {names[drawn]}" if any(drawn) else ""
