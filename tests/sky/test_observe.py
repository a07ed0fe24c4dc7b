"""Atmosphere and detector change the light as they should, no more."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.sky.field import draw_field, put_point
from vitrina.sky.observe import Conditions, blur, expose, moffat, saturated
from vitrina.sky.plane import Plane

NIGHT = Conditions(seeing_arcsec=1.2, moffat_beta=2.5, exposure=1.0)


def test_point_spread_function_keeps_the_flux() -> None:
    plane = Plane.of(192)
    bands = np.zeros((3, plane.side, plane.side), dtype=np.float32)
    put_point(bands, np.array([1.0, 2.0, 3.0], np.float32), x=10.3, y=-20.7)
    seen = blur(bands, plane, conditions=NIGHT)
    np.testing.assert_allclose(seen.sum(axis=(1, 2)), [1.0, 2.0, 3.0], rtol=1e-4)
    assert seen.dtype == np.float32
    assert seen[0].max() < 0.1


def test_moffat_has_half_its_peak_at_half_its_width() -> None:
    profile = moffat(129, fwhm=8.0, beta=3.5)
    assert profile.sum() == pytest.approx(1.0, rel=1e-4)
    assert profile[0, 4] / profile[0, 0] == pytest.approx(0.5, rel=1e-3)
    assert profile[0, -4] == profile[0, 4]


def test_empty_sky_is_empty_on_average_and_bluest_where_faintest() -> None:
    plane = Plane.of(256)
    dark = np.zeros((3, 256, 256), dtype=np.float32)
    sky = expose(dark, plane, conditions=NIGHT, rng=np.random.default_rng(1))
    deviation = sky.std(axis=(1, 2))
    assert (np.abs(sky.mean(axis=(1, 2))) < 0.3 * deviation).all()
    # The night sky is brighter towards the red, and the noise with it.
    assert deviation[0] < deviation[1] < deviation[2]


def test_longer_exposure_is_quieter_and_bright_light_noisier() -> None:
    plane = Plane.of(128)
    dark = np.zeros((3, 128, 128), dtype=np.float32)
    bright = np.full_like(dark, 0.5)

    def noise(light: np.ndarray, exposure: float) -> float:
        night = Conditions(seeing_arcsec=1.0, moffat_beta=2.5, exposure=exposure)
        return float(expose(light, plane, conditions=night, rng=np.random.default_rng(2))[0].std())

    assert noise(dark, 4.0) == pytest.approx(noise(dark, 1.0) / 2, rel=0.05)
    assert noise(bright, 1.0) > 1.5 * noise(dark, 1.0)


def test_a_full_pixel_levels_off_and_faint_light_stays_linear() -> None:
    bands = np.array([[[0.1, 4.9, 6.0, 1000.0]]], dtype=np.float32)
    answer = saturated(bands.copy(), np.array([10.0], np.float32))[0, 0]
    np.testing.assert_array_equal(answer[:2], bands[0, 0, :2])
    assert 5.0 < answer[2] < 6.0
    assert answer[3] == pytest.approx(10.0)


def test_field_has_light_and_leaves_the_subject_visible() -> None:
    plane = Plane.of(128)
    for seed in range(5):
        field = draw_field(plane, np.random.default_rng(seed))
        assert field.shape == (3, plane.side, plane.side)
        assert np.isfinite(field).all()
        assert field.min() >= 0
        assert field.sum() > 0
