"""Simulated encounters obey mechanics, tails included."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vitrina.sky.tides import (
    DISC_EDGE,
    RINGS,
    TRACERS_PER_RING,
    Encounter,
    disc_weights,
    refine,
    run_encounter,
)


def _encounter(**changes: object) -> Encounter:
    settings: dict[str, object] = {
        "mass_ratio": 0.8,
        "pericentre": 2.5,
        "eccentricity": 0.9,
        "since": 9.0,
        "tilts": (0.3, 0.3),
        "nodes": (0.0, 1.0),
    }
    return Encounter(**{**settings, **changes})  # type: ignore[arg-type]


def _flung(encounter: Encounter) -> float:
    """Share of the first disc's tracers that end up far outside the disc they began in."""
    grids, centres = run_encounter(encounter)
    distance = np.linalg.norm(grids[0] - centres[0][:, None, None], axis=0)
    return float((distance > 1.3 * DISC_EDGE).mean())


def test_shapes_and_finite_numbers() -> None:
    grids, centres = run_encounter(_encounter())
    assert [grid.shape for grid in grids] == [(3, RINGS, TRACERS_PER_RING)] * 2
    assert centres.shape == (2, 3)
    assert all(np.isfinite(grid).all() for grid in grids)


def test_a_distant_passage_leaves_a_disc_as_it_was() -> None:
    grids, centres = run_encounter(_encounter(pericentre=60.0, since=5.0))
    distance = np.linalg.norm(grids[0] - centres[0][:, None, None], axis=0)
    np.testing.assert_allclose(
        distance.mean(axis=1), distance.mean(axis=1)[0] + np.linspace(0, 4.08, RINGS), atol=0.1
    )
    assert distance.std(axis=1).max() < 0.12


def test_prograde_discs_grow_tails_that_retrograde_ones_do_not() -> None:
    # The central finding of Toomre & Toomre 1972.
    prograde = _flung(_encounter(tilts=(0.2, 0.2)))
    retrograde = _flung(_encounter(tilts=(math.pi - 0.2, 0.2)))
    assert prograde > 0.08
    assert prograde > 2 * retrograde


def test_the_centre_of_mass_stays_at_rest() -> None:
    encounter = _encounter()
    _, centres = run_encounter(encounter)
    np.testing.assert_allclose(centres[0] + encounter.mass_ratio * centres[1], 0, atol=1e-9)


def test_refined_sheet_passes_through_its_tracers() -> None:
    grid = np.random.default_rng(3).normal(size=(2, 5, 6)).astype(np.float32)
    fine = refine(grid, along=4, between=3)
    assert fine.shape == (2, 12, 24)
    np.testing.assert_allclose(fine[:, ::3, ::4], grid[:, :-1], atol=1e-6)


def test_disc_weights_fall_outwards_to_nothing() -> None:
    weights = disc_weights()
    assert weights.sum() == pytest.approx(1.0, rel=1e-5)
    assert weights[-1].max() == 0
