"""Captions, bars, frames: strips along the border that one of two pictures has alone."""

from __future__ import annotations

import numpy as np

from vitrina.duplicates.exposure import same_tone, tone_between
from vitrina.duplicates.windows import smooth

_WIDEST = 0.22  # Share of a side that a strip may take.
# Mean difference of a line, in grey levels and in terms of the median line's, that makes it another line.
_APART, _TIMES = 10.0, 3.0


def differing_strips(first: np.ndarray, second: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """bool (h, w): strips along the borders in which two float32 pictures (h, w) differ throughout.

    At most 22 % of the height or width from each border. `inside` bool (h, w): where both pictures are.
    """
    gain, offset = tone_between(first, second, inside)
    if 0.2 < gain < 5:
        first, second = same_tone(first, second, gain=gain, offset=offset)
    a, b = smooth(first, 1.5), smooth(second, 1.5)
    # Rows first; bars on the sides hide a caption below, so rows again after columns.
    rows = _strips_along(a, b, inside, axis=1)
    columns = _strips_along(a, b, inside & ~rows, axis=0)
    if columns.any():
        rows = rows | _strips_along(a, b, inside & ~columns & ~rows, axis=1)
    return rows | columns


def _strips_along(a: np.ndarray, b: np.ndarray, inside: np.ndarray, *, axis: int) -> np.ndarray:
    left_out = np.zeros(inside.shape, dtype=bool)
    wrong = _differing_lines(a, b, inside, axis)
    most = int(_WIDEST * len(wrong))
    for side in (0, 1):
        near = (wrong if side == 0 else wrong[::-1])[:most]
        found = np.nonzero(near)[0]
        if len(found) < 3 or near[: found[-1] + 1].mean() < 0.6:
            continue
        # Four more lines, where smoothing mixes the strip with the picture.
        end = found[-1] + 5
        lines = slice(0, end) if side == 0 else slice(len(wrong) - end, len(wrong))
        left_out[lines if axis == 1 else (slice(None), lines)] = True
    return left_out


def _differing_lines(a: np.ndarray, b: np.ndarray, inside: np.ndarray, axis: int) -> np.ndarray:
    """bool per row (axis 1) or column (axis 0): does it show something else in the two."""
    weight = inside.astype(np.float32)
    count = np.maximum(1, weight.sum(axis))
    a, b = a * weight, b * weight
    mean_a, mean_b = a.sum(axis) / count, b.sum(axis) / count
    var_a, var_b = (a * a).sum(axis) / count - mean_a**2, (b * b).sum(axis) / count - mean_b**2
    both = (a * b).sum(axis) / count - mean_a * mean_b
    correlation = (both + 9) / (np.sqrt(np.maximum(0, var_a * var_b)) + 9)
    textured = np.maximum(var_a, var_b) > 36
    apart = np.abs(a - b).sum(axis) / count
    enough = weight.sum(axis) > 0.3 * weight.shape[axis]
    usual = float(np.median(apart[enough])) if enough.any() else 0.0
    return enough & (((correlation < 0.5) & textured) | (apart > max(_APART, _TIMES * usual)))
