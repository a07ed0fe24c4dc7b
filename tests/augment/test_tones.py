"""Brightness, contrast, noise, grey: what they do to levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from tests.augment.made import flat, levels, picture
from vitrina.augment.tones import Brightness, Contrast, Grey, Noise


@given(st.floats(0.01, 0.99), st.integers(0, 2**32))
@settings(deadline=None)
def test_factors_stay_in_their_range(amount: float, seed: int) -> None:
    for kind in (Brightness, Contrast):
        assert 1 - amount <= kind(amount).draw(np.random.default_rng(seed)) <= 1 + amount


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 1.7])
def test_brightness_multiplies(factor: float) -> None:
    image = picture()
    seen = levels(Brightness(0.9).apply(image, factor))
    assert (seen == np.rint(levels(image) * factor).clip(0, 255)).all()


@pytest.mark.parametrize("factor", [0.0, 0.5, 1.0, 1.7])
def test_contrast_is_that_of_pillow(factor: float) -> None:
    image = picture()
    seen = levels(Contrast(0.9).apply(image, factor))
    assert np.abs(seen - levels(ImageEnhance.Contrast(image).enhance(factor))).max() <= 1


@pytest.mark.parametrize("deviation", [0.002, 0.02, 0.1])
def test_noise_is_gaussian_with_the_deviation_asked(deviation: float) -> None:
    noise = levels(Noise(deviation).apply(flat(200, 200), 5)) - 128.0
    scale = 255 * deviation
    # Whole levels add the variance of rounding, 1/12.
    assert noise.std() == pytest.approx(np.hypot(scale, 12**-0.5), rel=0.02 if scale > 1 else 0.2)
    assert abs(noise.mean()) < 4 * noise.std() / np.sqrt(noise.size)
    if scale > 1:
        within = np.mean(np.abs(noise) < np.rint(scale) + 0.5)
        expected = np.mean(np.abs(np.random.default_rng(0).normal(0, scale, 200_000)) < np.rint(scale) + 0.5)
        assert within == pytest.approx(expected, abs=0.01)


def test_noise_is_independent_between_channels_and_neighbours() -> None:
    noise = levels(Noise(0.05).apply(flat(150, 150), 9)) - 128.0
    channels = np.corrcoef(noise.reshape(-1, 3).T)
    assert np.abs(channels - np.eye(3)).max() < 0.03
    assert abs(np.corrcoef(noise[:, :-1].ravel(), noise[:, 1:].ravel())[0, 1]) < 0.03


def test_noise_stays_in_range_and_is_that_of_its_seed() -> None:
    for colour in ((0, 0, 0), (255, 255, 255)):
        seen = levels(Noise(0.5).apply(flat(40, 40, colour), 1))
        assert (seen.min(), seen.max()) == (0, 255)
        # Half of the noise is cut off at the end of the scale; nothing wraps around.
        assert np.mean(seen == colour[0]) == pytest.approx(0.5, abs=0.05)
    one, again, other = (Noise(0.1).apply(picture(), seed).tobytes() for seed in (1, 1, 2))
    assert one == again != other


def test_grey_is_grey_as_often_as_asked() -> None:
    image = picture()
    seen = Grey(0.1).apply(image, True)
    assert (levels(seen) == levels(image.convert("L"))[..., None]).all()
    assert Grey(0.1).apply(image, False) is image
    rng = np.random.default_rng(0)
    assert np.mean([Grey(0.1).draw(rng) for _ in range(4000)]) == pytest.approx(0.1, abs=0.02)
    assert all(Grey(1.0).draw(rng) for _ in range(50))


def test_tones_keep_size_and_mode() -> None:
    tiny = Image.new("RGB", (1, 3), (10, 20, 30))
    for kind, drawn in ((Brightness(0.5), 1.2), (Contrast(0.5), 0.8), (Noise(0.1), 3), (Grey(1.0), True)):
        seen = kind.apply(tiny, drawn)
        assert (seen.size, seen.mode) == ((1, 3), "RGB")
