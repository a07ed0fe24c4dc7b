from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.duplicates.made import photo
from vitrina.duplicates.windows import agreement, displacement, faint_agreement, middle_of, window_means


@pytest.fixture(scope="module")
def grey() -> np.ndarray:
    return np.asarray(photo(11).convert("L"), dtype=np.float32)


def everywhere(picture: np.ndarray) -> np.ndarray:
    return np.ones(picture.shape, dtype=bool)


@pytest.mark.parametrize("cells", [1, 2, 4])
def test_windows_lie_where_they_are_said_to(cells: int) -> None:
    values = np.random.default_rng(0).normal(size=(43, 70)).astype(np.float32)
    means = window_means(values, cells)
    assert means.shape == (5 - cells + 1, 8 - cells + 1)
    for row, column in ((0, 0), (means.shape[0] - 1, means.shape[1] - 1)):
        part = values[row * 8 : (row + cells) * 8, column * 8 : (column + cells) * 8]
        assert means[row, column] == pytest.approx(part.mean(), abs=1e-5)


def test_the_middle_is_the_upper_median() -> None:
    assert middle_of(np.array([4.0, 1.0, 9.0])) == 4.0
    assert middle_of(np.array([4.0, 1.0, 9.0, 7.0])) == 7.0


@pytest.mark.parametrize("moved", [(0.3, -0.2), (1.5, 0.8), (-0.05, 0.0)])
def test_a_displacement_is_measured_whatever_the_light(grey: np.ndarray, moved: tuple[float, float]) -> None:
    still = cv2.GaussianBlur(grey, (0, 0), 1.0)
    map_back = np.array([[1, 0, moved[0]], [0, 1, moved[1]]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    shifted = cv2.warpAffine(still, map_back, still.shape[::-1], flags=flags, borderMode=cv2.BORDER_REFLECT)
    dx, dy, known = displacement(still, 0.8 * shifted + 20, everywhere(grey))
    assert known.mean() > 0.3
    # A thing seen at x in the second picture lies at x + moved in the first.
    assert float(np.median(dx[known])) == pytest.approx(moved[0], abs=0.06)
    assert float(np.median(dy[known])) == pytest.approx(moved[1], abs=0.06)


def test_what_may_not_be_looked_at_is_unknown(grey: np.ndarray) -> None:
    use = everywhere(grey)
    use[:, 100:] = False
    assert not agreement(grey, grey, use).known[:, 13:].any()
    assert agreement(grey, grey, use).known[:, :11].all()
    changed = np.where(use, grey, 255 - grey)
    assert agreement(grey, changed, use).correlation[:, :11].min() > 0.99


def test_flat_windows_agree_and_another_shade_is_a_step() -> None:
    flat = np.full((64, 64), 80, np.float32)
    told = agreement(flat, flat + 40, everywhere(flat))
    assert told.correlation.min() == pytest.approx(1)
    assert told.step.min() == pytest.approx(40)
    assert told.texture.max() == pytest.approx(0, abs=0.1)


def test_grain_of_its_own_does_not_agree(grey: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    scene = cv2.GaussianBlur(grey, (0, 0), 6)
    one, two = (scene + rng.normal(0, 3, grey.shape).astype(np.float32) for _ in range(2))
    assert abs(faint_agreement(one, two, everywhere(grey))) < 0.1
    # A copy that lost half of its grain agrees all the same.
    assert faint_agreement(one, scene + (one - scene) * 0.5, everywhere(grey)) > 0.9


@pytest.mark.parametrize("strength", [3, 5, 8])
def test_strong_grain_does_not_agree_either(grey: np.ndarray, strength: int) -> None:
    rng = np.random.default_rng(7)
    one, two = (grey + rng.normal(0, strength, grey.shape).astype(np.float32) for _ in range(2))
    assert faint_agreement(one, two, everywhere(grey)) < 0.7


def test_without_faint_detail_nothing_speaks_against() -> None:
    flat = np.full((64, 64), 80, np.float32)
    assert faint_agreement(flat, flat, everywhere(flat)) == 1.0
