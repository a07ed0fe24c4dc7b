"""Inclined discs with spiral arms, barred or not."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from vitrina.sky.light import (
    DISC_STARS,
    OLD_STARS,
    YOUNG_STARS,
    Light,
    Parameters,
    colour,
    describe,
    draw_flux,
    draw_shape,
    redshift_reddening,
    tint,
)
from vitrina.sky.plane import Array, Plane, Shape
from vitrina.sky.profiles import ferrers_bar, sersic
from vitrina.sky.structure import Arms, dim, knots, patchiness

# Half-light radius of an exponential disc in units of its scale length.
DISC_HALF_LIGHT = 1.678


def spiral(plane: Plane, rng: np.random.Generator) -> Light:
    """An inclined exponential disc with two to four arms around a redder bulge."""
    return _armed_disc(plane, rng, barred=False)


def barred_spiral(plane: Plane, rng: np.random.Generator) -> Light:
    """An inclined disc whose two arms set out from the ends of a bar of old stars."""
    return _armed_disc(plane, rng, barred=True)


@dataclass(frozen=True)
class _Disc:
    """A disc seen in its own plane: polar coordinates (side, side), scale length in px, arms, bar or none."""

    radius: Array
    azimuth: Array
    scale: float
    arms: Arms
    barred: bool


def _armed_disc(plane: Plane, rng: np.random.Generator, *, barred: bool) -> Light:
    # Random orientation makes cos i uniform; a bar is seen as one only when the disc is not too inclined.
    cosine = float(rng.uniform(0.5 if barred else 0.36, 1.0))
    # A disc of intrinsic thickness 0.2 (Hubble 1926, ApJ 64, 321) never looks thinner than that.
    axis_ratio = math.sqrt(0.04 + 0.96 * cosine * cosine)
    shape = draw_shape(rng, plane, radius=(8.0, 0.25), axis_ratio=axis_ratio)
    scale = shape.radius / DISC_HALF_LIGHT
    bar_length = scale * float(rng.uniform(1.0, 1.75)) if barred else 0.0
    arms = _draw_arms(rng, start=bar_length or 0.55 * scale, barred=barred)
    x, y = shape.along_across(*plane.grid())
    y = y / np.float32(axis_ratio)
    disc = _Disc(np.hypot(x, y), np.arctan2(y, x), scale, arms, barred)
    bulge, bulge_share = _bulge(plane, rng, shape=shape, barred=barred)
    bands = (1 - np.float32(bulge_share)) * _disc_light(plane, rng, disc=disc) + bulge
    more: Parameters = {"bulge_fraction": bulge_share}
    if barred:
        share = float(rng.uniform(0.14, 0.34))
        bar = _bar(plane, rng, shape=shape, length=bar_length, azimuth=arms.origin * arms.turn)
        bands = (1 - np.float32(share)) * bands + np.float32(share) * bar
        more |= {"bar_length_px": bar_length, "bar_fraction": share}
    flux = draw_flux(rng, shape, plane=plane, brightness=(22.3, 0.45))
    bands = bands * np.float32(flux / float(bands[1].sum()))
    more |= {
        "inclination_deg": math.degrees(math.acos(cosine)),
        "pitch_deg": math.degrees(arms.pitch),
        "arm_count": float(arms.count),
        "winding": "anticlockwise" if arms.turn > 0 else "clockwise",
    }
    return Light(bands, describe(shape, bands, plane=plane, **more))


def _draw_arms(rng: np.random.Generator, *, start: float, barred: bool) -> Arms:
    return Arms(
        count=2 if barred else int(rng.choice((2, 3, 4), p=(0.5, 0.28, 0.22))),
        pitch=math.radians(rng.uniform(10.0, 30.0)),
        turn=int(rng.choice((-1, 1))),
        start=start,
        origin=float(rng.uniform(0, 2 * math.pi)),
        sharpness=float(rng.uniform(1.2, 3.5)),
        raggedness=float(rng.uniform(0.1, 0.9)),
    )


def _disc_light(plane: Plane, rng: np.random.Generator, *, disc: _Disc) -> Array:
    """Old disc, young arms, knots behind dust: (3, side, side) with light near 1 in r."""
    ridge, dust = disc.arms.ridge(disc.radius, disc.azimuth, rng=rng)
    lengths = disc.radius * np.float32(1 / disc.scale)
    # Arms fade in gradually around a bulge, abruptly at the ends of a bar.
    share_of_start, steepness = (0.8, 5) if disc.barred else (0.6, 2)
    reach = (disc.radius / np.float32(share_of_start * disc.arms.start)) ** steepness
    inner = reach / (reach + 1)
    outer = np.clip(np.float32(rng.uniform(2.1, 2.8)) - lengths * np.float32(0.5), 0, 1)
    contrast = np.float32(rng.uniform(0.25, 0.9))
    smooth = np.exp(-lengths) * outer
    # A bar sweeps the stars of the inner disc into itself.
    swept = 1 - np.float32(0.55) * (1 - inner) if disc.barred else np.float32(1)
    old = swept * smooth * (1 + contrast * inner * (np.float32(1.8) * ridge - np.float32(0.8)))
    clumps = patchiness(plane.side, rng, coarse_px=0.8 * disc.scale, contrast=0.45)
    # Young stars reach further out than old ones: the colour of a disc turns bluer outwards.
    young = np.exp(np.float32(-0.8) * lengths) * outer * inner * ridge * ridge * clumps
    share = float(rng.uniform(0.10, 0.34))
    spots = knots(young, rng, count=int(rng.integers(20, 70)), radius=plane.px(0.25))
    bright = float(rng.uniform(0.04, 0.3)) * share
    reddening = redshift_reddening(rng)
    bands = colour(old / old.sum(), tint(rng, DISC_STARS, reddening=reddening), flux=1 - share)
    bands += colour(young / young.sum(), tint(rng, YOUNG_STARS, reddening=reddening), flux=share - bright)
    bands += colour(spots, tint(rng, YOUNG_STARS, reddening=reddening), flux=bright)
    return dim(bands, np.float32(rng.uniform(0.0, 0.7)) * dust * inner * np.exp(np.float32(-0.35) * lengths))


def _bulge(plane: Plane, rng: np.random.Generator, *, shape: Shape, barred: bool) -> tuple[Array, float]:
    """A bulge of old stars (3, side, side), rounder than its disc, with its share of the galaxy's light."""
    share = float(np.clip(rng.beta(1.6, 6.0), 0.02, 0.5)) * (0.5 if barred else 1.0)
    radius = max(shape.radius * float(rng.uniform(0.10, 0.2)), 0.8)
    body = replace(shape, radius=radius, axis_ratio=1 - 0.45 * (1 - shape.axis_ratio))
    image = sersic(plane, body, index=float(rng.uniform(1.0, 3.5)))
    return colour(image, tint(rng, OLD_STARS), flux=share), share


def _bar(plane: Plane, rng: np.random.Generator, *, shape: Shape, length: float, azimuth: float) -> Array:
    """A bar `length` px from centre to end, at an azimuth in the disc's plane: (3, side, side), light 1."""
    # The bar lies in the inclined disc: its direction and length are foreshortened with it.
    along, across = math.cos(azimuth), math.sin(azimuth) * shape.axis_ratio
    projected = replace(
        shape,
        radius=length * math.hypot(along, across),
        axis_ratio=float(rng.uniform(0.2, 0.38)),
        angle=shape.angle + math.atan2(across, along),
    )
    squareness, order = float(rng.uniform(2.2, 4.0)), float(rng.uniform(0.6, 1.5))
    bar = ferrers_bar(plane, projected, squareness=squareness, order=order)
    return colour(bar, tint(rng, OLD_STARS, reddening=-0.06), flux=1.0)
