"""What a network sees of a picture: which part of it, at which size, made of the file's pixels in one step.

Evaluation leaves that to the model's own image processor. Training moves the window through which a picture is seen,
and one step from there to the network's size costs a fraction of two: to the picture's own size, then to the network's.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from vitrina.augment.window import COARSE, TURNS, WHOLE, Window, mirrored

# A picture is decoded to twice the pixels that are made of it: a whole factor in the decoder and the resizing after it
# then cost nothing that could be seen.
FINER = 2.0


@dataclass(frozen=True)
class Frame:
    """A square of `side` pixels, filled as the model's preprocessing does.

    `fit` is "crop": the middle square of what is seen; "squash": all of it, stretched; "pad": all of it in its own
    shape on `fill` (levels 0 to 255). With `margin` (at least 1) the first two leave that much of the sides out: 256 /
    224 is resizing to 256 and taking the middle 224. `resample` is "bilinear" or "bicubic", both averaging where a
    picture is made smaller.
    """

    side: int
    fit: str = "crop"
    margin: float = 1.0
    resample: str = "bicubic"
    fill: tuple[int, int, int] = (0, 0, 0)

    def at_least(self, window: Window = WHOLE) -> int:
        """Pixels that the picture's shorter side needs, so that nothing is lost by decoding it smaller."""
        share = min(window.width, window.height)
        return math.ceil(FINER * self.side * self.margin / share)

    def seen(self, image: Image.Image, window: Window = WHOLE) -> Image.Image:
        """The RGB `image` through `window`: RGB, `side` pixels square; with "pad" the longer side alone.

        A crop begins and ends on whole pixels. Past its edges a picture is continued by its mirror image, as in
        `Window.seen`, but under quarter turns, too, only where it ends, not where the window does.
        """
        size, part = self._filled(*image.size)
        if window.degrees % 90:
            return _turned(image, window, part, size=size, resample=self.resample)
        quarters = int(window.degrees // 90) % 4
        if quarters % 2:
            part, size = part[::-1], size[::-1]
        reach = window.width * part[0] / 2, window.height * part[1] / 2
        upright = _resized(image, _box(image, window, reach), size, self.resample)
        return upright.transpose(TURNS[quarters]) if quarters else upright

    def levels(self, image: Image.Image) -> np.ndarray:
        """uint8 (side, side, 3) of what `seen` gave."""
        if image.size == (self.side, self.side):
            return np.array(image)
        canvas = Image.new("RGB", (self.side, self.side), self.fill)
        canvas.paste(image, ((self.side - image.width) // 2, (self.side - image.height) // 2))
        return np.array(canvas)

    def _filled(self, width: int, height: int) -> tuple[tuple[int, int], tuple[float, float]]:
        """(size in pixels of what is made, the part of a picture of `width` x `height` about its middle)."""
        if self.fit == "pad":
            scale = self.side / max(width, height)
            return (max(1, round(width * scale)), max(1, round(height * scale))), (width, height)
        across, down = width / self.margin, height / self.margin
        if self.fit == "crop":
            across = down = min(across, down)
        return (self.side, self.side), (across, down)


_Box = tuple[int, int, int, int]


def _box(image: Image.Image, window: Window, reach: tuple[float, float]) -> _Box:
    """Whole pixels left, top, right, bottom around the middle of `window`, at least one of them in the picture."""
    edges = []
    for middle, half, side in zip((window.x, window.y), reach, image.size, strict=True):
        low = min(round(middle * side - half), side - 1)
        edges.append((low, max(low + 1, 1, round(middle * side + half))))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _resized(image: Image.Image, box: _Box, size: tuple[int, int], resample: str) -> Image.Image:
    """What `image`, mirrored at its edges, shows in `box`, as `size` pixels (width, height).

    By torch, as most image processors do: on whole levels it is several times as fast as Pillow.
    """
    import torch

    inside = (max(0, box[0]), max(0, box[1]), min(image.width, box[2]), min(image.height, box[3]))
    # A window's middle lies in the picture, so its mirror image reaches no further than what is cut out.
    past = [abs(given - kept) for given, kept in zip(box, inside, strict=True)]
    part = mirrored(np.array(image.crop(inside)), *past)
    if part.shape[:2] != size[::-1]:
        # In this order torch sees that channels lie together, and leaves them so.
        pixels = torch.from_numpy(part)[None].permute(0, 3, 1, 2)
        made = torch.nn.functional.interpolate(pixels, size=size[::-1], mode=resample, antialias=True)
        part = made[0].permute(1, 2, 0).numpy()
    return Image.fromarray(part)


def _turned(
    image: Image.Image, window: Window, part: tuple[float, float], *, size: tuple[int, int], resample: str
) -> Image.Image:
    cos, sin = math.cos(math.radians(window.degrees)), math.sin(math.radians(window.degrees))
    across, down = part[0] / size[0], part[1] / size[1]
    # Pixels of the picture to one of the frame: (x, y) = (a u + b v, d u + e v) about the two middles.
    a, b = window.width * cos * across, -window.width * sin * down
    d, e = window.height * sin * across, window.height * cos * down
    reach = (
        (abs(a) * size[0] + abs(b) * size[1]) / 2 + 1,
        (abs(d) * size[0] + abs(e) * size[1]) / 2 + 1,
    )
    box = _box(image, window, reach)
    wide, high = box[2] - box[0], box[3] - box[1]
    # Turning averages nothing, so the picture is made smaller before it.
    small = (
        math.ceil(wide / max(1.0, math.hypot(a, b) / COARSE)),
        math.ceil(high / max(1.0, math.hypot(d, e) / COARSE)),
    )
    shown = _resized(image, box, small, resample)
    a, b, x = (value * small[0] / wide for value in (a, b, window.x * image.width - box[0]))
    d, e, y = (value * small[1] / high for value in (d, e, window.y * image.height - box[1]))
    matrix = (a, b, x - (a * size[0] + b * size[1]) / 2, d, e, y - (d * size[0] + e * size[1]) / 2)
    return shown.transform(size, Image.Transform.AFFINE, matrix, resample=Image.Resampling.BILINEAR)
