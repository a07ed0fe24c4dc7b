"""A galaxy's light before it is observed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vitrina.sky.plane import Array, Plane, Shape, band_weights, flux_of, magnitude_of

Parameters = dict[str, float | str]

# AB colours (g - r, r - i) of the order of those that Fukugita, Shimasaku & Ichikawa 1995 (PASP 107, 945)
# computed along the Hubble sequence at low redshift; the spread around them is drawn for each galaxy.
OLD_STARS = (0.80, 0.40)
DISC_STARS = (0.60, 0.32)
YOUNG_STARS = (0.12, 0.02)


@dataclass(frozen=True)
class Light:
    """A galaxy before atmosphere and detector: nanomaggies per px, float32 (3, side, side)."""

    bands: Array
    parameters: Parameters


def tint(rng: np.random.Generator, colours: tuple[float, float], *, reddening: float = 0.0) -> Array:
    """Flux in g, r, i for unit flux in r of a population: its colours with their natural spread, reddened."""
    g_r = colours[0] + reddening + float(rng.normal(0, 0.04))
    r_i = colours[1] + 0.45 * reddening + float(rng.normal(0, 0.02))
    return band_weights(g_r, r_i)


def colour(image: Array, weights: Array, *, flux: float) -> Array:
    """A unit-light image (side, side) as three bands with `flux` nanomaggies in r."""
    return image * (weights * np.float32(flux))[:, None, None]


def draw_flux(
    rng: np.random.Generator, shape: Shape, *, plane: Plane, brightness: tuple[float, float]
) -> float:
    """Flux in r from a mean surface brightness within the half-light ellipse, AB mag per square arcsecond.

    `brightness` is (typical, spread). One galaxy in twelve is 1 to 1.8 magnitudes fainter: hard for anyone.
    """
    typical, spread = brightness
    surface = float(rng.normal(typical, spread))
    if rng.uniform() < 0.08:
        surface += float(rng.uniform(1.0, 1.8))
    area = math.pi * shape.radius**2 * shape.axis_ratio * plane.arcsec_per_px**2
    return 2 * area * flux_of(surface)


def redshift_reddening(rng: np.random.Generator) -> float:
    """Extra g - r in magnitudes that a galaxy takes from its redshift, 0 to 0.3."""
    return float(rng.beta(1.5, 4.0) * 0.35)


def describe(shape: Shape, bands: Array, *, plane: Plane, **more: float | str) -> Parameters:
    """The parameters that every class shares, with units in their names, followed by the class's own.

    Magnitudes count the light on the canvas; radius, axis ratio, angle are those of the smooth profile that
    the galaxy was drawn from, lengths in px of the finished picture.
    """
    g, r, i = (magnitude_of(float(band.sum())) for band in bands)
    return {
        "ab_magnitude_r": r,
        "g_minus_r_mag": g - r,
        "r_minus_i_mag": r - i,
        "half_light_radius_px": float(shape.radius),
        "half_light_radius_arcsec": float(shape.radius * plane.arcsec_per_px),
        "axis_ratio": float(shape.axis_ratio),
        "position_angle_deg": math.degrees(shape.angle) % 180.0,
        "center_x_px": float(shape.x),
        "center_y_px": float(shape.y),
        **more,
    }


def draw_shape(
    rng: np.random.Generator, plane: Plane, *, radius: tuple[float, float], axis_ratio: float
) -> Shape:
    """A half-light ellipse near the middle; `radius` is (median in arcsec, log-normal spread)."""
    offset = rng.normal(0, plane.px(0.5), 2)
    size = float(np.clip(radius[0] * math.exp(rng.normal(0, radius[1])), 0.45 * radius[0], 2.0 * radius[0]))
    return Shape(
        radius=plane.px(size),
        axis_ratio=axis_ratio,
        angle=float(rng.uniform(0, math.pi)),
        x=float(offset[0]),
        y=float(offset[1]),
    )
