"""Arms, knots, dust, uneven star formation: what lies on top of a smooth profile."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft2, rfft2

from vitrina.sky.plane import Array

# Extinction in g, r, i relative to V (Schlegel, Finkbeiner & Davis 1998, ApJ 500, 525, table 6).
EXTINCTION = np.array([1.161, 0.843, 0.639], dtype=np.float32)


@dataclass(frozen=True)
class Arms:
    """Logarithmic spiral arms in a face-on disc; lengths in px, angles in radians.

    `pitch` is the angle between arm and circle. Kennicutt 1981 (AJ 86, 1847) measured some 5 to 30 degrees
    along the Hubble sequence; 10 to 30 are drawn here. `turn` is +1 for arms that run anticlockwise on their
    way out, else -1; an arm crosses the radius `start` at the azimuth `origin` times `turn`. `sharpness`
    (1..6) narrows the arms, `raggedness` (0..1) breaks them.
    """

    count: int
    pitch: float
    turn: int
    start: float
    origin: float
    sharpness: float
    raggedness: float

    def winding(self, radius: Array) -> Array:
        """Azimuth, in radians, through which an arm has turned since the radius `start`."""
        # The floor on the radius keeps the arms from winding up without end below one pixel.
        floor = np.float32(0.09)
        squared = (radius * np.float32(1 / self.start)) ** 2
        return np.log((squared + floor) / (1 + floor)) * np.float32(0.5 / math.tan(self.pitch))

    def ridge(self, radius: Array, azimuth: Array, *, rng: np.random.Generator) -> tuple[Array, Array]:
        """Strength of the arms (0..2) with that of the dust inside them (0..1), in the shape of `radius`."""
        around, winding = azimuth * np.float32(self.turn), self.winding(radius)
        # Slow wander of the ridge, one wave in azimuth and one along the arm, makes the arms unequal.
        a, b, c = rng.uniform(0, 2 * math.pi, 3)
        outwards = radius * np.float32(1.1 / self.start)
        wander = np.sin(azimuth + np.float32(a)) + np.sin(outwards + np.float32(b))
        phase = np.float32(self.count) * (around - winding - np.float32(self.origin))
        phase = phase + np.float32(0.3 + 0.5 * self.raggedness) * wander
        arm = np.exp(np.float32(self.sharpness) * (np.cos(phase) - 1))
        dust = np.exp(np.float32(3 * self.sharpness) * (np.cos(phase - np.float32(0.75)) - 1))
        # Spurs leave the arms at a larger pitch; whole numbers of them, so that azimuth has no seam.
        for number in (5, 8):
            spur = np.cos(number * (around - np.float32(0.6) * winding) + np.float32(c * number))
            arm = arm * (1 + np.float32(0.4 * self.raggedness) * spur)
        return np.clip(arm, 0, 2), dust


def patchiness(side: int, rng: np.random.Generator, *, coarse_px: float, contrast: float) -> Array:
    """A positive random field of mean 1, float32 (side, side), log-normal with a power-law spectrum.

    Power falls as k^-3 beyond the wavenumber of `coarse_px`; `contrast` is the standard deviation of the
    logarithm, 0 for a flat field.
    """
    noise = rfft2(rng.standard_normal((side, side), dtype=np.float32))
    ky, kx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None, :]
    squared = (1 + (kx * kx + ky * ky) * coarse_px**2).astype(np.float32)
    amplitude = 1 / np.sqrt(squared * np.sqrt(squared))
    amplitude[0, 0] = 0
    field = irfft2(noise * amplitude, s=(side, side))
    field = np.exp(np.float32(contrast) * field / field.std())
    return (field / field.mean()).astype(np.float32)


def pick_from(image: Array, rng: np.random.Generator, *, count: int) -> tuple[Array, Array]:
    """`count` pixel positions (x, y in px from the centre) drawn with the brightness of `image` as odds."""
    cumulative = np.cumsum(image, dtype=np.float64).ravel()
    chosen = np.searchsorted(cumulative, rng.uniform(0, cumulative[-1], count))
    rows, columns = np.divmod(np.minimum(chosen, image.size - 1), image.shape[1])
    half = (image.shape[1] - 1) / 2
    jitter = rng.uniform(-0.5, 0.5, (2, count))
    return (columns - half + jitter[0]).astype(np.float32), (rows - half + jitter[1]).astype(np.float32)


def knots(image: Array, rng: np.random.Generator, *, count: int, radius: float) -> Array:
    """Star-forming knots scattered by the brightness of `image`: float32 of its shape, sum 1.

    Luminosities follow the steep distribution of HII regions, dN/dL ~ L^-2 (Kennicutt, Edgar & Hodge 1989,
    ApJ 337, 761), cut at thirty times the faintest; `radius` is the Gaussian sigma in px.
    """
    side = image.shape[0]
    x, y = pick_from(image, rng, count=count)
    luminosity = 1 / rng.uniform(1 / 30, 1, count)
    widths = radius * (luminosity / 10) ** 0.25
    out = np.zeros_like(image)
    half = (side - 1) / 2
    reach = math.ceil(3 * float(widths.max()))
    axis = np.arange(-reach, reach + 1)
    for kx, ky, light, width in zip(x, y, luminosity, widths, strict=True):
        column, row = round(float(kx) + half), round(float(ky) + half)
        if not (reach <= column < side - reach and reach <= row < side - reach):
            continue
        across = np.exp(-0.5 * ((axis - (kx + half - column)) / width) ** 2)
        down = np.exp(-0.5 * ((axis - (ky + half - row)) / width) ** 2)
        spot = np.outer(down, across) * (light / (across.sum() * down.sum()))
        out[row - reach : row + reach + 1, column - reach : column + reach + 1] += spot.astype(np.float32)
    total = float(out.sum())
    return out / np.float32(total) if total > 0 else image / image.sum()


def dim(bands: Array, depth: Array) -> Array:
    """Light (3, h, w) behind dust of optical depth `depth` (h, w) in V: bluer light suffers more."""
    return bands * np.exp(-EXTINCTION[:, None, None] * depth)
