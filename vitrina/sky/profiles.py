"""Surface brightness profiles of galaxies."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import k1

from vitrina.sky.plane import Array, Plane, Shape

# Half side, in px, of the central block that is integrated over sub-pixels, since a steep profile changes
# within one pixel there; the block has an even count of samples so that none falls on the cusp itself.
_CORE_PX = 4
_CORE_SAMPLES = 8


def sersic_b(index: float) -> float:
    """The factor b_n that makes the effective radius hold half the light; `index` from 0.5 to 10.

    Asymptotic expansion of Ciotti & Bertin 1999 (A&A 352, 447); the light within the radius is then 0.5 to
    2e-4 at index 0.5, to 2e-5 from index 1 on.
    """
    n = index
    return (
        2 * n
        - 1 / 3
        + 4 / (405 * n)
        + 46 / (25515 * n**2)
        + 131 / (1148175 * n**3)
        - 2194697 / (30690717750 * n**4)
    )


def sersic_total(index: float) -> float:
    """Total light of a round Sersic profile with unit brightness at unit effective radius."""
    b = sersic_b(index)
    return 2 * math.pi * index * math.exp(b) * b ** (-2 * index) * math.gamma(2 * index)


def sersic(plane: Plane, shape: Shape, *, index: float) -> Array:
    """A Sersic profile (Sersic 1963, BAAA 6, 41) with total light 1: float32 (side, side), light per px.

    `shape.radius` is the effective (half-light) radius along the major axis in px. Light that falls outside
    the canvas is lost, as in a real cut-out; the sum is therefore slightly below 1.
    """
    x, y = plane.grid()
    image = _sersic_at(x, y, shape, index=index)
    half = (plane.side - 1) / 2
    row, column = round(shape.y + half), round(shape.x + half)
    top, bottom = max(row - _CORE_PX, 0), min(row + _CORE_PX + 1, plane.side)
    left, right = max(column - _CORE_PX, 0), min(column + _CORE_PX + 1, plane.side)
    if top < bottom and left < right:
        steps = ((np.arange(_CORE_SAMPLES) + 0.5) / _CORE_SAMPLES - 0.5).astype(np.float32)
        core_x = x[top:bottom, left:right, None, None] + steps
        core_y = y[top:bottom, left:right, None, None] + steps[:, None]
        image[top:bottom, left:right] = _sersic_at(core_x, core_y, shape, index=index).mean(axis=(2, 3))
    return image


def _sersic_at(x: Array, y: Array, shape: Shape, *, index: float) -> Array:
    along, across = shape.along_across(x, y)
    b = sersic_b(index)
    scale = 1 / (sersic_total(index) * shape.radius**2 * shape.axis_ratio)
    squared = (along * along + (across / shape.axis_ratio) ** 2) / np.float32(shape.radius**2)
    steepness = -b * (squared ** np.float32(0.5 / index) - 1)
    return (np.float32(scale) * np.exp(steepness)).astype(np.float32)


def ferrers_bar(plane: Plane, shape: Shape, *, squareness: float = 3.0, order: float = 1.5) -> Array:
    """A bar with total light 1, float32 (side, side), zero outside its end at `shape.radius` px.

    (1 - m^2)^order within a generalised ellipse |x/a|^c + |y/b|^c = m^c: the density law of Ferrers 1877 on
    the boxy isophotes that Athanassoula et al. 1990 (MNRAS 245, 130) measured in bars (c from 2 to 5).
    """
    along, across = shape.along_across(*plane.grid())
    # Half a pixel at least, or a thin bar could fall between the pixel centres.
    width = max(shape.radius * shape.axis_ratio, 0.5)
    power = np.float32(squareness)
    inside = np.abs(along / shape.radius) ** power + np.abs(across / width) ** power
    bar = np.clip(1 - inside ** np.float32(2 / squareness), 0, None) ** np.float32(order)
    return (bar / bar.sum()).astype(np.float32)


def edge_on_disc(along: Array, height: Array, *, scale_length: float, scale_height: float) -> Array:
    """An exponential disc seen exactly from its side; brightness relative to the centre (1 at 0, 0).

    (R/h) K1(R/h) sech^2(z/z0): van der Kruit & Searle 1981 (A&A 95, 105). `along`, `height` and both scales
    are in px; the answer is float32 in the shape of `along`.
    """
    # K1 is costly and depends on one number only: a table of it is exact to 1e-4 of the centre.
    table = np.linspace(0, 10, 513)
    values = np.ones_like(table)
    values[1:] = table[1:] * k1(table[1:])
    radial = np.interp(np.abs(along) / np.float32(scale_length), table, values, right=0.0).astype(np.float32)
    # sech^2(t) = 4 e / (1 + e)^2 with e = exp(-2 |t|), which neither overflows nor needs two exponentials.
    decay = np.exp(np.abs(height) * np.float32(-2 / scale_height))
    return radial * (4 * decay / (1 + decay) ** 2)
