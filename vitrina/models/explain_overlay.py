"""Heat laid over the picture as the model saw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from vitrina.errors import BadRequest
from vitrina.models.backbone import LoadedModel
from vitrina.models.inputs import PictureLike, pixel_values

# From cold to hot: dark violet, red, amber, pale yellow. Lightness rises all the way, so that the order is
# read without telling colours apart.
RAMP = ((0.0, (38, 12, 60)), (0.35, (150, 32, 72)), (0.65, (237, 120, 30)), (1.0, (255, 236, 140)))


def seen(loaded: LoadedModel, pictures: Sequence[PictureLike]) -> list[Image.Image]:
    """The model's input as RGB pictures: resized, cropped, padded as its image processor does.

    A heat map lies over these pixel for pixel. Raises PictureRefused.
    """
    if not len(pictures):
        return []
    mean, deviation, most = _normalisation(loaded.image_processor)
    values = pixel_values(loaded, pictures).permute(0, 2, 3, 1).numpy()
    levels = (values * deviation + mean) * (255 / most)
    return [Image.fromarray(picture) for picture in np.clip(np.rint(levels), 0, 255).astype(np.uint8)]


def overlay(picture: Image.Image, heat: np.ndarray, *, strength: float = 0.75) -> Image.Image:
    """RGB of the picture's size: cold parts grey and dark, hot parts lit in amber.

    `heat` (height, width), 0..1, covers the whole picture, at any resolution: lay it over what `seen` gives.
    `strength` 0..1: how much of the picture's own colours gives way. Raises BadRequest.
    """
    if not 0 <= strength <= 1:
        raise BadRequest("a strength from 0 to 1", str(strength), "Use 0.75.")
    if heat.ndim != 2 or not heat.size or not ((heat >= 0) & (heat <= 1)).all():
        found = f"the shape {heat.shape}"
        if heat.size:
            found += f" with values from {heat.min():.3g} to {heat.max():.3g}"
        raise BadRequest("heat (height, width) from 0 to 1", found, "Give one map of heat_map.")
    grown = Image.fromarray(heat.astype(np.float32)).resize(picture.size, Image.Resampling.BILINEAR)
    hot = np.clip(np.asarray(grown), 0, 1)[:, :, None]
    own = np.asarray(picture.convert("RGB"), dtype=np.float32)
    grey = own @ np.array([0.299, 0.587, 0.114], dtype=np.float32)[:, None]
    dimmed = own * (1 - strength) + 0.45 * grey * strength
    marked = (1 - 0.55 * strength) * own + 0.55 * strength * _coloured(hot[:, :, 0])
    # Lifts the middle a little: half the heat is seen as such.
    share = hot**0.75
    return Image.fromarray(np.clip(np.rint(dimmed * (1 - share) + marked * share), 0, 255).astype(np.uint8))


def _coloured(heat: np.ndarray) -> np.ndarray:
    """float32 (height, width, 3), 0..255, by RAMP."""
    at = [place for place, _ in RAMP]
    channels = [np.interp(heat, at, [colour[channel] for _, colour in RAMP]) for channel in range(3)]
    return np.stack(channels, axis=2).astype(np.float32)


def _normalisation(processor: Any) -> tuple[np.ndarray, np.ndarray, float]:
    """(mean, standard deviation, the value of white before both) that a processor works with."""
    config = getattr(processor, "data_config", None)
    if config is not None:
        return np.array(config["mean"]), np.array(config["std"]), 1.0
    most = 1.0 if getattr(processor, "do_rescale", True) else 255.0
    mean, deviation = getattr(processor, "image_mean", None), getattr(processor, "image_std", None)
    if not getattr(processor, "do_normalize", True) or mean is None or deviation is None:
        return np.zeros(3), np.ones(3), most
    return np.broadcast_to(np.array(mean), 3), np.broadcast_to(np.array(deviation), 3), most
