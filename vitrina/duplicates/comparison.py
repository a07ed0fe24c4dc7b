"""Is one picture a copy of the other: two views compared pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vitrina.duplicates.alignment import Sheet, covered, inverted, lay_over, refined, scale_of, whole_frame
from vitrina.duplicates.exposure import same_sharpness, same_tone, tone_between
from vitrina.duplicates.strips import differing_strips
from vitrina.duplicates.windows import agreement, displacement, faint_agreement, smooth

_LEAST_OVERLAP = 1024  # Pixels.
_LOST = 40.0  # Grey levels between a full channel and what would have been there.
_NO_COPY = 0.6  # Pixels of displacement that no map explains; the rest of the work is saved.


@dataclass(frozen=True)
class Comparison:
    """What the comparison of two aligned views found.

    `contained`: share 0 to 1 of the smaller picture that lies in the other. `compared`: share of the overlap
    left beside captions. `windows`: windows of 16x16 pixels with content that were compared. `differing`:
    share 0 to 1 of them that agree badly; `badly` and `changed`: how many agree badly, show something else
    altogether. `peak`: the largest difference left, in grey levels after a blur of a pixel. `correlation`: 10th
    percentile over the windows, -1 to 1. `shift`: median displacement left, in pixels of the view (nan where
    nothing fixes one). `faint`: agreement of faint detail, 0 to 1. `gain`: contrast of the second over that of
    the first. `blur`: sigma in pixels that makes the two equally sharp (nan where it was not looked for).
    `scale`, `angle`: of the map first -> second, the angle in degrees. `moved`: how far, in pixels of the
    second, a corner of the first lies from where it would be if each showed the whole of the other.
    """

    contained: float
    compared: float
    windows: int
    differing: float
    badly: int
    changed: int
    peak: float
    correlation: float
    shift: float
    faint: float
    gain: float
    blur: float
    scale: float
    angle: float
    moved: float


def compare(first: Sheet, second: Sheet, start: np.ndarray, *, swap: bool = False) -> Comparison | None:
    """The two compared in the frame of the coarser one (of the other with `swap`); None without an overlap.

    `start` (2, 3) maps points of `first` to `second`, right to a few pixels.
    """
    onto_second = (scale_of(start) <= 1) != swap
    moving, still = (first, second) if onto_second else (second, first)
    back = inverted(start) if onto_second else start
    fine, frame = moving.grey.astype(np.float32), still.grey.astype(np.float32)
    if scale_of(back) > 1.15:
        # As a smaller copy was averaged when it was made.
        fine = smooth(fine, 0.5 * float(np.sqrt(scale_of(back) ** 2 - 1)))
    inside = covered(fine.shape, back, frame.shape)
    use = inside & ~differing_strips(lay_over(fine, back, frame.shape), frame, inside)
    back, left_over = refined(fine, frame, back, use=use)
    inside = covered(fine.shape, back, frame.shape)
    if inside.sum() < _LEAST_OVERLAP:
        return None
    laid = lay_over(fine, back, frame.shape)
    use = _within(inside & ~differing_strips(laid, frame, inside))
    clipped = still.clipped != (lay_over(moving.clipped.astype(np.uint8), back, frame.shape) > 0)
    gain, offset = tone_between(laid, frame, use & ~clipped)
    if not 0.2 < gain < 5:
        return None
    laid, frame = same_tone(laid, frame, gain=gain, offset=offset)
    # A channel that is full in one picture alone has lost what the other shows there. Only as long as the two
    # are about as bright: where one is white and the other dark, something else is seen.
    brighter = abs(gain - 1) > 0.03 or abs(offset) > 3
    lost = clipped & (np.abs(smooth(laid - frame, 1.0)) < (_LOST if brighter else 0))
    seen = use & ~lost if (use & ~lost).sum() > 0.5 * use.sum() else use
    blur = float("nan")
    if not left_over > _NO_COPY:
        laid, frame, blur = same_sharpness(laid, frame, seen)
    smaller = max(float(inside.mean()), float(inside.sum()) * scale_of(back) ** 2 / fine.size)
    return Comparison(
        contained=min(1.0, smaller),
        compared=float(use.sum() / inside.sum()),
        gain=gain if onto_second else 1 / gain,
        blur=blur,
        **_content(laid, frame, seen),
        **_motion(inverted(back) if onto_second else back, first, second),
    )


def _within(use: np.ndarray) -> np.ndarray:
    """`use` without its rim of two pixels, where one of the two was smoothed with what lies outside."""
    import cv2

    return cv2.erode(use.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1).astype(bool)


def _content(a: np.ndarray, b: np.ndarray, seen: np.ndarray) -> dict[str, Any]:
    """What the windows say of two pictures of one tone, one sharpness."""
    windows = agreement(a, b, seen)
    another = windows.step > 25
    counted = windows.known & ((windows.texture > 6) | another)
    values = windows.correlation[counted]
    badly = (values < 0.8) | another[counted]
    dx, dy, known = displacement(a, b, seen)
    return {
        "windows": int(counted.sum()),
        "differing": float(badly.mean()) if len(values) else 1.0,
        "badly": int(badly.sum()),
        "changed": int(((values < 0.5) | another[counted]).sum()),
        "peak": float(np.abs(smooth(a - b, 1.0))[seen].max()) if seen.any() else 0.0,
        "correlation": float(np.percentile(values, 10)) if len(values) else 0.0,
        "shift": float(np.median(np.hypot(dx, dy)[known])) if known.sum() >= 6 else float("nan"),
        "faint": faint_agreement(a, b, seen),
    }


def _motion(there: np.ndarray, first: Sheet, second: Sheet) -> dict[str, Any]:
    height, width = first.grey.shape
    corners = np.array([[0, 0], [width, 0], [0, height], [width, height]], dtype=float)
    turn = there - whole_frame(first, second)
    return {
        "scale": scale_of(there),
        "angle": float(np.degrees(np.arctan2(there[1, 0], there[0, 0]))),
        "moved": float(np.abs(corners @ turn[:, :2].T + turn[:, 2]).max()),
    }
