"""The part of a picture that is shown in its own frame, turned, without black borders.

Where a window reaches past the picture it shows the picture mirrored at its edge; what lies outside the
window is lost. The alternative, enlarging until no corner is uncovered, would cost a third of the picture
at 15 degrees, half of it at 45, and would tie the size of things to the angle.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

_BICUBIC, _BILINEAR = Image.Resampling.BICUBIC, Image.Resampling.BILINEAR
TURNS = {1: Image.Transpose.ROTATE_90, 2: Image.Transpose.ROTATE_180, 3: Image.Transpose.ROTATE_270}
# Bilinear sampling looks at two pixels a side: from here on a shrunk picture would flicker with its position.
COARSE = 1.25


@dataclass(frozen=True)
class Window:
    """Where to look: the middle (`x`, `y`), `width`, `height`, all in shares of the picture's sides, then how
    far what is seen is turned, `degrees` anticlockwise.

    Several steps become one window, so that pixels are interpolated once and a crop that is turned shows at
    its corners what is really there.
    """

    x: float = 0.5
    y: float = 0.5
    width: float = 1.0
    height: float = 1.0
    degrees: float = 0.0

    def part(self, left: float, top: float, width: float, height: float) -> Window:
        """A part of this window, which is not turned yet, in shares of it."""
        x = self.x + (left + width / 2 - 0.5) * self.width
        y = self.y + (top + height / 2 - 0.5) * self.height
        return Window(x, y, width * self.width, height * self.height)

    def zoomed(self, factor: float) -> Window:
        """What is seen `factor` times as large about its middle."""
        return replace(self, width=self.width / factor, height=self.height / factor)

    def turned(self, degrees: float) -> Window:
        """What is seen turned by `degrees` more, about its middle, at the same scale."""
        return replace(self, degrees=self.degrees + degrees)

    def seen(self, image: Image.Image) -> Image.Image:
        """The RGB `image` through this window: RGB, same size; the image itself through the whole window.

        Turns by multiples of 90 interpolate nothing. A picture that is not square keeps its size then, too:
        its long side is cut to the frame, its short side continued by its mirror image.
        """
        if self.degrees % 90:
            return _turned(self, image)
        quarters = int(self.degrees // 90) % 4
        image = _upright(self, image)
        return _framed(image.transpose(TURNS[quarters]), image.size) if quarters else image


WHOLE = Window()


def _upright(window: Window, image: Image.Image) -> Image.Image:
    if replace(window, degrees=0.0) == WHOLE:
        return image
    across, down = window.width * image.width / 2, window.height * image.height / 2
    x, y = window.x * image.width, window.y * image.height
    wide, left, top = _reaching(image, (x - across, x + across), (y - down, y + down))
    # Shares may add up to a hair more than the picture, which Pillow refuses.
    box = (
        max(0.0, x - across + left),
        max(0.0, y - down + top),
        min(float(wide.width), x + across + left),
        min(float(wide.height), y + down + top),
    )
    return wide.resize(image.size, _BICUBIC, box=box)


def _turned(window: Window, image: Image.Image) -> Image.Image:
    width, height = image.size
    shrunk = max(window.width, window.height)
    if shrunk > COARSE:
        image = image.resize((max(1, round(width / shrunk)), max(1, round(height / shrunk))), _BICUBIC)
    # Pixels of the picture to one of the frame, which keeps its size.
    across, down = window.width * image.width / width, window.height * image.height / height
    cos, sin = math.cos(math.radians(window.degrees)), math.sin(math.radians(window.degrees))
    x, y = window.x * image.width, window.y * image.height
    reach_x = (width * abs(cos) + height * abs(sin)) / 2 * across + 1
    reach_y = (width * abs(sin) + height * abs(cos)) / 2 * down + 1
    wide, left, top = _reaching(image, (x - reach_x, x + reach_x), (y - reach_y, y + reach_y))
    a, b, d, e = across * cos, -across * sin, down * sin, down * cos
    matrix = (a, b, x + left - (a * width + b * height) / 2, d, e, y + top - (d * width + e * height) / 2)
    return wide.transform((width, height), Image.Transform.AFFINE, matrix, resample=_BILINEAR)


def _framed(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """The middle of `image` in a frame of `size` pixels (width, height)."""
    left, top = (image.width - size[0]) // 2, (image.height - size[1]) // 2
    wide, more_left, more_top = _reaching(image, (left, left + size[0]), (top, top + size[1]))
    left, top = left + more_left, top + more_top
    return wide.crop((left, top, left + size[0], top + size[1]))


def _reaching(
    image: Image.Image, across: tuple[float, float], down: tuple[float, float]
) -> tuple[Image.Image, int, int]:
    """`image` mirrored as far as the spans `across` and `down` reach, with what that adds at left and top."""
    left, top = max(0, math.ceil(-across[0])), max(0, math.ceil(-down[0]))
    right, lower = max(0, math.ceil(across[1] - image.width)), max(0, math.ceil(down[1] - image.height))
    if not (left or top or right or lower):
        return image, 0, 0
    return Image.fromarray(mirrored(np.asarray(image), left, top, right, lower)), left, top


def mirrored(pixels: np.ndarray, left: int, top: int, right: int, lower: int) -> np.ndarray:
    """(height, width, 3) continued by its mirror image, so many pixels on each side."""
    if not (left or top or right or lower):
        return pixels
    return np.pad(pixels, ((top, lower), (left, right), (0, 0)), mode="symmetric")
