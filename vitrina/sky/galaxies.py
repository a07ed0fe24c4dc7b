"""Galaxies without spiral arms: elliptical, edge-on, irregular."""

from __future__ import annotations

import math
from dataclasses import replace

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
from vitrina.sky.plane import Array, Plane
from vitrina.sky.profiles import edge_on_disc, sersic
from vitrina.sky.structure import dim, knots, patchiness


def elliptical(plane: Plane, rng: np.random.Generator) -> Light:
    """A Sersic spheroid of index 2.5 to 6, flattened from E0 to E5, of old stars only."""
    axis_ratio = float(np.clip(rng.normal(0.78, 0.13), 0.5, 1.0))
    shape = draw_shape(rng, plane, radius=(3.1, 0.32), axis_ratio=axis_ratio)
    index = float(np.clip(rng.normal(4.0, 0.8), 2.5, 6.0))
    flux = draw_flux(rng, shape, plane=plane, brightness=(21.2, 0.5))
    weights = tint(rng, OLD_STARS, reddening=redshift_reddening(rng))
    bands = colour(sersic(plane, shape, index=index), weights, flux=flux)
    return Light(bands, describe(shape, bands, plane=plane, sersic_index=index))


def edge_on(plane: Plane, rng: np.random.Generator) -> Light:
    """A disc within a few degrees of edge-on: thin, sometimes warped, often crossed by a lane of dust.

    Its axis ratio is that of scale height to scale length.
    """
    tilt = math.radians(abs(rng.normal(0, 3.0)))
    shape = draw_shape(rng, plane, radius=(4.6, 0.3), axis_ratio=float(rng.uniform(0.12, 0.25)))
    # Half the light of (R/h) K1(R/h) lies within 0.95 h.
    length = shape.radius / 0.95
    thickness = length * shape.axis_ratio
    along, height = shape.along_across(*plane.grid())
    height = height - np.float32(rng.normal(0, 0.35) * thickness) * (along / np.float32(3 * length)) ** 3
    disc = _tilted_disc(rng, along=along, height=height, length=length, thickness=thickness, tilt=tilt)
    reddening = redshift_reddening(rng) + float(rng.uniform(-0.26, 0.08))
    bulge_share = float(np.clip(rng.beta(1.2, 4.0), 0.0, 0.5))
    bands = colour(disc / disc.sum(), tint(rng, DISC_STARS, reddening=reddening), flux=1 - bulge_share)
    bulge_radius, bulge_ratio = length * float(rng.uniform(0.12, 0.3)), float(rng.uniform(0.55, 0.85))
    body = replace(shape, radius=bulge_radius, axis_ratio=bulge_ratio)
    bulge = sersic(plane, body, index=float(rng.uniform(1.0, 2.5)))
    bands += colour(bulge, tint(rng, OLD_STARS, reddening=reddening), flux=bulge_share)
    depth = float(rng.uniform(1.5, 7.0)) if rng.uniform() < 0.65 else 0.0
    if depth:
        side = np.float32(0.35 * length * math.sin(tilt) * rng.choice((-1, 1)))
        lane = edge_on_disc(along, height - side, scale_length=1.2 * length, scale_height=0.55 * thickness)
        bands = dim(bands, np.float32(depth) * lane)
    flux = draw_flux(rng, shape, plane=plane, brightness=(20.75, 0.5))
    bands = bands * np.float32(flux / float(bands[1].sum()))
    more: Parameters = {
        "inclination_deg": 90.0 - math.degrees(tilt),
        "scale_height_px": thickness,
        "bulge_fraction": bulge_share,
        "dust_depth_v": depth,
    }
    return Light(bands, describe(shape, bands, plane=plane, **more))


def _tilted_disc(
    rng: np.random.Generator, *, along: Array, height: Array, length: float, thickness: float, tilt: float
) -> Array:
    """A thin disc `tilt` radians from edge-on that ends between 3.6 and 5 scale lengths; brightest near 1."""
    # A tilt shows some of the disc's breadth: the scale height grows in projection.
    apparent = math.hypot(thickness, 0.5 * length * math.sin(tilt))
    disc = edge_on_disc(along, height, scale_length=length, scale_height=apparent)
    end = np.float32(rng.uniform(3.6, 5.0))
    return disc * np.clip((end - np.abs(along) / np.float32(length)) * np.float32(0.6), 0, 1)


def irregular(plane: Plane, rng: np.random.Generator) -> Light:
    """A lopsided body of low surface brightness, patches of young stars in it, without symmetry."""
    shape = draw_shape(rng, plane, radius=(5.2, 0.3), axis_ratio=float(rng.uniform(0.4, 0.95)))
    body = sersic(plane, shape, index=float(rng.uniform(0.6, 1.2)))
    coarse, contrast = float(rng.uniform(0.9, 2.0)) * shape.radius, float(rng.uniform(0.5, 0.95))
    patches = patchiness(plane.side, rng, coarse_px=coarse, contrast=contrast)
    uneven = body * patches
    active = uneven * patches * patchiness(plane.side, rng, coarse_px=0.8 * shape.radius, contrast=0.7)
    flux = draw_flux(rng, shape, plane=plane, brightness=(22.4, 0.55))
    share = float(rng.uniform(0.08, 0.5))
    bright = share * float(rng.uniform(0.1, 0.4))
    count = int(rng.integers(8, 45))
    reddening = 0.7 * redshift_reddening(rng)
    # Small galaxies hold fewer metals, so that even their old stars are bluer than a spiral's disc.
    old = (DISC_STARS[0] - 0.14, DISC_STARS[1] - 0.08)
    bands = colour(uneven / uneven.sum(), tint(rng, old, reddening=reddening), flux=flux * (1 - share))
    young = tint(rng, YOUNG_STARS, reddening=reddening)
    bands += colour(active / active.sum(), young, flux=flux * (share - bright))
    spots = knots(active, rng, count=count, radius=plane.px(0.4))
    bands += colour(spots, tint(rng, YOUNG_STARS, reddening=reddening - 0.08), flux=flux * bright)
    return Light(bands, describe(shape, bands, plane=plane, knot_count=float(count), young_fraction=share))
