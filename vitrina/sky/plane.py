"""The pixel grid of one exposure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len

Array = NDArray[np.float32]

# Every picture shows the same patch of sky, whatever its size in pixels: 50 arcsec is the field of a cut-out
# of 192 px at the 0.26 arcsec/px of a 4 m telescope's camera.
FIELD_ARCSEC = 50.0
# Light within this margin around the field is drawn as well, so that haloes of stars just outside reach in
# and the wrap-around of the Fourier convolution stays outside the picture.
MARGIN_ARCSEC = 4.0


@dataclass(frozen=True)
class Plane:
    """A square field `size` px on a side inside a slightly larger canvas `side` px on a side."""

    size: int
    side: int
    arcsec_per_px: float

    @classmethod
    def of(cls, size: int) -> Plane:
        """The plane of a picture `size` px on a side; the canvas is rounded up to a fast FFT length."""
        arcsec_per_px = FIELD_ARCSEC / size
        side = next_fast_len(size + 2 * math.ceil(MARGIN_ARCSEC / arcsec_per_px), real=True)
        return cls(size=size, side=side, arcsec_per_px=arcsec_per_px)

    def grid(self) -> tuple[Array, Array]:
        """Pixel centres x, y, each float32 (side, side), in px from the centre of the field."""
        return _grid(self.side)

    def px(self, arcsec: float) -> float:
        """An angle on the sky in pixels."""
        return arcsec / self.arcsec_per_px

    def crop(self, bands: Array) -> Array:
        """The field (..., size, size) cut from the canvas (..., side, side)."""
        start = (self.side - self.size) // 2
        return bands[..., start : start + self.size, start : start + self.size]


@dataclass(frozen=True)
class Shape:
    """Where an ellipse lies: half-light radius with centre in px, axis ratio 0..1, angle in radians.

    The angle runs from the x axis of the picture to the major axis, anticlockwise as seen on the screen.
    """

    radius: float
    axis_ratio: float = 1.0
    angle: float = 0.0
    x: float = 0.0
    y: float = 0.0

    def along_across(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Coordinates along the major and the minor axis, in px, same shape as `x` and `y`."""
        cosine, sine = np.float32(math.cos(self.angle)), np.float32(math.sin(self.angle))
        dx, dy = x - np.float32(self.x), np.float32(self.y) - y
        return dx * cosine + dy * sine, dy * cosine - dx * sine


def flux_of(magnitude: float) -> float:
    """Flux in nanomaggies of an AB magnitude (one nanomaggy is AB 22.5)."""
    return float(10.0 ** (0.4 * (22.5 - magnitude)))


def magnitude_of(flux: float) -> float:
    """AB magnitude of a flux in nanomaggies; the flux must be positive."""
    return 22.5 - 2.5 * math.log10(flux)


def band_weights(g_r: float, r_i: float) -> Array:
    """Flux in g, r, i, float32 (3,), of a source with one nanomaggy in r, from its AB colours."""
    return np.array([10 ** (-0.4 * g_r), 1.0, 10 ** (0.4 * r_i)], dtype=np.float32)


@lru_cache(maxsize=4)
def _grid(side: int) -> tuple[Array, Array]:
    axis = np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)
    y, x = np.meshgrid(axis, axis, indexing="ij")
    x.flags.writeable = y.flags.writeable = False
    return x, y
