"""What crop, zoom, rotate and flip draw."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.augment.made import levels, picture
from vitrina.augment.geometry import Crop, Flip, Rotate, Zoom


@given(st.floats(0.05, 1), st.floats(0.05, 1), st.integers(0, 2**32))
@settings(deadline=None)
def test_crops_lie_within_the_picture_with_the_area_asked(one: float, other: float, seed: int) -> None:
    least, most = sorted((one, other))
    left, top, width, height = Crop(least, most).draw(np.random.default_rng(seed))
    assert least - 1e-9 <= width * height <= most + 1e-9
    assert 3 / 4 - 1e-9 <= width / height <= 4 / 3 + 1e-9
    assert left >= 0
    assert top >= 0
    assert left + width <= 1 + 1e-9
    assert top + height <= 1 + 1e-9


def test_areas_of_crops_are_even() -> None:
    rng = np.random.default_rng(0)
    areas = [width * height for _, _, width, height in (Crop(0.2, 1.0).draw(rng) for _ in range(4000))]
    counts, _ = np.histogram(areas, bins=4, range=(0.2, 1.0))
    assert counts.min() > 880  # 1000 each expected, standard deviation 27.


@given(st.floats(0.25, 1), st.floats(1, 4), st.integers(0, 2**32))
@settings(deadline=None)
def test_zooms_stay_in_their_range(least: float, most: float, seed: int) -> None:
    assert least * (1 - 1e-9) <= Zoom(least, most).draw(np.random.default_rng(seed)) <= most * (1 + 1e-9)


def test_halving_is_as_likely_as_doubling() -> None:
    rng = np.random.default_rng(0)
    logs = [math.log(Zoom(0.5, 2).draw(rng)) for _ in range(4000)]
    assert abs(np.mean(logs)) < 0.03


def test_angles_go_both_ways() -> None:
    rng = np.random.default_rng(0)
    angles = [Rotate(15.0).draw(rng) for _ in range(500)]
    assert -15 <= min(angles) < -14
    assert 14 < max(angles) <= 15
    quarters = Counter(Rotate(None).draw(rng) for _ in range(4000))
    assert set(quarters) == {0.0, 90.0, 180.0, 270.0}
    assert min(quarters.values()) > 880


@pytest.mark.parametrize("way", ["horizontal", "vertical", "both"])
def test_flips_happen_half_the_time(way: str) -> None:
    rng = np.random.default_rng(0)
    counts = np.mean([Flip(way).draw(rng) for _ in range(2000)], axis=0)
    expected = {"horizontal": (0.5, 0), "vertical": (0, 0.5), "both": (0.5, 0.5)}[way]
    assert counts == pytest.approx(expected, abs=0.05)


def test_flips_mirror() -> None:
    image, flip = picture(), Flip("both")
    pixels = levels(image)
    assert (levels(flip.apply(image, (True, False))) == pixels[:, ::-1]).all()
    assert (levels(flip.apply(image, (False, True))) == pixels[::-1]).all()
    assert (levels(flip.apply(image, (True, True))) == pixels[::-1, ::-1]).all()
    assert flip.apply(image, (False, False)) is image


def test_both_ways_keep_what_one_way_drew() -> None:
    for seed in range(20):
        one, both = (Flip(way).draw(np.random.default_rng(seed)) for way in ("horizontal", "both"))
        assert one[0] == both[0]
