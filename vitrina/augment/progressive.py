"""Training that begins on small pictures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from vitrina.errors import BadRequest

SMALLEST, LARGEST = 32, 1024


def sizes_for(progressive: Sequence[int], epochs: float) -> tuple[int, ...]:
    """The side in pixels for each of `epochs`: the sizes in turn, in stretches as equally long as can be.

    What cannot be shared out equally goes to the later, larger sizes: 10 epochs of 128, 160, 224 are 3, 3, 4.
    Sizes rise, 32 to 1024, at most one an epoch; `epochs` is whole. Raises BadRequest. Source: Howard et al.,
    fast.ai's DAWNBench entry of 2018 (progressive resizing); Tan and Le 2021, "EfficientNetV2", section 4, has
    the strength of the variations grow with the size as well, which is left to the recipe here.
    """
    sizes = list(progressive) if isinstance(progressive, list | tuple) else []
    rising = all(isinstance(size, int) and SMALLEST <= size <= LARGEST for size in sizes)
    rising = rising and all(small < large for small, large in pairwise(sizes))
    if not sizes or not rising:
        raise BadRequest(
            f"rising sizes in pixels, {SMALLEST} to {LARGEST}, under progressive, such as [128, 160, 224]",
            repr(progressive)[:200],
            "Correct progressive, or leave it out.",
        )
    if not _whole(epochs) or epochs < len(sizes):
        raise BadRequest(
            f"at least {len(sizes)} epochs for {len(sizes)} sizes under progressive",
            repr(epochs),
            "Train for more epochs, or name fewer sizes.",
        )
    each, more = divmod(int(epochs), len(sizes))
    stretches = [each + (place >= len(sizes) - more) for place in range(len(sizes))]
    return tuple(size for size, stretch in zip(sizes, stretches, strict=True) for _ in range(stretch))


def _whole(value: Any) -> bool:
    # TrainingArguments holds its epochs as 10.0.
    return isinstance(value, int | float) and not isinstance(value, bool) and float(value).is_integer()
