"""What two pictures laid over one another say in each small window."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SPACING = 8  # Pixels from window to window.
_WELL_TEXTURED = 1.5  # Weakest mean squared slope, (grey levels / pixel)^2, that still fixes a displacement.
# Standard deviations in grey levels between which detail is faint, share of the windows that have to have it.
_FAINT, _FAINT_SHARE = ((0.8, 6.0), (3.0, 12.0)), 0.05
_FLOOR = 4.0  # Variance in grey levels^2 that counts as nothing: two flat windows agree.


class Agreement(NamedTuple):
    """Windows of 16x16 pixels, arrays of one shape: `correlation` -1 to 1 (two flat windows: 1), `texture` the
    larger standard deviation and `step` the difference of the means in grey levels, `known` where at least 0.6
    of the window may be looked at.
    """

    correlation: np.ndarray
    texture: np.ndarray
    step: np.ndarray
    known: np.ndarray


def smooth(picture: np.ndarray, sigma: float) -> np.ndarray:
    """A Gaussian blur with `sigma` pixels."""
    import cv2

    return cv2.GaussianBlur(picture, (0, 0), sigma)


def middle_of(values: np.ndarray) -> float:
    """The upper median; a tenth of numpy's own time for short arrays."""
    at = len(values) // 2
    return float(np.partition(values, at)[at])


def window_means(values: np.ndarray, cells: int) -> np.ndarray:
    """float32 (h // 8 - cells + 1, w // 8 - cells + 1): means of windows of 8 * `cells` pixels, 8 apart."""
    import cv2

    height, width = (side // SPACING for side in values.shape)
    part = values[: height * SPACING, : width * SPACING]
    small = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA)
    summed = cv2.boxFilter(small, -1, (cells, cells), anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)
    return summed[: height - cells + 1, : width - cells + 1]


def agreement(first: np.ndarray, second: np.ndarray, use: np.ndarray) -> Agreement:
    """How far two float32 pictures (h, w) agree, where `use` bool (h, w) allows to look."""
    weight = use.astype(np.float32)
    share = window_means(weight, 2)
    known = share >= 0.6
    part = np.maximum(share, 1e-3)
    a, b = smooth(first, 0.7) * weight, smooth(second, 0.7) * weight
    mean_a, mean_b = window_means(a, 2) / part, window_means(b, 2) / part
    var_a = np.maximum(0, window_means(a * a, 2) / part - mean_a**2)
    var_b = np.maximum(0, window_means(b * b, 2) / part - mean_b**2)
    both = window_means(a * b, 2) / part - mean_a * mean_b
    correlation = (both + _FLOOR) / (np.sqrt(var_a * var_b) + _FLOOR)
    texture = np.sqrt(np.maximum(var_a, var_b))
    return Agreement(correlation, texture, np.abs(mean_a - mean_b), known)


def displacement(
    first: np.ndarray, second: np.ndarray, use: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dx, dy, known): how many pixels each window of 32x32 of `second` lies off in `first`.

    Least squares over the window for a displacement, a gain and an offset (B. D. Lucas, T. Kanade, 1981, with
    light taken out); good below about 3 pixels. `known` where the window has texture in both directions.
    """
    import cv2

    weight = cv2.erode(use.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0).astype(np.float32)
    share = window_means(weight, 4)
    part = np.maximum(share, 1e-3)

    a, b = smooth(first, 1.5), smooth(second, 1.5)
    middle = (a + b) / 2
    slope_x = cv2.Sobel(middle, cv2.CV_32F, 1, 0, ksize=3) / 8
    slope_y = cv2.Sobel(middle, cv2.CV_32F, 0, 1, ksize=3) / 8
    told = (slope_x, slope_y, middle, b - a)
    weighed = [one * weight for one in told]
    means = [window_means(one, 4) / part for one in weighed]
    product = np.empty((4, 4, *share.shape), dtype=np.float64)
    for i in range(4):
        for j in range(i, 4):
            both = window_means(weighed[i] * told[j], 4) / part
            product[i, j] = product[j, i] = both - means[i] * means[j]
    xx, xy, yy = product[0, 0], product[0, 1], product[1, 1]
    weakest = (xx + yy) / 2 - np.sqrt(((xx - yy) / 2) ** 2 + xy**2)
    known = (share >= 0.5) & (weakest > _WELL_TEXTURED)
    left = product[:3, :3].transpose(2, 3, 0, 1) + np.diag([0.05, 0.05, 1.0])
    solved = np.linalg.solve(left, product[:3, 3].transpose(1, 2, 0)[..., None])[..., 0]
    return solved[..., 0], solved[..., 1], known


def faint_agreement(first: np.ndarray, second: np.ndarray, use: np.ndarray) -> float:
    """How far faint detail agrees: 1 fully, 0 not at all; 1 where there is none in both.

    Faint is a standard deviation of 0.8 to 6, then of 3 to 12 grey levels, after what is coarser than 2 pixels
    was taken out: noise, grain, weak texture; the worse of the two counts, each if a twentieth of the windows
    have it. A copy keeps what it has of it; two exposures of one scene each have their own. Divided by the
    weaker of the two variances, so that a copy which lost detail still agrees.
    """
    import cv2

    weight = cv2.erode(use.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=0).astype(np.float32)
    a, b = (first - smooth(first, 2.0)) * weight, (second - smooth(second, 2.0)) * weight
    known = window_means(weight, 2) > 0.9
    var_a, var_b, both = (window_means(values, 2) for values in (a * a, b * b, a * b))
    weaker, stronger = np.minimum(var_a, var_b), np.maximum(var_a, var_b)
    worst = 1.0
    for low, high in _FAINT:
        faint = known & (weaker > low**2) & (stronger < high**2)
        if faint.sum() >= max(1, _FAINT_SHARE * known.sum()):
            worst = min(worst, float(both[faint].sum() / weaker[faint].sum()))
    return worst
