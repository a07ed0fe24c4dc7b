"""Colour pictures of astronomical bands by the asinh stretch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vitrina.errors import VitrinaError
from vitrina.sky.plane import Array


# Red, green, blue are the three positions that everybody knows, hence one more than two.
def lupton_rgb(
    red: Array, green: Array, blue: Array, *, stretch: float, softening: float
) -> NDArray[np.uint8]:
    """Three bands as one colour picture, uint8 (height, width, 3), after Lupton et al. 2004 (PASP 116, 133).

    The mean intensity I goes through asinh(softening * I / stretch) / softening and all bands are multiplied
    by the same factor, so that an object keeps its colour from faint to bright; where a band would pass
    white, all three are divided by the largest. Negative light, which noise makes of an empty sky, becomes
    black. `stretch` (in the unit of the bands) and `softening` (the Q of the paper, without unit) are
    positive. Raises VitrinaError when the shapes differ or a number is not positive.
    """
    if not red.shape == green.shape == blue.shape:
        raise VitrinaError(
            "three bands of one shape",
            f"{red.shape}, {green.shape}, {blue.shape}",
            "Crop or resample the bands to the same pixels first.",
        )
    if not (stretch > 0 and softening > 0):
        raise VitrinaError(
            "a positive stretch and a positive softening",
            f"stretch {stretch}, softening {softening}",
            "Give both as numbers above zero.",
        )
    # Planes are kept apart until the end: numpy is several times slower along an axis of three.
    intensity = (red + green + blue) * np.float32(1 / 3)
    # Where there is no light the factor has the finite limit 1 / stretch, but the picture is black anyway.
    lit = intensity > 0
    safe = np.where(lit, intensity, np.float32(1))
    factor = np.arcsinh(safe * np.float32(softening / stretch)) / (np.float32(softening) * safe) * lit
    planes = [np.maximum(band * factor, 0) for band in (red, green, blue)]
    brightest = np.maximum(np.maximum(planes[0], planes[1]), np.maximum(planes[2], 1))
    to_grey = np.float32(255) / brightest
    return np.stack([(band * to_grey + np.float32(0.5)).astype(np.uint8) for band in planes], axis=-1)
