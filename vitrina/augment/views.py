"""One picture looked at in several ways, the answers averaged (test-time augmentation)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from vitrina.augment.window import WHOLE
from vitrina.errors import BadRequest

View = Callable[[Image.Image], Image.Image]

# Five crops as in Krizhevsky et al. 2012 (section 4.1): 224 of 256 pixels a side.
ZOOM = 224 / 256
VIEWS = ("none", "flip", "flip_vertical", "rotate_90", "rotate_180", "rotate_270", "zoom")


def views(names: Sequence[str]) -> list[tuple[str, View]]:
    """(name, function from an RGB picture to one of the same size) for each of `names`, in their order.

    `names` are among VIEWS, none twice. `zoom` is five views: zoom_middle, zoom_top_left, zoom_top_right,
    zoom_bottom_left, zoom_bottom_right, each 7/8 of either side enlarged. Quarter turns go anticlockwise; a
    picture that is not square keeps its size (see `vitrina.augment.window`). Functions can be pickled. Raises
    BadRequest.
    """
    given = list(names) if isinstance(names, list | tuple) else []
    unknown = sorted({str(name) for name in given if name not in VIEWS})
    if not given or unknown:
        found = f"unknown {', '.join(unknown)}" if unknown else repr(names)[:200]
        raise BadRequest(f"a list of views among {', '.join(VIEWS)}", found, "Begin with [none, flip].")
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise BadRequest("each view once", f"{', '.join(twice)} more than once", "Name each view once.")
    return [view for name in given for view in _named(name)]


def mean_of_views(probabilities: np.ndarray) -> np.ndarray:
    """Mean over the views: (v, n, k), 0 to 1, to (n, k), float64. Every view weighs the same; rows that sum
    to 1 still do. Raises BadRequest."""
    given = np.asarray(probabilities, dtype=np.float64)
    if given.ndim != 3 or not given.shape[0]:
        raise BadRequest(
            "probabilities of shape (views, pictures, classes)",
            f"shape {given.shape}",
            "Stack one (n, k) a view.",
        )
    # Written so that what is not a number fails, too.
    if not ((given >= 0) & (given <= 1)).all():
        raise BadRequest(
            "probabilities from 0 to 1", "others", "Average after softmax or sigmoid, not the logits."
        )
    return given.mean(axis=0)


def _named(name: str) -> list[tuple[str, View]]:
    if name.startswith("rotate_"):
        return [(name, WHOLE.turned(float(name.removeprefix("rotate_"))).seen)]
    if name != "zoom":
        return [(name, {"none": _same, "flip": _flip, "flip_vertical": _flip_vertical}[name])]
    rest = 1 - ZOOM
    places = {"middle": (rest / 2, rest / 2), "top_left": (0.0, 0.0), "top_right": (rest, 0.0)}
    places |= {"bottom_left": (0.0, rest), "bottom_right": (rest, rest)}
    return [(f"zoom_{place}", WHOLE.part(*at, ZOOM, ZOOM).seen) for place, at in places.items()]


def _same(image: Image.Image) -> Image.Image:
    return image


def _flip(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _flip_vertical(image: Image.Image) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
