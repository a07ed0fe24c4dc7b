"""Tidal encounters of two discs by the restricted three-body method."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vitrina.sky.plane import Array

# Softening of each galaxy's point mass, a Plummer sphere, in disc scale lengths: a stand-in for its halo.
SOFTENING = 0.9
# Time step in units where G, the first mass and its disc's scale length are 1. The fastest orbit turns by
# 0.3 radians in it, well inside the stable range of leapfrog.
TIME_STEP = 0.28
RINGS = 44
TRACERS_PER_RING = 44
DISC_EDGE = 4.2


@dataclass(frozen=True)
class Encounter:
    """Two discs passing each other; lengths in scale lengths of the first disc, G and its mass being 1.

    `mass_ratio` second over first (0..1]; `pericentre` distance of closest approach; `eccentricity` of the
    orbit there (1 is a parabola); `since` the time since closest approach. `tilts` and `nodes` (radians) turn
    each disc against the orbital plane: a tilt under 90 degrees is prograde and draws long tails.
    """

    mass_ratio: float
    pericentre: float
    eccentricity: float
    since: float
    tilts: tuple[float, float]
    nodes: tuple[float, float]

    @property
    def scales(self) -> tuple[float, float]:
        """Disc scale lengths; a lighter disc is smaller as the square root of its mass."""
        return 1.0, math.sqrt(self.mass_ratio)


def run_encounter(encounter: Encounter) -> tuple[list[Array], NDArray[np.float64]]:
    """Positions of both discs' tracers, two arrays float32 (3, rings, around), with both centres (2, 3).

    Massless tracers on circular orbits in the field of two moving point masses: the method by which Toomre &
    Toomre 1972 (ApJ 178, 623) explained bridges with tails. The tracers do not feel one another.
    """
    before = 7.0
    centres, speeds = _rewind(encounter, before)
    traits = zip((1.0, encounter.mass_ratio), encounter.scales, encounter.tilts, encounter.nodes, strict=True)
    discs = [_cold_disc(mass, scale, tilt=tilt, node=node) for mass, scale, tilt, node in traits]
    where = np.concatenate([discs[k][0] + centres[k][:, None].astype(np.float32) for k in (0, 1)], axis=1)
    motion = np.concatenate([discs[k][1] + speeds[k][:, None].astype(np.float32) for k in (0, 1)], axis=1)
    steps = math.ceil((before + encounter.since) / TIME_STEP)
    half = np.float32(TIME_STEP / 2)
    motion += half * _pull(where, centres, encounter=encounter)
    for _ in range(steps):
        where += np.float32(TIME_STEP) * motion
        centres, speeds = _drift_centres(centres, speeds, encounter=encounter)
        motion += np.float32(TIME_STEP) * _pull(where, centres, encounter=encounter)
    middle = where.shape[1] // 2
    grids = [part.reshape(3, RINGS, TRACERS_PER_RING) for part in (where[:, :middle], where[:, middle:])]
    return grids, centres


def disc_weights() -> Array:
    """Light of each tracer of an exponential disc, float32 (rings, around), sum 1."""
    radii = _ring_radii()
    # The taper keeps the last ring from showing as an outline.
    taper = np.clip((DISC_EDGE - radii) / 1.2, 0, 1)
    weights = np.repeat((np.exp(-radii) * radii * taper)[:, None], TRACERS_PER_RING, axis=1)
    return (weights / weights.sum()).astype(np.float32)


def refine(grid: Array, *, along: int, between: int) -> Array:
    """A sheet of tracers (..., rings, around) filled in by linear interpolation, rings being closed.

    Tracers are corners of a sheet, not drops of light, so that a stretched tail stays smooth: the idea of
    Abel, Hahn & Kaehler 2012 (MNRAS 427, 61). `along` points per tracer on a ring, `between`
    points per gap of rings.
    """
    fractions = (np.arange(along) / along).astype(np.float32)
    following = np.roll(grid, -1, axis=-1)
    dense = grid[..., None] + (following - grid)[..., None] * fractions
    dense = dense.reshape(*grid.shape[:-1], -1)
    shares = (np.arange(between) / between).astype(np.float32)[:, None]
    gaps = dense[..., :-1, None, :] + (dense[..., 1:, None, :] - dense[..., :-1, None, :]) * shares
    return gaps.reshape(*gaps.shape[:-3], -1, gaps.shape[-1])


def _ring_radii() -> NDArray[np.float64]:
    return np.linspace(0.12, DISC_EDGE, RINGS)


def _cold_disc(mass: float, scale: float, *, tilt: float, node: float) -> tuple[Array, Array]:
    """Positions with velocities, each (3, tracers), of circular orbits around one softened mass at rest."""
    radii = np.repeat(_ring_radii() * scale, TRACERS_PER_RING)
    azimuth = np.tile(np.arange(TRACERS_PER_RING) * (2 * math.pi / TRACERS_PER_RING), RINGS)
    speed = np.sqrt(mass * radii**2 / (radii**2 + (SOFTENING * scale) ** 2) ** 1.5)
    flat = np.stack([radii * np.cos(azimuth), radii * np.sin(azimuth), np.zeros_like(radii)])
    turning = np.stack([-speed * np.sin(azimuth), speed * np.cos(azimuth), np.zeros_like(radii)])
    turn = rotation(tilt=tilt, node=node)
    return (turn @ flat).astype(np.float32), (turn @ turning).astype(np.float32)


def rotation(*, tilt: float, node: float) -> NDArray[np.float64]:
    """The 3 x 3 rotation that tilts about the x axis, then turns about the z axis, both in radians."""
    ct, st, cn, sn = math.cos(tilt), math.sin(tilt), math.cos(node), math.sin(node)
    return np.array([[cn, -sn, 0], [sn, cn, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, ct, -st], [0, st, ct]])


def _rewind(encounter: Encounter, before: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centres with velocities, each (2, 3), `before` units of time ahead of closest approach."""
    total = 1 + encounter.mass_ratio
    softened = math.sqrt(encounter.pericentre**2 + SOFTENING**2)
    speed = math.sqrt(total * (1 + encounter.eccentricity) / softened)
    shares = np.array([[-encounter.mass_ratio / total], [1 / total]])
    centres = shares * np.array([encounter.pericentre, 0, 0])
    speeds = shares * np.array([0, -speed, 0])
    for _ in range(math.ceil(before / TIME_STEP)):
        centres, speeds = _drift_centres(centres, speeds, encounter=encounter)
    return centres, -speeds


def _drift_centres(
    centres: NDArray[np.float64], speeds: NDArray[np.float64], *, encounter: Encounter
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """One leapfrog step (drift, kick, drift) of the two masses under each other's softened pull."""
    centres = centres + speeds * (TIME_STEP / 2)
    apart = centres[1] - centres[0]
    pull = apart / (apart @ apart + SOFTENING**2) ** 1.5
    speeds = speeds + np.stack([pull * encounter.mass_ratio, -pull]) * TIME_STEP
    return centres + speeds * (TIME_STEP / 2), speeds


def _pull(where: Array, centres: NDArray[np.float64], *, encounter: Encounter) -> Array:
    """Acceleration (3, tracers) of all tracers towards both masses."""
    total = np.zeros_like(where)
    for centre, mass, scale in zip(centres, (1.0, encounter.mass_ratio), encounter.scales, strict=True):
        apart = centre[:, None].astype(np.float32) - where
        squared = np.einsum("ij,ij->j", apart, apart) + np.float32((SOFTENING * scale) ** 2)
        total += apart * (np.float32(mass) / (squared * np.sqrt(squared)))
    return total
