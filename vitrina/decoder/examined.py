"""What one look at a picture gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitrina.images import Limits, open_picture, perceptual_hash, reduced, webp

if TYPE_CHECKING:
    import numpy as np

THUMBNAIL_SIDE, THUMBNAIL_QUALITY = 480, 78
LARGE_SIDE, LARGE_QUALITY = 1600, 85
PIXELS_SIDE = 448


@dataclass(frozen=True)
class Examined:
    """A picture as gallery or classifier need it.

    `width`, `height`: pixels of the upright original; `format`: one of `vitrina.images.FORMATS`; `frames`: 1
    or more; `perceptual_hash`: 16 hexadecimal digits (64-bit pHash); `brightness`: mean grey level, 0 to 255;
    `thumbnail`, `large`: WebP, longer side at most 480 or 1600 pixels, sRGB, no metadata;
    `pixels`: uint8 (height, width, 3), sRGB, shorter side at least 448 where the original has it.
    """

    width: int
    height: int
    format: str
    frames: int
    perceptual_hash: str
    brightness: float
    thumbnail: bytes
    large: bytes
    pixels: np.ndarray


def examine_bytes(data: bytes, *, limits: Limits) -> Examined:
    """Decode once, derive everything from that. Raises PictureRefused. Runs in the worker."""
    import numpy as np

    picture = open_picture(data, at_least=PIXELS_SIDE, long_at_least=LARGE_SIDE, limits=limits)
    seen = reduced(picture.image, PIXELS_SIDE)
    return Examined(
        width=picture.width,
        height=picture.height,
        format=picture.format,
        frames=picture.frames,
        perceptual_hash=perceptual_hash(seen),
        brightness=float(np.asarray(seen.convert("L")).mean()),
        thumbnail=webp(picture.image, long_side=THUMBNAIL_SIDE, quality=THUMBNAIL_QUALITY),
        large=webp(picture.image, long_side=LARGE_SIDE, quality=LARGE_QUALITY),
        pixels=np.asarray(seen),
    )
