"""Stars in front of a galaxy with small galaxies behind it."""

from __future__ import annotations

import math

import numpy as np

from vitrina.sky.plane import Array, Plane, band_weights, flux_of

_STAMP_ARCSEC = 5.0


def draw_field(plane: Plane, rng: np.random.Generator) -> Array:
    """Everything in the picture that is not its subject: float32 (3, side, side) in nanomaggies per px."""
    bands = np.zeros((3, plane.side, plane.side), dtype=np.float32)
    richness = float(np.exp(rng.normal(0.0, 0.5)))
    _add_stars(bands, plane, rng=rng, count=int(rng.poisson(5.0 * richness)))
    _add_galaxies(bands, plane, rng=rng, count=int(rng.poisson(16.0 * richness)))
    return bands


def _magnitudes(rng: np.random.Generator, count: int, *, bright: float, faint: float, slope: float) -> Array:
    """AB magnitudes in r whose number grows as 10^(slope m) between the two limits."""
    low, high = 10 ** (slope * bright), 10 ** (slope * faint)
    return (np.log10(rng.uniform(low, high, count)) / slope).astype(np.float32)


def _place(rng: np.random.Generator, plane: Plane, *, clear_arcsec: float) -> tuple[float, float]:
    """A position in px from the centre, moved out where it would lie nearer than `clear_arcsec`."""
    x, y = rng.uniform(-plane.side / 2, plane.side / 2, 2)
    distance = math.hypot(x, y) or 1.0
    push = max(1.0, plane.px(clear_arcsec) / distance)
    return float(x * push), float(y * push)


def _add_stars(bands: Array, plane: Plane, *, rng: np.random.Generator, count: int) -> None:
    # g - r from 0.2 (F stars) to 1.5 (M dwarfs), r - i along the stellar locus: Covey et al. 2007
    # (AJ 134, 2398).
    for magnitude in _magnitudes(rng, count, bright=14.0, faint=24.0, slope=0.18):
        g_r = float(np.clip(rng.choice((0.45, 1.4), p=(0.55, 0.45)) + rng.normal(0, 0.16), 0.15, 1.6))
        r_i = 0.36 * g_r if g_r < 1.2 else 0.43 + min(float(rng.exponential(0.3)), 0.9)
        x, y = _place(rng, plane, clear_arcsec=7.0 if magnitude < 19 else 1.5)
        light = band_weights(g_r, r_i) * np.float32(flux_of(float(magnitude)))
        put_point(bands, light, x=x, y=y)
        if magnitude < 16.2:
            _add_spikes(bands, light, x=x, y=y, length=plane.px(9.0), turn=float(rng.normal(0, 0.02)))


def put_point(bands: Array, light: Array, *, x: float, y: float) -> None:
    """Adds a point source to (3, side, side), spread over the four nearest pixels; outside it is ignored."""
    half = (bands.shape[-1] - 1) / 2
    column, row = x + half, y + half
    left, top = math.floor(column), math.floor(row)
    if not (0 <= left < bands.shape[-1] - 1 and 0 <= top < bands.shape[-1] - 1):
        return
    across, down = column - left, row - top
    weights = np.outer((1 - down, down), (1 - across, across)).astype(np.float32)
    bands[:, top : top + 2, left : left + 2] += light[:, None, None] * weights


def _add_spikes(bands: Array, light: Array, *, x: float, y: float, length: float, turn: float) -> None:
    """Diffraction at the four vanes that hold a secondary mirror: a faint cross through a bright star."""
    steps = np.linspace(1.5, 5 * length, round(5 * length))
    half = (bands.shape[-1] - 1) / 2
    for quarter in range(4):
        angle = math.pi / 4 + turn + quarter * math.pi / 2
        # One part in two thousand of the star in all four arms together, falling off along each.
        shares = np.exp(-steps / length) / (8000 * length)
        columns = np.rint(x + steps * math.cos(angle) + half).astype(int)
        rows = np.rint(y + steps * math.sin(angle) + half).astype(int)
        inside = (columns >= 0) & (columns < bands.shape[-1]) & (rows >= 0) & (rows < bands.shape[-1])
        for band, flux in zip(bands, light, strict=True):
            np.add.at(band, (rows[inside], columns[inside]), flux * shares[inside].astype(np.float32))


def _add_galaxies(bands: Array, plane: Plane, *, rng: np.random.Generator, count: int) -> None:
    """Distant galaxies as small exponential ellipses, redder and smaller the fainter they are."""
    reach = math.ceil(plane.px(_STAMP_ARCSEC) / 2)
    axis = np.arange(-reach, reach + 1, dtype=np.float32)
    half = (plane.side - 1) / 2
    for magnitude in _magnitudes(rng, count, bright=18.2, faint=24.5, slope=0.32):
        x, y = _place(rng, plane, clear_arcsec=8.0 if magnitude < 20.5 else 3.0)
        radius = plane.px(float(np.exp(rng.normal(0, 0.3))) * (0.35 + 0.08 * max(0.0, 24 - float(magnitude))))
        angle, ratio = rng.uniform(0, math.pi), rng.uniform(0.3, 1.0)
        g_r, r_i = float(np.clip(rng.normal(0.85, 0.4), 0, 1.8)), float(np.clip(rng.normal(0.42, 0.2), 0, 1))
        column, row = round(x + half), round(y + half)
        dx, dy = axis[None, :] - (x + half - column), axis[:, None] - (y + half - row)
        along = dx * math.cos(angle) + dy * math.sin(angle)
        across = (dy * math.cos(angle) - dx * math.sin(angle)) / ratio
        stamp = np.exp(-1.678 * np.sqrt(along**2 + across**2) / radius)
        light = band_weights(g_r, r_i) * np.float32(flux_of(float(magnitude)) / stamp.sum())
        _add_stamp(bands, stamp, light=light, top=row - reach, left=column - reach)


def _add_stamp(bands: Array, stamp: Array, *, light: Array, top: int, left: int) -> None:
    side, width = bands.shape[-1], stamp.shape[0]
    rows = slice(max(top, 0), min(top + width, side))
    columns = slice(max(left, 0), min(left + width, side))
    if rows.start < rows.stop and columns.start < columns.stop:
        part = stamp[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        bands[:, rows, columns] += light[:, None, None] * part.astype(np.float32)
