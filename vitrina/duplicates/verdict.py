"""What a comparison means: a copy, one scene, nothing."""

from __future__ import annotations

import math

from vitrina.duplicates.comparison import Comparison

# The numbers below were measured on 130 photos (food, streets, shops, waste) in 30 transforms, on 231 made
# copies, on retakes, on frames of three videos; beside each stands what copies reached, what others did.
_WINDOWS = 24  # Fewer windows with content prove nothing.
# Share that agrees badly, windows that show something else. Copies 0.00 to 0.01 and 0 to 2, the larger ones
# after a rotation; another view from 0.06. In an unmoved frame a changed figure on a form is seen so.
_DIFFERING, _BADLY_AS_IS, _BADLY_PLAIN = 0.02, 2, 0
_CHANGED = 2
# Largest difference left anywhere, in grey levels of the view after a blur of a pixel. Where only the file
# changed: copies at JPEG quality 50 to 15, another digit on a form 38, a moved meteor from 17; blurred,
# brightened, squeezed copies to 37; turned by degrees, at the rim, to 44; a stamp across the picture from 90.
_PEAK_PLAIN, _PEAK_AS_IS, _PEAK = 16.0, 40.0, 60.0
_CORRELATION = 0.85  # Copies from 0.93; another view to 0.89.
_SHIFT = 0.1  # Pixels. Crops, rotations to 0.05; retakes from 0.12; another view from 0.7.
_SHIFT_AS_IS = 0.2  # Blur and lost whites move edges: 0.02 to 0.19 where the frame itself is unmoved.
_AS_IS = 0.6  # Pixels a corner moves. Copies in the same frame to 0.35; a hand moves more.
_CONTAINED = 0.985  # One of the two shows nothing beside the other ...
_CONTAINED_TURNED = 0.75  # ... but for corners lost in a rotation of 2 degrees or more (at 30 degrees 0.83).
_COMPARED = 0.55  # What captions and frames leave of the overlap.
_FAINT = 0.7  # Copies from 0.75, at JPEG quality 25 from 0.6; noise of its own to 0.6.


def is_copy(found: Comparison) -> bool:
    """Does all that can be seen in both agree, down to a tenth of a pixel and to the grain."""
    tilt = abs((found.angle + 45) % 90 - 45)
    as_is = found.moved <= _AS_IS
    return (
        found.windows >= _WINDOWS
        and _agrees(found, as_is=as_is)
        and found.correlation >= _CORRELATION
        # nan, where nothing fixes a displacement, is no agreement.
        and found.shift <= (_SHIFT_AS_IS if as_is else _SHIFT)
        and found.contained >= (_CONTAINED if tilt < 2 else _CONTAINED_TURNED)
        and found.compared >= _COMPARED
        and found.faint >= _FAINT
    )


def _agrees(found: Comparison, *, as_is: bool) -> bool:
    """The stricter, the less was done to the picture: where only the file changed, every window agrees."""
    if not as_is:
        return found.differing <= _DIFFERING and found.changed <= _CHANGED and found.peak <= _PEAK
    plain = abs(found.gain - 1) <= 0.03 and found.blur <= 0.6 and abs(found.scale - 1) <= 0.01
    if found.changed or found.badly > (_BADLY_PLAIN if plain else _BADLY_AS_IS):
        return False
    return found.peak <= (_PEAK_PLAIN if plain else _PEAK_AS_IS)


def is_unmoved(found: Comparison) -> bool:
    """Was the camera where it was: one frame, one light, one sharpness, with or without change in it."""
    return (
        found.windows >= _WINDOWS
        and found.differing <= 0.4
        and found.moved <= 1.5
        and found.compared >= 0.9
        and found.blur < 1.0
        and abs(math.log(max(found.gain, 1e-3))) <= math.log(1.25)
    )


def is_one_scene(found: Comparison, *, points: int, matched: int) -> bool:
    """Is the same thing seen in both: many key points on one similarity, windows that agree around them."""
    return points >= 25 and points >= 0.4 * matched and found.windows >= _WINDOWS and found.differing <= 0.5
