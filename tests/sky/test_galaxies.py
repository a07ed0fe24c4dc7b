"""Each class looks like what it is called, judged before noise is added."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vitrina.sky.galaxies import edge_on, elliptical, irregular
from vitrina.sky.light import Light
from vitrina.sky.mergers import merger
from vitrina.sky.plane import Plane
from vitrina.sky.spirals import barred_spiral, spiral
from vitrina.sky.structure import Arms, patchiness

PLANE = Plane.of(128)
DRAW = {
    "elliptical": elliptical,
    "spiral": spiral,
    "barred_spiral": barred_spiral,
    "edge_on": edge_on,
    "irregular": irregular,
    "merger": merger,
}


@pytest.fixture(scope="module")
def drawn() -> dict[str, list[Light]]:
    return {
        name: [draw(PLANE, np.random.default_rng(seed)) for seed in range(12)] for name, draw in DRAW.items()
    }


def _axis_ratio(image: np.ndarray) -> float:
    """Minor over major axis from second moments within half the field, where the galaxy is."""
    x, y = PLANE.grid()
    weight = image * (np.hypot(x, y) < PLANE.size / 2)
    total = weight.sum()
    cx, cy = (weight * x).sum() / total, (weight * y).sum() / total
    xx, yy = (weight * (x - cx) ** 2).sum() / total, (weight * (y - cy) ** 2).sum() / total
    xy = (weight * (x - cx) * (y - cy)).sum() / total
    spread = math.hypot(xx - yy, 2 * xy)
    return math.sqrt(max(xx + yy - spread, 0) / (xx + yy + spread))


def _mean(lights: list[Light], name: str) -> float:
    return float(np.mean([float(light.parameters[name]) for light in lights]))


def test_light_is_finite_and_never_negative(drawn: dict[str, list[Light]]) -> None:
    for lights in drawn.values():
        for light in lights:
            assert light.bands.shape == (3, PLANE.side, PLANE.side)
            assert light.bands.dtype == np.float32
            assert np.isfinite(light.bands).all()
            assert light.bands.min() >= 0


def test_edge_on_discs_are_thin(drawn: dict[str, list[Light]]) -> None:
    ratios = [_axis_ratio(light.bands[1]) for light in drawn["edge_on"]]
    assert max(ratios) < 0.4
    assert np.mean(ratios) < 0.25


def test_ellipticals_are_roundish_and_redder_than_spirals(drawn: dict[str, list[Light]]) -> None:
    ratios = [_axis_ratio(light.bands[1]) for light in drawn["elliptical"]]
    assert min(ratios) > 0.45
    assert np.mean(ratios) > 0.65
    red = _mean(drawn["elliptical"], "g_minus_r_mag")
    assert red > _mean(drawn["spiral"], "g_minus_r_mag") + 0.1
    assert _mean(drawn["spiral"], "g_minus_r_mag") > _mean(drawn["irregular"], "g_minus_r_mag")


def test_bulges_are_redder_than_the_discs_around_them(drawn: dict[str, list[Light]]) -> None:
    x, y = PLANE.grid()
    redder = 0
    for light in drawn["spiral"]:
        radius = np.hypot(
            x - float(light.parameters["center_x_px"]), y - float(light.parameters["center_y_px"])
        )
        ring = (radius > 10) & (radius < 25)
        core = radius < 2
        g, r = light.bands[0], light.bands[1]
        redder += bool(g[core].sum() / r[core].sum() < g[ring].sum() / r[ring].sum())
    assert redder >= 11


def test_spirals_state_how_they_are_seen(drawn: dict[str, list[Light]]) -> None:
    for light in drawn["spiral"] + drawn["barred_spiral"]:
        assert 10 <= float(light.parameters["pitch_deg"]) <= 30
        assert 0 <= float(light.parameters["inclination_deg"]) < 75
        assert light.parameters["winding"] in {"clockwise", "anticlockwise"}
    for light in drawn["barred_spiral"]:
        assert float(light.parameters["bar_length_px"]) > 3
    assert all(float(light.parameters["inclination_deg"]) > 75 for light in drawn["edge_on"])


def test_mergers_have_two_nuclei_and_irregulars_are_lopsided(drawn: dict[str, list[Light]]) -> None:
    assert _mean(drawn["merger"], "nuclei_separation_px") > 5
    uneven = [np.abs(light.bands[1] - light.bands[1][::-1, ::-1]).sum() for light in drawn["irregular"]]
    even = [np.abs(light.bands[1] - light.bands[1][::-1, ::-1]).sum() for light in drawn["elliptical"]]
    totals = {name: [light.bands[1].sum() for light in drawn[name]] for name in ("irregular", "elliptical")}
    assert np.mean(np.divide(uneven, totals["irregular"])) > 0.4
    assert np.mean(np.divide(uneven, totals["irregular"])) > np.mean(np.divide(even, totals["elliptical"]))


def test_stated_magnitude_is_the_light_that_is_there(drawn: dict[str, list[Light]]) -> None:
    for lights in drawn.values():
        for light in lights:
            flux = 10 ** (0.4 * (22.5 - float(light.parameters["ab_magnitude_r"])))
            assert light.bands[1].sum() == pytest.approx(flux, rel=1e-3)


@pytest.mark.parametrize("pitch_deg", [10.0, 20.0, 30.0])
def test_arms_keep_their_pitch(pitch_deg: float) -> None:
    arms = Arms(
        count=2, pitch=math.radians(pitch_deg), turn=1, start=1.0, origin=0.0, sharpness=3.0, raggedness=0.0
    )
    radius = np.array([20.0, 20.2], dtype=np.float32)
    winding = arms.winding(radius)
    # tan(pitch) = dR / (R dphi) along the arm.
    measured = math.degrees(math.atan(0.2 / (20.1 * float(winding[1] - winding[0]))))
    assert measured == pytest.approx(pitch_deg, abs=0.5)


def test_arms_have_no_seam_in_azimuth() -> None:
    arms = Arms(count=3, pitch=0.3, turn=-1, start=5.0, origin=1.0, sharpness=2.0, raggedness=0.9)
    radius = np.linspace(1, 60, 50, dtype=np.float32)
    before, _ = arms.ridge(radius, np.full_like(radius, math.pi), rng=np.random.default_rng(4))
    after, _ = arms.ridge(radius, np.full_like(radius, -math.pi), rng=np.random.default_rng(4))
    np.testing.assert_allclose(before, after, atol=1e-3)


def test_patchiness_is_positive_with_mean_one() -> None:
    field = patchiness(96, np.random.default_rng(5), coarse_px=12.0, contrast=0.8)
    assert field.min() > 0
    assert field.mean() == pytest.approx(1.0, rel=1e-3)
