"""Two galaxies in collision, drawn from the tracers of a simulated encounter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from vitrina.sky.light import (
    DISC_STARS,
    OLD_STARS,
    YOUNG_STARS,
    Light,
    colour,
    describe,
    draw_flux,
    redshift_reddening,
    tint,
)
from vitrina.sky.plane import Array, Plane, Shape
from vitrina.sky.profiles import sersic
from vitrina.sky.structure import knots, patchiness
from vitrina.sky.tides import Encounter, disc_weights, refine, rotation, run_encounter

_ALONG = 5
_BETWEEN = 3


def merger(plane: Plane, rng: np.random.Generator) -> Light:
    """Two discs after their first close passage, with the bridges or tails they pulled out of each other."""
    encounter = _draw_encounter(rng)
    scene = _look(plane, rng, encounter=encounter)
    reddening = redshift_reddening(rng)
    light_shares = (1 / (1 + encounter.mass_ratio), encounter.mass_ratio / (1 + encounter.mass_ratio))
    bands = np.zeros((3, plane.side, plane.side), dtype=np.float32)
    for member, share in enumerate(light_shares):
        bands += share * _member(plane, rng, scene=scene, member=member, reddening=reddening)
    shape = _measured_shape(plane, bands[1])
    flux = draw_flux(rng, shape, plane=plane, brightness=(22.2, 0.5))
    bands = bands * np.float32(flux / float(bands[1].sum()))
    separation = float(np.hypot(*(scene.centres[1] - scene.centres[0])))
    return Light(
        bands,
        describe(
            shape,
            bands,
            plane=plane,
            mass_ratio=encounter.mass_ratio,
            nuclei_separation_px=separation,
            eccentricity=encounter.eccentricity,
            disc_tilt_1_deg=math.degrees(encounter.tilts[0]),
            disc_tilt_2_deg=math.degrees(encounter.tilts[1]),
        ),
    )


def _draw_encounter(rng: np.random.Generator) -> Encounter:
    # At least one disc turns the same way as the orbit: two retrograde discs hardly show that they met.
    prograde = math.radians(rng.uniform(0, 50))
    other = math.acos(rng.uniform(-1, 1))
    first = bool(rng.integers(2))
    return Encounter(
        mass_ratio=float(rng.uniform(0.3, 1.0)),
        pericentre=float(rng.uniform(1.6, 3.6)),
        eccentricity=float(rng.uniform(0.55, 0.95)),
        since=float(rng.uniform(4.0, 15.0)),
        tilts=(prograde, other) if first else (other, prograde),
        nodes=(float(rng.uniform(0, 2 * math.pi)), float(rng.uniform(0, 2 * math.pi))),
    )


@dataclass(frozen=True)
class _Scene:
    """The encounter in px from the centre of the field: tracers by disc (2, rings, around), nuclei."""

    tracers: list[Array]
    centres: NDArray[np.float64]
    px_per_length: float
    scales: tuple[float, float]


def _look(plane: Plane, rng: np.random.Generator, *, encounter: Encounter) -> _Scene:
    """Chooses a line of sight and a scale at which most of the light fills a good part of the field."""
    grids, centres = run_encounter(encounter)
    # Uniform in the cosine of the viewing angle, leaving out sights within 20 degrees of the orbital plane.
    spin, roll = rng.uniform(0, 2 * math.pi, 2)
    view = rotation(tilt=math.acos(rng.uniform(0.35, 1.0)), node=roll) @ rotation(tilt=0.0, node=spin)
    flat = view[:2]
    seen = [np.einsum("ab,bij->aij", flat.astype(np.float32), grid) for grid in grids]
    weights = np.concatenate([disc_weights().ravel(), encounter.mass_ratio * disc_weights().ravel()])
    points = np.concatenate([part.reshape(2, -1) for part in seen], axis=1)
    middle = (points * weights).sum(axis=1, keepdims=True) / weights.sum()
    distance = np.hypot(*(points - middle))
    order = np.argsort(distance)
    reach = distance[order][np.searchsorted(np.cumsum(weights[order]), 0.85 * weights.sum())]
    scale = plane.size * float(rng.uniform(0.17, 0.30)) / float(reach)
    return _Scene(
        tracers=[(part - middle[:, :, None]) * np.float32(scale) for part in seen],
        centres=((flat @ centres.T) - middle).T * scale,
        px_per_length=scale,
        scales=encounter.scales,
    )


def _member(plane: Plane, rng: np.random.Generator, *, scene: _Scene, member: int, reddening: float) -> Array:
    """One of the two galaxies, (3, side, side), unit light in r: stirred disc, young knots, bulge."""
    sheet = refine(scene.tracers[member], along=_ALONG, between=_BETWEEN)
    rows = refine(disc_weights()[None], along=_ALONG, between=_BETWEEN)[0]
    # Interaction brightens what it pulls out: gas is compressed, stars form there.
    outward = np.linspace(0.3, 3.0, rows.shape[0], dtype=np.float32)[:, None]
    old, young = _deposit(plane, sheet, weights=[rows, rows * outward])
    smoothing = max(0.16 * scene.px_per_length * scene.scales[member], 1.0)
    old = gaussian_filter(old, smoothing, mode="constant")
    young = gaussian_filter(young, 0.8 * smoothing, mode="constant")
    young = young * patchiness(plane.side, rng, coarse_px=1.2 * scene.px_per_length, contrast=0.5)
    share = float(rng.uniform(0.12, 0.42))
    bulge_share = float(rng.uniform(0.06, 0.3))
    spots = knots(young, rng, count=int(rng.integers(12, 45)), radius=plane.px(0.25))
    bright = share * float(rng.uniform(0.05, 0.35))
    disc_colours = tint(rng, DISC_STARS, reddening=reddening + 0.05)
    bands = colour(old / old.sum(), disc_colours, flux=1 - share - bulge_share)
    bands += colour(young / young.sum(), tint(rng, YOUNG_STARS, reddening=reddening), flux=share - bright)
    bands += colour(spots, tint(rng, YOUNG_STARS, reddening=reddening), flux=bright)
    x, y = scene.centres[member]
    radius = max(0.32 * scene.px_per_length * scene.scales[member], 1.0)
    ratio, angle = float(rng.uniform(0.6, 1.0)), float(rng.uniform(0, math.pi))
    body = Shape(radius=radius, axis_ratio=ratio, angle=angle, x=float(x), y=float(y))
    bulge = sersic(plane, body, index=float(rng.uniform(1.5, 3.0)))
    return bands + colour(bulge, tint(rng, OLD_STARS, reddening=reddening), flux=bulge_share)


def _deposit(plane: Plane, sheet: Array, *, weights: Sequence[Array]) -> list[Array]:
    """Tracers laid on the pixels by cloud-in-cell shares, one picture (side, side) for each set of weights.

    What falls outside the canvas is lost, as in a real cut-out.
    """
    half = np.float32((plane.side - 1) / 2)
    column, row = sheet[0].ravel() + half, sheet[1].ravel() + half
    inside = (column >= 0) & (column < plane.side - 1) & (row >= 0) & (row < plane.side - 1)
    column, row = column[inside], row[inside]
    left, top = column.astype(np.int32), row.astype(np.int32)
    across, down = column - left, row - top
    first = top * plane.side + left
    cells = np.concatenate([first, first + 1, first + plane.side, first + plane.side + 1])
    upper = 1 - down
    shares = np.concatenate([upper * (1 - across), upper * across, down * (1 - across), down * across])
    pictures = []
    for weight in weights:
        light = np.bincount(cells, shares * np.tile(weight.ravel()[inside], 4), minlength=plane.side**2)
        pictures.append(light.astype(np.float32).reshape(plane.side, plane.side))
    return pictures


def _measured_shape(plane: Plane, image: Array) -> Shape:
    """Half-light ellipse of a picture from its second moments."""
    x, y = plane.grid()
    total = float(image.sum())
    cx, cy = float((image * x).sum()) / total, float((image * y).sum()) / total
    dx, dy = x - cx, cy - y
    xx, yy, xy = (float((image * part).sum()) / total for part in (dx * dx, dy * dy, dx * dy))
    spread = math.hypot(xx - yy, 2 * xy)
    ratio = math.sqrt(max((xx + yy - spread) / (xx + yy + spread), 0.01))
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    elliptic = Shape(radius=1.0, axis_ratio=ratio, angle=angle, x=cx, y=cy)
    along, across = elliptic.along_across(x, y)
    distance = np.hypot(along, across / np.float32(ratio)).ravel()
    light = np.bincount(distance.astype(np.int32), image.ravel())
    radius = float(np.searchsorted(np.cumsum(light), total / 2)) + 0.5
    return Shape(radius=radius, axis_ratio=ratio, angle=angle, x=cx, y=cy)
