"""What a recipe says of a variation, checked."""

from __future__ import annotations

import math
from typing import Any

from vitrina.errors import BadRequest


def number(value: Any, *, key: str, most: float, below: bool = False, also: str = "") -> float | None:
    """A number from 0 to `most` (less than that with `below`); None where it is 0, null or false: switched off.

    `also` ends the sentence of the error. Raises BadRequest.
    """
    if value is None or value is False:
        return None
    right = _finite(value) and value >= 0 and (value < most if below else value <= most)
    if not right:
        reach = f"from 0 to {'less than ' if below else ''}{most:g}"
        raise refusal(f"a number {reach}{also}", value, key=key)
    return float(value) or None


def pair(value: Any, *, key: str, least: float, most: float) -> tuple[float, float] | None:
    """Two numbers, the smaller first, from `least` to `most`; None where null, false, or [1, 1] switch it off.

    Raises BadRequest.
    """
    if value is None or value is False:
        return None
    right = isinstance(value, list | tuple) and len(value) == 2 and all(_finite(side) for side in value)
    if not right or not least <= value[0] <= value[1] <= most:
        expected = f"two numbers from {least:g} to {most:g}, the smaller first, such as [0.8, 1]"
        raise refusal(expected, value, key=key)
    low, high = float(value[0]), float(value[1])
    return None if low == high == 1 else (low, high)


def refusal(expected: str, found: Any, *, key: str) -> BadRequest:
    """The error for one key of the recipe."""
    return BadRequest(
        f"{expected} under augment.{key}", repr(found)[:200], f"Correct augment.{key}, or leave it out."
    )


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
