"""The asinh stretch keeps colours and never stumbles over dark pixels."""

from __future__ import annotations

import numpy as np
import pytest

from vitrina.errors import VitrinaError
from vitrina.sky.lupton import lupton_rgb


def _stretch(red: object, green: object, blue: object) -> np.ndarray:
    bands = (np.atleast_2d(np.asarray(band, dtype=np.float32)) for band in (red, green, blue))
    return lupton_rgb(*bands, stretch=0.5, softening=8.0)


def test_colour_ratios_survive_from_faint_to_bright() -> None:
    brightness = np.geomspace(0.1, 1e5, 40)
    picture = _stretch(brightness, 0.5 * brightness, 0.25 * brightness)[0].astype(float)
    bright_enough = picture[:, 0] > 60
    assert bright_enough.sum() > 20
    np.testing.assert_allclose(picture[bright_enough, 1] / picture[bright_enough, 0], 0.5, atol=0.02)
    np.testing.assert_allclose(picture[bright_enough, 2] / picture[bright_enough, 0], 0.25, atol=0.02)


def test_brighter_light_is_never_darker() -> None:
    brightness = np.geomspace(1e-4, 1e4, 200)
    picture = _stretch(brightness, brightness, brightness)[0, :, 0].astype(int)
    assert (np.diff(picture) >= 0).all()
    assert picture[0] == 0
    assert picture[-1] == 255


def test_zero_and_negative_light_is_black() -> None:
    picture = _stretch([0.0, -1.0, -1e6], [0.0, -2.0, -1e6], [0.0, -1.0, -1e6])
    assert picture.dtype == np.uint8
    assert picture.max() == 0


def test_one_negative_band_is_black_in_that_band_alone() -> None:
    red, green, blue = _stretch([5.0], [-0.5], [5.0])[0, 0]
    assert green == 0
    assert red == blue > 100


def test_bands_of_unlike_shape_are_refused() -> None:
    small, large = np.zeros((2, 2), np.float32), np.zeros((3, 2), np.float32)
    with pytest.raises(VitrinaError) as caught:
        lupton_rgb(small, large, small, stretch=1.0, softening=8.0)
    assert str(caught.value) == (
        "Expected three bands of one shape; found (2, 2), (3, 2), (2, 2). "
        "Crop or resample the bands to the same pixels first."
    )


@pytest.mark.parametrize(("stretch", "softening"), [(0.0, 8.0), (1.0, -1.0), (float("nan"), 8.0)])
def test_a_stretch_that_is_not_positive_is_refused(stretch: float, softening: float) -> None:
    band = np.zeros((2, 2), np.float32)
    with pytest.raises(
        VitrinaError, match="Expected a positive stretch and a positive softening; found stretch"
    ):
        lupton_rgb(band, band, band, stretch=stretch, softening=softening)
