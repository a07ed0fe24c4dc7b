"""The variations that a recipe names, drawn and applied in one fixed order."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from PIL import Image

from vitrina.augment.frame import Frame
from vitrina.augment.geometry import Crop, Flip, Placing, Rotate, Zoom
from vitrina.augment.seeds import streams_from
from vitrina.augment.tones import Brightness, Contrast, Grey, Noise
from vitrina.augment.variation import Variation
from vitrina.augment.window import WHOLE, Window
from vitrina.errors import BadRequest

# Pixels move before tones change, so that no noise is smoothed away by a turn; grey comes last, so that a
# grey picture is grey. A new variation is a class and its place here.
ORDER: tuple[type[Variation], ...] = (Crop, Zoom, Rotate, Flip, Brightness, Contrast, Noise, Grey)
KNOWN = tuple(kind.name for kind in ORDER)

Drawn = tuple[Any, ...]


@dataclass(frozen=True)
class Augmentation:
    """What is done to a picture in training, in the order of application; false where that is nothing.

    Every variation draws from a stream of its own: adding one to a recipe, or leaving one out, does not
    change what the others draw for the same picture.

    Within a `frame` pixels are moved and brought to the network's size in one step; flips and tones act on that. Noise
    then is as strong as the recipe says on the pixels that the network sees, where a picture of its own size has
    most of it averaged away by the resizing after it, and contrast turns about the mean of what is seen.
    """

    variations: tuple[Variation, ...] = ()
    frame: Frame | None = None

    @classmethod
    def from_recipe(cls, settings: Mapping[str, Any] | None) -> Augmentation:
        """From the recipe's `augment`: names of KNOWN to their values, in any order; None is no augmentation.

        flip: horizontal, vertical or both. rotate: degrees, above 0 to 180, or quarter. zoom: [least, most],
        0.25 to 4. crop: [least, most] share of the area, 0.05 to 1. brightness, contrast: 0 to less than 1.
        noise: 0 to 0.5, a share of 255. grey: probability. 0, null, false, or [1, 1] switch one off. Raises
        BadRequest.
        """
        if settings is None:
            return cls()
        if not isinstance(settings, Mapping):
            raise BadRequest(
                f"names and values under augment ({', '.join(KNOWN)})",
                repr(settings)[:200],
                "Write them as a mapping, such as flip: horizontal.",
            )
        unknown = sorted(str(name) for name in settings if name not in KNOWN)
        if unknown:
            near = difflib.get_close_matches(unknown[0], KNOWN, n=1)
            step = "Correct the name, or leave it out."
            if near:
                step = f"Did you mean {near[0]} by {unknown[0]}?"
            raise BadRequest(
                f"variations under augment among {', '.join(KNOWN)}", f"unknown {', '.join(unknown)}", step
            )
        read = (kind.read(settings[kind.name]) for kind in ORDER if kind.name in settings)
        return cls(tuple(variation for variation in read if variation is not None))

    def within(self, frame: Frame | None) -> Augmentation:
        """The same variations in pictures of the frame's size; None: each in its own size."""
        return replace(self, frame=frame)

    def __bool__(self) -> bool:
        return bool(self.variations)

    @property
    def names(self) -> tuple[str, ...]:
        """The variations that are switched on, in the order of application."""
        return tuple(variation.name for variation in self.variations)

    def as_dict(self) -> dict[str, Any]:
        """What `from_recipe` makes this augmentation of, in plain types of YAML and JSON."""
        return {variation.name: variation.value() for variation in self.variations}

    def __call__(self, image: Image.Image, *, generator: np.random.Generator) -> Image.Image:
        """`image` varied, as `apply` does it. `generator` moves on by 128 bits. Raises BadRequest."""
        return self.apply(image, self.draw(generator))

    def draw(self, generator: np.random.Generator) -> Drawn:
        """What `apply` takes, one value for each of `variations`."""
        streams = streams_from(generator, self.names)
        return tuple(variation.draw(streams[variation.name]) for variation in self.variations)

    def window(self, drawn: Drawn) -> Window:
        """The part of the picture that is seen after what was drawn."""
        window = WHOLE
        for variation, value in zip(self.variations, drawn, strict=True):
            if isinstance(variation, Placing):
                window = variation.place(window, value)
        return window

    def apply(self, image: Image.Image, drawn: Drawn) -> Image.Image:
        """`image` with what was drawn done to it: RGB, same size; the image itself where that changes nothing.

        With a frame it comes out in the frame's size, resized once. Raises BadRequest where `image` is not RGB.
        """
        if image.mode != "RGB":
            raise BadRequest("an RGB picture to vary", f"mode {image.mode}", "Decode it as RGB first.")
        window, frame = WHOLE, self.frame
        for variation, value in zip(self.variations, drawn, strict=True):
            if isinstance(variation, Placing):
                window = variation.place(window, value)
            else:
                image, window, frame = variation.apply(_seen(image, window, frame), value), WHOLE, None
        return _seen(image, window, frame)

    def told(self, drawn: Drawn) -> tuple[str, ...]:
        """What was drawn in words, without the variations that leave the picture as it is."""
        texts = (variation.told(value) for variation, value in zip(self.variations, drawn, strict=True))
        return tuple(text for text in texts if text)


def _seen(image: Image.Image, window: Window, frame: Frame | None) -> Image.Image:
    return window.seen(image) if frame is None else frame.seen(image, window)
