"""Pictures of every kind as one batch of a model's input: the one path for classifying, for features."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from vitrina.errors import BadRequest
from vitrina.images import open_picture, reduced
from vitrina.models.backbone import LoadedModel

if TYPE_CHECKING:
    import torch
    from PIL import Image

PictureLike: TypeAlias = "Image.Image | np.ndarray[Any, Any] | bytes | Path"
# The shorter side, in pixels, that a decoded file keeps at least. Decoding reduced is up to six times as fast
# and twice the 224 pixels that most models see loses nothing they could use.
DECODED_SIDE = 448
# What a small part of a large picture is cut from at most; else each would cost as much as the whole file.
FINEST_SIDE = 2 * DECODED_SIDE
# The large derivative's side: decoding as the decoder does, to the same pixels.
DERIVED_SIDE = 1600
# A picture longer than this many times its width is seen through its middle. Processors that bring the shorter
# side to 224 would otherwise make millions of pixels of a strip, only to crop its centre in the end.
LONGEST_STRIP = 8


def as_rgb(picture: PictureLike, *, at_least: int | None = None) -> Image.Image:
    """An RGB picture; files are decoded safely, reduced while the shorter side stays at 448 or more.

    `at_least` takes the place of 448 for files, up to 896, and the decoder itself leaves out what is not needed:
    quicker, but not to the very pixels that the classifier sees. Arrays are uint8 (height, width, 3). Raises
    PictureRefused for files that are no pictures, BadRequest for arrays of another kind.
    """
    from PIL import Image

    if isinstance(picture, bytes | Path):
        if at_least is not None:
            return _middle(open_picture(picture, at_least=min(at_least, FINEST_SIDE)).image)
        opened = open_picture(picture, at_least=DECODED_SIDE, long_at_least=DERIVED_SIDE).image
        return _middle(reduced(opened, DECODED_SIDE))
    if isinstance(picture, np.ndarray):
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
            raise BadRequest(
                "an array uint8 (height, width, 3)",
                f"{picture.dtype} {picture.shape}",
                "Convert it to RGB with values 0 to 255.",
            )
        return _middle(Image.fromarray(picture))
    if not isinstance(picture, Image.Image):
        raise BadRequest(
            "a PIL image, an array, bytes or a Path", type(picture).__name__, "Open the picture first."
        )
    if picture.mode.startswith(("I", "F")):
        raise BadRequest(
            "a picture of 8 bits a channel",
            f"mode {picture.mode}",
            "Open it with vitrina.images.open_picture, which scales it by percentiles.",
        )
    if picture.has_transparency_data:
        # On white, as files are read: a plain conversion brings out colours hidden under alpha 0.
        rgba = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba)
    return _middle(picture if picture.mode == "RGB" else picture.convert("RGB"))


def _middle(image: Image.Image) -> Image.Image:
    """The centre of a strip, at most LONGEST_STRIP times as long as it is wide; anything else as it is."""
    width, height = image.size
    longest = LONGEST_STRIP * min(width, height)
    if max(width, height) <= longest:
        return image
    left, top = max(0, (width - longest) // 2), max(0, (height - longest) // 2)
    return image.crop((left, top, left + min(width, longest), top + min(height, longest)))


def pixel_values(loaded: LoadedModel, pictures: Sequence[PictureLike]) -> torch.Tensor:
    """float32 (batch, 3, height, width) after the model's own image processor; `pictures` is not empty."""
    import torch

    images = [as_rgb(picture) for picture in pictures]
    values = loaded.image_processor(images=images, return_tensors="pt")["pixel_values"]
    # The same numbers in another order in memory: convolutions on a CPU run 1.7 times as fast
    # (EfficientNet-Lite0, batches of 32, two cores).
    return values.contiguous(memory_format=torch.channels_last)


def batches(pictures: Sequence[PictureLike], size: int) -> Iterator[Sequence[PictureLike]]:
    """Slices of at most `size` pictures, in order. Raises BadRequest for a size below 1."""
    if size < 1:
        raise BadRequest("a batch size of at least 1", str(size), "Use 16.")
    for start in range(0, len(pictures), size):
        yield pictures[start : start + size]
