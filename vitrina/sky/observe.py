"""What the atmosphere, the telescope and the detector do to light."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft2, rfft2
from scipy.ndimage import correlate1d

from vitrina.sky.plane import Array, Plane

# Dark-sky brightness in AB magnitudes per square arcsecond in g, r, i, of the order met by the Sloan Digital
# Sky Survey (York et al. 2000, AJ 120, 1579).
SKY_MAG_PER_ARCSEC2 = (21.9, 20.9, 20.2)
# Electrons that one nanomaggy leaves in one exposure, with the lower efficiency in i.
ELECTRONS_PER_NANOMAGGY = (4400.0, 5000.0, 3900.0)
READ_NOISE_ELECTRONS = 6.0
# Light beyond which a pixel is full, nanomaggies per square arcsecond: cores of bright stars turn white.
FULL_WELL = (30.0, 50.0, 65.0)
# Seeing grows as wavelength^(-1/5) in Kolmogorov turbulence: g is broader than r, i is sharper.
SEEING_BY_BAND = (1.055, 1.0, 0.962)


@dataclass(frozen=True)
class Conditions:
    """One night: seeing (full width at half maximum in r), Moffat beta, exposure relative to normal."""

    seeing_arcsec: float
    moffat_beta: float
    exposure: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Conditions:
        """A night at random; the seeing comes from a short list, so that each transform is computed once."""
        seeing = rng.choice((0.9, 1.0, 1.1, 1.2, 1.3, 1.45, 1.65), p=(0.1, 0.2, 0.25, 0.2, 0.13, 0.08, 0.04))
        return cls(
            seeing_arcsec=float(seeing),
            moffat_beta=float(rng.choice((2.5, 3.5))),
            exposure=float(np.exp(rng.normal(0.1, 0.35))),
        )


def moffat(side: int, *, fwhm: float, beta: float) -> Array:
    """Moffat's star profile (Moffat 1969, A&A 3, 455), float32 (side, side), sum 1, centred on pixel (0, 0).

    `fwhm` in px. The corner is the centre and the axes wrap around, as an FFT wants them.
    """
    width = fwhm / (2 * math.sqrt(2 ** (1 / beta) - 1))
    axis = np.fft.fftfreq(side, d=1 / side)
    squared = axis[:, None] ** 2 + axis[None, :] ** 2
    profile = (1 + squared / width**2) ** -beta
    return (profile / profile.sum()).astype(np.float32)


@lru_cache(maxsize=64)
def _transfer(side: int, fwhm: float, beta: float) -> NDArray[np.complex64]:
    return rfft2(moffat(side, fwhm=fwhm, beta=beta))


def blur(bands: Array, plane: Plane, *, conditions: Conditions) -> Array:
    """The three bands (3, side, side) as seen through the point spread function; the flux stays the same."""
    fwhm = plane.px(conditions.seeing_arcsec)
    beta = conditions.moffat_beta
    transfers = np.stack([_transfer(plane.side, round(fwhm * factor, 4), beta) for factor in SEEING_BY_BAND])
    return irfft2(rfft2(bands) * transfers, s=bands.shape[1:]).astype(np.float32)


def expose(bands: Array, plane: Plane, *, conditions: Conditions, rng: np.random.Generator) -> Array:
    """Photon and read noise on top of the light, sky level taken off again: float32 (3, h, w), nanomaggies.

    The sky alone leaves hundreds of electrons in a pixel; a Poisson number of that mean is a normal one to
    within a skewness of 0.05, and normal numbers cost a fifth of the time. The noise is passed through a
    binomial 3 x 3 kernel, since survey cut-outs are resampled, which correlates neighbouring pixels.
    """
    area = plane.arcsec_per_px**2
    gain = np.float32(conditions.exposure) * np.array(ELECTRONS_PER_NANOMAGGY, np.float32)[:, None, None]
    sky = np.array([10 ** (0.4 * (22.5 - m)) * area for m in SKY_MAG_PER_ARCSEC2], dtype=np.float32)
    # Deviation in nanomaggies: sqrt(light / gain + (read noise / gain)^2), worked in place on one array.
    deviation = np.maximum(bands, 0)
    deviation += sky[:, None, None]
    deviation /= gain
    deviation += (np.float32(READ_NOISE_ELECTRONS) / gain) ** 2
    np.sqrt(deviation, out=deviation)
    noise = resampled(rng.standard_normal(bands.shape, dtype=np.float32))
    # The background is never known exactly: a small error of its level remains in each band.
    pedestal = rng.normal(0.0, 0.06, 3).astype(np.float32)[:, None, None]
    noise += pedestal
    noise *= deviation
    noise += bands
    return saturated(noise, np.float32(area) * np.array(FULL_WELL, np.float32))


def saturated(bands: Array, full: Array) -> Array:
    """Bands (3, h, w) in which a pixel answers linearly to half of `full` (3,), then levels off towards it.

    Changes `bands` in place.
    """
    for band, limit in zip(bands, full, strict=True):
        beyond = band > limit / 2
        band[beyond] = limit / 2 * (1 + np.tanh(2 * band[beyond] / limit - 1))
    return bands


def resampled(noise: Array) -> Array:
    """White noise (3, h, w) after a mild binomial smoothing along both axes, wrapped at the edges."""
    weight = np.array([0.18, 0.64, 0.18], dtype=np.float32)
    for axis in (1, 2):
        noise = correlate1d(noise, weight, axis=axis, mode="wrap")
    return noise
