"""Profiles keep the light and the shape that their formulas promise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import gammainc

from vitrina.sky.plane import Plane, Shape, band_weights, flux_of, magnitude_of
from vitrina.sky.profiles import edge_on_disc, ferrers_bar, sersic, sersic_b, sersic_total


@pytest.mark.parametrize("index", [0.5, 1.0, 2.5, 4.0, 6.0, 10.0])
def test_effective_radius_holds_half_the_light(index: float) -> None:
    # The light within R is the incomplete gamma function P(2n, b (R/Re)^(1/n)): Ciotti & Bertin 1999.
    assert gammainc(2 * index, sersic_b(index)) == pytest.approx(0.5, abs=2e-5 if index >= 1 else 2e-4)


def test_de_vaucouleurs_factor_is_the_textbook_one() -> None:
    assert sersic_b(4.0) == pytest.approx(7.669, abs=5e-4)
    assert sersic_total(1.0) == pytest.approx(2 * math.pi * math.exp(1.67835) / 1.67835**2, rel=1e-4)


@pytest.mark.parametrize(("index", "radius"), [(0.5, 12.0), (1.0, 10.0), (2.5, 8.0), (4.0, 6.0)])
@pytest.mark.parametrize("axis_ratio", [0.4, 1.0])
def test_sersic_flux_agrees_with_the_analytic_total(index: float, radius: float, axis_ratio: float) -> None:
    plane = Plane.of(512)
    shape = Shape(radius=radius, axis_ratio=axis_ratio, angle=0.6, x=0.3, y=-0.4)
    image = sersic(plane, shape, index=index)
    # A circle of the half width of the canvas around the galaxy holds this share of the analytic total.
    reach = plane.side / 2 / radius
    inside = gammainc(2 * index, sersic_b(index) * reach ** (1 / index))
    assert image.dtype == np.float32
    assert inside * 0.98 < image.sum() <= 1.02


def test_sersic_half_light_ellipse_holds_half() -> None:
    plane = Plane.of(512)
    shape = Shape(radius=20.0, axis_ratio=0.6, angle=1.0)
    image = sersic(plane, shape, index=1.0)
    along, across = shape.along_across(*plane.grid())
    inside = np.hypot(along, across / 0.6) < 20.0
    assert image[inside].sum() == pytest.approx(0.5, abs=0.015)


def test_a_profile_off_the_canvas_does_not_fail() -> None:
    plane = Plane.of(64)
    far = sersic(plane, Shape(radius=3.0, x=500.0, y=0.0), index=4.0)
    assert np.isfinite(far).all()
    assert far.sum() < 0.01


def test_position_angle_turns_anticlockwise_on_the_screen() -> None:
    plane = Plane.of(128)
    image = sersic(plane, Shape(radius=15.0, axis_ratio=0.3, angle=math.radians(45)), index=1.0)
    middle, step = plane.side // 2, 10
    # Rows count downwards, so 45 degrees points to the upper right.
    assert image[middle - step, middle + step] > 5 * image[middle + step, middle + step]


def test_bar_ends_where_it_says() -> None:
    plane = Plane.of(128)
    bar = ferrers_bar(plane, Shape(radius=20.0, axis_ratio=0.3))
    along, across = Shape(radius=1.0).along_across(*plane.grid())
    assert bar.sum() == pytest.approx(1.0, rel=1e-4)
    assert bar[np.abs(along) > 20.5].max() == 0
    assert bar[np.abs(across) > 6.5].max() == 0


def test_edge_on_disc_follows_sech_squared() -> None:
    height = np.linspace(-300, 300, 61, dtype=np.float32)
    disc = edge_on_disc(np.zeros_like(height), height, scale_length=20.0, scale_height=5.0)
    expected = np.cosh(np.clip(height.astype(float) / 5.0, -80, 80)) ** -2
    np.testing.assert_allclose(disc, expected, atol=1e-5)


def test_magnitudes_go_there_and_back() -> None:
    assert flux_of(22.5) == pytest.approx(1.0)
    assert magnitude_of(flux_of(17.3)) == pytest.approx(17.3)
    g, r, i = band_weights(0.8, 0.4)
    assert g < r < i
