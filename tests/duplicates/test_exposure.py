from __future__ import annotations

import numpy as np
import pytest

from tests.duplicates.made import photo
from vitrina.duplicates.exposure import same_sharpness, same_tone, tone_between
from vitrina.duplicates.windows import smooth


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    return np.asarray(photo(21).convert("L"), dtype=np.float32)


def test_tone_is_found_beside_what_was_pasted_over(grey: np.ndarray) -> None:
    other = 0.7 * grey + 12
    other[150:] = 0
    gain, offset = tone_between(grey, other, np.ones(grey.shape, bool))
    assert (gain, offset) == (pytest.approx(0.7, abs=0.01), pytest.approx(12, abs=1))


def test_lost_whites_do_not_bend_the_tone(grey: np.ndarray) -> None:
    gain, offset = tone_between(grey, np.minimum(grey * 1.5, 255), np.ones(grey.shape, bool))
    assert (gain, offset) == (pytest.approx(1.5, abs=0.03), pytest.approx(0, abs=2))


def test_nothing_to_go_by_leaves_the_tone(grey: np.ndarray) -> None:
    assert tone_between(np.zeros_like(grey), grey, np.ones(grey.shape, bool)) == (1.0, 0.0)


def test_the_darker_is_brought_to_the_brighter(grey: np.ndarray) -> None:
    bright = np.minimum(grey * 1.6, 255)
    for first, second, gain in ((grey, bright, 1.6), (bright, grey, 1 / 1.6)):
        one, two = same_tone(first, second, gain=gain, offset=0.0)
        assert np.abs(one - two).max() < 0.01


def test_the_sharper_is_blurred_as_the_other_was(grey: np.ndarray) -> None:
    use = np.ones(grey.shape, bool)
    soft = smooth(grey, 2.0)
    for first, second in ((grey, soft), (soft, grey)):
        one, two, sigma = same_sharpness(first, second, use)
        assert sigma == pytest.approx(2.1, abs=0.6)
        assert np.abs(one - two).mean() < 0.2 * np.abs(grey - soft).mean()


def test_equally_sharp_pictures_stay(grey: np.ndarray) -> None:
    one, two, sigma = same_sharpness(grey, grey, np.ones(grey.shape, bool))
    assert sigma == 0
    assert one is grey
    assert two is grey
