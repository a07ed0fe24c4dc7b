"""Bringing two pictures to one tone, one sharpness, so that only what they show is compared."""

from __future__ import annotations

import numpy as np

from vitrina.duplicates.windows import middle_of, smooth

_SIGMAS = (0.6, 0.9, 1.2, 1.6, 2.1, 2.8, 3.6)  # Blurs tried, in pixels of the view.
_SAMPLES = 2000  # Pixels that settle the tone of two views.
_GAIN = 0.75  # A blur must take away at least a quarter of the difference to be believed.
_OUTLYING = 20.0  # A difference in grey levels beyond which it counts no more: it is no matter of blur.


def tone_between(first: np.ndarray, second: np.ndarray, use: np.ndarray) -> tuple[float, float]:
    """(gain, offset in grey levels) with second = gain * first + offset for most pixels of `use`.

    Least squares with Cauchy weights over blurred pixels that are neither full nor empty in one of the two;
    (1, 0) where fewer than a hundred are left.
    """
    x, y = smooth(first, 1.0)[::2, ::2][use[::2, ::2]], smooth(second, 1.0)[::2, ::2][use[::2, ::2]]
    sparse = max(1, len(x) // _SAMPLES)
    x, y = x[::sparse], y[::sparse]
    middling = (x > 4) & (x < 251) & (y > 4) & (y < 251)
    if middling.sum() < 100:
        return 1.0, 0.0
    x, y = x[middling].astype(np.float64), y[middling].astype(np.float64)
    weight = np.ones(len(x))
    gain, offset = 1.0, 0.0
    for _ in range(5):
        total = float(weight.sum())
        mx, my = float(weight @ x) / total, float(weight @ y) / total
        from_mean = x - mx
        pull = weight * from_mean
        gain = float(pull @ y) / (float(pull @ from_mean) + 1e-3)
        offset = my - gain * mx
        off = np.abs(y - gain * x - offset)
        weight = 1 / (1 + (off / max(1.0, 1.5 * middle_of(off))) ** 2)
    return gain, offset


def same_tone(
    first: np.ndarray, second: np.ndarray, *, gain: float, offset: float
) -> tuple[np.ndarray, np.ndarray]:
    """The two with the one of less contrast brought to the tone of the other, which may have lost its whites.

    The other way round, detail that is lost in one would have to be found again.
    """
    if gain >= 1:
        return np.clip(gain * first + offset, 0, 255), second
    return first, np.clip((second - offset) / gain, 0, 255)


def same_sharpness(
    first: np.ndarray, second: np.ndarray, use: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """The two with the sharper one blurred until they differ least, and the blur's sigma in pixels."""
    import cv2

    detail = [float(np.square(cv2.Laplacian(one, cv2.CV_32F)[use]).mean()) for one in (first, second)]
    first_sharper = detail[0] >= detail[1]
    sharp, soft = (first, second) if first_sharper else (second, first)

    def apart(blurred: np.ndarray) -> float:
        return float(np.minimum(np.abs(smooth(blurred - soft, 0.7)), _OUTLYING)[use].mean())

    before = apart(sharp)
    best, least, chosen = sharp, before, 0.0
    for sigma in _SIGMAS:
        blurred = smooth(sharp, sigma)
        found = apart(blurred)
        if found >= least:
            break
        best, least, chosen = blurred, found, sigma
    if least > _GAIN * before:
        # Blurring one of two pictures with grain of their own brings them nearer too, but not by much.
        return first, second, 0.0
    return (best, second, chosen) if first_sharper else (first, best, chosen)
